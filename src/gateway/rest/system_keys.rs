//! Routes for system keys: the bot defaults, for the operator's people. No
//! response holds a key; of a key, it shows four characters at most.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{KeyDraft, SystemKey, SystemUses, Total, TypedKey};
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::responses::json_response;
use crate::gateway::rest::keys::{KeyChange, NewKey, RemovedKeys, describe_check};
use crate::gateway::rest::{format_time, read_json};
use crate::model::{ProviderId, Scope};

/// A key that the operator pays with, without its secret.
#[derive(Serialize, ToSchema)]
pub struct SystemKeyBody {
    /// 32 hex digits, another one when the key is replaced; `env-` and the
    /// provider for a key of the environment.
    id: String,
    provider: String,
    /// `stored`: added here. `environment`: changed where it stands.
    origin: &'static str,
    /// Where a key of the environment stands.
    variable: Option<String>,
    /// The variable whose key pays in this one's place.
    overridden_by: Option<String>,
    name: Option<String>,
    /// The last four characters, of a key that is long enough to spare them.
    hint: Option<String>,
    /// `unverified`, `valid`, `unguarded`, `refused`, `out_of_credit`, `restricted`, or
    /// `damaged` where what is stored of it does not open. Of a key of the
    /// environment, what this process has learnt since its start.
    health: &'static str,
    paused: bool,
    /// When it is used no longer; null where it is used for as long as it works.
    expires_at: Option<String>,
    /// The Discord id of whoever added it; null where that is not known.
    added_by: Option<String>,
    added_at: Option<String>,
    checked_at: Option<String>,
    last_used_at: Option<String>,
    /// What it paid for today, UTC.
    today: UseBody,
    /// The same of the last 30 days.
    month: UseBody,
}

/// What a key paid for.
#[derive(Serialize, ToSchema)]
pub struct UseBody {
    requests: u64,
    input_tokens: u64,
    output_tokens: u64,
    images: u64,
    cost_nano_dollars: u64,
    requests_without_price: u64,
}

/// All keys that the operator pays with.
#[derive(Serialize, ToSchema)]
pub struct SystemKeyList {
    keys: Vec<SystemKeyBody>,
}

/// A system key that was stored.
#[derive(Serialize, ToSchema)]
pub struct StoredSystemKey {
    key: SystemKeyBody,
    replaced: bool,
    /// What its provider says of it.
    check: &'static str,
    /// What was taken out around the key, as when a key of one's own is stored.
    removed: Vec<&'static str>,
}

/// A system key, and what its provider says of it now.
#[derive(Serialize, ToSchema)]
pub struct TestedSystemKey {
    key: SystemKeyBody,
    /// `valid`, `invalid`, `out_of_credit`, `restricted`, `wrong_extra`, or
    /// `unknown` where the provider could not be asked.
    check: &'static str,
}

/// Lists the keys that the operator pays with.
pub async fn list_keys(call: Call) -> HandlerResult {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let keys = app.keys.list_system(caller).await?;
    let used = app.keys.system_use(caller).await?;
    let keys = keys.into_iter().map(|key| describe(key, &used)).collect();
    json_response(StatusCode::OK, &SystemKeyList { keys })
}

/// Shows one of them.
pub async fn show_key(call: Call) -> HandlerResult {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let key = app.keys.find_system(caller, call.last_path_value()).await?;
    json_response(StatusCode::OK, &describe_one(&call, key).await?)
}

/// Stores a system key, or replaces the one for its provider. The provider is
/// asked first whether it accepts it.
pub async fn store_key(mut call: Call) -> HandlerResult {
    let new: NewKey = read_json(&mut call).await?;
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let draft = KeyDraft {
        lifetime: new.lifetime()?,
        keep_refused: new.keep_refused,
        scope: Scope::System,
        provider: ProviderId::from(new.provider.as_str()),
        name: new.name,
        typed: TypedKey {
            secret: new.key,
            extras: new.extras,
        },
    };
    let added = app.keys.put_system(caller, draft).await?;
    let status = if added.replaced.is_some() {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let id = added.key.id.to_string();
    let key = app.keys.find_system(caller, &id).await?;
    let stored = StoredSystemKey {
        key: describe_one(&call, key).await?,
        replaced: added.replaced.is_some(),
        check: describe_check(&added.check),
        removed: added.removed.iter().map(|it| it.as_str()).collect(),
    };
    json_response(status, &stored)
}

/// Renames, pauses or resumes a system key.
pub async fn change_key(mut call: Call) -> HandlerResult {
    let change: KeyChange = read_json(&mut call).await?;
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let id = call.last_path_value();
    let changed = app
        .keys
        .change_system(caller, id, change.name, change.paused);
    json_response(StatusCode::OK, &describe_one(&call, changed.await?).await?)
}

/// Removes a system key.
pub async fn remove_key(call: Call) -> HandlerResult {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let removed = app
        .keys
        .remove_system(caller, call.last_path_value())
        .await?;
    let removed = vec![removed.provider.to_string()];
    json_response(StatusCode::OK, &RemovedKeys { removed })
}

/// Asks a system key's provider whether it accepts the key, whatever the key's
/// health.
pub async fn test_key(call: Call) -> HandlerResult {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let (key, check) = app.keys.test_system(caller, call.last_path_value()).await?;
    let tested = TestedSystemKey {
        check: describe_check(&check),
        key: describe_one(&call, key).await?,
    };
    json_response(StatusCode::OK, &tested)
}

async fn describe_one(call: &Call, key: SystemKey) -> Result<SystemKeyBody, Problem> {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    let used = app.keys.system_use(caller).await?;
    Ok(describe(key, &used))
}

fn describe(key: SystemKey, used: &SystemUses) -> SystemKeyBody {
    let (id, used) = (key.id(), key.used(used));
    let (today, month) = (describe_use(&used.today), describe_use(&used.month));
    match key {
        SystemKey::Environment(key) => SystemKeyBody {
            id,
            provider: key.provider.to_string(),
            origin: "environment",
            variable: key.variable,
            overridden_by: None,
            name: None,
            hint: key.hint,
            health: key.health.as_str(),
            paused: false,
            expires_at: None,
            added_by: None,
            added_at: None,
            checked_at: key.checked_at_ms.map(format_time),
            last_used_at: None,
            today,
            month,
        },
        SystemKey::Stored { key, overridden_by } => SystemKeyBody {
            id,
            provider: key.provider.to_string(),
            origin: "stored",
            variable: None,
            name: key.name,
            hint: key.hint,
            health: key.health.as_str(),
            paused: key.paused,
            expires_at: key.expires_at_ms.map(format_time),
            added_by: (key.added_by.0 != 0).then(|| key.added_by.to_string()),
            added_at: Some(format_time(key.added_at_ms)),
            checked_at: key.checked_at_ms.map(format_time),
            last_used_at: key.last_used_at_ms.map(format_time),
            today,
            month,
            overridden_by,
        },
    }
}

fn describe_use(total: &Total) -> UseBody {
    UseBody {
        requests: total.requests,
        input_tokens: total.input_tokens,
        output_tokens: total.output_tokens,
        images: total.images,
        cost_nano_dollars: total.cost_nano,
        requests_without_price: total.unpriced,
    }
}
