//! What the servers are called for which an operator set something.

use crate::console::visit::Visit;
use crate::model::{Blocked, Bound, ServerId};

/// Their names, as far as the bot is there.
pub struct ServerNames(Vec<(ServerId, String)>);

impl ServerNames {
    /// Finds the names of all servers that limits and blocks are about.
    pub async fn find(
        visit: &Visit,
        limits: impl Iterator<Item = (u64, Bound)>,
        blocks: impl Iterator<Item = Blocked>,
    ) -> Self {
        let of_limits = limits.filter(|(_, bound)| *bound == Bound::BotInServer);
        let of_blocks = blocks.filter_map(|blocked| match blocked {
            Blocked::Server(server) | Blocked::InServer(server, _) => Some(server),
            _ => None,
        });
        let servers = of_limits.map(|(subject, _)| ServerId(subject));
        let servers: Vec<ServerId> = servers.chain(of_blocks).collect();
        let people = &visit.app().people;
        Self(people.find_shared_servers(&servers).await)
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

    fn name(&self, server: ServerId) -> Option<&str> {
        let found = self.0.iter().find(|(its_id, _)| *its_id == server);
        found.map(|(_, name)| name.as_str())
    }
}
