//! What is said of a model that was chosen beforehand, where it may not answer.

use crate::app::{ChosenModel, ModelStanding};

use super::Names;

/// A warning, as Discord's users read it; none where the model's provider lists
/// it.
pub fn warn_of_standing(names: Names<'_>, chosen: &ChosenModel) -> Option<String> {
    let provider = names.name(&chosen.model.provider);
    match chosen.standing {
        ModelStanding::Listed => None,
        ModelStanding::Unlisted => Some(format!(
            "{provider} does not list such a model, so questions may fail. The Models page has \
             those that can be used."
        )),
        ModelStanding::Unsaid => Some(format!(
            "{provider} could not be asked whether it has such a model."
        )),
        ModelStanding::NobodyPays => Some(format!(
            "Nobody has a key here that pays for {provider}, so it does not answer yet, and \
             whether there is such a model was not looked up. Add a key for it."
        )),
    }
}
