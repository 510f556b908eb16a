//! What people paste where a key should stand: the key is taken out of what
//! is around it, and what is no key of this provider's is named for what it
//! is. Pure, and nobody is asked; `docs/providers.md` §2.3.

mod in_a_name;
mod key_file;
mod key_lines;
mod named;
mod other_secret;
mod other_variables;
mod peel;
mod snippet;
mod whose;
mod within;
mod wrapped;

use std::borrow::Cow;
use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use crate::model::{OtherSecret, ProviderId, Wrapping, is_invisible};

use super::catalogue::{Catalogue, Provider};
pub use in_a_name::holds_secret;
pub use key_file::{FoundKey, UnusedLine, WhyUnused, read_key_file};
use named::NamedAs;
pub use peel::unquote;
use snippet::FoundKeys;
pub use whose::{KeyTakers, plain_extra, whose_key};

/// The shortest text that a known beginning makes a key, in bytes.
const KEY_BYTES_MIN: usize = 16;
/// How much of a wrapped key stands together in what was pasted, in bytes.
const WRAPPED_HEAD: usize = 8;

/// A key without what was pasted around it.
#[derive(Debug)]
pub struct PastedKey {
    pub secret: SecretString,
    /// What was taken out.
    pub removed: Vec<Wrapping>,
}

/// Why what was pasted is not sent to the provider.
#[derive(Debug, PartialEq, Eq)]
pub enum PasteProblem {
    Empty,
    /// It has spaces or characters that no key has.
    Malformed,
    /// There are several keys in it.
    Several,
    /// It is something else than a provider's key.
    Other(OtherSecret),
    /// It begins as keys of these other providers do, or is named as theirs.
    KeyOf(Vec<ProviderId>),
}

/// Takes the key out of what was pasted for one provider.
pub fn read_pasted_key(
    catalogue: &Catalogue,
    provider: &Provider,
    typed: &SecretString,
) -> Result<PastedKey, PasteProblem> {
    let mut removed = BTreeSet::new();
    let plain = normalize(typed.expose_secret(), &mut removed);
    if plain.trim().is_empty() {
        return Err(PasteProblem::Empty);
    }
    if let Some(other) = other_secret::in_document(&plain) {
        return Err(PasteProblem::Other(other));
    }
    if other_secret::is_starred(&plain) {
        return Err(PasteProblem::Other(OtherSecret::Masked));
    }
    let key = match snippet::find_key(&plain, catalogue, &mut removed) {
        FoundKeys::None => {
            let wrapped = take_wrapped(&plain, &mut removed)?;
            wrapped
                .filter(|key| is_whole(catalogue, key, &plain))
                .ok_or(PasteProblem::Malformed)?
        }
        FoundKeys::One(key) => key,
        FoundKeys::Several => return Err(PasteProblem::Several),
    };
    if key.is_empty() {
        return Err(PasteProblem::Empty);
    }
    let key = take_key_within(catalogue, provider, &key, &mut removed)?;
    let unwrapped = if wrapped::has_wrapping(key) {
        take_wrapped(&plain, &mut removed)?
    } else {
        None
    };
    let key = unwrapped.as_deref().unwrap_or(key);
    refuse_other_secrets(provider, key)?;
    // A name tells more than a beginning that several share.
    refuse_named_as_others(catalogue, provider, key, &plain)?;
    refuse_others(catalogue, provider, key)?;
    if key.chars().any(|c| !c.is_ascii_graphic()) {
        return Err(PasteProblem::Malformed);
    }
    Ok(PastedKey {
        secret: SecretString::from(key),
        removed: removed.into_iter().collect(),
    })
}

/// What was typed beside a key, without white space, quotes and invisible
/// characters around it; none where nothing is left.
pub fn trim_secret(typed: &SecretString) -> Option<SecretString> {
    let mut removed = BTreeSet::new();
    let plain = normalize(typed.expose_secret(), &mut removed);
    let bare = unquote(&plain);
    Some(SecretString::from(bare)).filter(|_| !bare.is_empty())
}

/// The one key in a wrapping that is known, whatever it begins with.
fn take_wrapped<'a>(
    plain: &'a str,
    removed: &mut BTreeSet<Wrapping>,
) -> Result<Option<Cow<'a, str>>, PasteProblem> {
    match wrapped::find_wrapped(plain) {
        FoundKeys::One(key) => {
            removed.insert(Wrapping::Words);
            Ok(Some(key))
        }
        FoundKeys::Several => Err(PasteProblem::Several),
        FoundKeys::None => Ok(None),
    }
}

/// Whether a key without a known beginning stands beside none that has one, whose
/// end it would be.
fn is_whole(catalogue: &Catalogue, key: &str, typed: &str) -> bool {
    !within::keys_within(catalogue, key).is_empty()
        || within::keys_within(catalogue, typed).is_empty()
}

/// The one key of a known shape in what was found, where that is more than
/// a key; what was found, where it has no known shape in it.
fn take_key_within<'a>(
    catalogue: &Catalogue,
    provider: &Provider,
    found: &'a str,
    removed: &mut BTreeSet<Wrapping>,
) -> Result<&'a str, PasteProblem> {
    let is_masked = other_secret::in_token(found) == Some(OtherSecret::Masked);
    if is_masked || begins_with_longest(provider, found) {
        return Ok(found);
    }
    let keys = within::keys_within(catalogue, found);
    let mut keys = keys.iter().copied();
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) => key,
        (Some(_), Some(_)) => return Err(PasteProblem::Several),
        (None, _) => return Ok(found),
    };
    // Some vendors may make keys of more than letters, digits and dashes.
    let may_stand_in_key = |c: char| c.is_ascii_alphanumeric() || "-_.~+/=".contains(c);
    if found.starts_with(key) && found.chars().all(may_stand_in_key) {
        return Ok(found);
    }
    let (before, after) = found.split_once(key).unwrap_or_default();
    let has_words = [before, after]
        .iter()
        .any(|around| around.contains(char::is_alphanumeric));
    removed.insert(if has_words {
        Wrapping::Words
    } else {
        Wrapping::Punctuation
    });
    Ok(key)
}

/// Refuses what is plainly no provider's key.
fn refuse_other_secrets(provider: &Provider, key: &str) -> Result<(), PasteProblem> {
    match other_secret::in_token(key) {
        Some(other)
            if (provider.is_built_in || !other.may_be_a_key())
                && !begins_with_longest(provider, key) =>
        {
            Err(PasteProblem::Other(other))
        }
        _ => Ok(()),
    }
}

/// Refuses what is plainly no key of this provider's. A key that begins as
/// this provider's do is never refused.
fn refuse_others(
    catalogue: &Catalogue,
    provider: &Provider,
    key: &str,
) -> Result<(), PasteProblem> {
    let owners = catalogue.owners_of_shape(key);
    let is_ours = owners.is_empty() || owners.iter().any(|owner| owner.id == provider.id);
    // An operator's own provider may take keys of the shape that several
    // vendors share.
    let is_unclear = !provider.is_built_in && owners.len() > 1;
    if is_ours || is_unclear {
        return Ok(());
    }
    let ids = owners.iter().map(|owner| owner.id.clone());
    Err(PasteProblem::KeyOf(ids.collect()))
}

/// Refuses what is named as another provider's key, where it can be theirs, or
/// as a secret of a service.
fn refuse_named_as_others(
    catalogue: &Catalogue,
    provider: &Provider,
    key: &str,
    typed: &str,
) -> Result<(), PasteProblem> {
    // A key that was wrapped does not stand in the text as a whole.
    let (before, behind) = typed.split_once(key).unwrap_or_else(|| {
        let head = key.get(..WRAPPED_HEAD).unwrap_or(key);
        let (before, _) = typed.split_once(head).unwrap_or((typed, ""));
        (before, "")
    });
    let around = named::TextAround { before, behind };
    let owners = catalogue.owners_of_shape(key);
    match named::named_as(catalogue, provider, &owners, &around) {
        None => Ok(()),
        Some(NamedAs::Service(secret)) => Err(PasteProblem::Other(secret)),
        Some(NamedAs::Others(others)) => {
            let ids = others.iter().map(|other| other.id.clone());
            Err(PasteProblem::KeyOf(ids.collect()))
        }
    }
}

/// Whether an operator said that this provider's keys begin so.
fn begins_with_longest(provider: &Provider, key: &str) -> bool {
    let mut declared = provider.declared_prefixes.iter();
    declared.any(|prefix| key.starts_with(prefix.as_str()))
}

/// Whether a text is long enough to be a key, and begins as those of some
/// provider do.
fn begins_as_key(catalogue: &Catalogue, text: &str) -> bool {
    text.len() >= KEY_BYTES_MIN
        && (!catalogue.owners_of_shape(text).is_empty()
            || other_secret::in_token(text).is_some_and(OtherSecret::is_secret))
}

/// Removes invisible characters, makes every space a plain one, and every
/// dash the one that stands in keys.
fn normalize<'a>(typed: &'a str, removed: &mut BTreeSet<Wrapping>) -> Cow<'a, str> {
    if typed.is_ascii() && !typed.contains(|c: char| c.is_ascii_control() && !c.is_whitespace()) {
        return Cow::Borrowed(typed);
    }
    let mut plain = String::with_capacity(typed.len());
    for c in typed.chars() {
        if c.is_whitespace() {
            let breaks = matches!(
                c,
                '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
            );
            plain.push(if breaks { '\n' } else { ' ' });
        } else if is_invisible(c) {
            removed.insert(Wrapping::Invisible);
        } else if is_dash(c) {
            removed.insert(Wrapping::Dashes);
            plain.push('-');
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

/// Whether a character is a dash that a text processor puts in the place of
/// a hyphen.
fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

#[cfg(test)]
mod tests;
