//! Walks every refusal over every reader, and follows what it advises: each
//! command that it names exists with its options, and is one that the reader
//! may use where they read it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::app::KnownProviders;
use crate::bot::interactions::commands;
use crate::bot::interactions::commands::context::Command;
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::offers::with_offers;
use crate::bot::words::speech::phrasebook::LANGUAGES;
use crate::bot::words::{DEFAULT_LOCALE, Lang, OwnKeys, Reader, Voice, refusal};
use crate::model::{AskRefusal, KeyGoal, KeyRefusal, QuotaRefusal, Refusal, Scope};
use crate::providers::Catalogue;
use crate::tests::refusals::all_refusals;

/// The most lines of what is not an answer and was not asked for as a list: a
/// telephone shows them at once.
const LINES_MAX: usize = 12;
/// Command lines between back-ticks.
static COMMAND_LINES: LazyLock<Regex> = LazyLock::new(|| Regex::new("`(/[^`]+)`").unwrap());

/// Commands that a text names, and those that have no such form.
fn misleading(text: &str, all: &[Command]) -> Vec<String> {
    let named = COMMAND_LINES
        .captures_iter(text)
        .map(|found| found[1].to_owned());
    named.filter(|line| !exists(line, all)).collect()
}

/// Whether a command line is one that can be typed: a command, its
/// subcommands, and options that it has.
fn exists(line: &str, all: &[Command]) -> bool {
    let mut words = line.trim_start_matches('/').split_whitespace().peekable();
    let Some(mut command) = words.next().and_then(|name| find(all, name)) else {
        return false;
    };
    while let Some(inner) = words
        .peek()
        .and_then(|name| find(&command.subcommands, name))
    {
        command = inner;
        words.next();
    }
    let has = |name: &str| command.parameters.iter().any(|it| it.name == name);
    // A value may have several words, so that only words with a colon count.
    words
        .filter_map(|word| word.split_once(':'))
        .all(|(name, _)| has(name))
}

fn find<'c>(all: &'c [Command], name: &str) -> Option<&'c Command> {
    all.iter().find(|command| command.name == name)
}

#[test]
fn every_advice_can_be_followed_by_whoever_reads_it() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let commands = commands::all();
    let refusals = all_refusals();
    let mut wrong = Vec::new();
    let locales = LANGUAGES.iter().flat_map(|language| language.locales);
    for locale in locales.copied().chain([DEFAULT_LOCALE]) {
        for own_keys in [OwnKeys::Stored, OwnKeys::Once, OwnKeys::No] {
            for reader in [Reader::Here, Reader::Elsewhere] {
                let voice = Voice {
                    lang: Lang::from_locale(locale),
                    providers: KnownProviders::new(&catalogue),
                    own_keys,
                    is_manager: false,
                    servers: None,
                    reader,
                };
                // What is about storing a key is said to who may store one.
                for refused in refusals.iter().filter(|it| can_be_met(it, own_keys)) {
                    let card = refusal::refusal(voice, refused);
                    let problems = problems(voice, refused, &card.text, &commands);
                    if !problems.is_empty() {
                        wrong.push(format!(
                            "{locale} {own_keys:?} {reader:?} {refused:?}: {problems:?}: {}",
                            card.text
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_button_that_a_refusal_offers_is_one_that_discord_takes_and_we_know() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let locales = LANGUAGES.iter().flat_map(|language| language.locales);
    for locale in locales.copied().chain([DEFAULT_LOCALE]) {
        let voice = Voice::to_a_member(locale, KnownProviders::new(&catalogue));
        for refused in &all_refusals() {
            let card = with_offers(voice, refusal::refusal(voice, refused));
            let ids: BTreeSet<&str> = card
                .buttons
                .iter()
                .map(|it| it.custom_id.as_str())
                .collect();
            assert!(card.buttons.len() <= 5, "{refused:?}: {:?}", card.buttons);
            assert_eq!(ids.len(), card.buttons.len(), "{:?}", card.buttons);
            for button in &card.buttons {
                let is_known = CustomId::parse(&button.custom_id).is_some();
                assert!(is_known && button.label.chars().count() <= 80, "{button:?}");
            }
        }
    }
}

/// What is wrong with the words of a refusal.
fn problems(voice: Voice<'_>, refused: &Refusal, text: &str, all: &[Command]) -> Vec<String> {
    let mut problems = misleading(text, all);
    let forbidden = forbidden(refused, voice.own_keys, voice.reader);
    let said = forbidden.into_iter().filter(|words| text.contains(*words));
    problems.extend(said.map(str::to_owned));
    if text.contains(['{', '}']) {
        problems.push("a name is not filled in".to_owned());
    }
    if text.lines().count() > LINES_MAX {
        problems.push("it has too many lines".to_owned());
    }
    if text.chars().count() > 1_900 {
        problems.push("it is too long".to_owned());
    }
    problems
}

/// Whether somebody who may bring keys so far can meet this refusal at all.
fn can_be_met(refused: &Refusal, own_keys: OwnKeys) -> bool {
    let Refusal::Key(key) = refused else {
        return true;
    };
    let needs_storing = matches!(
        key,
        KeyRefusal::MalformedKey {
            goal: KeyGoal::Stored(_),
            ..
        } | KeyRefusal::SeveralKeys {
            goal: KeyGoal::Stored(_),
        } | KeyRefusal::MalformedExtra {
            goal: KeyGoal::Stored(_),
            ..
        } | KeyRefusal::NotAKey {
            goal: KeyGoal::Stored(_),
            ..
        } | KeyRefusal::LooksLikeAnothers {
            goal: KeyGoal::Stored(_),
            ..
        } | KeyRefusal::WhoseKey { .. }
            | KeyRefusal::KeyRefused { .. }
            | KeyRefusal::NoSuchKey {
                scope: Scope::Guild,
                ..
            }
            | KeyRefusal::Damaged { .. }
            | KeyRefusal::Locked { .. }
    );
    let needs_typing = matches!(
        key,
        KeyRefusal::MalformedKey {
            goal: KeyGoal::Once,
            ..
        } | KeyRefusal::SeveralKeys {
            goal: KeyGoal::Once,
        } | KeyRefusal::MalformedExtra {
            goal: KeyGoal::Once,
            ..
        } | KeyRefusal::NotAKey {
            goal: KeyGoal::Once,
            ..
        } | KeyRefusal::LooksLikeAnothers {
            goal: KeyGoal::Once,
            ..
        } | KeyRefusal::OnceNeedsProvider
            | KeyRefusal::KeyForAnother { .. }
    );
    match own_keys {
        OwnKeys::Stored => true,
        OwnKeys::Once => !needs_storing,
        OwnKeys::No => !(needs_storing || needs_typing),
    }
}

/// What must not be said to this reader.
fn forbidden(refused: &Refusal, own_keys: OwnKeys, reader: Reader) -> Vec<&'static str> {
    let mut words: Vec<&str> = match own_keys {
        OwnKeys::Stored => Vec::new(),
        OwnKeys::Once => vec!["/keys add", "/keys test", "/keys resume"],
        OwnKeys::No => vec!["/keys add", "/keys test", "/keys resume", "once:"],
    };
    let comes_directly = matches!(
        refused,
        Refusal::Quota(QuotaRefusal::LimitReached { .. } | QuotaRefusal::Blocked(_))
            | Refusal::Ask(AskRefusal::NobodyPays { .. } | AskRefusal::Provider { .. })
    );
    if reader == Reader::Elsewhere && comes_directly {
        words.extend(["this server", "This server", "this channel"]);
        words.extend([" pay here", " you here", "roles here"]);
    }
    words
}
