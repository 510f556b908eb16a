//! The bot's commands: what Discord keeps of them, and what it refuses.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::world::World;

/// Discord's most characters of a command with all that belongs to it.
const COMMAND_CHARACTERS_MAX: usize = 8_000;
/// The fields whose texts there are in several languages.
const LOCALIZED: &[&str] = &["name_localizations", "description_localizations"];
/// What is wrong with a body.
const INVALID_FORM_BODY: u64 = 50_035;

/// Lists the commands, with their texts in other languages only for whoever
/// asks for them.
pub async fn list_commands(
    Shared(world): Shared<Arc<World>>,
    Query(asks): Query<HashMap<String, String>>,
) -> Json<Value> {
    let mut commands = world.look(|state| state.commands.clone());
    let is_wanted = |wanted: &String| wanted == "true";
    if !asks.get("with_localizations").is_some_and(is_wanted) {
        drop_localizations(&mut commands);
    }
    Json(commands)
}

/// Replaces all commands.
pub async fn put_commands(
    Shared(world): Shared<Arc<World>>,
    Json(mut commands): Json<Value>,
) -> Response {
    for (at, command) in commands.as_array().into_iter().flatten().enumerate() {
        if count_characters(command) > COMMAND_CHARACTERS_MAX {
            return refuse_long(at);
        }
    }
    world.with(|state| {
        for command in commands.as_array_mut().into_iter().flatten() {
            command["id"] = json!(state.snowflake().to_string());
            command["application_id"] = json!(state.application.to_string());
            command["version"] = json!(state.snowflake().to_string());
            if command["type"].is_null() {
                command["type"] = json!(1);
            }
        }
        state.commands.clone_from(&commands);
        state.command_writes += 1;
    });
    Json(commands).into_response()
}

/// `docs/discord.md` §3.4: a command is too long, and none is taken.
fn refuse_long(at: usize) -> Response {
    let words = format!("Command exceeds maximum size ({COMMAND_CHARACTERS_MAX})");
    let errors = json!([{"code": "APPLICATION_COMMAND_TOO_LARGE", "message": words}]);
    let body = json!({
        "code": INVALID_FORM_BODY, "message": "Invalid Form Body",
        "errors": {at.to_string(): {"_errors": errors}},
    });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// The characters of names, descriptions and values of a command and of what
/// belongs to it, each in its longest language.
fn count_characters(of: &Value) -> usize {
    let own: usize = ["name", "description", "value"]
        .iter()
        .map(|field| longest(of, field))
        .sum();
    let inner = ["options", "choices"];
    let inner = inner
        .iter()
        .flat_map(|list| of[list].as_array().into_iter().flatten());
    own + inner.map(count_characters).sum::<usize>()
}

fn longest(of: &Value, field: &str) -> usize {
    let others = of[format!("{field}_localizations")].as_object();
    let others = others.into_iter().flat_map(|all| all.values());
    let texts = others.chain([&of[field]]).filter_map(Value::as_str);
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

fn drop_localizations(of: &mut Value) {
    match of {
        Value::Object(fields) => {
            fields.retain(|name, _| !LOCALIZED.contains(&name.as_str()));
            fields.values_mut().for_each(drop_localizations);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_localizations),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_counts_in_its_longest_language() {
        let command = json!({
            "name": "ask", "description": "Ask", "description_localizations": {"de": "Frage"},
            "options": [{
                "name": "who", "description": "Who", "description_localizations": {"ja": "誰"},
                "choices": [{"name": "me", "name_localizations": {"fr": "moi"}, "value": "own"}],
            }],
        });
        assert_eq!(count_characters(&command), (3 + 5) + (3 + 3) + (3 + 3));
        let mut shown = command;
        drop_localizations(&mut shown);
        assert!(!shown.to_string().contains("localizations"), "{shown}");
    }
}
