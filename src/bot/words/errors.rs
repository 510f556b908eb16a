//! What people read when something went wrong.

use crate::app::{DatabaseTrouble, Error};
use crate::bot::connection::wire::card::Card;
use crate::bot::words::offers::with_offers;
use crate::bot::words::refusal::refusal;
use crate::bot::words::speech::voice::Voice;

/// What a person reads when something was refused or failed.
pub fn error(voice: Voice<'_>, error: &Error) -> Card {
    match error {
        Error::Refused(refused) => with_offers(voice, refusal(voice, refused)),
        Error::Troubled(trouble, _) => troubled(voice, *trouble),
        Error::Failed(_) => Card::text(voice.lang.words(
            "Something went wrong on my side, and the operator's log says what. \
             Nothing was changed. Please try again in a minute.",
        )),
    }
}

/// The database is in trouble: what is wrong, and what to do.
fn troubled(voice: Voice<'_>, trouble: DatabaseTrouble) -> Card {
    let lang = voice.lang;
    Card::text(match trouble {
        DatabaseTrouble::Away => lang.words(
            "I cannot reach my database at the moment, so I could not do that. \
             Please try again in a minute. If it stays so, tell the operator of this bot.",
        ),
        DatabaseTrouble::Locked | DatabaseTrouble::TooSlow => lang.words(
            "My database is too busy at the moment, so I could not do that. \
             Please try again in a minute. If it stays so, tell the operator of this bot.",
        ),
        DatabaseTrouble::Full | DatabaseTrouble::ReadOnly => lang.words(
            "My database cannot store anything at the moment, so I could not do that. \
             Please tell the operator of this bot, and try again later.",
        ),
        DatabaseTrouble::Damaged => lang.words(
            "My database is damaged, so I could not do that. \
             Please tell the operator of this bot, and try again later.",
        ),
    })
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

/// An interaction came in a form that this program does not know.
pub fn unreadable_interaction(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Discord sent this in a form that I can't read, so nothing was done. Please try it another way; \
         whoever runs me finds a line in the log, and an update may help.",
    ))
}
