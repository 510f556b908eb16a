//! What people do in Discord, as methods of the world: they type commands,
//! complete options, send forms, press buttons and write messages. And what
//! happens to servers and connections.

use serde_json::{Value, json};

use super::command_line::parse_command;
use crate::discord::events::{announce_message, remove_message};
use crate::discord::forms::Filled;
use crate::discord::payload;
use crate::world::{Attachment, Interaction, InteractionKind, Message, State, World};

/// A message that somebody writes.
#[derive(Default)]
pub struct NewMessage<'a> {
    pub person: u64,
    pub channel: u64,
    pub text: &'a str,
    /// The message that this one answers.
    pub reply_to: Option<u64>,
    pub files: Vec<Attachment>,
    /// Whether the author of the message that this one answers is pinged.
    pub pings: bool,
    /// Further fields of Discord's message object, such as a poll.
    pub fields: Value,
}

/// An interaction that somebody begins.
struct NewInteraction<'a> {
    kind: InteractionKind,
    person: u64,
    channel: u64,
    /// The command line, as it was typed; empty for forms and buttons.
    typed: &'a str,
    data: &'a Value,
    /// The message that it belongs to.
    message: Option<u64>,
}

impl World {
    /// Somebody runs a command. Returns the id of the interaction.
    pub fn run(&self, person: u64, channel: u64, typed: &str) -> Result<u64, String> {
        self.with(|state| {
            let data = parse_command(state, typed, None)?;
            check_offered(state, channel, &data)?;
            Ok(state.interact(&NewInteraction {
                kind: InteractionKind::Command,
                person,
                channel,
                typed,
                data: &data,
                message: None,
            }))
        })
    }

    /// Somebody types the value of an option, for which their client asks the bot
    /// for completions.
    pub fn complete(
        &self,
        person: u64,
        channel: u64,
        typed: &str,
        option: &str,
    ) -> Result<u64, String> {
        self.with(|state| {
            let data = parse_command(state, typed, Some(option))?;
            Ok(state.interact(&NewInteraction {
                kind: InteractionKind::Autocomplete,
                person,
                channel,
                typed,
                data: &data,
                message: None,
            }))
        })
    }

    /// Somebody sends a form, with what they typed and chose by field.
    pub fn submit(
        &self,
        person: u64,
        channel: u64,
        custom_id: &str,
        filled: &[(&str, &str)],
    ) -> u64 {
        self.with(|state| {
            let form = state.find_form(custom_id);
            let data = Filled(filled).data(state, custom_id, form.as_ref());
            state.send_form(person, channel, &data)
        })
    }

    /// The same in the older form, where each field stands in a row.
    pub fn submit_in_rows(
        &self,
        person: u64,
        channel: u64,
        custom_id: &str,
        typed: &[(&str, &str)],
    ) -> u64 {
        let row = |(field, value): &(&str, &str)| json!({"type": 1, "components": [{"type": 4, "custom_id": field, "value": value}]});
        let rows: Vec<Value> = typed.iter().map(row).collect();
        let data = json!({"custom_id": custom_id, "components": rows});
        self.with(|state| state.send_form(person, channel, &data))
    }

    /// Somebody closes a form without sending it.
    pub fn dismiss(&self, interaction: u64) {
        self.with(|state| {
            for open in state
                .interactions
                .iter_mut()
                .filter(|i| i.id == interaction)
            {
                open.modal = None;
            }
        });
    }

    /// Somebody presses a button under a message.
    pub fn press(&self, person: u64, message: u64, custom_id: &str) -> Option<u64> {
        self.with(|state| {
            let found = state.message(message)?.clone();
            let data = json!({"custom_id": custom_id, "component_type": 2});
            Some(state.interact(&NewInteraction {
                kind: InteractionKind::Component,
                person,
                channel: found.channel,
                typed: "",
                data: &data,
                message: Some(message),
            }))
        })
    }

    /// Posts a message of somebody's and tells the bot of it.
    pub fn post(&self, new: NewMessage<'_>) -> u64 {
        let NewMessage {
            person,
            channel,
            text,
            reply_to,
            files,
            pings,
            fields,
        } = new;
        self.with(|state| {
            state.post_kind(Message {
                channel,
                author: Some(person),
                content: text.to_owned(),
                files,
                reference: reply_to,
                pings,
                fields,
                ..Message::default()
            })
        })
    }

    /// Somebody changes what they wrote.
    pub fn edit_message(&self, message: u64, text: &str) {
        self.with(|state| {
            if let Some(found) = state.message(message) {
                text.clone_into(&mut found.content);
                found.edits += 1;
            }
            announce_message(state, "MESSAGE_UPDATE", message);
        });
    }

    /// Somebody deletes a message: their own, or as a moderator anybody's.
    pub fn delete_message(&self, message: u64) {
        self.with(|state| remove_message(state, message));
    }

    /// A moderator deletes messages of one channel at once.
    pub fn delete_messages(&self, channel: u64, messages: &[u64]) {
        self.with(|state| {
            state.messages.retain(|m| !messages.contains(&m.id));
            let server = state.channels.iter().find(|c| c.id == channel);
            let server = server.and_then(|c| c.server);
            let ids: Vec<String> = messages.iter().map(u64::to_string).collect();
            let gone = json!({"ids": ids, "channel_id": channel.to_string(),
                "guild_id": server.map(|id| id.to_string())});
            state.emit(server, "MESSAGE_DELETE_BULK", &gone);
        });
    }

    /// A manager deletes a thread with everything in it.
    pub fn delete_thread(&self, thread: u64) {
        self.with(|state| {
            let Some(found) = state.channels.iter().find(|c| c.id == thread).cloned() else {
                return;
            };
            state.channels.retain(|c| c.id != thread);
            state.messages.retain(|m| m.channel != thread);
            let gone = json!({"id": thread.to_string(), "type": 11,
                "guild_id": found.server.map(|id| id.to_string()),
                "parent_id": found.parent.map(|id| id.to_string())});
            state.emit(found.server, "THREAD_DELETE", &gone);
        });
    }

    /// Somebody right-clicks a message and chooses an app's command.
    pub fn right_click(&self, person: u64, message: u64, command: &str) -> Result<u64, String> {
        self.with(|state| {
            let found = state
                .message(message)
                .cloned()
                .ok_or("the message is gone")?;
            let all = state.commands.as_array().into_iter().flatten();
            let known = all
                .filter(|it| it["type"] == 3)
                .find(|it| it["name"] == command);
            let known = known.ok_or(format!("there is no command {command}"))?;
            let shown = payload::message(state, &found);
            let data = json!({
                "id": known["id"], "name": command, "type": 3, "target_id": message.to_string(),
                "resolved": {"messages": {message.to_string(): shown}},
            });
            let line = format!("{command} (message)");
            Ok(state.interact(&NewInteraction {
                kind: InteractionKind::Command,
                person,
                channel: found.channel,
                typed: &line,
                data: &data,
                message: None,
            }))
        })
    }

    /// Somebody picks from a menu under a message.
    pub fn pick(&self, person: u64, message: u64, custom_id: &str, value: &str) -> Option<u64> {
        self.with(|state| {
            let found = state.message(message)?.clone();
            let data = json!({"custom_id": custom_id, "component_type": 3, "values": [value]});
            let kind = InteractionKind::Component;
            Some(state.interact(&NewInteraction {
                kind,
                person,
                channel: found.channel,
                typed: "",
                data: &data,
                message: Some(message),
            }))
        })
    }

    /// A server removes the bot; or, with `outage`, is unavailable.
    pub fn remove_bot(&self, server: u64, outage: bool) {
        self.with(|state| {
            if let Some(found) = state.servers.iter_mut().find(|s| s.id == server) {
                found.installed = outage;
            }
            let mut gone = json!({"id": server.to_string()});
            if outage {
                gone["unavailable"] = json!(true);
            }
            state.emit(Some(server), "GUILD_DELETE", &gone);
        });
    }

    /// A server adds the bot at a time, such as `2026-01-01T00:00:00+00:00`.
    pub fn add_bot_at(&self, server: u64, joined_at: &str) {
        self.with(|state| {
            if let Some(found) = state.servers.iter_mut().find(|s| s.id == server) {
                joined_at.clone_into(&mut found.joined_at);
            }
        });
        self.add_bot(server);
    }

    /// A server has the bot as before, or is available again after an outage.
    pub fn add_bot(&self, server: u64) {
        self.with(|state| {
            if let Some(found) = state.servers.iter_mut().find(|s| s.id == server) {
                found.installed = true;
            }
            let found = state.servers.iter().find(|s| s.id == server);
            let Some(here) = found.map(|s| payload::guild(state, s)) else {
                return;
            };
            state.emit(Some(server), "GUILD_CREATE", &here);
        });
    }
}

/// Refuses a command that Discord's client does not offer in a channel: those
/// for adults are offered in age-restricted channels and direct messages.
fn check_offered(state: &State, channel: u64, data: &Value) -> Result<(), String> {
    let all = state.commands.as_array().into_iter().flatten();
    let is_for_adults = all
        .filter(|command| command["name"] == data["name"])
        .any(|command| command["nsfw"] == true);
    let find = |id: u64| state.channels.iter().find(|c| c.id == id);
    let here = find(channel);
    // A thread is as its channel is.
    let here = here.and_then(|c| c.parent).and_then(find).or(here);
    let is_open = here.is_some_and(|c| c.server.is_none() || payload::is_age_restricted(c));
    if is_for_adults && !is_open {
        return Err("this command is for age-restricted channels".into());
    }
    Ok(())
}

impl State {
    /// The form of an id that somebody has open.
    fn find_form(&self, custom_id: &str) -> Option<Value> {
        let forms = self.interactions.iter().filter_map(|it| it.modal.as_ref());
        forms
            .rev()
            .find(|form| form["custom_id"] == custom_id)
            .cloned()
    }

    /// Tells the bot of a form, which is closed with that.
    fn send_form(&mut self, person: u64, channel: u64, data: &Value) -> u64 {
        let mut message = None;
        for interaction in &mut self.interactions {
            let is_it = |form: &Value| form["custom_id"] == data["custom_id"];
            if interaction.modal.as_ref().is_some_and(is_it) {
                interaction.modal = None;
                // A form that a button opened belongs to the button's message.
                message = interaction
                    .original
                    .filter(|_| interaction.kind == InteractionKind::Component);
            }
        }
        self.interact(&NewInteraction {
            kind: InteractionKind::ModalSubmit,
            person,
            channel,
            typed: "",
            data,
            message,
        })
    }

    /// Tells the bot of an interaction. Returns its id.
    fn interact(&mut self, new: &NewInteraction<'_>) -> u64 {
        let NewInteraction {
            kind,
            person,
            channel,
            typed,
            data,
            message,
        } = *new;
        self.forget_old();
        let id = self.snowflake();
        let server = self
            .channels
            .iter()
            .find(|c| c.id == channel)
            .and_then(|c| c.server);
        let visiting =
            server.is_some_and(|id| self.servers.iter().any(|s| s.id == id && !s.installed));
        let interaction = Interaction {
            id,
            token: format!("aW50ZXJhY3Rpb246emulated{id:x}"),
            kind,
            person,
            channel,
            line: typed.to_owned(),
            created: std::time::Instant::now(),
            acknowledged: None,
            original: message.filter(|_| payload::has_message(kind)),
            modal: None,
            choices: None,
            follow_ups: 0,
            visiting,
        };
        let message = message.and_then(|id| self.messages.iter().find(|m| m.id == id));
        let message = message.map(|message| payload::message(self, message));
        let mut event = payload::interaction(self, &interaction, data, message);
        if let Some(fields) = event.as_object_mut() {
            fields.retain(|name, _| !self.gateway.fields_left_out.contains(&name.as_str()));
        }
        self.interactions.push(interaction);
        self.emit(server.filter(|_| !visiting), "INTERACTION_CREATE", &event);
        id
    }
}
