//! Every word that the bot says. Commands and forms only choose which.
//!
//! A refusal says what happened and what to do next, with the command to
//! type. Nothing here is given a key, so nothing here can show one.

mod answers;
mod choices;
mod keys;
mod lang;
mod pictures;
mod privacy;
mod provider_failure;
mod quotas;
mod refusal;
mod tokens;
mod usage;

pub use answers::buttons::{choose_model, details, ended, ends_here, growing, in_line};
pub use answers::footer::{
    broken_off, continued_privately, demo, demo_footer, demoted, demoted_directly, footer,
    how_to_talk, in_a_file, no_answer, whole_answer, whole_question, written_directly,
};
pub use answers::forget::{forgotten, nothing_to_forget};
pub use choices::{chosen, model_name, models, personas, unchosen};
pub use keys::changes::{
    KEY_FIELD, added, added_form, kept, listing, paused, removal, removed, resumed, tested,
};
pub use keys::once::{PROMPT_FIELD, once_form};
pub use keys::status::status;
pub use lang::{DEFAULT_LOCALE, Lang, localizations};
pub use pictures::{
    alt_text, goes_on, picture_footer, rewriting, seed, shown_below, stage, under_picture,
};
pub use privacy::{CONFIRM_FIELD, erase_form, erased, exported, stored};
pub use quotas::budget::{
    blocks_here, budget, budget_set, cleared, exempted, operators_limit_set, operators_view,
    tier_given, was_blocked, was_unblocked,
};
pub use quotas::limits::notice;
pub use quotas::status::quota_status;
pub use refusal::refusal;
pub use tokens::{token_made, token_revoked, tokens};
pub use usage::report::usage;

use crate::app::Catalogue;
use crate::app::Error;
use crate::model::{Health, ProviderId, Scope, Source};

use crate::bot::connection::card::Card;

/// What every reply needs: the language, and the providers' names.
#[derive(Clone, Copy)]
pub struct Voice<'a> {
    pub lang: Lang,
    pub catalogue: &'a Catalogue,
    /// Whether people can store keys.
    pub byok: bool,
}

impl Voice<'_> {
    /// A provider's name as people write it.
    fn name(&self, id: &ProviderId) -> String {
        self.catalogue
            .get(id)
            .map_or_else(|| id.to_string(), |provider| provider.name.clone())
    }

    /// "personal key" or "server key".
    fn scope(&self, scope: Scope) -> &str {
        self.source(match scope {
            Scope::User => Source::Personal,
            Scope::Guild => Source::Server,
        })
    }

    /// Whose key it is, in Discord users' words.
    fn source(&self, source: Source) -> &str {
        self.lang.words(match source {
            Source::Request => "one-time key",
            Source::Personal => "personal key",
            Source::Server => "server key",
            Source::BotDefault => "bot default",
            Source::Demo => "demo reply",
        })
    }

    fn health(&self, health: Health) -> &str {
        self.lang.words(match health {
            Health::Unverified => "not checked yet",
            Health::Valid => "works",
            Health::Refused => "refused by the provider",
            Health::OutOfCredit => "out of credit",
            Health::Restricted => "works with restrictions",
        })
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
