//! What those are called for whom an operator set something.

use crate::app::OperatorsView;
use crate::console::visit::Visit;
use crate::model::{BlockTarget, Blocked, Bound, PersonId, ServerId};

/// Their names, as far as the bot is in a server, and Discord says whose an id
/// is.
pub struct KnownNames {
    servers: Vec<(ServerId, String)>,
    others: Vec<(u64, String)>,
}

impl KnownNames {
    /// Finds the names of all that limits, blocks and tiers are about.
    pub async fn find(visit: &Visit, view: &OperatorsView) -> Self {
        let rules = &view.rules;
        let (mut servers, mut others) = (Vec::new(), Vec::new());
        for (subject, set) in &rules.limits {
            match set.bound {
                Bound::BotInServer => servers.push(ServerId(*subject)),
                Bound::BotForPerson => others.push((*subject, None)),
                _ => {}
            }
        }
        for block in &rules.blocks {
            match block.whom {
                Blocked::Server(server) => servers.push(server),
                Blocked::Person(PersonId(id)) | Blocked::Role(id) | Blocked::Channel(id) => {
                    others.push((id, None));
                }
                Blocked::InServer(server, target) => {
                    let (BlockTarget::Person(PersonId(id))
                    | BlockTarget::Role(id)
                    | BlockTarget::Channel(id)) = target;
                    servers.push(server);
                    others.push((id, Some(server)));
                }
                Blocked::Everyone => {}
            }
        }
        let given = rules.tiers.iter();
        others.extend(given.map(|(person, ..)| (person.0, None)));
        let people = &visit.app().people;
        let (servers, others) = tokio::join!(
            people.find_shared_servers(&servers),
            people.find_names(&others),
        );
        Self { servers, others }
    }

    /// A server at the beginning of a row.
    pub fn head(&self, server: ServerId) -> String {
        match self.name(server) {
            Some(name) => format!("{name} (server {server})"),
            None => format!("Server {server}"),
        }
    }

    /// A server within a sentence.
    pub fn phrase(&self, server: ServerId) -> String {
        match self.name(server) {
            Some(name) => format!("{name} (server {server})"),
            None => format!("server {server}"),
        }
    }

    /// A person at the beginning of a row.
    pub fn person(&self, person: PersonId) -> String {
        self.other(person.0, "person", "Person")
    }

    /// A role at the beginning of a row.
    pub fn role(&self, role: u64) -> String {
        self.other(role, "role", "Role")
    }

    /// A channel at the beginning of a row.
    pub fn channel(&self, channel: u64) -> String {
        self.other(channel, "channel", "Channel")
    }

    fn other(&self, id: u64, kind: &str, head: &str) -> String {
        let found = self.others.iter().find(|(its_id, _)| *its_id == id);
        match found {
            Some((_, name)) => format!("{name} ({kind} {id})"),
            None => format!("{head} {id}"),
        }
    }

    fn name(&self, server: ServerId) -> Option<&str> {
        let found = self.servers.iter().find(|(its_id, _)| *its_id == server);
        found.map(|(_, name)| name.as_str())
    }
}
