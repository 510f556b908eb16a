//! How the bot speaks to somebody: their language, and names that many
//! sentences share.

use crate::app::KnownProviders;
use crate::bot::words::lang::Lang;
use crate::model::{Health, ProviderId, Scope, Source};

/// What every reply needs: the language, and the providers' names.
#[derive(Clone, Copy)]
pub struct Voice<'a> {
    pub lang: Lang,
    pub providers: KnownProviders<'a>,
    /// Whether people can store keys.
    pub byok: bool,
}

impl Voice<'_> {
    /// A provider's name as people write it.
    pub fn name(&self, id: &ProviderId) -> String {
        self.providers
            .get(id)
            .map_or_else(|| id.to_string(), |provider| provider.name().to_owned())
    }

    /// "personal key" or "server key".
    pub fn scope(&self, scope: Scope) -> &str {
        self.source(match scope {
            Scope::User => Source::Personal,
            Scope::Guild => Source::Server,
        })
    }

    /// Whose key it is, in Discord users' words.
    pub fn source(&self, source: Source) -> &str {
        self.lang.words(match source {
            Source::Request => "one-time key",
            Source::Personal => "personal key",
            Source::Server => "server key",
            Source::BotDefault => "bot default",
            Source::Demo => "demo reply",
        })
    }

    /// What is known of a key, in few words.
    pub fn health(&self, health: Health) -> &str {
        self.lang.words(match health {
            Health::Unverified => "not checked yet",
            Health::Valid => "works",
            Health::Refused => "refused by the provider",
            Health::OutOfCredit => "out of credit",
            Health::Restricted => "works with restrictions",
            Health::Damaged => "damaged; add it again with `/keys add`",
        })
    }

    /// Where a provider hands out keys.
    pub fn key_page(&self, provider: &ProviderId) -> String {
        // In angle brackets, so that Discord shows no preview.
        self.providers
            .get(provider)
            .map_or_else(String::new, |provider| format!("<{}>", provider.key_page()))
    }
}
