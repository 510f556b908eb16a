//! The keys that the operator pays with, as the operator's people see them.

use crate::app::SystemKey;
use crate::bot::words::keys::list::{added_by, ending, row};
use crate::bot::words::speech::voice::Voice;

/// Every bot default, one line each.
pub fn system_keys(voice: Voice<'_>, keys: &[SystemKey], now_ms: i64) -> Vec<String> {
    let lang = voice.lang;
    let mut lines = vec![lang.words("**Keys of the bot default**").to_owned()];
    if keys.is_empty() {
        lines.push(
            lang.words("None: only people's own keys and servers' keys pay.")
                .to_owned(),
        );
    }
    lines.extend(keys.iter().map(|key| one_key(voice, key, now_ms)));
    lines
}

fn one_key(voice: Voice<'_>, key: &SystemKey, now_ms: i64) -> String {
    let lang = voice.lang;
    match key {
        SystemKey::Environment(key) => {
            let place = match &key.variable {
                Some(variable) => lang.say(
                    "from the environment (`{variable}`)",
                    &[("variable", variable)],
                ),
                None => lang.words("set up without a key").to_owned(),
            };
            let hint = key.hint.as_deref().map(|hint| format!(" `…{hint}`"));
            format!(
                "- **{}**{} · {place} · {}",
                voice.name(&key.provider),
                hint.unwrap_or_default(),
                voice.health(key.health)
            )
        }
        SystemKey::Stored { key, overridden_by } => {
            let line = row(voice, key) + &ending(voice, key, now_ms) + &added_by(voice, key);
            match overridden_by {
                Some(variable) => {
                    line + &lang.say(
                        " · not used, since `{variable}` wins",
                        &[("variable", variable)],
                    )
                }
                None => line,
            }
        }
    }
}
