//! Somebody at a keyboard: what they do, and what they then see.

use latchkey_emulator::{Attachment, Message, NewMessage, WorldState};
use serde_json::Value;

use super::Stage;

/// Somebody at a keyboard, in a channel.
#[derive(Clone, Copy)]
pub struct Actor<'a> {
    stage: &'a Stage,
    pub person: u64,
    pub channel: u64,
}

impl<'a> Actor<'a> {
    /// Puts somebody in front of a channel.
    pub fn new(stage: &'a Stage, person: u64, channel: u64) -> Self {
        Self {
            stage,
            person,
            channel,
        }
    }

    /// The same person in another channel.
    pub fn in_channel(self, name: &str) -> Self {
        self.stage.actor(self.person, name)
    }

    /// The same person in their direct messages with the bot.
    pub fn directly(self) -> Self {
        self.in_channel("direct message")
    }

    /// Types a command; what they see when the bot is done.
    pub async fn runs(&self, line: &str) -> String {
        let id = self
            .stage
            .world()
            .run(self.person, self.channel, line)
            .expect("the command exists");
        self.sees(id).await
    }

    /// Types a command without waiting for the answer.
    pub fn starts(&self, line: &str) -> u64 {
        self.stage
            .world()
            .run(self.person, self.channel, line)
            .expect("the command exists")
    }

    /// Adds a key through the form, start to end.
    pub async fn adds(&self, provider: &str, scope: &str, key: &str) -> String {
        self.adds_with(provider, scope, &[("key", key)]).await
    }

    /// Adds a key with what its provider needs beside it.
    pub async fn adds_with(&self, provider: &str, scope: &str, typed: &[(&str, &str)]) -> String {
        let seen = self
            .runs(&format!("/keys add provider:{provider} scope:{scope}"))
            .await;
        if !seen.starts_with("Form: ") {
            return seen;
        }
        self.submits(typed).await
    }

    /// Fills in the form that is open and sends it.
    pub async fn submits(&self, typed: &[(&str, &str)]) -> String {
        let form = self.open_form();
        self.submits_as(&form, typed).await
    }

    /// Sends a form by its id, open or not.
    pub async fn submits_as(&self, custom_id: &str, typed: &[(&str, &str)]) -> String {
        let id = self
            .stage
            .world()
            .submit(self.person, self.channel, custom_id, typed);
        self.sees(id).await
    }

    /// The id of the form that is open.
    pub fn open_form(&self) -> String {
        self.stage.world().look(|state| {
            let mine = state
                .interactions
                .iter()
                .rev()
                .filter(|i| i.person == self.person);
            let mut forms = mine.filter_map(|i| i.modal.as_ref());
            let form = forms.next().expect("a form is open");
            form["custom_id"].as_str().unwrap().to_owned()
        })
    }

    /// Presses the newest button of this name that they can see.
    pub async fn presses(&self, label: &str) -> String {
        let (message, custom_id) = self.button(label);
        self.presses_as(message, &custom_id).await
    }

    /// Presses any button of any message.
    pub async fn presses_as(&self, message: u64, custom_id: &str) -> String {
        let id = self
            .stage
            .world()
            .press(self.person, message, custom_id)
            .expect("the message exists");
        self.sees(id).await
    }

    /// Right-clicks a message and chooses a command.
    pub async fn right_clicks(&self, message: u64, command: &str) -> String {
        let id = self
            .stage
            .world()
            .right_click(self.person, message, command);
        self.sees(id.expect("there is such a command")).await
    }

    /// Picks from the newest menu that they can see.
    pub async fn picks(&self, value: &str) -> String {
        let world = self.stage.world();
        let (message, custom_id) = world.look(|state| {
            let found = state.messages.iter().rev().find_map(|message| {
                let menus = components(&message.components);
                let mut menus = menus.into_iter().filter(|it| it["type"] == 3);
                // Of several menus, the first that holds it.
                let holds = |menu: &&Value| {
                    let mut all = menu["options"].as_array().into_iter().flatten();
                    all.any(|option| option["value"] == value)
                };
                let menu = menus.clone().find(holds).or(menus.next())?;
                Some((message.id, menu["custom_id"].as_str()?.to_owned()))
            });
            found.expect("there is a menu")
        });
        let id = world.pick(self.person, message, &custom_id, value);
        self.sees(id.expect("the message exists")).await
    }

    /// Where the newest button of this name is.
    pub fn button(&self, label: &str) -> (u64, String) {
        self.stage.world().look(|state| {
            let found = state.messages.iter().rev().find_map(|message| {
                let all = components(&message.components);
                let button = all.into_iter().find(|button| button["label"] == label)?;
                Some((message.id, button["custom_id"].as_str()?.to_owned()))
            });
            found.expect("there is such a button")
        })
    }

    /// Presses the button of this name that stands below a text of the newest
    /// panel.
    pub async fn presses_below(&self, text: &str, label: &str) -> String {
        let (message, custom_id) = self.button_below(text, label);
        self.presses_as(message, &custom_id).await
    }

    /// Where the button of this name is that stands below a text.
    pub fn button_below(&self, text: &str, label: &str) -> (u64, String) {
        self.stage.world().look(|state| {
            let found = state.messages.iter().rev().find_map(|message| {
                let all = components(&message.components);
                let mut all = all.into_iter().skip_while(|it| {
                    let content = it["content"].as_str();
                    !content.is_some_and(|content| content.contains(text))
                });
                let button = all.find(|button| button["label"] == label)?;
                Some((message.id, button["custom_id"].as_str()?.to_owned()))
            });
            found.expect("there is such a button below such a text")
        })
    }

    /// The labels of the buttons under the newest message of the bot's that
    /// they can see.
    pub fn offers(&self) -> String {
        self.stage.world().look(|state| {
            let mut all = state.messages.iter().rev();
            let newest = all.find(|message| {
                message.is_bots()
                    && message.channel == self.channel
                    && message.only_for.is_none_or(|person| person == self.person)
            });
            let newest = newest.expect("the bot has written");
            let all = components(&newest.components);
            let labels = all.into_iter().filter_map(|it| it["label"].as_str());
            labels
                .map(|label| format!("[{label}]"))
                .collect::<Vec<_>>()
                .join(" ")
        })
    }

    /// What is offered while they type an option.
    pub async fn completes(&self, line: &str, option: &str) -> String {
        let id = self
            .stage
            .world()
            .complete(self.person, self.channel, line, option)
            .expect("the command exists");
        let choices = self.stage.world().until(|state| {
            state
                .interactions
                .iter()
                .find(|i| i.id == id)
                .and_then(|i| i.choices.clone())
        });
        let choices = choices.await;
        let names = choices
            .as_array()
            .unwrap()
            .iter()
            .map(|choice| choice["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Everything that an interaction has made visible to them.
    pub async fn sees(&self, interaction: u64) -> String {
        let answered = |state: &WorldState| {
            let found = state.interactions.iter().find(|i| i.id == interaction)?;
            found.acknowledged
        };
        self.stage.world().until(answered).await;
        self.stage.app().await.idle().await;
        let text = self.stage.world().look(|state| {
            let found = state
                .interactions
                .iter()
                .find(|i| i.id == interaction)
                .unwrap();
            if let Some(form) = &found.modal {
                return form_text(form);
            }
            let mine = state.messages.iter().filter(|message| {
                let of_it =
                    message.interaction == Some(interaction) || found.original == Some(message.id);
                of_it && message.only_for.is_none_or(|person| person == self.person)
            });
            mine.map(message_text).collect::<Vec<_>>().join("\n---\n")
        });
        self.stage.readable(&text)
    }

    /// Writes a message; what the bot answers when it is done.
    pub async fn says(&self, text: &str) -> String {
        let id = self.writes(text, None);
        self.sees_reply(id).await
    }

    /// Replies to a message; what the bot answers when it is done.
    pub async fn replies(&self, to: u64, text: &str) -> String {
        let id = self.writes(text, Some(to));
        self.sees_reply(id).await
    }

    /// Writes a message without waiting for anything; its id.
    pub fn writes(&self, text: &str, reply_to: Option<u64>) -> u64 {
        self.writes_with(text, reply_to, Vec::new())
    }

    /// Posts a message with further fields of Discord's, such as a poll; its
    /// id.
    pub fn posts(&self, text: &str, fields: Value) -> u64 {
        self.stage.world().post(NewMessage {
            person: self.person,
            channel: self.channel,
            text,
            fields,
            ..NewMessage::default()
        })
    }

    /// The same person in a channel or thread by its id.
    pub fn in_thread(self, channel: u64) -> Self {
        Self { channel, ..self }
    }

    /// Writes a message with files; its id.
    pub fn writes_with(&self, text: &str, reply_to: Option<u64>, files: Vec<Attachment>) -> u64 {
        let bot = self.stage.world().look(|state| state.application);
        let text = text.replace("@Latchkey", &format!("<@{bot}>"));
        self.stage.world().post(NewMessage {
            person: self.person,
            channel: self.channel,
            text: &text,
            reply_to,
            files,
            ..NewMessage::default()
        })
    }

    /// What the bot has replied to a message, each part of it, once it is
    /// done.
    pub async fn sees_reply(&self, to: u64) -> String {
        let world = self.stage.world();
        let link = format!("/{}/{to}", self.channel);
        // Whoever is refused for what is nobody else's business is told directly.
        let is_about = |m: &Message| m.is_bots() && m.content.contains(&link);
        let answered = |state: &WorldState| {
            let mut all = state.messages.iter();
            all.find(|m| m.is_bots() && m.reference == Some(to) || is_about(m))
                .map(|m| m.id)
        };
        world.until(answered).await;
        self.stage.app().await.idle().await;
        let text = world.look(|state| {
            let (mut parts, mut last) = (Vec::new(), to);
            for message in &state.messages {
                if message.is_bots() && message.reference == Some(last) {
                    parts.push(message_text(message));
                    last = message.id;
                }
            }
            if parts.is_empty() {
                let directly = state.messages.iter().filter(|m| is_about(m));
                parts.extend(directly.map(|m| format!("(directly) {}", message_text(m))));
            }
            parts.join("\n---\n")
        });
        self.stage.readable(&text)
    }

    /// The newest message of the bot's that they can see in the channel.
    pub fn newest(&self) -> u64 {
        self.stage.world().look(|state| {
            let mut all = state.messages.iter().rev();
            let mine = all.find(|m| m.is_bots() && m.channel == self.channel);
            mine.expect("the bot has written").id
        })
    }

    /// Everything in the channel that they can see and that the bot wrote.
    pub fn reads_channel(&self) -> String {
        let text = self.stage.world().look(|state| {
            let here = state.messages.iter().filter(|message| {
                message.channel == self.channel
                    && message.only_for.is_none_or(|person| person == self.person)
            });
            here.map(message_text).collect::<Vec<_>>().join("\n---\n")
        });
        self.stage.readable(&text)
    }
}

/// What stands under every answer, and every picture.
const UNDER_ANSWERS: [&str; 3] = [
    "[Again] [Other model] [Details]",
    "[Again] [Vary] [Details]",
    "[Again] [Vary] [Seed] [Details]",
];

fn message_text(message: &Message) -> String {
    let mut text = String::new();
    if message.only_for.is_some() {
        text.push_str("(only you) ");
    }
    let seen = message.seen_text();
    text.push_str(if message.loading { "…" } else { &seen });
    for file in &message.files {
        text.extend(["\n[", &file.name, ": ", &file.description, "]"]);
    }
    if message.components[0]["type"] == CONTAINER {
        return text + &panel_text(&message.components[0]["components"]);
    }
    let buttons = message.components[0]["components"].as_array();
    let buttons = buttons.into_iter().flatten();
    let shown = buttons.filter(|button| !repeats_command(button));
    let labels: Vec<String> = shown.map(control_text).collect();
    // What stands under every answer would only be in the way.
    if !labels.is_empty() && !UNDER_ANSWERS.contains(&labels.join(" ").as_str()) {
        text.push('\n');
        text.push_str(&labels.join("\n"));
    }
    text
}

/// Discord's number for a box with parts.
const CONTAINER: u8 = 17;

/// A panel, part by part.
fn panel_text(parts: &Value) -> String {
    let parts = parts.as_array().into_iter().flatten();
    let lines = parts.map(|part| match part["components"].as_array() {
        Some(row) => row.iter().map(control_text).collect::<Vec<_>>().join(" "),
        None => part["content"].as_str().unwrap_or_default().to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A button or a menu.
fn control_text(control: &Value) -> String {
    let Some(options) = control["options"].as_array() else {
        return format!("[{}]", control["label"].as_str().unwrap_or_default());
    };
    let labels = options
        .iter()
        .map(|option| option["label"].as_str().unwrap());
    // Who adds a key picks from all providers, which need not be read again.
    if control["custom_id"]
        .as_str()
        .unwrap()
        .starts_with("providers:")
    {
        return format!("[menu: {}]", control["placeholder"].as_str().unwrap());
    }
    format!("[menu: {}]", labels.collect::<Vec<_>>().join(", "))
}

/// Whether a button does what a command does that stands in the text above
/// it. `src/tests/discord/offered_buttons.rs` looks at these.
fn repeats_command(button: &Value) -> bool {
    const SECONDARY: u8 = 2;
    const DO_SO: [&str; 6] = ["form:", "key:", "keys:", "payers", "limits", "models"];
    let id = button["custom_id"].as_str().unwrap_or_default();
    button["style"] == SECONDARY && DO_SO.iter().any(|start| id.starts_with(start))
}

/// Every component, with those that stand in others after them.
fn components(of: &Value) -> Vec<&Value> {
    let all = of.as_array().into_iter().flatten();
    all.flat_map(|it| std::iter::once(it).chain(components(&it["components"])))
        .collect()
}

/// A form, field by field: what stands in it already, else what it asks for.
fn form_text(form: &Value) -> String {
    let mut lines = vec![format!("Form: {}", form["title"].as_str().unwrap())];
    let all = form["components"].as_array().unwrap();
    lines.extend(all.iter().map(field_text));
    lines.join("\n")
}

fn field_text(label: &Value) -> String {
    // The older form has a field in a row, with its label.
    let in_row = &label["components"][0];
    let (label, field) = if in_row.is_null() {
        (&label["label"], &label["component"])
    } else {
        (&in_row["label"], in_row)
    };
    let mark = if field["required"] == false {
        " (optional)"
    } else {
        ""
    };
    let options = field["options"].as_array().into_iter().flatten();
    let mut chosen = options.filter(|option| option["default"] == true);
    let chosen = chosen
        .next()
        .map(|option| option["label"].as_str().unwrap());
    let typed = field["value"].as_str().filter(|typed| !typed.is_empty());
    let hint = field["placeholder"].as_str().unwrap_or_default();
    let shown = match (chosen, typed) {
        (Some(chosen), _) => format!("[{chosen}]"),
        (None, Some(typed)) => format!("“{typed}”"),
        (None, None) => hint.to_owned(),
    };
    format!("- {}{mark}: {shown}", label.as_str().unwrap())
        .trim_end()
        .to_owned()
}
