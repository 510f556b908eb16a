//! What is said of a model that was chosen beforehand, where it may not answer
//! everybody for whom it was chosen.

use crate::app::{ChosenModel, ModelStanding, ModelUsers};

use super::Names;

/// Warnings, as people read them; none where the model's provider lists it, ends it
/// on no day, and somebody pays for everybody.
pub fn warn_of_standing(names: Names<'_>, chosen: &ChosenModel) -> Option<String> {
    let warnings = [warn_of_end(names, chosen), warn_of_list(names, chosen)];
    let warnings: Vec<String> = warnings.into_iter().flatten().collect();
    (!warnings.is_empty()).then(|| warnings.join(" "))
}

fn warn_of_end(names: Names<'_>, chosen: &ChosenModel) -> Option<String> {
    let end = chosen.end.as_ref()?;
    let provider = names.name(&chosen.model.provider);
    let next = end.replacement.as_ref();
    let next = next.map_or_else(String::new, |next| format!(" {next} comes after it."));
    Some(format!("{provider} ends this model on {}.{next}", end.on))
}

fn warn_of_list(names: Names<'_>, chosen: &ChosenModel) -> Option<String> {
    let provider = names.name(&chosen.model.provider);
    let users = match chosen.users {
        ModelUsers::Everybody => None,
        ModelUsers::KeyOwners => Some(format!(
            "No key pays for {provider} for everybody here: it answers whoever has a key of their \
             own for it, and for all others the bot’s own order decides. Add a key for the \
             server, and it answers everybody."
        )),
        ModelUsers::Nobody => Some(format!(
            "Nobody has a key here that pays for {provider}, so it does not answer yet. Add a key \
             for it."
        )),
    };
    let standing = match chosen.standing {
        ModelStanding::Listed => None,
        ModelStanding::Unlisted => Some(format!(
            "{provider} does not list such a model, so questions may fail. The Models page has \
             those that can be used."
        )),
        ModelStanding::Unsaid => Some(format!(
            "{provider} could not be asked whether it has such a model."
        )),
        ModelStanding::NobodyPays => {
            Some("Whether there is such a model was not looked up.".to_owned())
        }
    };
    let sentences: Vec<String> = users.into_iter().chain(standing).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
