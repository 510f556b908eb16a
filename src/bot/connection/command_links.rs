//! Links to the bot's commands: whoever presses one has the command before
//! them, ready to be filled in (`docs/discord.md` §2.5).

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::Value;

use crate::bot::connection::calls::rest::number;
use crate::model::lock;

/// The names that sentences have for commands that they link.
const LINKED: [(&str, &str); 19] = [
    ("ask", "ask"),
    ("help", "help"),
    ("imagine", "imagine"),
    ("summarize", "summarize"),
    ("add", "keys add"),
    ("list", "keys list"),
    ("status", "keys status"),
    ("model", "model set"),
    ("persona", "persona set"),
    ("forget", "forget"),
    ("usage", "usage"),
    ("quota", "quota status"),
    ("privacy", "privacy show"),
    ("token", "token create"),
    ("budget", "server budget set"),
    ("block", "server block"),
    ("show", "admin show"),
    ("limit", "admin limit"),
    ("stop", "admin stop"),
];

/// The ids that Discord gave the commands, by their names.
#[derive(Default)]
pub struct CommandLinks(Mutex<HashMap<String, u64>>);

impl CommandLinks {
    /// Learns the ids from a list of Discord's.
    pub fn learn(&self, commands: &Value) {
        let all = commands.as_array().into_iter().flatten();
        let named =
            all.filter_map(|it| Some((it["name"].as_str()?.to_owned(), number(&it["id"])?)));
        *lock(&self.0) = named.collect();
    }

    /// Every link that a sentence may hold, with its name there.
    pub fn all(&self) -> [(&'static str, String); LINKED.len()] {
        LINKED.map(|(name, command)| (name, self.link(command)))
    }

    /// A link to a command or subcommand, such as `keys add`; its name as code
    /// until Discord has told its id.
    fn link(&self, command: &str) -> String {
        let name = command.split(' ').next().unwrap_or_default();
        match lock(&self.0).get(name) {
            Some(id) => format!("</{command}:{id}>"),
            None => format!("`/{command}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::interactions::commands;

    #[test]
    fn a_command_is_linked_by_the_id_of_its_group() {
        let links = CommandLinks::default();
        assert_eq!(links.link("keys add"), "`/keys add`");
        links.learn(&serde_json::json!([{"name": "keys", "id": "7"}, {"name": "ask"}]));
        assert_eq!(links.link("keys add"), "</keys add:7>");
        assert_eq!(links.link("ask"), "`/ask`");
    }

    #[test]
    fn every_linked_command_exists() {
        let all = commands::all();
        for (_, line) in LINKED {
            let mut level = all.as_slice();
            for name in line.split(' ') {
                let found = level.iter().find(|command| command.name == name);
                level = &found.unwrap_or_else(|| panic!("no /{line}")).subcommands;
            }
            assert!(level.is_empty(), "/{line} is a group");
        }
    }
}
