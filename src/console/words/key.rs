//! Words for refusals about keys.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{
    Check, CheckGoal, KeptKey, KeyGoal, KeyRefusal, LIFETIMES_DAYS, ProviderId, Scope,
};

use super::provider_failure::top_up;
use super::{Names, add_address, describe_wait, pasted};

/// Where the operator's people keep bot defaults.
const SYSTEM_KEYS: &str = "/operator/keys";
const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// The trouble that a refusal about a key is.
pub fn describe_key(names: Names<'_>, refusal: &KeyRefusal) -> Trouble {
    match refusal {
        KeyRefusal::ByokDisabled => byok_disabled(),
        KeyRefusal::UnknownProvider { name, meant } => unknown_provider(name, meant.as_ref()),
        KeyRefusal::NoSuchKey { provider, scope }
        | KeyRefusal::NothingToRemove { provider, scope } => no_such_key(names, provider, *scope),
        KeyRefusal::UnknownKey => unknown_key(),
        KeyRefusal::UnknownSystemKey => unknown_system_key(),
        KeyRefusal::OfEnvironment { provider, variable } => {
            of_environment(names, provider, variable.as_deref())
        }
        KeyRefusal::MalformedKey { problem, goal } => malformed_key(problem, *goal),
        KeyRefusal::SeveralKeys { goal } => several_keys(*goal),
        KeyRefusal::NotAKey { what, wanted, goal } => {
            pasted::describe_other(names, *what, wanted, *goal)
        }
        KeyRefusal::LooksLikeAnothers { of, wanted, goal } => {
            pasted::describe_anothers(names, of, wanted, *goal)
        }
        KeyRefusal::SecretAsName => secret_as_name(),
        KeyRefusal::SecretAsModel => secret_as_model(),
        KeyRefusal::NameTooLong { characters, max } => Trouble::new(
            UNPROCESSABLE,
            "That name is too long",
            format!(
                "It has {characters} characters, and a name has {max} at the most. Nothing was \
                 stored; choose a shorter one."
            ),
        ),
        KeyRefusal::UnknownLifetime => Trouble::new(
            UNPROCESSABLE,
            "A key can’t be used for so long",
            describe_lifetimes(),
        ),
        KeyRefusal::MalformedExtra {
            field,
            is_missing: true,
            goal,
        } => missing_extra(field, *goal),
        KeyRefusal::MalformedExtra { field, goal, .. } => malformed_extra(field, *goal),
        KeyRefusal::KeyRefused { .. } => key_refused(names, refusal),
        KeyRefusal::KeptWorking(kept) => kept_working(names, kept),
        KeyRefusal::TooManyChecks {
            retry_after_s,
            goal,
        } => too_many_checks(*retry_after_s, *goal),
        KeyRefusal::TooManyRefused { retry_after_s } => too_many_refused(*retry_after_s),
        KeyRefusal::Locked { kid } => locked(kid),
        KeyRefusal::Damaged { provider, scope } => damaged(names, provider, *scope),
        KeyRefusal::WhoseKey { .. } => Trouble::new(
            UNPROCESSABLE,
            "Whose key is it",
            "It does not tell whose it is, so it was sent to nobody, and nothing was stored. Choose \
             the provider that gave it to you.",
        ),
        KeyRefusal::OnceNeedsProvider => Trouble::new(
            UNPROCESSABLE,
            "Whose key is it",
            "A key for one question belongs to one provider, and none is chosen, so it was sent to \
             nobody. Choose a model of the one that gave you the key.",
        ),
        KeyRefusal::KeyForAnother { of, wanted } => key_for_another(names, of, wanted),
        KeyRefusal::TierWithoutByok { tier } => tier_without_keys(tier),
        KeyRefusal::TooLongForAForm => too_long_for_a_form(),
        KeyRefusal::FileForAForm => file_for_a_form(),
    }
}

/// Says that the refused key was not stored, or that nobody else paid.
pub(super) fn untouched(goal: KeyGoal) -> &'static str {
    match goal {
        KeyGoal::Stored(_) => "Nothing was stored.",
        KeyGoal::Once => "Nobody else paid.",
    }
}

/// For how long a key can be used.
pub fn describe_lifetimes() -> String {
    let (last, others) = (LIFETIMES_DAYS[3], &LIFETIMES_DAYS[..3]);
    let others: Vec<String> = others.iter().map(ToString::to_string).collect();
    format!(
        "It can be for {} or {last} days, or for as long as the key works. Nothing was stored. \
         Choose one of these, and send it again.",
        others.join(", ")
    )
}

/// Leads back to where the key was typed, where that is one page.
fn keep_on(trouble: Trouble, goal: KeyGoal) -> Trouble {
    match goal {
        KeyGoal::Stored(Scope::User) => trouble.way("/keys/new", "Add a key"),
        KeyGoal::Stored(Scope::Guild) => trouble.way("/servers", "Servers that you manage"),
        KeyGoal::Stored(Scope::System) => trouble.way(SYSTEM_KEYS, "System keys"),
        // It stands where the key is typed.
        KeyGoal::Once => trouble,
    }
}

/// A key stands in the environment, where alone it can be changed.
fn of_environment(names: Names<'_>, provider: &ProviderId, variable: Option<&str>) -> Trouble {
    let name = names.name(provider);
    let words = match variable {
        Some(variable) => format!(
            "The bot default for {name} stands in the environment, as {variable}. Change it \
             there, and start this service again."
        ),
        None => format!(
            "{name} needs no key here and is set up in the settings. Change it there, and start \
             this service again."
        ),
    };
    Trouble::new(StatusCode::CONFLICT, "It is not kept here", words).way(SYSTEM_KEYS, "System keys")
}

/// No key of one's own has this id.
fn unknown_key() -> Trouble {
    Trouble::new(
        StatusCode::NOT_FOUND,
        "There is no such key",
        "It was removed or replaced, or it is somebody else’s. Your keys show those that \
         there are.",
    )
    .way("/keys", "Go to your keys")
}

/// No system key has this id.
fn unknown_system_key() -> Trouble {
    Trouble::new(
        StatusCode::NOT_FOUND,
        "There is no such key",
        "It was removed or replaced. The list shows the system keys that there are.",
    )
    .way(SYSTEM_KEYS, "System keys")
}

/// What was typed can be no key.
fn malformed_key(problem: &str, goal: KeyGoal) -> Trouble {
    let (title, sent) = match goal {
        KeyGoal::Stored(_) => ("That can’t be a key", ""),
        KeyGoal::Once => ("Key is invalid", ", so it was sent to nobody"),
    };
    let words = format!(
        "What you typed can’t be a key: {problem}{sent}. {} Copy the key again where you got it, \
         and paste it whole and alone.",
        untouched(goal)
    );
    keep_on(Trouble::new(UNPROCESSABLE, title, words), goal)
}

/// Several keys were pasted where one is wanted.
fn several_keys(goal: KeyGoal) -> Trouble {
    let words = format!(
        "There are several keys in what you typed, and one is wanted. {} Paste one alone.",
        untouched(goal)
    );
    let trouble = Trouble::new(UNPROCESSABLE, "There are several keys in that", words);
    match goal {
        KeyGoal::Stored(Scope::User) => trouble.way("/keys/import", "Import several"),
        _ => keep_on(trouble, goal),
    }
}

/// A key was given a name that looks like a secret.
fn secret_as_name() -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "That name looks like a secret",
        "Names are kept and shown as they are, so nothing was stored. Choose a plain name, \
         such as “laptop”, or none. If what you typed is a real key, replace it where you \
         got it.",
    )
}

/// A key was typed where a model or a provider is named.
fn secret_as_model() -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "That looks like a key",
        "It stands in the place of a model or a provider. It was sent to nobody and is kept \
         nowhere, so nothing was done. Choose a model from the list; a key is added on the \
         page of your keys. If what you typed is a real key that somebody may have seen, \
         replace it where you got it.",
    )
    .way("/keys/new", "Add a key")
}

/// A field beside the key is missing or wrong.
fn missing_extra(field: &str, goal: KeyGoal) -> Trouble {
    let words = format!(
        "“{field}” is empty, and the key is of no use without it. {} Copy it from your \
         provider’s page.",
        untouched(goal)
    );
    let title = format!("“{field}” is missing");
    keep_on(Trouble::new(UNPROCESSABLE, title, words), goal)
}

fn malformed_extra(field: &str, goal: KeyGoal) -> Trouble {
    let words = format!(
        "“{field}” must be a plain name of letters, digits and dashes. {} Copy it again \
         from your provider’s page.",
        untouched(goal)
    );
    keep_on(
        Trouble::new(UNPROCESSABLE, format!("Look at “{field}”"), words),
        goal,
    )
}

/// A question is too long to come with a key for this once.
fn too_long_for_a_form() -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "That is too long",
        "With a key for this once, a question has 4,000 characters at the most. Nothing was \
         asked: shorten it, or store the key first.",
    )
    .way("/keys/new", "Add a key")
}

/// A file came with a key for this once.
fn file_for_a_form() -> Trouble {
    Trouble::new(
        UNPROCESSABLE,
        "No file with a key for this once",
        "The form for a key takes no file, so nothing was asked. Leave the file out, or \
         store the key first.",
    )
    .way("/keys/new", "Add a key")
}

fn byok_disabled() -> Trouble {
    Trouble::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "BYOK is not enabled",
        "The operator has not set a master key, so keys can’t be stored here, and stored ones \
         stay locked. Whoever runs this service sets BYOK_MASTER_KEY to what “latchkey keygen” \
         prints. A key that you type for one question works without.",
    )
    .way("/playground", "Ask with a key for this once")
}

fn unknown_provider(name: &str, meant: Option<&ProviderId>) -> Trouble {
    let meant = meant.map_or_else(String::new, |id| format!(" Did you mean {id}?"));
    let words = format!(
        "No provider here is called “{name}”, so nothing was done.{meant} Choose one from the list."
    );
    Trouble::new(UNPROCESSABLE, "No such provider", words).way("/keys/new", "Choose a provider")
}

/// There is no key that something could be done with.
fn no_such_key(names: Names<'_>, provider: &ProviderId, scope: Scope) -> Trouble {
    let name = names.name(provider);
    let trouble =
        |words: String| Trouble::new(StatusCode::NOT_FOUND, "There is no such key", words);
    match scope {
        Scope::User => trouble(format!(
            "You have no key for {name}. Add one, and it pays first."
        ))
        .way(add_address(provider), format!("Add a key for {name}")),
        Scope::Guild => trouble(format!(
            "The server has no key for {name}. Whoever manages it can add one on its page."
        ))
        .way("/servers", "Servers that you manage"),
        Scope::System => trouble(format!("There is no system key for {name}. Add one first."))
            .way(SYSTEM_KEYS, "System keys"),
    }
}

/// The provider does not accept a key that was to be stored.
fn key_refused(names: Names<'_>, refusal: &KeyRefusal) -> Trouble {
    let KeyRefusal::KeyRefused {
        provider,
        scope,
        kept_old,
        removed,
    } = refusal
    else {
        return Trouble::nothing_here();
    };
    let name = names.name(provider);
    let kept = if *kept_old {
        " Your old key is still in place."
    } else {
        ""
    };
    let around = pasted::describe_removed(removed)
        .map(|removed| format!(" {removed}"))
        .unwrap_or_default();
    let words = format!(
        "{name} refused it, so it was not stored.{kept}{around} {} Make a new one there and \
         paste it here.",
        causes(&name)
    );
    let mut trouble = Trouble::new(UNPROCESSABLE, "Key is invalid", words);
    if let Some(page) = names.key_page(provider) {
        trouble = trouble.way(page, format!("Keys at {name}"));
    }
    match scope {
        Scope::User => trouble.way(add_address(provider), "Try again"),
        Scope::Guild => trouble.way("/servers", "Servers that you manage"),
        Scope::System => trouble.way(SYSTEM_KEYS, "System keys"),
    }
}

/// A key that works stays in the place of one that can't pay.
fn kept_working(names: Names<'_>, kept: &KeptKey) -> Trouble {
    let words = format!(
        "{} The one that works is still in place. Tick the box below the form, and send the new \
         one again, to replace it all the same.",
        describe_kept_because(names, kept)
    );
    let trouble = Trouble::new(StatusCode::CONFLICT, "Your key that works was kept", words);
    let provider = &kept.kept.provider;
    if kept.found == Check::OutOfCredit {
        return top_up(trouble, names, provider);
    }
    match names.key_page(provider) {
        Some(page) => trouble.way(page, format!("Keys at {}", names.name(provider))),
        None => trouble,
    }
}

/// Why a new key did not take the place of one that works.
pub fn describe_kept_because(names: Names<'_>, kept: &KeptKey) -> String {
    let name = names.name(&kept.kept.provider);
    match kept.found {
        Check::OutOfCredit => format!(
            "{name} knows the new key, but its account is out of credit, so it can’t pay and was \
             not stored."
        ),
        Check::Unknown(_) => format!(
            "{name} could not be asked about the new key right now, so nobody knows whether it can \
             pay, and it was not stored."
        ),
        _ => format!(
            "{name} accepts the new key, but finds nothing under what you typed beside it, so it \
             can’t pay and was not stored."
        ),
    }
}

/// What makes a provider refuse a key.
pub fn causes(name: &str) -> String {
    format!(
        "It is one of three things: only a part of it was copied; it was deleted or replaced at \
         {name}; or it is of another account, project or kind than {name} takes here."
    )
}

fn too_many_checks(retry_after_s: u64, goal: CheckGoal) -> Trouble {
    let untouched = match goal {
        CheckGoal::Store => {
            "nothing was checked or stored; keys that were stored before are as they were. What \
             you typed is kept nowhere: have it ready"
        }
        CheckGoal::Test => "nothing was checked: the key is as it was",
    };
    let words = format!(
        "Of keys that their providers do not accept, one person can have 5 a minute and 20 an hour \
         checked, and one server 20 an hour. That is used up, and {untouched}. Try again in {}.",
        describe_wait(retry_after_s)
    );
    Trouble::new(StatusCode::TOO_MANY_REQUESTS, "Too many checks", words)
        .retry_after(retry_after_s)
        .way("/keys", "Go to your keys")
}

fn too_many_refused(retry_after_s: u64) -> Trouble {
    let words = format!(
        "Providers refused too many of the keys that you gave, or too many of yours were \
         checked, so no new one is tried for {}. A key that worked for you goes on working. Copy \
         the key anew from your provider before you try it again.",
        describe_wait(retry_after_s)
    );
    Trouble::new(
        StatusCode::TOO_MANY_REQUESTS,
        "Too many keys were refused",
        words,
    )
    .retry_after(retry_after_s)
}

/// The master key that a key was stored under is not here.
fn locked(kid: &str) -> Trouble {
    let words = format!(
        "It was stored under master key {kid}, which is not at hand right now. It is safe and \
         unchanged. The operator can unlock it with BYOK_MASTER_KEY_PREVIOUS; or add the key \
         again, and it is used at once."
    );
    Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "This key is locked", words)
        .way("/keys/new", "Add it again")
}

/// What is stored of a key does not open.
fn damaged(names: Names<'_>, provider: &ProviderId, scope: Scope) -> Trouble {
    let words = format!(
        "What is stored of the key for {} can’t be opened: it was changed or damaged in the \
         database. It is not used. Add it again.",
        names.name(provider)
    );
    let trouble = Trouble::new(StatusCode::CONFLICT, "This key is damaged", words);
    match scope {
        Scope::User => trouble.way(add_address(provider), "Add it again"),
        Scope::Guild => trouble.way("/servers", "Servers that you manage"),
        Scope::System => trouble.way(SYSTEM_KEYS, "System keys"),
    }
}

/// A key came with its provider's name, and another provider was asked.
fn key_for_another(names: Names<'_>, of: &ProviderId, wanted: &ProviderId) -> Trouble {
    let (of, wanted) = (names.name(of), names.name(wanted));
    let words = format!(
        "The key is for {of}, and {wanted} was asked, so nothing was sent. Choose a model of \
         {of}, or type a key of {wanted}."
    );
    Trouble::new(UNPROCESSABLE, "The key is another provider’s", words)
        .way("/models", "Choose a model")
}

/// A tier does not include keys of one's own.
fn tier_without_keys(tier: &str) -> Trouble {
    let words = format!(
        "Your tier, {tier}, does not include keys of your own. Keys that you have stay stored, \
         and are used again when your tier allows it. Usage shows what you can use."
    );
    Trouble::new(StatusCode::FORBIDDEN, "Not in your tier", words).way("/usage", "See your limits")
}
