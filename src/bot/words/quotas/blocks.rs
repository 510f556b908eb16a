//! What is said of people, roles, channels and servers that were stopped.

use crate::app::OwnBlock;
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::answers::buttons::button;
use crate::bot::words::speech::formats::date_and_time;
use crate::bot::words::speech::voice::Voice;
use crate::model::{BlockTarget, Blocked, Caller, SetBlock};

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

/// Asks once before everybody is stopped.
pub fn confirm_stop(voice: Voice<'_>, id: String, during: Option<&str>) -> Card {
    let sentence = match during {
        Some(_) => {
            "Stop everybody for `{during}`? Nobody, you included, gets an answer in any server, in direct messages or \
             over HTTP. What is running finishes; `/admin resume` lifts it. `/admin stop server:` stops one server."
        }
        None => {
            "Stop everybody until you lift it? Nobody, you included, gets an answer in any server, in direct messages \
             or over HTTP. What is running finishes; `/admin resume` lifts it. `/admin stop server:` stops one server."
        }
    };
    let stop = Button {
        label: voice.lang.words("Stop everybody").into(),
        custom_id: CustomId::StopEverybody(id).write(),
        style: ButtonStyle::Danger,
    };
    let during = during.unwrap_or_default();
    Card {
        buttons: vec![stop, button(voice, "Keep", &CustomId::KeepKey)],
        ..Card::text(voice.lang.say(sentence, &[("during", &during)]))
    }
}

/// Somebody was stopped, by somebody whom it may meet too.
pub fn blocked(
    voice: Voice<'_>,
    caller: &Caller,
    (whom, until_ms): (Blocked, Option<i64>),
) -> Card {
    let card = was_blocked(voice, whom, until_ms);
    let you = match (OwnBlock::of(caller, whom), whom) {
        (None, _) => return card,
        (Some(OwnBlock::Oneself), Blocked::InServer(..)) => {
            "That is you: I answer nothing of yours here until it is lifted."
        }
        (Some(OwnBlock::Oneself), _) => {
            "That is you: I answer nothing of yours anywhere until it is lifted."
        }
        (Some(OwnBlock::Role), _) => {
            "You have that role: I answer nothing of yours in its server until it is lifted."
        }
        (Some(OwnBlock::Everybody), _) => {
            "That is everybody in this server, you included: I answer nobody here until it is lifted."
        }
    };
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

/// Adds which servers stay stopped, whatever was lifted.
pub fn with_still_stopped(
    voice: Voice<'_>,
    card: Card,
    blocks: impl Iterator<Item = Blocked>,
) -> Card {
    let servers = blocks.filter(|whom| matches!(whom, Blocked::Server(_)));
    let servers: Vec<String> = servers.map(|whom| blocked_name(voice, whom)).collect();
    if servers.is_empty() {
        return card;
    }
    let line = voice.lang.say(
        "Still stopped: {servers}. `/admin resume server:` lifts that.",
        &[("servers", &voice.lang.list(&servers))],
    );
    Card {
        text: format!("{}\n{line}", card.text),
        ..card
    }
}

/// Whom a server has stopped.
pub fn server_blocks(voice: Voice<'_>, blocks: &[SetBlock]) -> Card {
    let lang = voice.lang;
    let line = |block: &SetBlock| {
        let whom = blocked_name(voice, block.whom);
        match block.until_ms {
            Some(at) => lang.say(
                "Stopped for {whom} until {until}",
                &[("whom", &whom), ("until", &date_and_time(at))],
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
        Blocked::Server(server) => match voice.server(server) {
            Some(name) => format!("**{name}**"),
            None => voice.lang.say("server {id}", &[("id", &server)]),
        },
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
