//! What people read when something went wrong.

use crate::app::Error;
use crate::bot::connection::card::Card;
use crate::bot::words::refusal::refusal;
use crate::bot::words::voice::Voice;

/// What a person reads when something was refused or failed.
pub fn error(voice: Voice<'_>, error: &Error) -> Card {
    match error {
        Error::Refused(refused) => refusal(voice, refused),
        Error::Failed(_) => Card::text(voice.lang.words(
            "Something went wrong on my side, and the operator's log says what. \
             Nothing was changed. Please try again in a minute.",
        )),
    }
}

/// A command came in a shape that is not ours any more.
pub fn old_command(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Your Discord sent this command in an old form, so nothing was done. \
         Reload Discord (Ctrl+R, or restart the app) and type it again.",
    ))
}

/// Something of ours broke.
pub fn something_broke(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Something went wrong on my side, and the operator's log says where. Please try again in a minute.",
    ))
}
