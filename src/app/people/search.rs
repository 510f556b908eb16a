//! Finding people and servers for the operator's people: by id, or by name as
//! far as names are known here.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::model::{Blocked, Caller, DAY_MS, Owner, PersonId, ServerId, SetBlock};
use crate::store::{TotalScope, UsageOwner};

use crate::app::Error;
use crate::app::people::directory::anybody_in;
use crate::app::people::{People, nobody_else};
use crate::app::policy::CallerPolicy;

/// How many of each are found by name.
const FOUND_MAX: u32 = 20;
/// How many servers are asked for their names.
const SERVERS_ASKED_MAX: usize = 200;
/// How long Discord may take to say what servers are called.
const NAMES_WITHIN: Duration = Duration::from_secs(2);
/// The shortest id of Discord's, in digits.
const ID_DIGITS_MIN: usize = 15;
/// How many days of use are added up.
const DAYS: i64 = 30;
/// More lines than a month of anybody has.
const LINES_MAX: u32 = 20_000;

/// People and servers that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    pub people: Vec<FoundPerson>,
    pub servers: Vec<FoundServer>,
}

/// A person, as the operator's people see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPerson {
    pub person: PersonId,
    /// As they signed in, or as Discord calls them; none where neither is known.
    pub name: Option<String>,
    pub tier: String,
    pub keys: usize,
    /// Requests of the last 30 days.
    pub requests: u64,
    /// How often they are signed in.
    pub sessions: usize,
    /// Whether they are stopped, if they are.
    pub stopped: Option<SetBlock>,
}

/// A server, as the operator's people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundServer {
    pub server: ServerId,
    pub name: Option<String>,
    pub keys: usize,
    /// Requests of the last 30 days that its keys paid for.
    pub requests: u64,
    pub stopped: Option<SetBlock>,
}

impl People {
    /// Finds people and servers by an id or a part of a name.
    pub async fn find_anybody(&self, caller: &Caller, text: &str) -> Result<SearchResult, Error> {
        self.require_operator(caller)?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(SearchResult::default());
        }
        let is_id = text.len() >= ID_DIGITS_MIN && text.bytes().all(|it| it.is_ascii_digit());
        if let (true, Ok(id)) = (is_id, text.parse()) {
            return self.find_by_id(id).await;
        }
        let (people, servers) = tokio::join!(
            self.store.people_called(text, FOUND_MAX),
            self.servers_called(text),
        );
        let mut found = SearchResult::default();
        for (person, name) in people? {
            let person = self.describe_person(person, Some(name)).await?;
            found.people.push(person);
        }
        for (server, name) in servers? {
            let server = self.describe_server(server, Some(name)).await?;
            found.servers.push(server);
        }
        Ok(found)
    }

    /// Whoever has this id: a server that is known here, else a person.
    async fn find_by_id(&self, id: u64) -> Result<SearchResult, Error> {
        let name = self.name_in_time(ServerId(id)).await;
        let server = self.describe_server(ServerId(id), name).await?;
        let is_stopped = |block: SetBlock| block.whom == Blocked::Server(ServerId(id));
        if server.name.is_some() || server.keys > 0 || server.stopped.is_some_and(is_stopped) {
            return Ok(SearchResult {
                servers: vec![server],
                ..SearchResult::default()
            });
        }
        let name = self.find_person_name(PersonId(id)).await;
        let person = self.describe_person(PersonId(id), name).await?;
        Ok(SearchResult {
            people: vec![person],
            ..SearchResult::default()
        })
    }

    /// Servers with keys whose name has a text in it.
    async fn servers_called(&self, text: &str) -> Result<Vec<(ServerId, String)>, Error> {
        let text = text.to_lowercase();
        let servers = self.store.servers_with_keys().await?;
        let names = servers
            .into_iter()
            .take(SERVERS_ASKED_MAX)
            .map(|server| async move { Some((server, self.name_in_time(server).await?)) });
        let called = join_all(names).await.into_iter().flatten();
        let matching = called.filter(|(_, name)| name.to_lowercase().contains(&text));
        let shown = usize::try_from(FOUND_MAX).unwrap_or(usize::MAX);
        Ok(matching.take(shown).collect())
    }

    async fn name_in_time(&self, server: ServerId) -> Option<String> {
        let name = timeout(NAMES_WITHIN, self.find_server_name(server));
        name.await.ok().flatten()
    }

    async fn describe_person(
        &self,
        person: PersonId,
        name: Option<String>,
    ) -> Result<FoundPerson, Error> {
        let policy = self.policies.read_policy(nobody_else(person)).await?;
        let stopped = find_stop(&policy, Blocked::Person(person), self.clock.now_ms());
        Ok(FoundPerson {
            person,
            name,
            tier: policy.tier().name.clone(),
            keys: self.store.keys_of(Owner::Person(person)).await?.len(),
            requests: self.requests(TotalScope::User, person.0).await?,
            sessions: self.list_sessions(person).await?.len(),
            stopped,
        })
    }

    async fn describe_server(
        &self,
        server: ServerId,
        name: Option<String>,
    ) -> Result<FoundServer, Error> {
        let policy = self.policies.read_policy(anybody_in(server)).await?;
        let stopped = find_stop(&policy, Blocked::Server(server), self.clock.now_ms());
        Ok(FoundServer {
            server,
            name,
            keys: self.store.keys_of(Owner::Server(server)).await?.len(),
            requests: self.requests(TotalScope::Guild, server.0).await?,
            stopped,
        })
    }

    async fn requests(&self, scope: TotalScope, id: u64) -> anyhow::Result<u64> {
        let today = self.clock.now_ms().div_euclid(DAY_MS);
        let owner = UsageOwner { scope, id };
        let lines = self
            .store
            .totals(owner, today - DAYS + 1..=today, LINES_MAX)
            .await?;
        Ok(lines.iter().map(|line| line.total.requests).sum())
    }
}

/// What stops somebody: a block of theirs, or else one of everybody's.
fn find_stop(policy: &CallerPolicy, theirs: Blocked, now_ms: i64) -> Option<SetBlock> {
    let mut own = policy.blocks(now_ms).filter(|block| block.whom == theirs);
    own.next().or_else(|| policy.blocks(now_ms).next())
}
