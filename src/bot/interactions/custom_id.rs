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
    /// The buttons under an answer, by its id.
    Stop(String),
    Again(String),
    Other(String),
    Details(String),
    /// The buttons under a picture, by its answer's id.
    Redo(String),
    Vary(String),
    Seed(String),
    /// The menu of models for another answer.
    Model(String),
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
            "stop" => Some(Self::Stop(id.to_owned())),
            "again" => Some(Self::Again(id.to_owned())),
            "other" => Some(Self::Other(id.to_owned())),
            "details" => Some(Self::Details(id.to_owned())),
            "redo" => Some(Self::Redo(id.to_owned())),
            "vary" => Some(Self::Vary(id.to_owned())),
            "seed" => Some(Self::Seed(id.to_owned())),
            "model" => Some(Self::Model(id.to_owned())),
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
            Self::Stop(id) => format!("stop:{id}"),
            Self::Again(id) => format!("again:{id}"),
            Self::Other(id) => format!("other:{id}"),
            Self::Details(id) => format!("details:{id}"),
            Self::Redo(id) => format!("redo:{id}"),
            Self::Vary(id) => format!("vary:{id}"),
            Self::Seed(id) => format!("seed:{id}"),
            Self::Model(id) => format!("model:{id}"),
        }
    }
}
