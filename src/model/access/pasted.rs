//! What people paste where a key should stand: what is around the key, and
//! what is taken for one.

/// What was taken out around a pasted key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrapping {
    /// `NAME=`, `"name":`, `export`, a header's name.
    Name,
    /// The word `Bearer`.
    Scheme,
    Quotes,
    Brackets,
    /// Back-ticks, fences, asterisks and what else Discord formats with.
    Formatting,
    Punctuation,
    LineBreaks,
    /// Zero-width characters, byte order marks and the like.
    Invisible,
    /// Dashes that a text processor made of hyphens.
    Dashes,
    /// The other lines of settings, or JSON.
    Snippet,
    /// The words of a sentence or a command.
    Words,
}

impl Wrapping {
    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Scheme => "scheme",
            Self::Quotes => "quotes",
            Self::Brackets => "brackets",
            Self::Formatting => "formatting",
            Self::Punctuation => "punctuation",
            Self::LineBreaks => "line_breaks",
            Self::Invisible => "invisible_characters",
            Self::Dashes => "dashes",
            Self::Snippet => "settings",
            Self::Words => "words",
        }
    }
}

/// A secret, or what else was pasted, that is no key of any provider here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherSecret {
    /// A file of Google Cloud's for programs.
    ServiceAccount,
    /// A file that describes a program to a login.
    OauthClient,
    PrivateKey,
    /// A token of a login, which ends soon.
    Login,
    DiscordToken,
    GitHub,
    /// A secret of a service that is no provider here, with its name.
    Service(&'static str),
    /// A key that manages an organization and asks no model.
    AdminKey,
    /// The id of an organization or a project, which opens nothing.
    AccountId,
    /// A secret that signs what a service sends.
    WebhookSecret,
    /// A token with which programs speak to this bot.
    OurToken,
    Address,
    /// A key of which the middle is hidden.
    Masked,
    /// What stands in documents in a key's place.
    Placeholder,
}
