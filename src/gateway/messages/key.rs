//! Messages to programs for refusals about keys.

use crate::gateway::messages::Message;
use crate::gateway::replies::problem::Problem;
use crate::model::{
    Check, CheckGoal, KeptKey, KeyRefusal, LIFETIMES_DAYS, OtherSecret, ProviderId,
};

/// The problem for a refusal about a key.
pub fn about_key(refusal: &KeyRefusal) -> Problem {
    let text = |text: &str| text.to_owned();
    let message: Message = match refusal {
        KeyRefusal::TooManyChecks {
            retry_after_s,
            goal,
        } => return too_many_checks(*retry_after_s, *goal),
        KeyRefusal::TooManyRefused { retry_after_s } => return too_many_refused(*retry_after_s),
        KeyRefusal::ByokDisabled => (
            503,
            "byok_disabled",
            text(
                "BYOK is not enabled: keys can't be stored here, since the operator has set no `BYOK_MASTER_KEY`. A key can be sent with each call.",
            ),
        ),
        KeyRefusal::UnknownProvider { name, meant } => unknown_provider(name, meant.as_ref()),
        KeyRefusal::NoSuchKey { .. }
        | KeyRefusal::NothingToRemove { .. }
        | KeyRefusal::UnknownKey => (
            404,
            "no_such_key",
            text("There is no such key. `GET /api/v1/api-keys` lists yours."),
        ),
        KeyRefusal::UnknownSystemKey => (
            404,
            "no_such_key",
            text("There is no such system key. `GET /api/v1/system-keys` lists them."),
        ),
        KeyRefusal::OfEnvironment { provider, variable } => {
            key_of_environment(provider, variable.as_deref())
        }
        KeyRefusal::NotAKey { what, wanted, .. } => not_a_key(*what, wanted),
        KeyRefusal::LooksLikeAnothers { of, wanted, .. } => looks_like_anothers(of, wanted),
        KeyRefusal::WhoseKey { .. } => whose_key(),
        KeyRefusal::MalformedKey { problem, .. } => (
            400,
            "malformed_key",
            format!("That can't be a key: {problem}. Nothing was stored."),
        ),
        KeyRefusal::SeveralKeys { .. } => several_keys(),
        KeyRefusal::SecretAsName => secret_as_name(),
        KeyRefusal::SecretAsModel => secret_as_model(),
        KeyRefusal::NameTooLong { characters, max } => name_too_long(*characters, *max),
        KeyRefusal::UnknownLifetime => unknown_lifetime(),
        KeyRefusal::MalformedExtra {
            field, is_missing, ..
        } => malformed_extra(field, *is_missing),
        KeyRefusal::KeyRefused {
            provider, kept_old, ..
        } => key_refused(provider, *kept_old),
        KeyRefusal::KeptWorking(kept) => kept_working(kept),
        KeyRefusal::Locked { kid } => key_locked(kid),
        KeyRefusal::Damaged { provider, .. } => key_damaged(provider),
        KeyRefusal::OnceNeedsProvider => provider_missing(),
        KeyRefusal::KeyForAnother { of, wanted } => key_for_another(of, wanted),
        KeyRefusal::TierWithoutByok { tier } => (
            403,
            "tier_without_keys",
            format!("Your tier, {tier}, does not include keys of your own."),
        ),
        KeyRefusal::TooLongForAForm => prompt_too_long(),
        KeyRefusal::FileForAForm => (
            400,
            "file_not_taken",
            text("A form for a key takes no file. Send the call without it."),
        ),
    };
    message.into()
}

/// Several keys came where one is wanted.
fn several_keys() -> Message {
    let message = "There are several keys in that, and one is wanted. Nothing was stored: send each in a call of its own.";
    (400, "malformed_key", message.to_owned())
}

/// A key does not tell whose it is.
fn whose_key() -> Message {
    let message = "The key does not tell whose it is, so it was sent to nobody. Nothing was stored. Name its `provider`.";
    (400, "whose_key", message.to_owned())
}

/// A key came with a call that names no provider.
fn provider_missing() -> Message {
    let message = "A key came with the call, and the call names no provider. Write `model` as `provider/model`, or send the key as `X-<Provider>-Key`.";
    (400, "provider_missing", message.to_owned())
}

/// The key that came with a call is not that of the provider that it names.
fn key_for_another(of: &ProviderId, wanted: &ProviderId) -> Message {
    let message = format!(
        "The key that came with the call is for {of}, and the call goes to {wanted}. Send the one that belongs to it."
    );
    (400, "key_for_another_provider", message)
}

/// A key stands in the environment, where alone it can be changed.
fn key_of_environment(provider: &ProviderId, variable: Option<&str>) -> Message {
    let message = match variable {
        Some(variable) => format!(
            "The key for {provider} stands in the environment, as `{variable}`. Change it there, and start the program again."
        ),
        None => format!(
            "{provider} needs no key and is set up in the settings. Change it there, and start the program again."
        ),
    };
    (409, "key_of_environment", message)
}

/// A name is longer than names are kept.
fn name_too_long(characters: usize, max: usize) -> Message {
    let message = format!(
        "`name` has {characters} characters, and may have {max}. Nothing was stored; send a shorter one."
    );
    (400, "name_too_long", message)
}

/// A key cannot be used for so long.
fn unknown_lifetime() -> Message {
    let offered = LIFETIMES_DAYS.map(|days| format!("`{days}`")).join(", ");
    let words = format!(
        "`days` must be one of {offered}, or `0` for as long as the key works. Nothing was stored. Left out, a key ends as the one whose place it takes."
    );
    (400, "unknown_lifetime", words)
}

/// What was sent beside a key is missing, or no name of such a thing.
fn malformed_extra(field: &str, is_missing: bool) -> Message {
    let why = if is_missing {
        "is missing, and the key is of no use without it"
    } else {
        "must be a plain name of letters, digits and dashes"
    };
    let words = format!("“{field}” {why}. Nothing was stored.");
    (400, "malformed_field", words)
}

/// What should be a name looks like a secret.
fn secret_as_name() -> Message {
    let message = "`name` looks like a key or another secret. Names are kept and shown as they are, so nothing was stored. Leave it out, or send a plain one; a key belongs into `key`.";
    (400, "secret_as_name", message.to_owned())
}

/// A key stands where a model or a provider is named.
fn secret_as_model() -> Message {
    let message = "What stands in the place of a model or a provider looks like a key. It was sent to nobody. A key belongs into a header: `Authorization: Bearer …` for a token, `x-<provider>-key` for a provider's key. `GET /v1/models` lists the models.";
    (400, "secret_as_model", message.to_owned())
}

/// The master key that a key was stored under is not here.
fn key_locked(kid: &str) -> Message {
    let message = format!(
        "This key was stored under master key `{kid}`, which is not at hand. It is safe; the operator can unlock it with `BYOK_MASTER_KEY_PREVIOUS`."
    );
    (503, "key_locked", message)
}

/// Nothing is called what a program calls a provider.
fn unknown_provider(name: &str, meant: Option<&ProviderId>) -> Message {
    let meant = meant.map_or_else(String::new, |id| format!(" Did you mean `{id}`?"));
    let message =
        format!("There is no provider called `{name}`.{meant} `GET /api/v1/providers` lists all.");
    (404, "unknown_provider", message)
}

/// A prompt does not fit into a form of Discord's.
fn prompt_too_long() -> Message {
    let message = "The prompt is longer than the 4,000 characters that a form holds. Shorten it.";
    (400, "prompt_too_long", message.to_owned())
}

fn too_many_checks(retry_after_s: u64, goal: CheckGoal) -> Problem {
    let untouched = match goal {
        CheckGoal::Store => "Nothing was checked or stored, and what was sent is kept nowhere.",
        CheckGoal::Test => "Nothing was checked, and the key is as it was.",
    };
    Problem {
        retry_after_s: Some(retry_after_s),
        ..Problem::new(
            429,
            "too_many_checks",
            format!(
                "Of keys that their providers do not accept, one person can have 5 a minute and 20 an hour checked, and one server 20 an hour. That is used up. {untouched} Try again in {retry_after_s} s."
            ),
        )
    }
}

/// What came is no key of a provider.
fn not_a_key(what: OtherSecret, wanted: &ProviderId) -> Message {
    let is = match what {
        OtherSecret::ServiceAccount => "a service account file of Google Cloud's",
        OtherSecret::OauthClient => "a description of an OAuth client",
        OtherSecret::PrivateKey => "a private key",
        OtherSecret::Login => "a token of a login (OAuth)",
        OtherSecret::DiscordToken => "a token of Discord's",
        OtherSecret::GitHub => "a token of GitHub's",
        OtherSecret::Service(name) => return not_a_key_but(&format!("a secret of {name}"), wanted),
        OtherSecret::AdminKey => "an admin key, which asks no model",
        OtherSecret::AccountId => "the id of an organization or a project",
        OtherSecret::WebhookSecret => "a secret that signs what a service sends",
        OtherSecret::OurToken => "a token of this gateway's",
        OtherSecret::Address => "an address",
        OtherSecret::Masked => "a key that is hidden in part",
        OtherSecret::Placeholder => "a placeholder",
    };
    not_a_key_but(is, wanted)
}

fn not_a_key_but(what: &str, wanted: &ProviderId) -> Message {
    let message = format!(
        "That looks like {what}, and {wanted} takes API keys. It was sent to nobody, and nothing was stored."
    );
    (400, "not_a_key", message)
}

/// The key begins as keys of other providers do.
fn looks_like_anothers(of: &[ProviderId], wanted: &ProviderId) -> Message {
    let names: Vec<&str> = of.iter().map(ProviderId::as_str).collect();
    let message = format!(
        "That looks like a key of {}, and {wanted} was named. It was sent to nobody, and nothing was stored. Name the provider that it belongs to.",
        names.join(" or ")
    );
    (400, "key_for_another_provider", message)
}

fn too_many_refused(retry_after_s: u64) -> Problem {
    Problem {
        retry_after_s: Some(retry_after_s),
        ..Problem::new(
            429,
            "too_many_refused_keys",
            format!(
                "Providers refused too many of the keys that came with your calls, or with others from your address, or too many of yours were checked, so that no new one is tried for {retry_after_s} s. A key that worked before goes on working. Check the key before you send it again, or store it with `POST /api/v1/api-keys`."
            ),
        )
    }
}

/// What is stored of a key does not open.
fn key_damaged(provider: &ProviderId) -> Message {
    let message = format!(
        "What is stored of the key for {provider} can't be opened: it was changed or damaged in the database. It is not used. Add the key again with `POST /api/v1/api-keys`, or `/keys add` in Discord."
    );
    (409, "key_damaged", message)
}

/// A key that works stays in the place of one that can't pay.
fn kept_working(kept: &KeptKey) -> Message {
    let provider = &kept.kept.provider;
    let why = match kept.found {
        Check::OutOfCredit => {
            format!("{provider} knows that key, but its account is out of credit, so it can't pay")
        }
        Check::Unknown(_) => {
            format!(
                "{provider} could not be asked about that key right now, so nobody knows whether it can pay"
            )
        }
        _ => format!(
            "{provider} accepts that key, but finds nothing under the ids in `extras`, so it can't pay"
        ),
    };
    let message = format!(
        "{why}. It was not stored: the key that works is still in place. `POST /api/v1/api-keys` with `\"keep_refused\": true`, or `latchkey keys add --keep-refused`, replaces that one all the same."
    );
    (409, "working_key_kept", message)
}

/// The provider does not accept a key that was to be stored.
fn key_refused(provider: &ProviderId, kept_old: bool) -> Message {
    let kept = if kept_old {
        " The old key is still in place."
    } else {
        ""
    };
    (
        422,
        "key_refused",
        format!(
            "Key is invalid: {provider} does not accept that key, so it was not stored. It may not have been copied whole, it may have ended, or its account may not be in good standing.{kept}"
        ),
    )
}
