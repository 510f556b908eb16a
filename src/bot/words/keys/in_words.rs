//! Words for whoever typed a key where a question belongs.

use crate::bot::connection::wire::card::Card;
use crate::bot::words::speech::voice::{OwnKeys, Voice};

/// A key stood in a message, which others may have read.
pub fn key_in_message(voice: Voice<'_>) -> Card {
    let told = voice.lang.words(
        "A key stood in your message. I took it out before anybody was asked, so no model was told it, but whoever can \
         read your message has it: delete the message, and replace the key at the provider that it is from.",
    );
    Card::text(with_advice(voice, told))
}

/// A key stood in the question of a command, which nobody else reads.
pub fn key_in_question(voice: Voice<'_>) -> Card {
    let told = voice.lang.words(
        "A key stood in your question. I took it out before anybody was asked, so no model was told it and it stands \
         nowhere here. Replace it at the provider that it is from if somebody may have seen it.",
    );
    Card::text(with_advice(voice, told))
}

/// How a key is added, where one can be.
fn with_advice(voice: Voice<'_>, told: &str) -> String {
    if voice.own_keys != OwnKeys::Stored {
        return told.to_owned();
    }
    let advice = voice
        .lang
        .words("Add your keys with `/keys add`: its form is for your eyes only.");
    format!("{told} {advice}")
}
