//! Refusals about asks of language models: what is asked, of which model,
//! and who pays.

use crate::model::calls::check::ProviderFailure;
use crate::model::ids::ProviderId;
use crate::model::payment::offer::{Source, Trace};

/// Why something about an ask was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskRefusal {
    #[error("this provider answers no questions")]
    NotAChatProvider { provider: ProviderId },
    #[error("the model makes pictures and answers nothing")]
    PicturesAlone {
        /// As it is typed: with its provider's name before it, or a workflow's.
        model: String,
    },
    #[error("the model's provider is not known")]
    UnknownModel {
        model: String,
        /// Some that its asker can use, as they are typed.
        offered: Vec<String>,
    },
    #[error("a provider is named in the place of a model")]
    ProviderAsModel {
        provider: ProviderId,
        /// Its default model as it is typed, where it may be used.
        usual: Option<String>,
    },
    #[error("it can be no model's name")]
    NoModelsName { typed: String },
    #[error("the model's name has spaces")]
    SpacesInModel {
        typed: String,
        /// What it would be without, where there is such a model.
        meant: Option<String>,
    },
    #[error("one provider is named, and a model of another's")]
    ModelOfAnother {
        provider: ProviderId,
        of: ProviderId,
        /// With its provider's name before it.
        model: String,
    },
    #[error("the provider has no default model")]
    NoDefaultModel {
        provider: ProviderId,
        /// Some of the models that it says it has; none where it said nothing.
        offered: Vec<String>,
    },
    #[error("a provider is named before the slash, and no model after it")]
    ModelMissing { provider: ProviderId },
    #[error("the operator does not allow this model")]
    ModelNotAllowed { provider: ProviderId, model: String },
    #[error("its provider has retired the model")]
    ModelRetired {
        provider: ProviderId,
        model: String,
        replacement: String,
    },
    #[error("there is no such persona")]
    NoSuchPersona { name: String },
    #[error("a command of the bot's own uses the persona")]
    PersonaOfACommand { name: String },
    #[error("the prompt is empty")]
    EmptyPrompt,
    #[error("nobody can pay for this")]
    NobodyPays {
        trace: Trace,
        /// Whether it was asked in a server, whose key could have paid.
        in_server: bool,
    },
    #[error("the provider failed")]
    Provider {
        failure: ProviderFailure,
        payer: Source,
    },
    #[error("only one's own key pays for this")]
    OwnKeyOnly { what: String },
    #[error("a part of the call means nothing for sure")]
    MalformedField { what: String },
    #[error("it can't be said in the provider's dialect")]
    Untranslatable { what: String },
    #[error("the bot is stopping")]
    Stopping,
    #[error("somebody stopped it")]
    Stopped,
}
