//! How the bot speaks to somebody: their language, and names that many
//! sentences share.

use std::collections::HashMap;
use std::fmt::Display;

use crate::app::{KnownProviders, ProviderInfo};
use crate::bot::words::keys::plain;
use crate::bot::words::speech::lang::Lang;
use crate::model::{Health, ProviderId, Scope, ServerId, Source};

/// What every reply needs: the language, and the providers' names.
#[derive(Clone, Copy)]
pub struct Voice<'a> {
    pub lang: Lang,
    pub providers: KnownProviders<'a>,
    /// Whether this person can bring keys of their own, and how.
    pub own_keys: OwnKeys,
    /// Whether this person manages the server that they are in.
    pub is_manager: bool,
    /// What servers are called that are spoken of, as far as that is known.
    pub servers: Option<&'a KnownServers>,
    pub reader: Reader,
}

/// What servers are called.
pub type KnownServers = HashMap<ServerId, String>;

/// How a person can bring a key of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnKeys {
    /// It can be stored, or typed for one ask.
    Stored,
    /// It can be typed for one ask: nobody can store keys.
    Once,
    /// Not at all: their tier does not include it.
    No,
}

/// Where somebody reads what is said, as against where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// In the same place.
    Here,
    /// In a direct message about a server.
    Elsewhere,
}

impl Reader {
    /// A sentence as this reader must read it.
    pub fn reading(self, english: &str) -> String {
        let [here, this, begin] = match self {
            Self::Here => ["here", "this", "This"],
            Self::Elsewhere => ["there", "that", "That"],
        };
        let english = english.replace("{here}", here);
        english.replace("{this}", this).replace("{This}", begin)
    }
}

#[cfg(test)]
impl<'a> Voice<'a> {
    /// How the bot speaks to a member who can store keys, in the place itself.
    pub fn to_a_member(locale: &str, providers: KnownProviders<'a>) -> Self {
        Self {
            lang: Lang::from_locale(locale),
            providers,
            own_keys: OwnKeys::Stored,
            is_manager: false,
            servers: None,
            reader: Reader::Here,
        }
    }
}

impl<'a> Voice<'a> {
    /// This voice for somebody who reads it in a direct message.
    pub fn elsewhere(self) -> Self {
        Self {
            reader: Reader::Elsewhere,
            ..self
        }
    }

    /// This voice where servers have names.
    pub fn naming<'b>(self, servers: &'b KnownServers) -> Voice<'b>
    where
        'a: 'b,
    {
        Voice {
            servers: Some(servers),
            ..self
        }
    }

    /// What a server is called; none where that is not known.
    pub fn server(&self, id: ServerId) -> Option<String> {
        let name = self.servers?.get(&id)?;
        Some(format!("{} ({id})", plain(name)))
    }

    /// A sentence with its `{names}` filled in, and with `{here}`, `{this}`
    /// and `{This}` as its reader must read them. Both readings are sentences
    /// of their own in other languages, which bend such words.
    pub fn say(&self, english: &str, values: &[(&str, &dyn Display)]) -> String {
        self.lang.say(&self.reader.reading(english), values)
    }

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
            Scope::System => Source::BotDefault,
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
            Health::Unguarded => "reachable; its server checks no keys",
            Health::Refused => "refused by the provider",
            Health::OutOfCredit => "out of credit",
            Health::Restricted => "works with restrictions",
            Health::Damaged if self.own_keys == OwnKeys::Stored => {
                "damaged; add it again with `/keys add`"
            }
            Health::Damaged => "damaged",
        })
    }

    /// Where a provider hands out keys.
    pub fn key_page(&self, provider: &ProviderId) -> String {
        self.page(provider, ProviderInfo::key_page)
    }

    /// Where an account of a provider is topped up: where that is not known, where
    /// its keys are.
    pub fn billing_page(&self, provider: &ProviderId) -> String {
        self.page(provider, |known| {
            known.billing_page().unwrap_or(known.key_page())
        })
    }

    fn page(&self, provider: &ProviderId, page_of: fn(ProviderInfo<'a>) -> &'a str) -> String {
        // In angle brackets, so that Discord shows no preview.
        let page = self.providers.get(provider).map(page_of);
        page.map_or_else(String::new, |page| format!("<{page}>"))
    }
}
