//! What a message says, in words: the one place that decides it, for
//! conversations, chains of replies, commands on messages and summaries.
//!
//! ```text
//! What the person wrote, with names in the place of ids.
//! [forwarded from somebody else:]
//! > What is forwarded.
//! [embed:]
//! > Title, description, fields.
//! [poll: the question]
//! > 1. an answer (3 votes)
//! [sticker: its name]
//! ```
//!
//! Shapes: `docs/discord.md` §6.

use std::fmt::Write as _;

use serenity::all::{
    Attachment, Embed, Message, MessageId, MessageReferenceKind, MessageSnapshot, MessageType,
    Poll, PollMediaEmoji, StickerItem,
};

use crate::bot::conversation::names::Names;

/// Discord's kinds of embeds that show what a link leads to. All others were
/// made by whoever posted the message.
const PREVIEWS: [&str; 5] = ["link", "article", "video", "image", "gifv"];

/// Stands for what is forwarded where Discord shows nothing of it.
const EMPTY_FORWARD: &str = "[forwarded from somebody else, and can't be told in words]";
/// Stands for a picture in an embed.
const EMBEDDED_PICTURE: &str = "[picture, which you can't see]";

/// Whether a message is somebody's words, and not a notice of Discord's.
pub fn is_words(message: &Message) -> bool {
    matches!(
        message.kind,
        MessageType::Regular
            | MessageType::InlineReply
            | MessageType::ChatInputCommand
            | MessageType::ContextMenuCommand
    )
}

/// The message that one stands for: itself, or the one that a thread was
/// opened under. None for notices.
pub fn words_of(message: &Message) -> Option<&Message> {
    match message.kind {
        MessageType::ThreadStarterMessage => message.referenced_message.as_deref(),
        _ => Some(message).filter(|message| is_words(message)),
    }
}

/// Whether nothing at all of what a message says has come along.
pub fn says_nothing(message: &Message) -> bool {
    message.content.is_empty()
        && message.attachments.is_empty()
        && message.embeds.is_empty()
        && message.sticker_items.is_empty()
        && message.poll.is_none()
        && message.message_snapshots.iter().all(is_empty_snapshot)
}

fn is_empty_snapshot(snapshot: &MessageSnapshot) -> bool {
    snapshot.content.is_empty()
        && snapshot.attachments.is_empty()
        && snapshot.embeds.is_empty()
        && snapshot.sticker_items.is_empty()
}

/// Whether a message forwards another.
pub fn is_forward(message: &Message) -> bool {
    let reference = message.message_reference.as_ref();
    reference.is_some_and(|it| it.kind == MessageReferenceKind::Forward)
}

/// The message that one replies to, in the same channel.
pub fn replied_to(message: &Message) -> Option<u64> {
    let reference = message.message_reference.as_ref()?;
    let here = reference.channel_id == message.channel_id && !is_forward(message);
    reference.message_id.filter(|_| here).map(MessageId::get)
}

/// The files of a message, and of what it forwards.
pub fn files_of(message: &Message) -> impl Iterator<Item = &Attachment> {
    let forwarded = message.message_snapshots.iter();
    let forwarded = forwarded.flat_map(|snapshot| &snapshot.attachments);
    message.attachments.iter().chain(forwarded)
}

/// What a message says, without its files.
pub fn message_text(message: &Message, names: &Names) -> String {
    let mut parts = vec![names.readable(&message.content).trim().to_owned()];
    for snapshot in &message.message_snapshots {
        // Whose words they are is not told, so they are nobody's here.
        let said = said_in(snapshot, names);
        parts.push(if said.is_empty() {
            EMPTY_FORWARD.to_owned()
        } else {
            quote("forwarded from somebody else", &said)
        });
    }
    parts.extend(message.embeds.iter().map(|it| embed_text(it, names)));
    parts.extend(message.poll.as_deref().map(|poll| poll_text(poll, names)));
    parts.extend(message.sticker_items.iter().map(sticker_text));
    join(parts)
}

fn said_in(snapshot: &MessageSnapshot, names: &Names) -> String {
    let mut parts = vec![names.readable(&snapshot.content).trim().to_owned()];
    parts.extend(snapshot.embeds.iter().map(|it| embed_text(it, names)));
    parts.extend(snapshot.sticker_items.iter().map(sticker_text));
    let files = snapshot.attachments.iter();
    parts.extend(files.map(|file| format!("[file: {}]", file.filename)));
    join(parts)
}

fn join(mut parts: Vec<String>) -> String {
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// Quotes what somebody else said, under what it is.
fn quote(what: &str, text: &str) -> String {
    let mut quoted = format!("[{what}:]");
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let _ = write!(quoted, "\n> {line}");
    }
    quoted
}

/// The names of pictures in embeds, which nobody shows to a model, where a
/// message says nothing else.
pub fn only_embedded_pictures(message: &Message, names: &Names) -> Vec<String> {
    let snapshots = &message.message_snapshots;
    let is_blank = |text: &str| names.readable(text).trim().is_empty();
    let forwarded = snapshots.iter().flat_map(|snapshot| &snapshot.embeds);
    let mut embeds = message.embeds.iter().chain(forwarded);
    let says_nothing_else = is_blank(&message.content)
        && message.poll.is_none()
        && message.sticker_items.is_empty()
        && snapshots
            .iter()
            .all(|it| is_blank(&it.content) && it.sticker_items.is_empty())
        && embeds.clone().all(|it| embed_words(it, names).is_empty());
    if says_nothing_else {
        embeds.by_ref().filter_map(picture_name).collect()
    } else {
        Vec::new()
    }
}

/// The name of an embed's picture, as its address has it.
fn picture_name(embed: &Embed) -> Option<String> {
    let image = embed.image.as_ref().map(|image| image.url.as_str());
    let thumbnail = embed.thumbnail.as_ref().map(|it| it.url.as_str());
    let url = image.or(thumbnail).or(embed.url.as_deref())?;
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = if name.is_empty() { "picture" } else { name };
    Some(name.to_owned())
}

/// What an embed says in words, line by line.
fn embed_words(embed: &Embed, names: &Names) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut add = |text: Option<&str>| {
        let text = text.map(|text| names.readable(text).trim().to_owned());
        lines.extend(text.filter(|text| !text.is_empty()));
    };
    add(embed.author.as_ref().map(|author| author.name.as_str()));
    add(embed.title.as_deref());
    add(embed.description.as_deref());
    for field in &embed.fields {
        add(Some(&format!("{}: {}", field.name, field.value)));
    }
    add(embed.footer.as_ref().map(|footer| footer.text.as_str()));
    lines
}

fn embed_text(embed: &Embed, names: &Names) -> String {
    let kind = embed.kind.as_deref().unwrap_or("rich");
    let mut lines = embed_words(embed, names);
    let is_preview = PREVIEWS.contains(&kind);
    // A preview with words shows its picture beside them.
    if (embed.image.is_some() || embed.thumbnail.is_some() || is_preview)
        && (lines.is_empty() || !is_preview)
    {
        lines.push(EMBEDDED_PICTURE.to_owned());
    }
    if !is_preview {
        lines.extend(embed.url.clone());
        return quote_some("embed", &lines);
    }
    let url = embed.url.as_deref().unwrap_or("a link");
    quote_some(&format!("what {url} leads to"), &lines)
}

/// Quotes lines, if there are any.
fn quote_some(what: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    quote(what, &lines.join("\n"))
}

fn poll_text(poll: &Poll, names: &Names) -> String {
    let question = poll.question.text.as_deref().unwrap_or_default();
    let results = poll.results.as_ref();
    let counts = results.map(|results| &results.answer_counts);
    let mut lines = Vec::new();
    for (answer, number) in poll.answers.iter().zip(1..) {
        let text = answer.poll_media.text.as_deref().unwrap_or_default();
        let text = match &answer.poll_media.emoji {
            Some(PollMediaEmoji::Name(emoji)) if text.is_empty() => emoji.clone(),
            Some(PollMediaEmoji::Name(emoji)) => format!("{emoji} {text}"),
            _ => text.to_owned(),
        };
        let votes = counts.map(|counts| {
            let own = counts.iter().find(|count| count.id == answer.answer_id);
            own.map_or(0, |count| count.count)
        });
        let votes = votes.map_or(String::new(), |votes| match votes {
            1 => " (1 vote)".to_owned(),
            votes => format!(" ({votes} votes)"),
        });
        lines.push(format!("{number}. {}{votes}", names.readable(&text)));
    }
    if poll.allow_multiselect {
        lines.push("(several answers may be chosen)".to_owned());
    }
    if results.is_some_and(|results| results.is_finalized) {
        lines.push("(the poll has ended)".to_owned());
    }
    let title = format!("poll: {}", names.readable(question));
    let mut text = format!("[{title}]");
    for line in lines {
        let _ = write!(text, "\n> {line}");
    }
    text
}

fn sticker_text(sticker: &StickerItem) -> String {
    format!("[sticker: {}]", sticker.name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::bot::connection::wire::received_message::parse_message;

    fn message(more: Value) -> Message {
        let mut message = json!({
            "id": "5", "channel_id": "6", "content": "", "timestamp": "2026-01-01T00:00:00Z",
            "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
            "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0,
            "author": {"id": "7", "username": "mia", "discriminator": "0", "avatar": null},
        });
        if let Value::Object(more) = more {
            message.as_object_mut().unwrap().extend(more);
        }
        parse_message(message).unwrap()
    }

    fn text(more: Value) -> String {
        message_text(&message(more), &Names::default())
    }

    #[test]
    fn an_embed_is_told_with_all_that_it_says() {
        let embed = json!({"type": "rich", "title": "Disk full", "description": "97 % used\n\nnow",
            "author": {"name": "Alarms"}, "fields": [{"name": "Host", "value": "db-3"}],
            "footer": {"text": "since noon"}, "image": {"url": "https://a.example/x.png"},
            "url": "https://a.example"});
        insta::assert_snapshot!(text(json!({"content": "look", "embeds": [embed]})), @"
        look
        [embed:]
        > Alarms
        > Disk full
        > 97 % used
        > now
        > Host: db-3
        > since noon
        > [picture, which you can't see]
        > https://a.example
        ");
        let preview = json!({"type": "article", "title": "News", "url": "https://b.example"});
        insta::assert_snapshot!(text(json!({"content": "https://b.example", "embeds": [preview]})), @"
        https://b.example
        [what https://b.example leads to:]
        > News
        ");
        let picture = json!({"type": "image", "url": "https://b.example/x.png"});
        insta::assert_snapshot!(text(json!({"content": "x", "embeds": [picture]})), @"
        x
        [what https://b.example/x.png leads to:]
        > [picture, which you can't see]
        ");
    }

    #[test]
    fn pictures_in_embeds_are_named_where_they_are_all_there_is() {
        let only = |more: Value| only_embedded_pictures(&message(more), &Names::default());
        let chart = json!({"type": "rich", "image": {"url": "https://b.example/a/chart.png?x=1"}});
        let preview = json!({"type": "image", "url": "https://b.example/cat.gif"});
        let titled =
            json!({"type": "rich", "title": "Sales", "image": {"url": "https://b.example"}});
        let snapshot = |embeds: &Value| {
            json!({"message": {"type": 0, "content": "", "mentions": [],
            "embeds": [embeds], "attachments": [], "timestamp": "2026-01-01T00:00:00Z",
            "edited_timestamp": null}})
        };
        assert_eq!(
            only(json!({"embeds": [chart, preview]})),
            ["chart.png", "cat.gif"]
        );
        assert_eq!(
            only(json!({"message_snapshots": [snapshot(&chart)]})),
            ["chart.png"]
        );
        for more in [
            json!({"embeds": [chart, titled]}),
            json!({"embeds": [chart], "content": "why?"}),
            json!({"message_snapshots": [snapshot(&titled)]}),
            json!({}),
        ] {
            assert!(only(more).is_empty());
        }
    }

    #[test]
    fn polls_are_told_with_what_is_known_of_their_votes() {
        let poll = |results: Value| {
            json!({"poll": {"question": {"text": "Where?"}, "allow_multiselect": true,
                "expiry": null, "layout_type": 1, "results": results, "answers": [
                    {"answer_id": 1, "poll_media": {"text": "Ramen", "emoji": {"id": null, "name": "🍜"}}},
                    {"answer_id": 2, "poll_media": {"text": "Tacos"}}]}})
        };
        let counts = [json!({"id": 2, "count": 1, "me_voted": false})];
        insta::assert_snapshot!(text(poll(json!({"is_finalized": true, "answer_counts": counts}))), @"
        [poll: Where?]
        > 1. 🍜 Ramen (0 votes)
        > 2. Tacos (1 vote)
        > (several answers may be chosen)
        > (the poll has ended)
        ");
        // No results are unknown results, and not none.
        assert!(!text(poll(Value::Null)).contains("votes"));
    }

    #[test]
    fn a_forward_is_nobodys_words() {
        let snapshot = json!({"type": 0, "content": "to\nyou", "mentions": [], "embeds": [],
            "attachments": [], "timestamp": "2026-01-01T00:00:00Z", "edited_timestamp": null,
            "sticker_items": [{"id": "1", "name": "Wave", "format_type": 1}]});
        let forward = json!({"message_snapshots": [{"message": snapshot}],
            "message_reference": {"type": 1, "channel_id": "8", "message_id": "9"}});
        insta::assert_snapshot!(text(forward.clone()), @"
        [forwarded from somebody else:]
        > to
        > you
        > [sticker: Wave]
        ");
        assert!(is_forward(&message(forward)));
        let empty = json!({"type": 0, "content": "", "mentions": [], "embeds": [], "attachments": [],
            "timestamp": "2026-01-01T00:00:00Z", "edited_timestamp": null});
        let forward = json!({"message_snapshots": [{"message": empty}]});
        assert_eq!(text(forward), EMPTY_FORWARD);
    }

    #[test]
    fn what_says_nothing_is_known() {
        assert!(says_nothing(&message(json!({}))));
        let sticker = json!({"sticker_items": [{"id": "1", "name": "Wave", "format_type": 1}]});
        assert!(!says_nothing(&message(sticker)));
        assert!(!is_words(&message(json!({"type": 6}))));
        assert!(!is_words(&message(json!({"type": 200}))));
        assert!(words_of(&message(json!({"type": 21}))).is_none());
    }
}
