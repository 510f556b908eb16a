//! The ids of our forms and buttons. Discord carries them, but anybody can
//! send any text: they only name what the database knows more about.

/// What a form or a button is for, with the id of what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomId {
    /// The form that adds a key.
    AddKeyForm(String),
    /// The button that opens that form again.
    AddAgain(String),
    /// The button that removes a key.
    RemoveKey(String),
    /// The button that has a key take the place of one that works.
    ReplaceKey(String),
    /// The button that keeps what is stored.
    KeepKey,
    /// The form that asks with a key for this once.
    OnceForm(String),
    /// The button that opens that form again.
    OnceAgain(String),
    /// The form that erases what is stored of a person.
    EraseForm(String),
    /// The button that opens the form for a key of one's own, with the
    /// provider.
    OwnKey(String),
    /// The same for a key of the server's.
    ServerKey(String),
    /// The buttons under an answer, by its id.
    StopAnswer(String),
    RepeatAnswer(String),
    OtherModel(String),
    AnswerDetails(String),
    /// The buttons under a picture, by its answer's id.
    RepeatPicture(String),
    VaryPicture(String),
    PictureSeed(String),
    /// The buttons under pictures that wait to be confirmed.
    ConfirmPicture(String),
    LeavePicture(String),
    /// The menu of models for another answer.
    ModelMenu(String),
}

impl CustomId {
    /// Reads an id; none for what we never handed out.
    pub fn parse(text: &str) -> Option<Self> {
        let (verb, id) = text.split_once(':').unwrap_or((text, ""));
        match verb {
            "add" => Some(Self::AddKeyForm(id.to_owned())),
            "readd" => Some(Self::AddAgain(id.to_owned())),
            "reonce" => Some(Self::OnceAgain(id.to_owned())),
            "remove" => Some(Self::RemoveKey(id.to_owned())),
            "replace" => Some(Self::ReplaceKey(id.to_owned())),
            "keep" => Some(Self::KeepKey),
            "once" => Some(Self::OnceForm(id.to_owned())),
            "erase" => Some(Self::EraseForm(id.to_owned())),
            "own" => Some(Self::OwnKey(id.to_owned())),
            "shared" => Some(Self::ServerKey(id.to_owned())),
            "stop" => Some(Self::StopAnswer(id.to_owned())),
            "again" => Some(Self::RepeatAnswer(id.to_owned())),
            "other" => Some(Self::OtherModel(id.to_owned())),
            "details" => Some(Self::AnswerDetails(id.to_owned())),
            "redo" => Some(Self::RepeatPicture(id.to_owned())),
            "vary" => Some(Self::VaryPicture(id.to_owned())),
            "seed" => Some(Self::PictureSeed(id.to_owned())),
            "make" => Some(Self::ConfirmPicture(id.to_owned())),
            "leave" => Some(Self::LeavePicture(id.to_owned())),
            "model" => Some(Self::ModelMenu(id.to_owned())),
            _ => None,
        }
    }

    /// Writes what [`Self::parse`] reads.
    pub fn write(&self) -> String {
        match self {
            Self::AddKeyForm(id) => format!("add:{id}"),
            Self::AddAgain(id) => format!("readd:{id}"),
            Self::OnceAgain(id) => format!("reonce:{id}"),
            Self::RemoveKey(id) => format!("remove:{id}"),
            Self::ReplaceKey(id) => format!("replace:{id}"),
            Self::KeepKey => "keep".to_owned(),
            Self::OnceForm(id) => format!("once:{id}"),
            Self::EraseForm(id) => format!("erase:{id}"),
            Self::OwnKey(provider) => format!("own:{provider}"),
            Self::ServerKey(provider) => format!("shared:{provider}"),
            Self::StopAnswer(id) => format!("stop:{id}"),
            Self::RepeatAnswer(id) => format!("again:{id}"),
            Self::OtherModel(id) => format!("other:{id}"),
            Self::AnswerDetails(id) => format!("details:{id}"),
            Self::RepeatPicture(id) => format!("redo:{id}"),
            Self::VaryPicture(id) => format!("vary:{id}"),
            Self::PictureSeed(id) => format!("seed:{id}"),
            Self::ConfirmPicture(id) => format!("make:{id}"),
            Self::LeavePicture(id) => format!("leave:{id}"),
            Self::ModelMenu(id) => format!("model:{id}"),
        }
    }
}
