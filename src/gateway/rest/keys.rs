//! Routes for stored keys: a person's own, and a server's for whoever manages
//! it. No response holds a key; of a key, it shows four characters at most.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{KeyDraft, KeyUses, TypedKey};
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::messages::{describe_remedy, describe_skip};
use crate::gateway::replies::problem::Problem;
use crate::model::{
    Check, Health, Key, KeyRefusal, Lifetime, ProviderId, Refusal, Source, Step, Verdict,
};

use crate::gateway::replies::responses::json_response;
use crate::gateway::rest::{format_time, read_json};

/// A stored key, without its secret.
#[derive(Serialize, ToSchema)]
pub struct KeyBody {
    /// 32 hex digits; another one when the key is replaced.
    id: String,
    provider: String,
    /// `user`: one's own; `guild`: a server's.
    scope: &'static str,
    name: Option<String>,
    /// The last four characters, of a key that is long enough to spare them.
    hint: Option<String>,
    /// The same as some programs show it: `****...6789`.
    #[serde(rename = "keyHint")]
    key_hint: String,
    /// Whether nothing is known that keeps the key from paying, and whether its
    /// owner lets it.
    #[serde(rename = "isValid")]
    is_valid: bool,
    #[serde(rename = "isActive")]
    is_active: bool,
    /// What it has paid for.
    #[serde(rename = "totalRequests")]
    total_requests: u64,
    #[serde(rename = "totalTokens")]
    total_tokens: u64,
    /// `unverified`, `valid`, `unguarded`, `refused`, `out_of_credit`, `restricted`, or
    /// `damaged` where what is stored of it does not open.
    health: &'static str,
    paused: bool,
    /// When it is used no longer; null where it is used for as long as it works.
    expires_at: Option<String>,
    added_at: String,
    checked_at: Option<String>,
    last_used_at: Option<String>,
}

/// A list of keys.
#[derive(Serialize, ToSchema)]
pub struct KeyList {
    keys: Vec<KeyBody>,
}

/// A key to be stored, in the place of the one for its provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    pub provider: String,
    /// The key itself, also as `apiKey`. It is sealed, and never shown again.
    #[serde(alias = "apiKey")]
    #[schema(value_type = String, format = Password)]
    pub key: SecretString,
    pub name: Option<String>,
    /// What a provider needs beside the key; `GET /api/v1/providers` names it.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub extras: BTreeMap<String, SecretString>,
    /// For how many days it is used: 7, 30, 90 or 365, or 0 for as long as it
    /// works. Left out, it ends as the key whose place it takes, if that ends.
    pub days: Option<i64>,
    /// Stores the key even if its provider refuses it, or if it can't pay and a
    /// key that works makes way. It then pays for nothing until a test finds that
    /// it works.
    #[serde(default)]
    pub keep_refused: bool,
}

impl NewKey {
    /// For how long the key is to be used.
    pub fn lifetime(&self) -> Result<Lifetime, Refusal> {
        let Some(days) = self.days else {
            return Ok(Lifetime::AsBefore);
        };
        Lifetime::of_days(days).ok_or(KeyRefusal::UnknownLifetime.into())
    }
}

/// A key that was stored.
#[derive(Serialize, ToSchema)]
pub struct StoredKey {
    /// Always true: a key that its provider refuses is stored only where
    /// `keep_refused` asks for it.
    success: bool,
    message: &'static str,
    key: KeyBody,
    replaced: bool,
    /// What its provider says of it.
    check: &'static str,
    /// What was taken out around the key: `name`, `scheme`, `quotes`,
    /// `brackets`, `formatting`, `punctuation`, `line_breaks`,
    /// `invisible_characters`, `dashes`, `settings`, `words`.
    removed: Vec<&'static str>,
}

/// Changes of a key. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    pub name: Option<String>,
    pub paused: Option<bool>,
}

/// A key, and what its provider says of it now.
#[derive(Serialize, ToSchema)]
pub struct TestedKey {
    key: KeyBody,
    /// Whether its provider accepts it.
    valid: bool,
    /// `valid`, `invalid`, `out_of_credit`, `restricted`, `wrong_extra`, or
    /// `unknown` where the provider could not be asked.
    check: &'static str,
}

/// The providers whose keys were removed.
#[derive(Serialize, ToSchema)]
pub struct RemovedKeys {
    pub removed: Vec<String>,
}

/// Who would pay for the models of each provider.
#[derive(Serialize, ToSchema)]
pub struct StatusBody {
    /// Whether keys can be stored here.
    byok_enabled: bool,
    /// Which provider answers when none is named.
    unnamed: Option<String>,
    providers: Vec<ProviderStatusBody>,
}

/// Who would pay for one provider's models.
#[derive(Serialize, ToSchema)]
pub struct ProviderStatusBody {
    provider: String,
    /// `personal`, `server` or `bot_default`; null where nobody can pay.
    pays: Option<&'static str>,
    /// Whether that key's provider is known to let it do some things only.
    in_part: bool,
    /// Every key that was looked at, in order.
    trace: Vec<StepBody>,
}

/// One key that was looked at.
#[derive(Serialize, ToSchema)]
pub struct StepBody {
    source: &'static str,
    key_id: Option<String>,
    /// `taken`, `behind`, `absent` or `skipped`.
    verdict: &'static str,
    /// Why it was skipped.
    reason: Option<&'static str>,
    /// What makes a personal key that was skipped pay again, as commands.
    remedy: Option<String>,
}

/// Lists the keys of the caller, or of the server.
pub async fn list_keys(call: Call) -> HandlerResult {
    let session = &call.session;
    let keys = &call.gateway.app.keys;
    let listed = keys.list_owned(&session.caller, session.scope).await?;
    let uses = keys.uses(&session.caller, session.scope).await?;
    let described = listed.into_iter().map(|key| describe_key(key, &uses));
    let keys = described.collect();
    json_response(StatusCode::OK, &KeyList { keys })
}

/// Stores a key, or replaces the one for its provider. The provider is asked
/// first whether it accepts it.
pub async fn store_key(mut call: Call) -> HandlerResult {
    let new: NewKey = read_json(&mut call).await?;
    let (app, session) = (&call.gateway.app, &call.session);
    let draft = KeyDraft {
        lifetime: new.lifetime()?,
        keep_refused: new.keep_refused,
        scope: session.scope,
        provider: ProviderId::from(new.provider.as_str()),
        name: new.name,
        typed: TypedKey {
            secret: new.key,
            extras: new.extras,
        },
    };
    let added = app.keys.put(&session.caller, draft).await?;
    let status = if added.replaced.is_some() {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let uses = app.keys.uses(&session.caller, session.scope).await?;
    let stored = StoredKey {
        success: true,
        message: match added.check {
            Check::Invalid => "API key added, and refused by its provider",
            _ => "API key added and validated successfully",
        },
        key: describe_key(added.key, &uses),
        replaced: added.replaced.is_some(),
        check: describe_check(&added.check),
        removed: added.removed.iter().map(|it| it.as_str()).collect(),
    };
    json_response(status, &stored)
}

/// Renames, pauses or resumes a key.
pub async fn change_key(mut call: Call) -> HandlerResult {
    let change: KeyChange = read_json(&mut call).await?;
    let key = find_key(&call).await?;
    let caller = &call.session.caller;
    let app = &call.gateway.app;
    app.keys
        .change(caller, &key, change.name, change.paused)
        .await?;
    let changed = find_key(&call).await?;
    let uses = app.keys.uses(caller, call.session.scope).await?;
    json_response(StatusCode::OK, &describe_key(changed, &uses))
}

/// Removes a key.
pub async fn remove_key(call: Call) -> HandlerResult {
    let key = find_key(&call).await?;
    let app = &call.gateway.app;
    app.keys.delete(&call.session.caller, &key).await?;
    let removed = vec![key.provider.to_string()];
    json_response(StatusCode::OK, &RemovedKeys { removed })
}

/// Removes every key of the caller, or of the server.
pub async fn remove_all_keys(call: Call) -> HandlerResult {
    let (app, session) = (&call.gateway.app, &call.session);
    let removed = app.keys.delete_all(&session.caller, session.scope).await?;
    let removed = removed.iter().map(ToString::to_string).collect();
    json_response(StatusCode::OK, &RemovedKeys { removed })
}

/// Asks a key's provider whether it accepts the key, whatever the key's
/// health.
pub async fn test_key(call: Call) -> HandlerResult {
    let (app, session) = (&call.gateway.app, &call.session);
    let tested = app
        .keys
        .test_by_id(&session.caller, session.scope, call.last_path_value())
        .await?;
    let uses = app.keys.uses(&session.caller, session.scope).await?;
    let tested = TestedKey {
        valid: matches!(tested.check, Check::Valid | Check::Unguarded),
        check: describe_check(&tested.check),
        key: describe_key(tested.key, &uses),
    };
    json_response(StatusCode::OK, &tested)
}

/// Shows who would pay for each provider's models, and why not the others.
pub async fn show_key_status(call: Call) -> HandlerResult {
    let app = &call.gateway.app;
    let status = app.asks.read_status(&call.session.caller, None).await?;
    let providers = status.providers.iter().map(|one| ProviderStatusBody {
        provider: one.provider.to_string(),
        pays: one.trace.taken().map(|step| step.source.as_str()),
        in_part: one.trace.taken().is_some_and(|step| step.is_partial),
        trace: one.trace.0.iter().map(describe_step).collect(),
    });
    let status = StatusBody {
        byok_enabled: status.byok_enabled,
        unnamed: status.unnamed.map(|it| it.provider.to_string()),
        providers: providers.collect(),
    };
    json_response(StatusCode::OK, &status)
}

/// The key that the address names by its id.
async fn find_key(call: &Call) -> Result<Key, Problem> {
    let (app, session) = (&call.gateway.app, &call.session);
    let key = app
        .keys
        .find(&session.caller, session.scope, call.last_path_value());
    Ok(key.await?)
}

fn describe_step(step: &Step) -> StepBody {
    let (verdict, why) = match step.verdict {
        Verdict::Taken => ("taken", None),
        Verdict::Behind => ("behind", None),
        Verdict::Absent => ("absent", None),
        Verdict::Skipped(why) => ("skipped", Some(describe_skip(why))),
    };
    StepBody {
        source: step.source.as_str(),
        key_id: step.key.map(|key| key.to_string()),
        verdict,
        reason: why,
        remedy: match step.verdict {
            Verdict::Skipped(why) if step.source == Source::Personal => {
                describe_remedy(&step.provider, why)
            }
            _ => None,
        },
    }
}

/// Describes a key, with what keys of its provider have paid for.
pub fn describe_key(key: Key, uses: &KeyUses) -> KeyBody {
    let paid = uses.get(&key.id).copied().unwrap_or_default();
    KeyBody {
        id: key.id.to_string(),
        scope: key.owner.scope().as_str(),
        provider: key.provider.to_string(),
        name: key.name,
        key_hint: format!("****...{}", key.hint.as_deref().unwrap_or_default()),
        hint: key.hint,
        is_valid: is_usable(key.health),
        is_active: !key.paused,
        total_requests: paid.requests,
        total_tokens: paid.input_tokens.saturating_add(paid.output_tokens),
        health: key.health.as_str(),
        paused: key.paused,
        expires_at: key.expires_at_ms.map(format_time),
        added_at: format_time(key.added_at_ms),
        checked_at: key.checked_at_ms.map(format_time),
        last_used_at: key.last_used_at_ms.map(format_time),
    }
}

/// Whether nothing is known that keeps a key from paying.
fn is_usable(health: Health) -> bool {
    matches!(
        health,
        Health::Valid | Health::Unguarded | Health::Unverified | Health::Restricted
    )
}

/// What a provider said of a key, in one word.
pub fn describe_check(check: &Check) -> &'static str {
    match check {
        Check::Valid => "valid",
        Check::Unguarded => "unguarded",
        Check::Invalid => "invalid",
        Check::OutOfCredit => "out_of_credit",
        Check::Restricted => "restricted",
        Check::WrongExtra => "wrong_extra",
        Check::Unknown(_) => "unknown",
    }
}
