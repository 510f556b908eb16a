//! Looks up members for gateway tokens, and delivers the gateway's notices
//! as direct messages.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::app::{
    Demotion, Error, IdFacts, IdKind, MemberDirectory, Notice, Notifier, OvershootNotice,
    ServerRole,
};
use crate::model::{AccessRefusal, Caller, PersonId, Place, Refusal, ServerId};

use crate::bot::Bot;
use crate::bot::answers::notices;
use crate::bot::callers::home_roles;
use crate::bot::callers::installed_servers::Presence;
use crate::bot::callers::member_names::read_member_name;
use crate::bot::callers::members::Member;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::callers::server_facts::ServerFacts;
use crate::bot::connection::calls::rest::is_gone;

/// How long a program waits for Discord's answer.
const PATIENCE: Duration = Duration::from_secs(5);

impl MemberDirectory for Bot {
    fn caller(
        &self,
        person: PersonId,
        server: Option<ServerId>,
        now: bool,
    ) -> BoxFuture<'_, Result<Caller, Error>> {
        Box::pin(async move {
            let mut raw = RawCaller::of_person(person);
            if let Some(server) = server {
                let member = Member { server, person };
                raw.place = Place::Server(server);
                raw.roles = self.roles_of_member(member, now).await?;
                if now {
                    let facts = self.describe_server(server, true).await?;
                    raw.manages_server = facts.lets_manage(member, &raw.roles);
                }
            }
            Ok(self.complete_caller(raw).await)
        })
    }

    fn recent_member(
        &self,
        person: PersonId,
        server: ServerId,
    ) -> BoxFuture<'_, Result<Caller, Error>> {
        Box::pin(async move {
            let member = Member { server, person };
            let mut raw = RawCaller::of_person(person);
            raw.place = Place::Server(server);
            raw.roles = self.roles_of_member(member, false).await?;
            let facts = self.describe_server(server, false).await?;
            raw.manages_server = facts.lets_manage(member, &raw.roles);
            Ok(self.complete_caller(raw).await)
        })
    }

    fn server_name(&self, server: ServerId) -> BoxFuture<'_, Option<String>> {
        Box::pin(async move {
            match self.find_presence(server) {
                Presence::Here(Some(name)) => return Some(name),
                Presence::Away => return None,
                Presence::Here(None) | Presence::Unknown => {}
            }
            let described = self.describe_server(server, false).await.ok();
            // An old name is better than none.
            let facts = described.or_else(|| self.server_facts.even_stale(server))?;
            Some(facts.name.clone())
        })
    }

    fn is_in(&self, server: ServerId) -> BoxFuture<'_, Option<bool>> {
        Box::pin(async move {
            match self.find_presence(server) {
                Presence::Here(_) => return Some(true),
                Presence::Away => return Some(false),
                Presence::Unknown => {}
            }
            match self.describe_server(server, false).await {
                Ok(_) => Some(true),
                Err(Error::Refused(Refusal::Access(AccessRefusal::NotAMember))) => Some(false),
                Err(_) => None,
            }
        })
    }

    fn server_roles(&self, server: ServerId) -> BoxFuture<'_, Vec<ServerRole>> {
        Box::pin(async move {
            let described = self.describe_server(server, false).await;
            described.map_or_else(|_| Vec::new(), |facts| facts.named_roles().to_vec())
        })
    }

    fn member_name(&self, server: ServerId, person: PersonId) -> BoxFuture<'_, Option<String>> {
        Box::pin(async move {
            let member = Member { server, person };
            let now_ms = self.app.now_ms();
            if let Some(name) = self.member_names.fresh(member, now_ms) {
                return Some(name).filter(|name| !name.is_empty());
            }
            let path = format!("/guilds/{server}/members/{person}");
            let found = self.ask_discord("GET member", &path).await;
            let name = match &found {
                Ok(found) => read_member_name(found),
                Err(Error::Refused(Refusal::Access(AccessRefusal::NotAMember))) => String::new(),
                // What Discord did not say is asked again.
                Err(_) => return None,
            };
            self.member_names.store(member, name.clone(), now_ms);
            Some(name).filter(|name| !name.is_empty())
        })
    }

    fn describe_id(&self, id: u64, server: Option<ServerId>) -> BoxFuture<'_, IdFacts> {
        Box::pin(async move {
            let known = |kind, name: Option<&str>| IdFacts::Known {
                kind,
                name: name.filter(|it| !it.is_empty()).map(str::to_owned),
            };
            if let Presence::Here(name) = self.find_presence(ServerId(id)) {
                return known(IdKind::Server, name.as_deref());
            }
            if let Some(server) = server
                && let Ok(facts) = self.describe_server(server, false).await
                && facts.has_role(id)
            {
                let named = facts.named_roles().iter().find(|role| role.id == id);
                return known(IdKind::Role, named.map(|role| role.name.as_str()));
            }
            let (person, channel) = (format!("/users/{id}"), format!("/channels/{id}"));
            let (person, channel) = tokio::join!(
                self.ask_discord("GET user", &person),
                self.ask_discord("GET channel", &channel),
            );
            match (person, channel) {
                (Ok(user), _) => {
                    let is_bot = user["bot"] == true;
                    let kind = if is_bot { IdKind::Bot } else { IdKind::Person };
                    let names = [&user["global_name"], &user["username"]];
                    known(kind, names.into_iter().find_map(Value::as_str))
                }
                (_, Ok(channel)) => {
                    let there = channel["guild_id"].as_str().and_then(|id| id.parse().ok());
                    match server {
                        Some(server) if there != Some(server.0) => IdFacts::OtherChannel,
                        _ => known(IdKind::Channel, channel["name"].as_str()),
                    }
                }
                (Err(person), Err(channel)) if is_unknown(&person) && is_unknown(&channel) => {
                    IdFacts::Nobodys
                }
                _ => IdFacts::Unsaid,
            }
        })
    }

    fn invite_address(&self) -> String {
        self.invite_address.clone()
    }
}

/// Whether Discord knows nothing of what was asked for, or lets the bot not see it.
fn is_unknown(error: &Error) -> bool {
    matches!(
        error,
        Error::Refused(Refusal::Access(AccessRefusal::NotAMember))
    )
}

impl Notifier for Bot {
    fn notify(&self, demoted: Vec<Demotion>, notices: Vec<Notice>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for demotion in &demoted {
                notices::tell_key_owner_directly(self, demotion).await;
            }
            notices::tell_budget_owners(self, &notices).await;
        })
    }

    fn tell_of_overshoots(
        &self,
        operators: Vec<PersonId>,
        notice: OvershootNotice,
    ) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            notices::tell_operators(self, &operators, &notice).await;
        })
    }
}

impl Bot {
    /// A member's roles; refused for whoever is no member, and where the
    /// bot is not in the server. `now` asks Discord whatever the cache says.
    async fn roles_of_member(&self, member: Member, now: bool) -> Result<Vec<u64>, Error> {
        let now_ms = self.app.now_ms();
        if !now && let Some(roles) = self.members.fresh_roles(member, now_ms) {
            return Ok(roles);
        }
        let path = format!("/guilds/{}/members/{}", member.server, member.person);
        match self.ask_discord("GET member", &path).await {
            Ok(found) => {
                let roles = home_roles::roles_in(&found);
                self.members.store_roles(member, roles.clone(), now_ms);
                Ok(roles)
            }
            Err(error) => {
                self.members.forget(member);
                Err(error)
            }
        }
    }

    /// Whether the bot is in a server, by what is known without asking.
    fn find_presence(&self, server: ServerId) -> Presence {
        let now_ms = self.app.now_ms();
        self.installed_servers.find(server, self.shards, now_ms)
    }

    /// What Discord says of a server: right now, or within the last minute.
    async fn describe_server(
        &self,
        server: ServerId,
        now: bool,
    ) -> Result<Arc<ServerFacts>, Error> {
        let now_ms = self.app.now_ms();
        if !now && let Some(facts) = self.server_facts.fresh(server, now_ms) {
            return Ok(facts);
        }
        let path = format!("/guilds/{server}");
        let described = self.ask_discord("GET guild", &path).await;
        let described = described.inspect_err(|error| {
            if matches!(
                error,
                Error::Refused(Refusal::Access(AccessRefusal::NotAMember))
            ) {
                self.installed_servers.note_absent(server, now_ms);
            }
        })?;
        let facts = Arc::new(ServerFacts::read(&described));
        self.server_facts.store(server, Arc::clone(&facts), now_ms);
        Ok(facts)
    }

    async fn ask_discord(&self, route: &'static str, path: &str) -> Result<Value, Error> {
        let asking = self.rest.get(route, path);
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if is_gone(&error) => Err(AccessRefusal::NotAMember.into()),
            _ => Err(AccessRefusal::DiscordAway.into()),
        }
    }
}
