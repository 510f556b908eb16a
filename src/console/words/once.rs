//! Words for refusals of a key that was typed for one question.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{KeyGoal, KeyRefusal, ProviderId};

/// The trouble that a refusal of such a key is; none where it is about stored
/// keys.
pub fn describe_once(refusal: &KeyRefusal) -> Option<Trouble> {
    let once = KeyGoal::Once;
    let (title, words) = match refusal {
        KeyRefusal::OnceNeedsProvider => (
            "Whose key is it",
            "Choose the model that the key is for: without one, nobody knows where the key may go. \
             It was not sent to anybody."
                .to_owned(),
        ),
        KeyRefusal::KeyForAnother { of, wanted } => (
            "Key is invalid",
            format!("The key is for {of}, and the model is one of {wanted}. Choose one of {of}."),
        ),
        KeyRefusal::MalformedKey { problem, goal } if *goal == once => (
            "Key is invalid",
            format!(
                "That can’t be a key: {problem}. It was sent to nobody, and nobody else paid. Copy \
                 it again, whole and alone."
            ),
        ),
        KeyRefusal::NotAKey { wanted, goal, .. } if *goal == once => (
            "Key is invalid",
            format!(
                "That is a secret of another kind, and no key for {wanted}. It was sent to nobody, \
                 and nobody else paid. Type an API key."
            ),
        ),
        KeyRefusal::LooksLikeAnothers { of, wanted, goal } if *goal == once => (
            "Key is invalid",
            format!(
                "The key looks like one for {}, and the model is one of {wanted}. It was sent to \
                 nobody, and nobody else paid. Choose a model that it is for.",
                list(of)
            ),
        ),
        KeyRefusal::TooManyRefused { retry_after_s } => {
            let words = format!(
                "Several keys from here were refused by their providers, so no new one is tried \
                 for {retry_after_s} s. Nobody else paid."
            );
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut trouble = Trouble::new(status, "Too many keys were refused", words);
            trouble.retry_after_s = Some(*retry_after_s);
            return Some(trouble);
        }
        _ => return None,
    };
    Some(Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, title, words))
}

fn list(providers: &[ProviderId]) -> String {
    let names: Vec<String> = providers.iter().map(ToString::to_string).collect();
    names.join(" or ")
}
