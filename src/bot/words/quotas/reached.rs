//! What people and owners of budgets read when a limit is near or reached.

use crate::app::Notice;
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::keys::advice::{bring_own_key, mend_own_key};
use crate::bot::words::keys::skip_reason::bare_reason;
use crate::bot::words::quotas::limits::{amount, bare_amount, describe_limit};
use crate::bot::words::speech::formats::{date_and_time, plain_model, relative_time};
use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::{BlockTarget, Blocked, Bound, LimitHit, OwnKeyWay, ProviderId, Scope, Source};

/// Whose limit leaves no room, and what a key of the asker's own would change.
pub struct LimitedPayer<'a> {
    pub payer: Source,
    pub provider: &'a ProviderId,
    pub own_key: OwnKeyWay,
}

/// A limit that leaves no room: what it is, when it renews, and what helps.
pub fn limit_reached(voice: Voice<'_>, hit: &LimitHit, payers: &LimitedPayer<'_>) -> Card {
    let lang = voice.lang;
    let sentence = match hit.bound {
        Bound::Tier => "You have used what your tier allows of the {source}",
        Bound::Bot => "What the bot's operator pays for everybody is used up",
        Bound::BotInServer => "What the bot's operator pays for {this} server is used up",
        Bound::BotForPerson => "What the bot's operator pays for you is used up",
        Bound::ServerKey => "{This} server's key has reached its budget",
        Bound::Member | Bound::Role(_) => "You have used your share of {this} server's key",
    };
    let mut text = voice.say(sentence, &[("source", &voice.source(payers.payer))]);
    text += &lang.say(
        ": {used} of {limit}.",
        &[
            ("used", &bare_amount(voice, hit.limit.metric, hit.used)),
            ("limit", &describe_limit(voice, hit.limit)),
        ],
    );
    if hit.remaining() > 0 {
        text += &lang.say(
            " The {left} that are left are too little for this ask.",
            &[(
                "left",
                &amount(voice, hit.limit.metric, hit.shown_remaining()),
            )],
        );
    }
    text += &match (hit.renews_at_ms, hit.empties_at_ms) {
        (Some(at_ms), _) => lang.say(
            " There is room again {when}.",
            &[("when", &relative_time(at_ms))],
        ),
        // A shorter one fits into nothing either.
        (None, Some(at_ms)) if hit.remaining() == 0 => lang.say(
            " No ask fits until it renews {when}, and this one alone needs more than all of it.",
            &[("when", &relative_time(at_ms))],
        ),
        (None, _) => lang
            .words(" This ask alone needs more than that; a shorter one may fit.")
            .to_owned(),
    };
    if hit.bound.is_budget() && voice.is_manager {
        let own = "You manage {this} server: `/server budget set` changes the limit, `/server budget clear` takes it away.";
        text = format!("{text}\n{}", voice.say(own, &[]));
    }
    with_own_key(voice, text, payers)
}

/// Dollars are limited, and nobody knows the price.
pub fn unknown_price(voice: Voice<'_>, model: &str, payers: &LimitedPayer<'_>) -> Card {
    let text = voice.lang.say(
        "Nobody knows what {model} costs, and the {source} has a limit in dollars, so it can't pay for it. \
         Name another model, or ask the bot's operator to add its price (`quota.prices_file`).",
        &[
            ("model", &plain_model(model)),
            ("source", &voice.source(payers.payer)),
        ],
    );
    with_own_key(voice, text, payers)
}

/// Adds the way out, where there is one: a key of one's own that pays, or
/// that can be made to.
fn with_own_key(voice: Voice<'_>, mut text: String, payers: &LimitedPayer<'_>) -> Card {
    let (provider, name) = (payers.provider, voice.name(payers.provider));
    let limits = voice.lang.words("`/quota status` shows every limit.");
    text.push('\n');
    let no_help = payers.own_key == OwnKeyWay::NoHelp;
    if no_help || voice.own_keys == OwnKeys::No || payers.payer.is_own() {
        text += limits;
        return Card::text(text);
    }
    if let OwnKeyWay::Mend(skip) = payers.own_key {
        let values: &[(&str, &dyn std::fmt::Display)] = &[
            ("provider", &name),
            ("why", &bare_reason(voice, skip)),
            ("advice", &mend_own_key(voice, provider, skip)),
            ("limits", &limits),
        ];
        text += &voice.lang.say(
            "Your own {provider} key has no such limit, but {why}. {advice} {limits}",
            values,
        );
        return Card::text(text);
    }
    if voice.own_keys == OwnKeys::Once {
        let advice = bring_own_key(voice, provider);
        return Card::text(text + &voice.lang.sentences(&[advice.as_str(), limits]));
    }
    text += &voice.lang.say(
        "Your own {provider} key would have no such limit: press the button, or `/keys add provider:{id} scope:user`. \
         {limits}",
        &[("provider", &name), ("id", provider), ("limits", &limits)],
    );
    let label = voice
        .lang
        .say("Use my own {provider} key", &[("provider", &name)]);
    Card {
        buttons: vec![Button {
            label,
            custom_id: CustomId::key_form(Scope::User, provider).write(),
            style: ButtonStyle::Primary,
        }],
        ..Card::text(text)
    }
}

/// Somebody was stopped by the operator.
pub fn blocked(voice: Voice<'_>, whom: Blocked, until_ms: Option<i64>) -> String {
    let lang = voice.lang;
    let sentence = match whom {
        Blocked::Everyone => "The bot's operator has stopped it for everybody",
        Blocked::Server(_) => "The bot's operator has stopped it in {this} server",
        Blocked::Person(_) => "The bot's operator has stopped it for you",
        Blocked::Role(_) => "The bot's operator has stopped it for one of your roles",
        Blocked::Channel(_) => "The bot's operator has stopped it in {this} channel",
        Blocked::InServer(_, BlockTarget::Person(_)) => {
            "Whoever manages {this} server has stopped it for you {here}"
        }
        Blocked::InServer(_, BlockTarget::Role(_)) => {
            "Whoever manages {this} server has stopped it for one of your roles {here}"
        }
        Blocked::InServer(_, BlockTarget::Channel(_)) => {
            "Whoever manages {this} server has stopped it in {this} channel"
        }
    };
    let mut text = voice.say(sentence, &[]);
    text += &match until_ms {
        Some(at_ms) => lang.say(" until {when}.", &[("when", &date_and_time(at_ms))]),
        None => lang.words(" for now.").to_owned(),
    };
    let kept = lang.words("Keys and settings are kept; `/keys list` still works.");
    lang.sentences(&[text.as_str(), kept])
}

/// Tells the owner of a budget that most of it is used.
pub fn notice(voice: Voice<'_>, notice: &Notice) -> Card {
    let used = &notice.limit;
    let sentence = match notice.server {
        Some(_) => {
            "The key of your server ({server}) has used most of its budget: {used} of {limit}. \
             It stops there until it renews {when}. `/server budget show` in that server shows it, \
             `/server budget set` changes it. I say this once in each period."
        }
        None => {
            "The bot default has used most of its limit for everybody: {used} of {limit}. \
             It stops there until it renews {when}. `/admin show` shows it, `/admin limit` changes it. \
             I say this once in each period."
        }
    };
    let server = notice.server.map(|server| server.to_string());
    Card::text(voice.lang.say(
        sentence,
        &[
            ("used", &bare_amount(voice, used.limit.metric, used.used)),
            ("limit", &describe_limit(voice, used.limit)),
            (
                "when",
                &used.renews_at_ms.map(relative_time).unwrap_or_default(),
            ),
            ("server", &server.unwrap_or_default()),
        ],
    ))
}
