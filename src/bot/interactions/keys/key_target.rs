//! Which key a button is about, and where it stands. Ids only name that:
//! permission is read again when a button is pressed.

use std::fmt;

use crate::model::{ProviderId, Scope, ServerId};

/// What a button does with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDeed {
    Test,
    Pause,
    Resume,
    /// Asks whether it should be removed.
    Remove,
}

/// Which key a button is about, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTarget {
    pub scope: Scope,
    pub place: KeyPlace,
    pub provider: ProviderId,
}

/// Where a button about keys stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// Under a reply: what comes of it is a message of its own.
    Reply,
    /// In a message about a server, which is read anywhere.
    About(ServerId),
    /// In a panel, which shows what comes of it.
    Panel(PanelView),
}

/// What a panel of keys shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PanelView {
    /// Whose keys; none for all that one may see.
    pub scope: Option<Scope>,
    pub page: usize,
}

impl KeyDeed {
    const ALL: [Self; 4] = [Self::Test, Self::Pause, Self::Resume, Self::Remove];

    fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Remove => "ask-remove",
        }
    }

    /// Reads the word that stands in an id.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == word)
    }
}

impl fmt::Display for KeyDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl KeyTarget {
    /// A key that a reply is about. System keys have no form in Discord.
    pub fn in_reply(scope: Scope, provider: &ProviderId) -> Self {
        let scope = match scope {
            Scope::User | Scope::System => Scope::User,
            Scope::Guild => Scope::Guild,
        };
        Self {
            scope,
            place: KeyPlace::Reply,
            provider: provider.clone(),
        }
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (scope, rest) = text.split_once(':')?;
        let (place, provider) = rest.split_once(':')?;
        Some(Self {
            scope: Scope::parse(scope)?,
            place: KeyPlace::parse(place)?,
            provider: ProviderId::from(provider),
        })
    }
}

impl fmt::Display for KeyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = self.scope.as_str();
        write!(f, "{scope}:{}:{}", self.place, self.provider)
    }
}

impl KeyPlace {
    /// The server that a message is about.
    pub fn server(self) -> Option<ServerId> {
        match self {
            Self::About(server) => Some(server),
            Self::Reply | Self::Panel(_) => None,
        }
    }

    /// Reads what `Display` writes; nothing is a reply.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Reply);
        }
        match text.strip_prefix('s') {
            Some(server) => Some(Self::About(ServerId(server.parse().ok()?))),
            None => PanelView::parse(text).map(Self::Panel),
        }
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply => Ok(()),
            Self::About(server) => write!(f, "s{server}"),
            Self::Panel(view) => write!(f, "{view}"),
        }
    }
}

impl PanelView {
    /// The first page of one scope's keys.
    pub fn of(scope: Scope) -> Self {
        Self {
            scope: Some(scope),
            page: 0,
        }
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (scope, page) = text.split_at_checked(1)?;
        let scope = match scope {
            "a" => None,
            "u" => Some(Scope::User),
            "g" => Some(Scope::Guild),
            _ => return None,
        };
        let page = page.parse().ok()?;
        Some(Self { scope, page })
    }
}

impl fmt::Display for PanelView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match self.scope {
            None => 'a',
            Some(Scope::User | Scope::System) => 'u',
            Some(Scope::Guild) => 'g',
        };
        write!(f, "{scope}{}", self.page)
    }
}
