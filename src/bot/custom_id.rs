//! The ids of our forms and buttons. Discord carries them, but anybody can
//! send any text: they only name what the database knows more about.

/// A form or a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomId {
    /// The form that adds a key.
    Add(String),
    /// The button that removes a key.
    Remove(String),
    /// The button that keeps it.
    Keep,
    /// The form that asks with a key for this once.
    Once(String),
    /// The form that erases what is stored of a person.
    Erase(String),
    /// The button that asks for a key of one's own for this provider.
    Own(String),
}

impl CustomId {
    /// Reads an id; none for what we never handed out.
    pub fn parse(text: &str) -> Option<Self> {
        let (verb, id) = text.split_once(':').unwrap_or((text, ""));
        match verb {
            "add" => Some(Self::Add(id.to_owned())),
            "remove" => Some(Self::Remove(id.to_owned())),
            "keep" => Some(Self::Keep),
            "once" => Some(Self::Once(id.to_owned())),
            "erase" => Some(Self::Erase(id.to_owned())),
            "own" => Some(Self::Own(id.to_owned())),
            _ => None,
        }
    }

    /// Writes what [`Self::parse`] reads.
    pub fn write(&self) -> String {
        match self {
            Self::Add(id) => format!("add:{id}"),
            Self::Remove(id) => format!("remove:{id}"),
            Self::Keep => "keep".to_owned(),
            Self::Once(id) => format!("once:{id}"),
            Self::Erase(id) => format!("erase:{id}"),
            Self::Own(provider) => format!("own:{provider}"),
        }
    }
}
