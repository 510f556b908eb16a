//! Refusals about pictures.

use crate::model::asks::ask::Words;
use crate::model::asks::turn::PictureKind;
use crate::model::ids::ProviderId;

/// Why something about a picture was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureRefusal {
    #[error("this provider makes no pictures")]
    NotAnImageProvider { provider: ProviderId },
    #[error("nobody here can change a picture")]
    CannotEdit,
    #[error("no model or workflow has this name")]
    UnknownImageModel { model: String },
    #[error("this model makes no pictures")]
    ModelMakesNone {
        provider: ProviderId,
        model: String,
        /// Some that do, as they are typed.
        able: Vec<String>,
    },
    #[error("no model is named, and the provider has no usual one")]
    NoModelNamed { provider: ProviderId },
    #[error("the operator lets nobody make pictures")]
    NobodyMakesAny,
    #[error("no host here has this LoRA")]
    UnknownLora {
        lora: String,
        /// Some that there are.
        known: Vec<String>,
    },
    #[error("who makes the picture takes no LoRA")]
    LoraNotTaken { provider: ProviderId },
    #[error("it is not said what to make")]
    EmptyPrompt,
    #[error("a language model made nothing of the prompt")]
    NotEnhanced,
    #[error("the workflow takes a picture, or takes none")]
    WorkflowPicture { workflow: String, takes_one: bool },
    #[error("pictures are made in age-restricted channels alone")]
    AgeRestrictedOnly,
    #[error("moderation does not let this through")]
    Flagged,
    #[error("moderation could not be asked")]
    NotModerated,
    #[error("too many pictures are asked for at once")]
    TooManyPicturesAtOnce,
    #[error("the picture that was changed is not kept")]
    PictureNotKept,
    #[error("the picture was lost with the process that made it")]
    PictureLost,
    #[error("the provider was making the picture when the process ended")]
    PictureCutOff { provider: ProviderId },
    #[error("the host keeps its pictures where none are taken from")]
    KeptElsewhere {
        provider: ProviderId,
        address: String,
    },
    #[error("the picture was shown already")]
    PictureShown,
    #[error("the size is no size")]
    BadSize,
    #[error("the seed is no seed")]
    BadSeed,
    #[error("the picture that came along cannot be used")]
    BadPicture,
    #[error("who pays takes no pictures of this kind")]
    KindNotTaken {
        provider: ProviderId,
        kind: PictureKind,
    },
    #[error("who pays takes no seed")]
    SeedNotTaken { provider: ProviderId },
    #[error("the model answered in words")]
    AnsweredInWords { provider: ProviderId, words: Words },
}
