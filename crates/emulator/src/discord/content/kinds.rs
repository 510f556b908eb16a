//! The kinds of messages beside plain ones: notices of every type, forwards,
//! polls, stickers, embeds, messages of webhooks, and threads with what
//! Discord puts into them.
//!
//! Shapes: <https://github.com/discord/discord-api-docs/blob/main/developers/resources/message.mdx>

use serde_json::{Value, json};

use super::components::IS_COMPONENTS_V2;
use super::message_payload::{self, is_notice};
use crate::discord::events::{announce_channel, announce_message};
use crate::discord::people::actions::NewMessage;
use crate::world::{Channel, ChannelRules, Message, State, Webhook, World};

/// The flag of a message that forwards another.
const HAS_SNAPSHOT: u64 = 1 << 14;
const PINNED: u8 = 6;
const THREAD_CREATED: u8 = 18;
const THREAD_STARTER: u8 = 21;
const POLL_RESULT: u8 = 46;

/// A type of notice that Discord writes in somebody's name.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    pub kind: u8,
    pub name: &'static str,
    /// What stands as its content, mostly nothing.
    pub content: &'static str,
}

const fn notice(kind: u8, name: &'static str, content: &'static str) -> Notice {
    Notice {
        kind,
        name,
        content,
    }
}

/// Every type of notice that Discord documents.
pub const NOTICES: &[Notice] = &[
    notice(1, "RECIPIENT_ADD", ""),
    notice(2, "RECIPIENT_REMOVE", ""),
    notice(3, "CALL", ""),
    notice(4, "CHANNEL_NAME_CHANGE", "the new name"),
    notice(5, "CHANNEL_ICON_CHANGE", ""),
    notice(PINNED, "CHANNEL_PINNED_MESSAGE", ""),
    notice(7, "USER_JOIN", ""),
    notice(8, "GUILD_BOOST", "2"),
    notice(9, "GUILD_BOOST_TIER_1", "2"),
    notice(10, "GUILD_BOOST_TIER_2", "2"),
    notice(11, "GUILD_BOOST_TIER_3", "2"),
    notice(12, "CHANNEL_FOLLOW_ADD", "a followed channel"),
    notice(14, "GUILD_DISCOVERY_DISQUALIFIED", ""),
    notice(15, "GUILD_DISCOVERY_REQUALIFIED", ""),
    notice(16, "GUILD_DISCOVERY_GRACE_PERIOD_INITIAL_WARNING", ""),
    notice(17, "GUILD_DISCOVERY_GRACE_PERIOD_FINAL_WARNING", ""),
    notice(THREAD_CREATED, "THREAD_CREATED", "a thread's name"),
    notice(THREAD_STARTER, "THREAD_STARTER_MESSAGE", ""),
    notice(22, "GUILD_INVITE_REMINDER", ""),
    notice(24, "AUTO_MODERATION_ACTION", ""),
    notice(25, "ROLE_SUBSCRIPTION_PURCHASE", ""),
    notice(26, "INTERACTION_PREMIUM_UPSELL", "an offer of Discord's"),
    notice(27, "STAGE_START", "a topic"),
    notice(28, "STAGE_END", "a topic"),
    notice(29, "STAGE_SPEAKER", ""),
    notice(31, "STAGE_TOPIC", "a topic"),
    notice(32, "GUILD_APPLICATION_PREMIUM_SUBSCRIPTION", ""),
    notice(
        36,
        "GUILD_INCIDENT_ALERT_MODE_ENABLED",
        "2026-11-28T00:00:00.000000+00:00",
    ),
    notice(37, "GUILD_INCIDENT_ALERT_MODE_DISABLED", ""),
    notice(38, "GUILD_INCIDENT_REPORT_RAID", ""),
    notice(39, "GUILD_INCIDENT_REPORT_FALSE_ALARM", ""),
    notice(44, "PURCHASE_NOTIFICATION", ""),
    notice(POLL_RESULT, "POLL_RESULT", ""),
    // In Discord's description of its API, and not in its documentation.
    notice(55, "HD_STREAMING_UPGRADED", ""),
    // One that nobody has heard of yet: Discord adds types.
    notice(200, "UNKNOWN", "words of a notice to come"),
];

impl World {
    /// Discord writes a notice in somebody's name, about a message where its
    /// type is about one.
    pub fn post_notice(&self, notice: Notice, person: u64, place: (u64, Option<u64>)) -> u64 {
        let (channel, about) = place;
        self.with(|state| {
            let mut message = Message {
                channel,
                author: Some(person),
                content: notice.content.to_owned(),
                kind: Some(notice.kind),
                reference: about.filter(|_| notice.kind == THREAD_STARTER),
                ..Message::default()
            };
            message.fields = notice_fields(state, &message, about);
            state.post_kind(message)
        })
    }

    /// Somebody forwards a message into a channel. Discord refuses to forward
    /// notices and polls.
    pub fn forward(&self, person: u64, channel: u64, original: u64) -> Result<u64, &'static str> {
        self.with(|state| {
            let found = state
                .message(original)
                .ok_or("the message is gone")?
                .clone();
            if is_notice(&found) || !found.fields["poll"].is_null() {
                return Err("Discord forwards no notices and no polls");
            }
            let message = Message {
                channel,
                author: Some(person),
                fields: forward_fields(state, &found),
                ..Message::default()
            };
            Ok(state.post_kind(message))
        })
    }

    /// A webhook posts a message with these further fields.
    pub fn post_as_webhook(
        &self,
        webhook: Webhook,
        channel: u64,
        text: &str,
        fields: Value,
    ) -> u64 {
        self.with(|state| {
            state.post_kind(Message {
                channel,
                content: text.to_owned(),
                webhook: Some(webhook),
                fields,
                ..Message::default()
            })
        })
    }

    /// A poll ends: Discord says so in the name of whoever asked.
    pub fn end_poll(&self, poll: u64) -> Option<u64> {
        let (author, channel) = self.look(|state| {
            let found = state.messages.iter().find(|m| m.id == poll)?;
            Some((found.author?, found.channel))
        })?;
        let result = NOTICES.iter().find(|notice| notice.kind == POLL_RESULT)?;
        Some(self.post_notice(*result, author, (channel, Some(poll))))
    }

    /// Somebody opens a thread under a message, whose id Discord gives it.
    /// The thread begins with a notice that stands for the message, and the
    /// channel gets a notice of the thread.
    pub fn open_thread(&self, message: u64, name: &str) -> Option<u64> {
        self.with(|state| {
            let starter = state.message(message)?.clone();
            let server = state
                .channels
                .iter()
                .find(|c| c.id == starter.channel)?
                .server;
            state
                .channels
                .push(thread(message, name, server, starter.channel));
            announce_channel(state, "THREAD_CREATE", message);
            state.post_kind(Message {
                channel: message,
                author: starter.author,
                webhook: starter.webhook.clone(),
                kind: Some(THREAD_STARTER),
                reference: Some(message),
                ..Message::default()
            });
            let guild = server.map(|id| id.to_string());
            let about = json!({"type": 0, "channel_id": message.to_string(), "guild_id": guild});
            state.post_kind(Message {
                channel: starter.channel,
                author: starter.author,
                content: name.to_owned(),
                kind: Some(THREAD_CREATED),
                fields: json!({"message_reference": about}),
                ..Message::default()
            });
            Some(message)
        })
    }

    /// Somebody posts in a forum: a thread whose first message has its id
    /// and stands in the thread itself.
    pub fn open_post(&self, person: u64, forum: u64, name: &str, text: &str) -> Option<u64> {
        self.with(|state| {
            let server = state.channels.iter().find(|c| c.id == forum)?.server;
            let id = state.snowflake();
            state.channels.push(thread(id, name, server, forum));
            announce_channel(state, "THREAD_CREATE", id);
            state.post_kind(Message {
                id,
                channel: id,
                author: Some(person),
                content: text.to_owned(),
                ..Message::default()
            });
            Some(id)
        })
    }

    /// The gateway delivers the event of a message again, as it does now and
    /// then around a RESUME. <https://github.com/chenhg5/cc-connect/issues/122>
    pub fn deliver_again(&self, message: u64) {
        self.with(|state| announce_message(state, "MESSAGE_CREATE", message));
    }

    /// Something about a message changes that nobody wrote, such as a preview
    /// of a link: the same event as an edit, with the old time of editing.
    /// <https://github.com/discord/discord-api-docs/issues/5406>
    pub fn refresh(&self, message: u64) {
        self.with(|state| announce_message(state, "MESSAGE_UPDATE", message));
    }
}

impl State {
    /// Adds a message with a fresh id unless it has one, and tells the bot.
    pub fn post_kind(&mut self, mut message: Message) -> u64 {
        self.forget_old();
        if message.id == 0 {
            message.id = self.snowflake();
        }
        if message.components.is_null() {
            message.components = json!([]);
        }
        let id = message.id;
        self.messages.push(message);
        announce_message(self, "MESSAGE_CREATE", id);
        id
    }
}

impl NewMessage<'_> {
    /// The fields of a message that carries one embed.
    pub fn embed(embed: &Value) -> Value {
        json!({"embeds": [embed]})
    }

    /// The fields of a poll, as somebody who asks it makes it.
    pub fn poll(question: &str, answers: &[&str]) -> Value {
        let answers: Vec<Value> = answers
            .iter()
            .zip(1..)
            .map(|(text, id)| json!({"answer_id": id, "poll_media": {"text": text}}))
            .collect();
        json!({"poll": {
            "question": {"text": question}, "answers": answers, "allow_multiselect": false,
            "expiry": "2026-12-01T00:00:00.000000+00:00", "layout_type": 1,
        }})
    }

    /// The fields of a message with a sticker.
    pub fn sticker(name: &str) -> Value {
        json!({"sticker_items": [{"id": "55", "name": name, "format_type": 1}]})
    }

    /// The fields of a message whose text stands in components.
    pub fn components(components: &Value) -> Value {
        json!({"flags": IS_COMPONENTS_V2, "components": components})
    }
}

fn thread(id: u64, name: &str, server: Option<u64>, parent: u64) -> Channel {
    Channel {
        id,
        name: name.to_owned(),
        server,
        person: None,
        parent: Some(parent),
        rules: ChannelRules::default(),
    }
}

/// What a forward holds: where the original stands, and a snapshot of it
/// that names nobody.
fn forward_fields(state: &State, original: &Message) -> Value {
    const KEPT: [&str; 10] = [
        "type",
        "content",
        "embeds",
        "attachments",
        "timestamp",
        "edited_timestamp",
        "flags",
        "mentions",
        "mention_roles",
        "components",
    ];
    let shown = message_payload::message(state, original);
    let mut snapshot = json!({});
    for field in KEPT {
        snapshot[field] = shown[field].clone();
    }
    if !shown["sticker_items"].is_null() {
        snapshot["sticker_items"] = shown["sticker_items"].clone();
    }
    json!({
        "flags": HAS_SNAPSHOT,
        "message_reference": {
            "type": 1, "message_id": original.id.to_string(),
            "channel_id": original.channel.to_string(),
        },
        "message_snapshots": [{"message": snapshot}],
    })
}

/// What a notice carries beside its content.
fn notice_fields(state: &State, notice: &Message, about: Option<u64>) -> Value {
    let channel = notice.channel.to_string();
    let user = state.people.iter().find(|p| Some(p.id) == notice.author);
    let user = user.map(crate::discord::payload::user);
    let pointer = |message: Option<u64>| {
        json!({"message_reference": {
            "type": 0, "channel_id": channel, "message_id": message.map(|id| id.to_string()),
        }})
    };
    match notice.kind.unwrap_or(0) {
        1 | 2 => json!({"mentions": [user]}),
        PINNED => pointer(about),
        12 | THREAD_CREATED => json!({"message_reference": {"type": 0, "channel_id": channel}}),
        24 => NewMessage::embed(&json!({
            "type": "auto_moderation_message", "description": "what was blocked",
            "fields": [{"name": "rule_name", "value": "no shouting", "inline": false}],
        })),
        25 => json!({"role_subscription_data": {
            "role_subscription_listing_id": "1", "tier_name": "gold",
            "total_months_subscribed": 2, "is_renewal": true,
        }}),
        POLL_RESULT => {
            let mut fields = pointer(about);
            fields["embeds"] = json!([{"type": "poll_result", "fields": [
                {"name": "poll_question_text", "value": "a poll's question", "inline": false},
                {"name": "victor_answer_votes", "value": "2", "inline": false},
                {"name": "total_votes", "value": "3", "inline": false},
                {"name": "victor_answer_id", "value": "1", "inline": false},
                {"name": "victor_answer_text", "value": "its first answer", "inline": false},
                {"name": "victor_answer_emoji_name", "value": "🍜", "inline": false},
            ]}]);
            fields["mentions"] = json!([user]);
            fields
        }
        _ => json!({}),
    }
}
