//! Tells from a pasted key alone whose it is.

use secrecy::{ExposeSecret, SecretString};

use crate::model::ProviderId;
use crate::providers::catalogue::Catalogue;

use super::in_a_name::has_key_shape;
use super::{PasteProblem, read_pasted_key, trim_secret};

/// The longest text that stands beside a key, in bytes.
const EXTRA_BYTES_MAX: usize = 100;

/// Which providers could take a key, as far as it tells.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyTakers {
    One(ProviderId),
    /// It could be any of these; none where nothing tells.
    OneOf(Vec<ProviderId>),
    /// It can be nobody's.
    Nobodys(PasteProblem),
}

/// Tells whose key was pasted: of those who could take it, the one whose keys
/// begin so, or who is named beside it.
pub fn whose_key(catalogue: &Catalogue, typed: &SecretString) -> KeyTakers {
    let (mut takers, mut known, mut problem) = (Vec::new(), Vec::new(), None);
    for provider in catalogue.iter() {
        match read_pasted_key(catalogue, provider, typed) {
            Ok(_) => takers.push(provider.id.clone()),
            Err(PasteProblem::KeyOf(owners)) => known.extend(owners),
            Err(other) => problem = Some(other),
        }
    }
    if takers.is_empty() {
        return KeyTakers::Nobodys(problem.unwrap_or(PasteProblem::Malformed));
    }
    takers.retain(|taker| known.contains(taker));
    match takers.as_slice() {
        [one] => KeyTakers::One(one.clone()),
        _ => KeyTakers::OneOf(takers),
    }
}

/// What was typed beside a key, as it may be shown again to whoever typed it.
/// None for what begins as a key does.
pub fn plain_extra(catalogue: &Catalogue, typed: &SecretString) -> Option<String> {
    let bare = trim_secret(typed)?;
    let bare = bare.expose_secret();
    let is_shown = bare.len() <= EXTRA_BYTES_MAX && !has_key_shape(catalogue, bare);
    is_shown.then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(typed: &str) -> String {
        let catalogue = Catalogue::new(&[]).unwrap();
        match whose_key(&catalogue, &SecretString::from(typed)) {
            KeyTakers::One(id) => id.to_string(),
            KeyTakers::OneOf(ids) => {
                let ids: Vec<&str> = ids.iter().map(ProviderId::as_str).collect();
                format!("one of {ids:?}")
            }
            KeyTakers::Nobodys(problem) => format!("{problem:?}"),
        }
    }

    #[test]
    fn a_key_tells_whose_it_is_by_its_beginning_or_the_name_beside_it() {
        let shapeless = "made0up1made0up1made0up1made0up1";
        let cases = [
            ("sk-ant-api03-Made0Up1-made_up0made0up1AA", "anthropic"),
            ("sk-proj-Made0Up1Made0Up1Made0Up1_made-up", "openai"),
            ("\"gsk_Made0Up1Made0Up1Made0Up1\"", "groq"),
            ("Authorization: Bearer xai-Made0Up1Made0Up1Made0Up1", "xai"),
            ("DEEPSEEK_API_KEY=sk-made0up1made0up1made0up1", "deepseek"),
            ("", "Empty"),
            ("it is in the other window", "Malformed"),
        ];
        for (typed, expected) in cases {
            assert_eq!(told(typed), expected, "{typed}");
        }
        assert_eq!(told(&format!("MISTRAL_API_KEY={shapeless}")), "mistral");
        assert_eq!(told(shapeless), "one of []");
        let shared = told("sk-made0up1made0up1made0up1");
        assert!(
            shared.contains("openai") && shared.contains("deepseek"),
            "{shared}"
        );
    }

    #[test]
    fn what_begins_as_a_key_is_not_shown_again() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let shown = |typed: &str| plain_extra(&catalogue, &SecretString::from(typed));
        let id = "0f0e0d0c-made-4up1-8888-0123456789ab";
        assert_eq!(shown(&format!(" {id}\n")).as_deref(), Some(id));
        assert_eq!(shown("sk-ant-api03-Made0Up1-made_up0made0up1AA"), None);
        assert_eq!(shown("key=gsk_Made0Up1Made0Up1Made0Up1"), None);
        assert_eq!(shown(&"x".repeat(101)), None);
        assert_eq!(shown(" "), None);
    }
}
