//! Reads the message by which Discord tells that a poll has ended, and how. Its
//! embed has fields with names of their own: `docs/discord.md` §6.

use serenity::all::{Embed, Message};

use crate::bot::conversation::names::Names;

/// The kind of such a message, which serenity has no name for.
const POLL_RESULT: u8 = 46;
const EMBED: &str = "poll_result";

/// What was asked in a poll that has ended, and which answer won; none where a
/// message is another.
pub fn poll_result(message: &Message, names: &Names) -> Option<String> {
    if u8::from(message.kind) != POLL_RESULT {
        return None;
    }
    let mut embeds = message.embeds.iter();
    let embed = embeds.find(|embed| embed.kind.as_deref() == Some(EMBED))?;
    let question = field(embed, "poll_question_text")?;
    let total = field(embed, "total_votes").unwrap_or("0");
    let emoji = field(embed, "victor_answer_emoji_name");
    let answer = field(embed, "victor_answer_text");
    let winner = [emoji, answer].into_iter().flatten();
    let winner = winner.collect::<Vec<_>>().join(" ");
    let votes = field(embed, "victor_answer_votes").unwrap_or("0");
    let outcome = match (&*winner, total) {
        (_, "0") => "nobody voted".to_owned(),
        ("", _) => format!("a tie, {votes} of {total} votes each"),
        _ => format!("“{winner}” won with {votes} of {total} votes"),
    };
    Some(names.readable(&format!("{question} – {outcome}")))
}

fn field<'a>(embed: &'a Embed, name: &str) -> Option<&'a str> {
    let mut fields = embed.fields.iter();
    let found = fields.find(|field| field.name == name)?;
    Some(found.value.as_str()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::bot::connection::wire::received_message::parse_message;

    fn told(kind: u8, fields: &[(&str, &str)]) -> Option<String> {
        let fields = fields.iter();
        let fields: Vec<Value> = fields
            .map(|(name, value)| json!({"name": name, "value": value, "inline": false}))
            .collect();
        let message = json!({
            "id": "5", "channel_id": "6", "content": "", "timestamp": "2026-01-01T00:00:00Z",
            "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
            "mention_roles": [], "attachments": [], "pinned": false, "type": kind,
            "embeds": [{"type": EMBED, "fields": fields}],
            "author": {"id": "7", "username": "mia", "discriminator": "0", "avatar": null},
        });
        poll_result(&parse_message(message).unwrap(), &Names::default())
    }

    #[test]
    fn a_result_is_told_with_its_question_and_its_winner() {
        let asked = ("poll_question_text", "Where do we eat?");
        for (fields, says) in [
            (
                &[
                    asked,
                    ("victor_answer_votes", "2"),
                    ("total_votes", "3"),
                    ("victor_answer_id", "1"),
                    ("victor_answer_text", "Ramen"),
                ][..],
                "Where do we eat? – “Ramen” won with 2 of 3 votes",
            ),
            (
                &[
                    asked,
                    ("victor_answer_votes", "1"),
                    ("total_votes", "1"),
                    ("victor_answer_id", "1"),
                    ("victor_answer_emoji_name", "🍜"),
                ],
                "Where do we eat? – “🍜” won with 1 of 1 votes",
            ),
            (
                &[asked, ("victor_answer_votes", "2"), ("total_votes", "4")],
                "Where do we eat? – a tie, 2 of 4 votes each",
            ),
            (
                &[asked, ("victor_answer_votes", "0"), ("total_votes", "0")],
                "Where do we eat? – nobody voted",
            ),
        ] {
            assert_eq!(told(POLL_RESULT, fields).as_deref(), Some(says));
            assert_eq!(told(0, fields), None);
        }
        assert_eq!(told(POLL_RESULT, &[]), None);
    }
}
