//! What is said of people, roles, channels and servers that were stopped.

use crate::bot::connection::wire::card::Card;
use crate::bot::words::speech::formats::date_and_time;
use crate::bot::words::speech::voice::Voice;
use crate::model::{BlockTarget, Blocked};

/// Somebody was stopped.
pub fn was_blocked(voice: Voice<'_>, whom: Blocked, until_ms: Option<i64>) -> Card {
    let sentence = match until_ms {
        Some(_) => "Stopped for {whom} until {until}. What is running finishes. `{undo}` lifts it.",
        None => "Stopped for {whom}. What is running finishes. `{undo}` lifts it.",
    };
    let undo = match whom {
        Blocked::Everyone => "/admin resume".to_owned(),
        Blocked::Server(server) => format!("/admin resume server:{server}"),
        Blocked::Person(_) | Blocked::Role(_) | Blocked::Channel(_) => "/admin unblock".to_owned(),
        Blocked::InServer(..) => "/server unblock".to_owned(),
    };
    Card::text(voice.lang.say(
        sentence,
        &[
            ("whom", &blocked_name(voice, whom)),
            ("until", &until_ms.map(date_and_time).unwrap_or_default()),
            ("undo", &undo),
        ],
    ))
}

/// The same to whoever stopped themselves, which they may not have meant.
pub fn blocked_oneself(voice: Voice<'_>, card: &Card) -> Card {
    let you = "That is you: I answer nothing of yours here until it is lifted.";
    Card::text(format!("{}\n{}", card.text, voice.lang.words(you)))
}

/// Somebody may go on.
pub fn was_unblocked(voice: Voice<'_>, whom: Blocked, was: bool) -> Card {
    let sentence = if was {
        "No longer stopped for {whom}."
    } else {
        "It was not stopped for {whom}, so nothing was changed."
    };
    let whom = blocked_name(voice, whom);
    Card::text(voice.lang.say(sentence, &[("whom", &whom)]))
}

/// Whom a server has stopped.
pub fn server_blocks(voice: Voice<'_>, blocks: &[(Blocked, Option<i64>)]) -> Card {
    let lang = voice.lang;
    let line = |(whom, until_ms): &(Blocked, Option<i64>)| {
        let whom = blocked_name(voice, *whom);
        match until_ms {
            Some(at) => lang.say(
                "Stopped for {whom} until {until}",
                &[("whom", &whom), ("until", &date_and_time(*at))],
            ),
            None => lang.say("Stopped for {whom}", &[("whom", &whom)]),
        }
    };
    if blocks.is_empty() {
        return Card::text(
            lang.words("Nobody is stopped in this server. `/server block` stops somebody."),
        );
    }
    Card::text(blocks.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// Whom a block stops.
pub fn blocked_name(voice: Voice<'_>, whom: Blocked) -> String {
    match whom {
        Blocked::Everyone => voice.lang.words("everybody").to_owned(),
        Blocked::Server(server) => voice.lang.say("server {id}", &[("id", &server)]),
        Blocked::Person(person) | Blocked::InServer(_, BlockTarget::Person(person)) => {
            format!("<@{person}>")
        }
        Blocked::Role(role) | Blocked::InServer(_, BlockTarget::Role(role)) => {
            format!("<@&{role}>")
        }
        Blocked::Channel(channel) | Blocked::InServer(_, BlockTarget::Channel(channel)) => {
            format!("<#{channel}>")
        }
    }
}
