//! What is said where a key takes the place of one that is stored: there is one
//! for each provider.

use crate::app::{AddedEnd, ProviderInfo};
use crate::console::markup::{Markup, html};
use crate::console::parts::{note, when};
use crate::model::Key;

/// The key of a provider among those that are stored.
pub fn find_stored<'k>(keys: &'k [Key], known: ProviderInfo<'_>) -> Option<&'k Key> {
    keys.iter().find(|key| key.provider == *known.id())
}

/// Says above a form that what is typed there will replace a key. `whose`
/// begins the sentence, as in "You have".
pub fn warn(known: ProviderInfo<'_>, stored: &Key, whose: &str) -> Markup {
    let name = known.name();
    let called = match (&stored.name, &stored.hint) {
        (Some(called), Some(hint)) => format!(", “{called}”, which ends in {hint}"),
        (Some(called), None) => format!(", “{called}”"),
        (None, Some(hint)) => format!(", which ends in {hint}"),
        (None, None) => String::new(),
    };
    let keeps = stored.name.as_ref();
    let keeps = keeps.map_or("", |_| ", and its name unless you give it another");
    let words = format!(
        "{whose} a key for {name} already{called}. A new one takes its place{keeps}; until {name} \
         was asked about that, the old one stays."
    );
    note::plain(&words, html! {})
}

/// Which key was replaced: what follows "replaced" in a sentence, to its end.
pub fn describe_old(old: &Key) -> String {
    let hint = old.hint.as_ref().map(|hint| format!("ended in {hint}"));
    match (&old.name, hint) {
        (Some(name), Some(hint)) => format!(": the old one was called “{name}” and {hint}."),
        (Some(name), None) => format!(": the old one was called “{name}”."),
        (None, Some(hint)) => format!(": the old one {hint}."),
        (None, None) => ".".to_owned(),
    }
}

/// That a key goes by the name of the one whose place it took.
pub fn describe_kept(name: &str) -> String {
    format!("The new one keeps the name “{name}”.")
}

/// Until when a key is used that was stored.
pub fn describe_end(end: AddedEnd) -> String {
    match end {
        AddedEnd::At(at_ms) => format!("It is used until {}.", when::day_and_time(at_ms)),
        AddedEnd::Kept(at_ms) => format!(
            "It ends as the old one would have, and is used until {}.",
            when::day_and_time(at_ms)
        ),
        AddedEnd::Dropped => {
            "The old one had an end. This one has none: it is used as long as it works.".to_owned()
        }
    }
}
