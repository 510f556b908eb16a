//! What the operator's people read of calls that used more than was held.

use std::fmt::Display;

use crate::app::OvershootNotice;
use crate::bot::connection::wire::card::Card;
use crate::bot::words::speech::formats::{cost, plain_model};
use crate::bot::words::speech::voice::Voice;
use crate::model::Amounts;

/// Calls used more than was held for them.
pub fn overshoots(voice: Voice<'_>, notice: &OvershootNotice) -> Card {
    let last = &notice.last;
    let values: &[(&str, &dyn Display)] = &[
        ("calls", &voice.lang.number(notice.calls)),
        ("provider", &voice.name(&last.provider)),
        ("model", &plain_model(&last.model)),
        ("source", &voice.source(last.source)),
        ("held", &amounts(voice, &last.held)),
        ("used", &amounts(voice, &last.used)),
    ];
    Card::text(voice.lang.say(
        "Calls used more than I had reserved for them: {calls} since I last said so. Limits count all of it, so \
         a limit may be passed by as much. The last one was {provider} {model}, paid by the {source}: reserved \
         {held}; used {used}. If that goes on, compare with the provider's bill, and tell Latchkey's authors \
         which model it is. I say this at most once an hour.",
        values,
    ))
}

fn amounts(voice: Voice<'_>, amounts: &Amounts) -> String {
    let values: &[(&str, &dyn Display)] = &[
        ("input", &voice.lang.number(amounts.input_tokens)),
        ("output", &voice.lang.number(amounts.output_tokens)),
        ("price", &cost(voice, amounts.cost)),
    ];
    voice
        .lang
        .say("{input} tokens in, {output} out, {price}", values)
}
