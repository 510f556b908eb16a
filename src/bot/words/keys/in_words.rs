//! Words for whoever typed a key where a question belongs.

use crate::bot::connection::wire::card::Card;
use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::TypedKinds;

/// Keys stood in a message, which others may have read.
pub fn key_in_message(voice: Voice<'_>, kinds: TypedKinds) -> Card {
    let said = [
        kinds.keys.then(|| with_advice(voice, key_seen(voice))),
        kinds.tokens.then(|| token_seen(voice).to_owned()),
        kinds.others.then(|| secret_seen(voice).to_owned()),
    ];
    Card::text(join(said))
}

/// Keys stood in the question of a command, which nobody else reads.
pub fn key_in_question(voice: Voice<'_>, kinds: TypedKinds) -> Card {
    let said = [
        kinds.keys.then(|| with_advice(voice, key_unseen(voice))),
        kinds.tokens.then(|| token_unseen(voice).to_owned()),
        kinds.others.then(|| secret_unseen(voice).to_owned()),
    ];
    Card::text(join(said))
}

fn join(said: [Option<String>; 3]) -> String {
    let said: Vec<String> = said.into_iter().flatten().collect();
    said.join("\n")
}

/// A key stood in a message, which others may have read.
fn key_seen(voice: Voice<'_>) -> &'static str {
    voice.lang.words(
        "A key stood in your message. I took it out before anybody was asked, so no model was told it, but whoever can \
         read your message has it: delete the message, and replace the key at the provider that it is from.",
    )
}

/// A token of this bot's stood in a message, which others may have read.
fn token_seen(voice: Voice<'_>) -> &'static str {
    voice.lang.words(
        "A token of mine stood in your message. I took it out before anybody was asked, so no model was told it, but \
         whoever can read your message can ask as you: end the token with `/token revoke`, and delete the message.",
    )
}

/// A secret of another service stood in a message, which others may have read.
fn secret_seen(voice: Voice<'_>) -> &'static str {
    voice.lang.words(
        "A secret of another service stood in your message. I took it out before anybody was asked, so no model was \
         told it, but whoever can read your message has it: delete the message, and replace the secret where you got \
         it.",
    )
}

/// A key stood in the question of a command, which nobody else reads.
fn key_unseen(voice: Voice<'_>) -> &'static str {
    voice.lang.words(
        "A key stood in your question. I took it out before anybody was asked, so no model was told it and it stands \
         nowhere here. Replace it at the provider that it is from if somebody may have seen it.",
    )
}

/// A token of this bot's stood in the question of a command, which nobody else
/// reads.
fn token_unseen(voice: Voice<'_>) -> &'static str {
    voice.lang.words(
        "A token of mine stood in your question. I took it out before anybody was asked, so no model was told it and \
         it stands nowhere here. End it with `/token revoke` if somebody may have seen it.",
    )
}

/// A secret of another service stood in the question of a command, which nobody
/// else reads.
fn secret_unseen(voice: Voice<'_>) -> &'static str {
    voice.lang.words(
        "A secret of another service stood in your question. I took it out before anybody was asked, so no model was \
         told it and it stands nowhere here. Replace it where you got it if somebody may have seen it.",
    )
}

/// How a key is added, where one can be.
pub fn with_advice(voice: Voice<'_>, told: &str) -> String {
    if voice.own_keys != OwnKeys::Stored {
        return told.to_owned();
    }
    let advice = voice
        .lang
        .words("Add your keys with `/keys add`: its form is for your eyes only.");
    format!("{told} {advice}")
}
