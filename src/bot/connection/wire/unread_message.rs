//! Reads a message that serenity cannot read as a whole: part by part, so
//! that what it can't read costs that part alone (`docs/discord.md` §8.1).

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serenity::all::{ActionRow, Attachment, Embed, Message, MessageSnapshot, StickerItem, User};

/// How deep messages in messages are followed: what is replied to.
const DEPTH_MAX: usize = 1;
/// The largest size that serenity can say.
const BYTES_MAX: u64 = u32::MAX as u64;
/// The fields without which a message says nothing, or says something else.
const ESSENTIAL: [&str; 8] = [
    "id",
    "channel_id",
    "guild_id",
    "author",
    "member",
    "webhook_id",
    "type",
    "timestamp",
];

/// Reads a message, without those of its parts that can't be read. None where
/// it does not say who wrote it and where.
pub fn mend_message(raw: &Value) -> Option<Message> {
    serde_json::from_value(mended(raw, 0)?).ok()
}

fn mended(raw: &Value, depth: usize) -> Option<Value> {
    raw.as_object()?;
    let mut raw = raw.clone();
    mend_parts(&mut raw);
    if let Some(quoted) = raw.get_mut("referenced_message") {
        let read = (depth < DEPTH_MAX).then(|| mended(quoted, depth + 1));
        *quoted = read.flatten().unwrap_or(Value::Null);
    }
    mend_each(&mut raw, "message_snapshots", |snapshot| {
        let mut inner = snapshot.get("message")?.clone();
        inner.as_object()?;
        mend_parts(&mut inner);
        let base = essentials(&inner, &["type", "timestamp"]);
        let read = readable_part::<MessageSnapshot>(&inner, base)?;
        Some(json!({"message": read}))
    });
    let base = essentials(&raw, &ESSENTIAL);
    readable_part::<Message>(&raw, base)
}

/// Mends the lists that messages and snapshots have.
fn mend_parts(message: &mut Value) {
    mend_each(message, "attachments", |file| {
        let mut base = picked(file, &["id", "filename", "size", "url", "proxy_url"]);
        if file["size"].as_u64().is_some_and(|size| size > BYTES_MAX) {
            base["size"] = json!(BYTES_MAX);
        }
        readable_part::<Attachment>(file, base)
    });
    mend_each(message, "embeds", |embed| {
        readable_part::<Embed>(embed, json!({}))
    });
    mend_each(message, "mentions", whole::<User>);
    mend_each(message, "sticker_items", whole::<StickerItem>);
    mend_each(message, "components", whole::<ActionRow>);
}

/// Puts what `mend` makes of each element of a list in its place, or takes the
/// element out.
fn mend_each(object: &mut Value, list: &str, mend: impl Fn(&Value) -> Option<Value>) {
    if let Some(Value::Array(list)) = object.get_mut(list) {
        *list = list.iter().filter_map(mend).collect();
    }
}

/// A value, if it can be read as it is.
fn whole<T: DeserializeOwned>(value: &Value) -> Option<Value> {
    is_readable::<T>(value).then(|| value.clone())
}

/// The fields of a message without which it can't be read, with what stands
/// for nothing where they are missing.
fn essentials(message: &Value, fields: &[&str]) -> Value {
    let mut base = picked(message, fields);
    fill_in(
        &mut base,
        &[
            ("content", json!("")),
            ("tts", json!(false)),
            ("mention_everyone", json!(false)),
            ("pinned", json!(false)),
            ("mentions", json!([])),
            ("mention_roles", json!([])),
            ("attachments", json!([])),
            ("embeds", json!([])),
            ("timestamp", json!("2015-01-01T00:00:00+00:00")),
        ],
    );
    base
}

/// Puts these fields where they are missing.
pub fn fill_in(object: &mut Value, fields: &[(&str, Value)]) {
    let Some(object): Option<&mut Map<String, Value>> = object.as_object_mut() else {
        return;
    };
    for (name, value) in fields {
        if object.get(*name).is_none_or(Value::is_null) {
            object.insert((*name).to_owned(), value.clone());
        }
    }
}

/// The fields of an object with these names.
fn picked(object: &Value, fields: &[&str]) -> Value {
    let there = fields.iter().filter(|name| !object[**name].is_null());
    there
        .map(|name| ((*name).to_owned(), object[*name].clone()))
        .collect()
}

/// Adds to `base` each field of an object with which it can still be read;
/// none if it can't be read without them.
fn readable_part<T: DeserializeOwned>(object: &Value, base: Value) -> Option<Value> {
    if !is_readable::<T>(&base) {
        return None;
    }
    let mut kept = base;
    for (name, value) in object.as_object()? {
        let mut tried = kept.clone();
        tried[name] = value.clone();
        if is_readable::<T>(&tried) {
            kept = tried;
        }
    }
    Some(kept)
}

fn is_readable<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> Value {
        json!({"id": id, "username": "mia", "discriminator": "0", "global_name": "Mia", "avatar": null, "bot": false})
    }

    fn message() -> Value {
        json!({
            "id": "1250000000000000000", "channel_id": "3000", "author": person("42"), "content": "made-up words",
            "timestamp": "2026-11-27T12:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
            "mention_everyone": false, "mentions": [person("7")], "mention_roles": [], "attachments": [],
            "embeds": [], "pinned": false, "type": 0, "flags": 0, "components": [],
        })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut changed = message();
        changed[field] = value;
        changed
    }

    fn file(more: (&str, Value)) -> Value {
        let mut file = json!({"id": "5", "filename": "a.ogg", "size": 12, "url": "https://cdn.discordapp.com/a", "proxy_url": "https://media.discordapp.net/a"});
        file[more.0] = more.1;
        file
    }

    /// What serenity fails on, and what must be left of it.
    #[test]
    fn a_part_that_cannot_be_read_costs_that_part_alone() {
        let embed = json!({"title": "Disk full", "video": {"height": 3}});
        let snapshot = json!([{"message": {"type": 0, "content": "forwarded words"}}]);
        let row = json!([{"type": 1, "components": [{"type": 99}]}]);
        let cases = [
            with("embeds", json!([embed])),
            with("message_snapshots", snapshot),
            with("components", row),
            with(
                "attachments",
                json!([file(("waveform", json!("no base64!")))]),
            ),
            with("attachments", json!([file(("size", json!(5_u64 << 30)))])),
            with(
                "attachments",
                json!([{"id": "6"}, file(("title", json!("a")))]),
            ),
            with("poll", json!({"question": 3})),
            with("mentions", json!([person("7"), {"id": "8"}])),
            with("sticker_items", json!([{"id": "x"}])),
            with("application", json!({"id": "9", "name": "a"})),
            with("timestamp", json!(null)),
            with(
                "referenced_message",
                with("embeds", json!([{"title": "quoted", "video": {}}])),
            ),
        ];
        for raw in cases {
            assert!(
                serde_json::from_value::<Message>(raw.clone()).is_err(),
                "serenity reads it: {raw}"
            );
            let read = mend_message(&raw).unwrap_or_else(|| panic!("{raw}"));
            assert_eq!(
                (
                    read.content.as_str(),
                    read.author.id.get(),
                    read.mentions.len()
                ),
                ("made-up words", 42, 1)
            );
            let has = |field: &str| raw[field].as_array().is_some_and(|it| !it.is_empty());
            assert_eq!(read.attachments.len(), usize::from(has("attachments")));
            assert_eq!(
                read.embeds.first().and_then(|it| it.title.as_deref()),
                has("embeds").then_some("Disk full")
            );
            let forwarded = read.message_snapshots.first().map(|it| it.content.as_str());
            assert_eq!(
                forwarded,
                has("message_snapshots").then_some("forwarded words")
            );
            let quoted = read.referenced_message.map(|it| it.embeds.len());
            assert_eq!(quoted, raw["referenced_message"].is_object().then_some(1));
        }
    }

    #[test]
    fn a_message_of_nobody_is_none() {
        for field in ["id", "channel_id", "author"] {
            assert!(mend_message(&with(field, json!(null))).is_none(), "{field}");
        }
        assert!(mend_message(&with("type", json!(3_000))).is_none());
        assert!(mend_message(&json!([])).is_none());
    }
}
