//! Keys: a person's own, and a server's for whoever manages it. No answer
//! holds a key: of one, four characters at most.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::call::{Call, HandlerResult};
use crate::gateway::messages::reason;
use crate::model::{Check, Key, Step, Verdict};

use crate::gateway::rest::{format_time, json_response, read_json};

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
    /// `unverified`, `valid`, `refused`, `out_of_credit` or `restricted`.
    health: &'static str,
    paused: bool,
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
    provider: String,
    /// The key itself. It is sealed, and never shown again.
    #[schema(value_type = String, format = Password)]
    key: SecretString,
    name: Option<String>,
    /// What a provider needs beside the key; `GET /api/v1/providers` names it.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    extras: BTreeMap<String, SecretString>,
}

/// A key that was stored.
#[derive(Serialize, ToSchema)]
pub struct StoredKey {
    key: KeyBody,
    replaced: bool,
    /// What its provider says of it.
    check: &'static str,
}

/// What is changed of a key; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    name: Option<String>,
    paused: Option<bool>,
}

/// A key, and what its provider says of it now.
#[derive(Serialize, ToSchema)]
pub struct TestedKey {
    key: KeyBody,
    /// `valid`, `invalid`, `out_of_credit`, `restricted`, `wrong_extra`, or
    /// `unknown` where the provider could not be asked.
    check: &'static str,
}

/// The providers whose keys were removed.
#[derive(Serialize, ToSchema)]
pub struct RemovedKeys {
    removed: Vec<String>,
}

/// Who would pay, provider by provider.
#[derive(Serialize, ToSchema)]
pub struct StatusBody {
    /// Whether keys can be stored here.
    byok_enabled: bool,
    /// Which provider answers when none is named.
    unnamed: Option<String>,
    providers: Vec<ProviderStatusBody>,
}

/// One provider's.
#[derive(Serialize, ToSchema)]
pub struct ProviderStatusBody {
    provider: String,
    /// `personal`, `server` or `bot_default`; null where nobody can pay.
    pays: Option<&'static str>,
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
}

/// Lists keys.
pub async fn list_keys(call: Call) -> HandlerResult {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let keys = call.gateway.app.keys_in(&caller, scope).await?;
    let keys = keys.into_iter().map(body).collect();
    json_response(StatusCode::OK, &KeyList { keys })
}

/// Stores a key, or replaces the one for its provider. The provider is asked
/// first whether it accepts it.
pub async fn store_key(mut call: Call) -> HandlerResult {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let new: NewKey = read_json(&mut call).await?;
    let app = &call.gateway.app;
    let added = app
        .put_key(
            &caller,
            scope,
            &new.provider,
            new.name,
            (new.key, new.extras),
        )
        .await?;
    let status = if added.replaced {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let stored = StoredKey {
        key: body(added.key),
        replaced: added.replaced,
        check: check(&added.check),
    };
    json_response(status, &stored)
}

/// Renames, pauses or resumes a key.
pub async fn change_key(mut call: Call) -> HandlerResult {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let change: KeyChange = read_json(&mut call).await?;
    let app = &call.gateway.app;
    let key = app
        .key_by_id(&caller, scope, call.last_path_value())
        .await?;
    app.change_key(&caller, &key, change.name, change.paused)
        .await?;
    let changed = app
        .key_by_id(&caller, scope, call.last_path_value())
        .await?;
    json_response(StatusCode::OK, &body(changed))
}

/// Removes a key.
pub async fn remove_key(call: Call) -> HandlerResult {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let app = &call.gateway.app;
    let key = app
        .key_by_id(&caller, scope, call.last_path_value())
        .await?;
    app.delete_key(&caller, &key).await?;
    let removed = vec![key.provider.to_string()];
    json_response(StatusCode::OK, &RemovedKeys { removed })
}

/// Removes every key.
pub async fn remove_all_keys(call: Call) -> HandlerResult {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let removed = call.gateway.app.delete_keys(&caller, scope).await?;
    let removed = removed.iter().map(ToString::to_string).collect();
    json_response(StatusCode::OK, &RemovedKeys { removed })
}

/// Asks a key's provider whether it accepts it, whatever is known of it.
pub async fn test_key(call: Call) -> HandlerResult {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let tested = call
        .gateway
        .app
        .test_key_by_id(&caller, scope, call.last_path_value())
        .await?;
    let tested = TestedKey {
        check: check(&tested.check),
        key: body(tested.key),
    };
    json_response(StatusCode::OK, &tested)
}

/// Who would pay for what, and why not the others.
pub async fn show_key_status(call: Call) -> HandlerResult {
    let status = call
        .gateway
        .app
        .key_status(&call.session.caller, None)
        .await?;
    let providers = status.providers.iter().map(|one| ProviderStatusBody {
        provider: one.provider.to_string(),
        pays: one.trace.taken().map(|step| step.source.as_str()),
        trace: one.trace.0.iter().map(step).collect(),
    });
    let status = StatusBody {
        byok_enabled: status.byok_enabled,
        unnamed: status.unnamed.as_ref().map(ToString::to_string),
        providers: providers.collect(),
    };
    json_response(StatusCode::OK, &status)
}

fn step(step: &Step) -> StepBody {
    let (verdict, why) = match step.verdict {
        Verdict::Taken => ("taken", None),
        Verdict::Behind => ("behind", None),
        Verdict::Absent => ("absent", None),
        Verdict::Skipped(why) => ("skipped", Some(reason(why))),
    };
    StepBody {
        source: step.source.as_str(),
        key_id: step.key.map(|key| key.to_string()),
        verdict,
        reason: why,
    }
}

fn body(key: Key) -> KeyBody {
    KeyBody {
        id: key.id.to_string(),
        scope: key.owner.scope().as_str(),
        provider: key.provider.to_string(),
        name: key.name,
        hint: key.hint,
        health: key.health.as_str(),
        paused: key.paused,
        added_at: format_time(key.added_at_ms),
        checked_at: key.checked_at_ms.map(format_time),
        last_used_at: key.last_used_at_ms.map(format_time),
    }
}

fn check(check: &Check) -> &'static str {
    match check {
        Check::Valid => "valid",
        Check::Invalid => "invalid",
        Check::OutOfCredit => "out_of_credit",
        Check::Restricted => "restricted",
        Check::WrongExtra => "wrong_extra",
        Check::Unknown(_) => "unknown",
    }
}
