//! Tells the gateway who people are, and people what the gateway found.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::app::{Demotion, Doorman, Error, Notice, Waiting, nobody_else};
use crate::model::{Caller, PersonId, Place, Refusal, ServerId};

use crate::bot::Bot;
use crate::bot::answers::streaming;
use crate::bot::callers::home_roles;
use crate::bot::connection::rest::DiscordError;
use crate::bot::words;

/// How long it is taken for true that somebody is a member.
const FRESH: Duration = Duration::from_mins(1);
/// How many members are remembered.
const MEMBERS_MAX: usize = 10_000;
/// How long a program waits for Discord's answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Discord's permissions to manage a server.
const MANAGE_GUILD: u64 = 1 << 5;
const ADMINISTRATOR: u64 = 1 << 3;

/// Members that were asked about a moment ago, with their roles.
#[derive(Default)]
pub struct Members {
    known: Mutex<Asked>,
}

/// When Discord was asked, and the roles that it told.
type Asked = HashMap<(ServerId, PersonId), (Instant, Vec<u64>)>;

impl Members {
    fn fresh(&self, who: (ServerId, PersonId)) -> Option<Vec<u64>> {
        let known = self.lock();
        let (at, roles) = known.get(&who)?;
        (at.elapsed() < FRESH).then(|| roles.clone())
    }

    fn note(&self, who: (ServerId, PersonId), roles: Option<Vec<u64>>) {
        let mut known = self.lock();
        if known.len() >= MEMBERS_MAX {
            known.retain(|_, (at, _)| at.elapsed() < FRESH);
        }
        match roles {
            Some(roles) if known.len() < MEMBERS_MAX => {
                known.insert(who, (Instant::now(), roles));
            }
            _ => {
                known.remove(&who);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Doorman for Bot {
    fn caller(
        &self,
        person: PersonId,
        server: Option<ServerId>,
        now: bool,
    ) -> Waiting<'_, Result<Caller, Error>> {
        let knows_more = self.bought.is_some() || self.home.is_some();
        if server.is_none() && !knows_more {
            return Box::pin(std::future::ready(Ok(nobody_else(person))));
        }
        Box::pin(async move {
            let mut caller = nobody_else(person);
            if let Some(server) = server {
                caller.place = Place::Server(server);
                caller.roles = self.roles_in(server, person, now).await?;
                if now {
                    caller.manages_server = self.manages(server, &caller).await?;
                }
            }
            if let Some(bought) = &self.bought {
                caller.skus = bought.skus_of(&self.rest, person).await;
            }
            Ok(self.caller(caller).await)
        })
    }

    fn tell(&self, demoted: Vec<Demotion>, notices: Vec<Notice>) -> Waiting<'_, ()> {
        Box::pin(async move {
            // In English: a program says nothing of its person's language.
            let voice = self.voice("en-US");
            for demotion in &demoted {
                let card = words::demoted_directly(voice, demotion);
                if let Err(error) = self.rest.direct_message(demotion.tell.0, &card).await {
                    // `/keys list` still shows it.
                    tracing::info!("could not tell the owner of a key: {error:#}");
                }
            }
            streaming::tell_owners(self, voice, &notices).await;
        })
    }
}

impl Bot {
    /// A member's roles; refused for whoever is none, or where the bot is
    /// not.
    async fn roles_in(
        &self,
        server: ServerId,
        person: PersonId,
        now: bool,
    ) -> Result<Vec<u64>, Error> {
        let who = (server, person);
        if let Some(roles) = self.members.fresh(who).filter(|_| !now) {
            return Ok(roles);
        }
        let path = format!("/guilds/{server}/members/{person}");
        let member = self.ask_discord("GET member", &path).await;
        let roles = member.as_ref().ok().map(home_roles::roles);
        self.members.note(who, roles.clone());
        member?;
        Ok(roles.unwrap_or_default())
    }

    /// Whether somebody manages a server: its owner, or by a role.
    async fn manages(&self, server: ServerId, caller: &Caller) -> Result<bool, Error> {
        let guild = self
            .ask_discord("GET guild", &format!("/guilds/{server}"))
            .await?;
        if id(&guild["owner_id"]) == Some(caller.person.0) {
            return Ok(true);
        }
        // Everybody's role has the server's own id.
        let theirs = |role: &&Value| {
            id(&role["id"]).is_some_and(|id| id == server.0 || caller.roles.contains(&id))
        };
        let roles = guild["roles"].as_array().into_iter().flatten();
        let permissions = roles
            .filter(theirs)
            .filter_map(|role| id(&role["permissions"]));
        let all = permissions.fold(0, |all, these| all | these);
        Ok(all & (MANAGE_GUILD | ADMINISTRATOR) != 0)
    }

    async fn ask_discord(&self, route: &'static str, path: &str) -> Result<Value, Error> {
        let asking = self.rest.get(route, path);
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if is_no(&error) => Err(Refusal::NotAMember.into()),
            _ => Err(Refusal::DiscordAway.into()),
        }
    }
}

/// Discord says that there is no such thing, or none that we may see.
fn is_no(error: &anyhow::Error) -> bool {
    let said = error.downcast_ref::<DiscordError>();
    said.is_some_and(|said| matches!(said.status, 403 | 404))
}

fn id(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}
