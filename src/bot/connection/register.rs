//! Registers the commands with Discord, when they differ from what is
//! there. Tried until it works, apart from everything else: a bot whose
//! commands could not be registered still answers the old ones.

use std::time::Duration;

use serde_json::Value;

use crate::bot::Bot;
use crate::bot::interactions::commands;

/// The first wait before another try; it doubles.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// The longest wait.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(5);

/// Registers the commands, however long it takes.
pub async fn register(bot: &Bot, application: u64) {
    let mut wait = RETRY_AFTER;
    loop {
        match try_register(bot, application).await {
            Ok(true) => return tracing::info!("registered the commands"),
            Ok(false) => return tracing::info!("the commands are registered already"),
            Err(error) => tracing::warn!("could not register the commands: {error:#}"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_AFTER_MAX);
    }
}

/// Registers the commands unless they are there; says whether it did.
async fn try_register(bot: &Bot, application: u64) -> anyhow::Result<bool> {
    let mut ours = serde_json::to_value(poise::builtins::create_application_commands(
        &commands::all(),
    ))?;
    for command in ours.as_array_mut().into_iter().flatten() {
        permissions_as_number(command);
    }
    let path = format!("/applications/{application}/commands?with_localizations=true");
    let theirs = bot.rest.get("GET commands", &path).await?;
    if same_commands(&ours, &theirs) {
        bot.command_links.learn(&theirs);
        return Ok(false);
    }
    let registered = bot.rest.put_commands(application, ours).await?;
    bot.command_links.learn(&registered);
    Ok(true)
}

/// Discord's schema wants a number where serenity writes a text.
fn permissions_as_number(command: &mut Value) {
    let permissions = &mut command["default_member_permissions"];
    if let Some(number) = permissions
        .as_str()
        .and_then(|text| text.parse::<u64>().ok())
    {
        *permissions = Value::from(number);
    }
}

/// Whether Discord has these commands and no others, in any order.
fn same_commands(ours: &Value, theirs: &Value) -> bool {
    let (Some(ours), Some(theirs)) = (ours.as_array(), theirs.as_array()) else {
        return false;
    };
    let has = |our: &Value| {
        theirs
            .iter()
            .any(|their| their["name"] == our["name"] && covers(their, our))
    };
    ours.len() == theirs.len() && ours.iter().all(has)
}

/// Whether everything that we say is said there too. Discord adds fields of
/// its own, leaves empty ones out, and writes permissions as text.
fn covers(theirs: &Value, ours: &Value) -> bool {
    match ours {
        Value::Object(fields) => fields
            .iter()
            .all(|(name, our)| covers(theirs.get(name).unwrap_or(&Value::Null), our)),
        Value::Array(items) if items.is_empty() => theirs.as_array().is_none_or(Vec::is_empty),
        Value::Array(items) => theirs.as_array().is_some_and(|theirs| {
            theirs.len() == items.len()
                && items
                    .iter()
                    .zip(theirs)
                    .all(|(our, their)| covers(their, our))
        }),
        Value::Null | Value::Bool(false) => matches!(theirs, Value::Null | Value::Bool(false)),
        Value::Number(_) | Value::String(_) => text(ours) == text(theirs),
        Value::Bool(true) => theirs == ours,
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_discord_adds_makes_no_difference_and_what_we_change_does() {
        let ours = json!([{"name": "ask", "description": "Ask", "options": [], "nsfw": false}]);
        let same = json!([{"id": "1", "version": "2", "name": "ask", "description": "Ask"}]);
        let other = json!([{"id": "1", "name": "ask", "description": "Old"}]);
        assert!(same_commands(&ours, &same));
        assert!(!same_commands(&ours, &other));
        assert!(!same_commands(&ours, &json!([])));
        assert!(!same_commands(&json!([]), &same));
    }
}
