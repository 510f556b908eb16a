//! Walks over every refusal: each says what happened and what to do, and
//! leads only where the console has pages.

use regex::Regex;

use super::{Names, describe_refusal, describe_wait};
use crate::app::KnownProviders;
use crate::providers::Catalogue;
use crate::tests::refusals::all_refusals;

/// The pages to which troubles lead.
const PAGES: &[&str] = &[
    "/",
    "/keys",
    "/keys/new",
    "/models",
    "/operator/keys",
    "/tokens/new",
    "/playground",
    "/servers",
    "/tokens",
    "/usage",
];
/// What somebody is told to do who has no page to go to.
const VERBS: &[&str] = &[
    "Choose",
    "Leave",
    "Copy",
    "type them",
    "Check",
    "Write",
    "Type",
    "Try",
    "Tick",
    "Clear",
    "Open",
    "Turn on",
    "Add",
    "choose",
    "open",
];

#[test]
fn every_refusal_says_what_happened_and_what_to_do() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let names = Names::of(KnownProviders::new(&catalogue));
    let command = Regex::new(r"(^|[\s`“])/[a-z]").unwrap();
    let mut wrong = Vec::new();
    for refusal in all_refusals() {
        let trouble = describe_refusal(names, &refusal);
        let words = &trouble.words;
        let mut problems = Vec::new();
        if !words.ends_with('.') || words.contains(['{', '}', '!', '`']) {
            problems.push("no sentences");
        }
        if trouble.title.ends_with('.') || trouble.title.chars().count() > 50 {
            problems.push("no title");
        }
        if command.is_match(words) || words.contains("/api/") {
            problems.push("a command");
        }
        if trouble.ways.is_empty()
            && trouble.retry_after_s.is_none()
            && !VERBS.iter().any(|verb| words.contains(verb))
        {
            problems.push("nothing to do");
        }
        let leads = |address: &str| {
            let path = address.split('?').next().unwrap_or_default();
            address.starts_with("https://") || PAGES.contains(&path)
        };
        if !trouble.ways.iter().all(|(address, _)| leads(address)) {
            problems.push("a way to nowhere");
        }
        if trouble.status.is_success() {
            problems.push("no fault");
        }
        if !problems.is_empty() {
            wrong.push(format!("{problems:?} {refusal:?}: {trouble:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_people_search_for_is_said_first() {
    use crate::model::{AskRefusal, KeyRefusal, ProviderId, Refusal, Scope, Trace};
    let provider = ProviderId::from("openai");
    let refused = KeyRefusal::KeyRefused {
        provider,
        scope: Scope::User,
        kept_old: false,
        removed: Vec::new(),
    };
    let nobody = AskRefusal::NobodyPays {
        trace: Trace::default(),
        in_server: true,
    };
    for (refusal, title) in [
        (
            Refusal::from(KeyRefusal::ByokDisabled),
            "BYOK is not enabled",
        ),
        (refused.into(), "Key is invalid"),
        (nobody.into(), "No API key configured"),
    ] {
        let trouble = describe_refusal(Names::unknown(), &refusal);
        assert_eq!(trouble.title, title);
    }
}

#[test]
fn a_wait_is_told_in_two_units_at_the_most() {
    for (seconds, words) in [
        (0, "a second"),
        (90, "90 seconds"),
        (121, "3 minutes"),
        (7_200, "2 hours"),
        (86_461, "24 hours and 2 minutes"),
        (90_000, "25 hours"),
        (172_799, "48 hours"),
        (172_800, "2 days"),
        (176_401, "2 days and 2 hours"),
        (262_800, "3 days and 1 hour"),
    ] {
        assert_eq!(describe_wait(seconds), words, "{seconds}");
    }
}
