//! Words of conversations.

use crate::bot::connection::card::Card;

use crate::bot::words::Voice;

/// The conversation starts afresh.
pub fn forgotten(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Forgotten. What was said here before this is nothing to me now; Discord still shows it to you.",
    ))
}

/// There is no conversation of this channel's own.
pub fn nothing_to_forget(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Here I remember only the messages that you reply to: write without replying, and I start afresh. \
         `/forget` is for threads and direct messages.",
    ))
}
