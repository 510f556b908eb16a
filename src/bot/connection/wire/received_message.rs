//! Reads a message as REST hands it out. serenity drops the newer components,
//! in which all the text of a message can stand, and fails on some fields of
//! which nothing is needed here: `docs/discord.md` §8.1.

use serde_json::{Map, Value, json};
use serenity::all::Message;

use crate::bot::connection::wire::unread_message::mend_message;
use crate::bot::conversation::files::restore_names;

/// The flag of a message whose text stands in its components.
const IS_COMPONENTS_V2: u64 = 1 << 15;
/// How deep components and quoted messages are followed.
const DEPTH_MAX: usize = 8;
/// The types of components that hold something to read.
mod component {
    pub const BUTTON: u64 = 2;
    pub const TEXT: u64 = 10;
    pub const THUMBNAIL: u64 = 11;
    pub const GALLERY: u64 = 12;
    pub const FILE: u64 = 13;
}

/// Reads a message. What stands in newer components is put where a message's
/// words and files are else: Discord leaves those empty then.
pub fn parse_message(mut json: Value) -> Option<Message> {
    unfold_components(&mut json, 0);
    restore_names(&mut json);
    let read = serde_json::from_value(json.clone());
    read.ok().or_else(|| mend_message(&json))
}

/// The message that one quotes, and what it forwards.
fn inner_messages(message: &mut Value) -> Vec<&mut Value> {
    let mut inner = Vec::new();
    for (name, value) in message.as_object_mut().into_iter().flatten() {
        match name.as_str() {
            "referenced_message" => inner.push(value),
            "message_snapshots" => {
                let snapshots = value.as_array_mut().into_iter().flatten();
                inner.extend(snapshots.filter_map(|snapshot| snapshot.get_mut("message")));
            }
            _ => {}
        }
    }
    inner.retain(|message| message.is_object());
    inner
}

/// Puts the text and the files of components in the place of a message's own,
/// and does so for the message that it quotes and for what it forwards.
fn unfold_components(message: &mut Value, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    if message["flags"].as_u64().unwrap_or(0) & IS_COMPONENTS_V2 != 0 {
        let mut unfolded = Unfolded::default();
        unfolded.take_all(&message["components"], 0);
        if message["content"].as_str().unwrap_or_default().is_empty() {
            message["content"] = json!(unfolded.lines.join("\n"));
        }
        if let Some(files) = message["attachments"].as_array_mut() {
            let known: Vec<Value> = files.iter().map(|file| file["id"].clone()).collect();
            let is_new = |file: &Value| !known.contains(&file["id"]);
            files.extend(unfolded.files.into_iter().filter(is_new));
        }
        message["components"] = json!([]);
    }
    for inner in inner_messages(message) {
        unfold_components(inner, depth + 1);
    }
}

/// What stands in components.
#[derive(Default)]
struct Unfolded {
    lines: Vec<String>,
    files: Vec<Value>,
}

impl Unfolded {
    fn take_all(&mut self, components: &Value, depth: usize) {
        let all = components.as_array().into_iter().flatten();
        all.for_each(|one| self.take(one, depth));
    }

    fn take(&mut self, one: &Value, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match one["type"].as_u64().unwrap_or(0) {
            component::TEXT => self.add_line(one["content"].as_str().unwrap_or_default()),
            component::BUTTON => {
                let label = one["label"].as_str().filter(|label| !label.is_empty());
                let label = label.map(|label| match one["url"].as_str() {
                    Some(url) => format!("[{label}]({url})"),
                    None => format!("[button: {label}]"),
                });
                self.add_line(&label.unwrap_or_default());
            }
            component::THUMBNAIL => self.take_media(&one["media"], one),
            component::GALLERY => {
                for item in one["items"].as_array().into_iter().flatten() {
                    self.take_media(&item["media"], item);
                }
            }
            component::FILE => self.take_media(&one["file"], one),
            // Containers, sections, rows and whatever Discord adds to them.
            _ => {
                self.take_all(&one["components"], depth + 1);
                for inner in ["component", "accessory"] {
                    if one[inner].is_object() {
                        self.take(&one[inner], depth + 1);
                    }
                }
            }
        }
    }

    fn add_line(&mut self, line: &str) {
        if !line.trim().is_empty() {
            self.lines.push(line.to_owned());
        }
    }

    /// Takes a picture or a file: as a file of the message's where Discord
    /// keeps it, else by what is said of it.
    fn take_media(&mut self, media: &Value, shown: &Value) {
        let description = shown["description"].as_str().unwrap_or_default();
        let (Some(id), Some(url)) = (media["attachment_id"].as_str(), media["url"].as_str()) else {
            if !description.is_empty() {
                self.add_line(&format!("[picture: {description}]"));
            }
            return;
        };
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let in_url = path.rsplit('/').next().unwrap_or_default();
        let mut file = Map::new();
        file.insert("id".into(), json!(id));
        file.insert(
            "filename".into(),
            json!(shown["name"].as_str().unwrap_or(in_url)),
        );
        file.insert("size".into(), json!(shown["size"].as_u64().unwrap_or(0)));
        file.insert("url".into(), json!(url));
        let proxy = media["proxy_url"].as_str().unwrap_or(url);
        file.insert("proxy_url".into(), json!(proxy));
        for field in ["content_type", "width", "height"] {
            file.insert(field.into(), media[field].clone());
        }
        file.insert("description".into(), json!(description));
        self.files.push(Value::Object(file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(more: &Value) -> Value {
        let mut message = json!({
            "id": "5", "channel_id": "6", "content": "", "timestamp": "2026-01-01T00:00:00Z",
            "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
            "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0,
            "author": {"id": "7", "username": "mia", "discriminator": "0", "avatar": null},
        });
        for (name, value) in more.as_object().unwrap() {
            message[name.as_str()] = value.clone();
        }
        message
    }

    #[test]
    fn the_text_of_newer_components_is_read() {
        let components = json!([
            {"type": 10, "content": "# A title"},
            {"type": 17, "components": [
                {"type": 9, "components": [{"type": 10, "content": "beside"}],
                 "accessory": {"type": 2, "style": 5, "label": "Open", "url": "https://a.example"}},
                {"type": 14}, {"type": 99, "components": [{"type": 10, "content": "unknown"}]},
                {"type": 1, "components": [{"type": 2, "style": 1, "label": "Yes", "custom_id": "y"}]},
            ]},
            {"type": 12, "items": [
                {"media": {"url": "https://a.example/cat.png"}, "description": "a cat"},
                {"media": {"url": "https://cdn.discordapp.com/attachments/1/2/dog.png?ex=1",
                    "attachment_id": "2", "content_type": "image/png"}, "description": "a dog"},
            ]},
        ]);
        let newer = json!({"flags": IS_COMPONENTS_V2, "components": components});
        let read = parse_message(message(&newer)).unwrap();
        assert_eq!(
            read.content,
            "# A title\nbeside\n[Open](https://a.example)\nunknown\n[button: Yes]\n[picture: a cat]"
        );
        assert_eq!(read.attachments[0].filename, "dog.png");
        let forward = json!({"message_snapshots": [{"message": message(&newer)}]});
        let read = parse_message(message(&forward)).unwrap();
        assert!(read.message_snapshots[0].content.starts_with("# A title"));
        let reply = json!({"referenced_message": message(&newer)});
        let read = parse_message(message(&reply)).unwrap();
        assert!(read.referenced_message.unwrap().content.contains("beside"));
        // Buttons under an ordinary message are no words.
        let older = json!({"content": "words", "components": components});
        assert_eq!(parse_message(message(&older)).unwrap().content, "words");
    }

    /// Fields of which nothing is said to a model.
    const DISPENSABLE: [&str; 9] = [
        "activity",
        "application",
        "components",
        "interaction",
        "interaction_metadata",
        "poll",
        "reactions",
        "role_subscription_data",
        "thread",
    ];

    #[test]
    fn fields_that_cannot_be_read_do_not_hide_the_words() {
        for field in DISPENSABLE {
            let odd =
                json!({"content": "words", field: [{"type": 1, "components": [{"type": 77}]}, 7]});
            assert_eq!(
                parse_message(message(&odd)).unwrap().content,
                "words",
                "{field}"
            );
        }
        assert!(parse_message(json!({"id": "5"})).is_none());
    }

    #[test]
    fn components_in_components_end_somewhere() {
        let mut components = json!([{"type": 10, "content": "deep"}]);
        for _ in 0..100 {
            components = json!([{"type": 17, "components": components}]);
        }
        let newer = json!({"flags": IS_COMPONENTS_V2, "components": components});
        assert_eq!(parse_message(message(&newer)).unwrap().content, "");
    }
}
