//! Names of files as people gave them. Discord replaces what is not a plain
//! letter in a name, and keeps the name as it was in a title, which serenity
//! does not read (`docs/discord.md` §6.1).

use std::time::Duration;

use serde_json::Value;
use serenity::all::{Attachment, Message};

use crate::bot::Bot;

/// How long Discord is waited for before names and addresses are taken as
/// they came.
const PATIENCE: Duration = Duration::from_secs(2);

/// Puts the names that people gave into a message as Discord wrote it.
pub fn restore_names(message: &mut Value) {
    let files = message.get_mut("attachments").and_then(Value::as_array_mut);
    for file in files.into_iter().flatten() {
        if let Some(name) = given_name(file) {
            file["filename"] = Value::String(name);
        }
    }
    if let Some(answered) = message.get_mut("referenced_message") {
        restore_names(answered);
    }
    let forwarded = message.get_mut("message_snapshots");
    let forwarded = forwarded.and_then(Value::as_array_mut);
    for snapshot in forwarded.into_iter().flatten() {
        if let Some(forwarded) = snapshot.get_mut("message") {
            restore_names(forwarded);
        }
    }
}

/// The name that a file was given, if it has a title. The title lacks the
/// end of the name, unless the name had none.
fn given_name(file: &Value) -> Option<String> {
    let title = file.get("title")?.as_str()?;
    let kept = file.get("filename")?.as_str()?;
    let ending = kept.rsplit('.').next().unwrap_or_default();
    let is_whole =
        kept == kept_name(title) || ending.is_empty() || title.ends_with(&format!(".{ending}"));
    Some(if is_whole {
        title.to_owned()
    } else {
        format!("{title}.{ending}")
    })
}

/// The name under which Discord keeps a file that was given a name.
pub fn kept_name(given: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let replaced = given.chars().map(|c| if plain(c) { c } else { '_' });
    let replaced: String = replaced.collect();
    replaced.trim_start_matches(['.', '_']).to_owned()
}

/// A message that came by an event, with its files and those of the message
/// that it replies to under the names that people gave them and at addresses
/// that have not expired: Discord is asked for it once more. Where it may not
/// be read, all stays as it is.
pub async fn refresh_files(bot: &Bot, message: &Message) -> Message {
    let mut message = message.clone();
    let answered = message.referenced_message.as_deref();
    let is_bare = answered.is_none_or(|answered| answered.attachments.is_empty());
    if message.attachments.is_empty() && is_bare {
        return message;
    }
    let (channel, id) = (message.channel_id.get(), message.id.get());
    let reading = bot.rest.message(channel, id);
    let Ok(Ok(Some(mut now))) = tokio::time::timeout(PATIENCE, reading).await else {
        return message;
    };
    put_files(&mut message.attachments, &mut now.attachments);
    if let (Some(answered), Some(now)) = (
        message.referenced_message.as_deref_mut(),
        now.referenced_message.as_deref_mut(),
    ) {
        put_files(&mut answered.attachments, &mut now.attachments);
    }
    message
}

/// Puts files as they are now in the place of those that came.
fn put_files(came: &mut [Attachment], now: &mut Vec<Attachment>) {
    for file in came {
        if let Some(at) = now.iter().position(|now| now.id == file.id) {
            *file = now.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_title_counts_with_the_end_of_the_name() {
        let file = |name: &str, title: Option<&str>| json!({"filename": name, "title": title});
        let files = json!([
            file("report.txt", None),
            file("txt", Some("отчёт")),
            file("my_report__2_.txt", Some("my report (2)")),
            file("a.txt", Some("b.txt")),
            file("my_file", Some("my file")),
        ]);
        let mut message = json!({
            "attachments": files, "referenced_message": {"attachments": files},
            "message_snapshots": [{"message": {"attachments": files}}],
        });
        restore_names(&mut message);
        let names = |message: &Value| -> Vec<String> {
            let files = message["attachments"].as_array().unwrap().iter();
            files
                .map(|file| file["filename"].as_str().unwrap().to_owned())
                .collect()
        };
        let expected = [
            "report.txt",
            "отчёт.txt",
            "my report (2).txt",
            "b.txt",
            "my file",
        ];
        for place in ["", "/referenced_message", "/message_snapshots/0/message"] {
            assert_eq!(names(message.pointer(place).unwrap()), expected);
        }
        restore_names(&mut json!({"attachments": 5, "referenced_message": null}));
        restore_names(&mut json!([]));
    }
}
