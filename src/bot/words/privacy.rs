//! Words about what is stored.

use serde_json::Value;

use crate::app::StoredSummary;
use crate::bot::connection::wire::card::{Card, File};
use crate::bot::connection::wire::form::{Field, Modal};
use crate::bot::interactions::custom_id::CustomId;
use crate::model::{Metric, NanoDollars};

use crate::bot::words::quotas::amount;
use crate::bot::words::speech::voice::Voice;

/// The field that confirms.
pub const CONFIRM_FIELD: &str = "confirm";

/// What is stored of a person, and what is not.
pub fn stored(voice: Voice<'_>, stored: &StoredSummary) -> Card {
    let lang = voice.lang;
    let names: Vec<String> = stored
        .keys
        .iter()
        .map(|key| voice.name(&key.provider))
        .collect();
    let keys = match names.len() {
        0 => lang.words("- Keys: none.").to_owned(),
        count => lang.say(
            "- Keys: {count} ({names}), sealed. `/keys list` shows them.",
            &[("count", &count), ("names", &lang.list(&names))],
        ),
    };
    let used = lang.say(
        "- Usage: {requests}, {cost}. When, where, who paid, model, tokens and cost of each for {days} days, and sums \
         by day. `/usage` shows them.",
        &[
            ("requests", &amount(voice, Metric::Requests, stored.used.requests)),
            ("cost", &voice.lang.money(NanoDollars(stored.used.cost_nano))),
            ("days", &stored.keep_days),
        ],
    );
    let tokens = lang
        .words("- Tokens: names, scopes, last use. `/token list` shows them.")
        .to_owned();
    let tier = match &stored.tier {
        Some(tier) => lang.say(
            "- Your tier, {tier}, given by the operator.",
            &[("tier", tier)],
        ),
        None => lang.words("- Your tier: none given by hand.").to_owned(),
    };
    let answers = lang.say(
        "- Answers, for {days} days: where each stands and who could pay. And the model and persona that you chose.",
        &[("days", &stored.answer_days)],
    );
    let lines = [
        lang.words("**Stored about you**").to_owned(),
        keys,
        used,
        answers,
        tokens,
        tier,
        lang.words(
            "- For up to 12 hours: open forms, checks of keys, browsers that you signed in with. Until they end: \
             what limits have counted, and a block.",
        )
        .to_owned(),
        lang.words(
            "**Never stored**: what you ask, what is answered, and your messages.",
        )
        .to_owned(),
        lang.words(
            "Asks go to the provider that the answer names, under its terms. `/privacy export` gives you all of it, \
             `/privacy erase` erases it.",
        )
        .to_owned(),
    ];
    Card::text(lines.join("\n"))
}

/// Everything, as a file.
pub fn exported(voice: Voice<'_>, all: &Value) -> Card {
    let words = voice.lang.words("All that is stored about you. Keys themselves can't be exported: only their hints are in it.");
    let file = File {
        name: "latchkey-data.json".to_owned(),
        kind: "application/json",
        description: voice.lang.words("All that is stored about you").to_owned(),
        bytes: format!("{all:#}\n").into_bytes(),
    };
    Card {
        files: vec![file],
        ..Card::text(words)
    }
}

/// The form that erases.
pub fn erase_form(voice: Voice<'_>, id: String) -> Modal {
    let lang = voice.lang;
    Modal {
        custom_id: CustomId::EraseForm(id).write(),
        title: lang.words("Erase what is stored about you").to_owned(),
        fields: vec![Field {
            id: CONFIRM_FIELD.to_owned(),
            label: lang.words("Type ERASE to erase all of it").to_owned(),
            description: lang
                .words("Keys, tokens, usage, choices and tier go, and you are signed out of every browser.")
                .to_owned(),
            placeholder: "ERASE".to_owned(),
            required: true,
            ..Field::default()
        }],
    }
}

/// Says that everything of a person was erased, and what stays.
pub fn erased(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Erased: your keys, your tokens, your usage and your tier, and you are signed out of every browser. Sums of servers and of the bot stay, without you in them; \
         keys that you added to servers stay theirs, without your name. What limits have counted stays until it renews, \
         and backups of the operator's until they are replaced. To be thorough, revoke your keys at their providers too.",
    ))
}
