//! Keys: a person's own, and a server's for whoever manages it. No answer
//! holds a key: of one, four characters at most.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::call::{Answer, Call};
use crate::gateway::messages::reason;
use crate::model::{Check, Key, Step, Verdict};

use crate::gateway::rest::{answer, moment, read};

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
#[utoipa::path(get, path = "/api/v1/api-keys", operation_id = "list_keys", tag = "keys", responses((status = 200, body = KeyList)))]
pub async fn list(call: Call) -> Answer {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let keys = call.gateway.app.keys.list_of(&caller, scope).await?;
    let keys = keys.into_iter().map(body).collect();
    answer(StatusCode::OK, &KeyList { keys })
}

/// Stores a key, or replaces the one for its provider. The provider is asked
/// first whether it accepts it.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "keys", request_body = NewKey,
    responses((status = 201, body = StoredKey), (status = 200, description = "Replaced", body = StoredKey)))]
pub async fn add(mut call: Call) -> Answer {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let new: NewKey = read(&mut call).await?;
    let app = &call.gateway.app;
    let added = app
        .keys
        .put(
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
    answer(status, &stored)
}

/// Renames, pauses or resumes a key.
#[utoipa::path(patch, path = "/api/v1/api-keys/{id}", tag = "keys", request_body = KeyChange,
    params(("id" = String, Path, description = "The key's id")), responses((status = 200, body = KeyBody)))]
pub async fn change(mut call: Call) -> Answer {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let change: KeyChange = read(&mut call).await?;
    let app = &call.gateway.app;
    let key = app.keys.find(&caller, scope, call.last_named()).await?;
    app.keys
        .change(&caller, &key, change.name, change.paused)
        .await?;
    let changed = app.keys.find(&caller, scope, call.last_named()).await?;
    answer(StatusCode::OK, &body(changed))
}

/// Removes a key.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "The key's id")), responses((status = 200, body = RemovedKeys)))]
pub async fn remove(call: Call) -> Answer {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let app = &call.gateway.app;
    let key = app.keys.find(&caller, scope, call.last_named()).await?;
    app.keys.delete(&caller, &key).await?;
    let removed = vec![key.provider.to_string()];
    answer(StatusCode::OK, &RemovedKeys { removed })
}

/// Removes every key.
#[utoipa::path(delete, path = "/api/v1/api-keys", tag = "keys", responses((status = 200, body = RemovedKeys)))]
pub async fn remove_all(call: Call) -> Answer {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let removed = call.gateway.app.keys.delete_all(&caller, scope).await?;
    let removed = removed.iter().map(ToString::to_string).collect();
    answer(StatusCode::OK, &RemovedKeys { removed })
}

/// Asks a key's provider whether it accepts it, whatever is known of it.
#[utoipa::path(post, path = "/api/v1/api-keys/{id}/test", tag = "keys",
    params(("id" = String, Path, description = "The key's id")), responses((status = 200, body = TestedKey)))]
pub async fn test(call: Call) -> Answer {
    let (caller, scope) = (call.session.caller.clone(), call.session.scope);
    let tested = call
        .gateway
        .app
        .keys
        .test_by_id(&caller, scope, call.last_named())
        .await?;
    let tested = TestedKey {
        check: check(&tested.check),
        key: body(tested.key),
    };
    answer(StatusCode::OK, &tested)
}

/// Who would pay for what, and why not the others.
#[utoipa::path(get, path = "/api/v1/api-keys/status", tag = "keys", responses((status = 200, body = StatusBody)))]
pub async fn status(call: Call) -> Answer {
    let status = call
        .gateway
        .app
        .keys
        .status(&call.session.caller, None)
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
    answer(StatusCode::OK, &status)
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
        added_at: moment(key.added_at_ms),
        checked_at: key.checked_at_ms.map(moment),
        last_used_at: key.last_used_at_ms.map(moment),
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
