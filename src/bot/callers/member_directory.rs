//! Looks up members for gateway tokens, and delivers the gateway's notices
//! as direct messages.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;
use serenity::all::Permissions;

use crate::app::{Demotion, Error, MemberDirectory, Notice, Notifier, OvershootNotice};
use crate::model::{AccessRefusal, Caller, PersonId, Place, ServerId};

use crate::bot::Bot;
use crate::bot::answers::notices;
use crate::bot::callers::home_roles;
use crate::bot::callers::members::Member;
use crate::bot::callers::raw_caller::{RawCaller, may_manage_server};
use crate::bot::connection::rest::{is_gone, number};
use crate::bot::words::DEFAULT_LOCALE;

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
                    raw.manages_server = self.manages_server(member, &raw.roles).await?;
                }
            }
            Ok(self.complete_caller(raw).await)
        })
    }
}

impl Notifier for Bot {
    fn notify(&self, demoted: Vec<Demotion>, notices: Vec<Notice>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // In English: a program says nothing of its person's language.
            let voice = self.voice(DEFAULT_LOCALE);
            for demotion in &demoted {
                notices::tell_key_owner_directly(self, voice, demotion).await;
            }
            notices::tell_budget_owners(self, voice, &notices).await;
        })
    }

    fn tell_of_overshoots(
        &self,
        operators: Vec<PersonId>,
        notice: OvershootNotice,
    ) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let voice = self.voice(DEFAULT_LOCALE);
            notices::tell_operators(self, voice, &operators, &notice).await;
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

    /// Whether a member manages the server: as its owner, or by a role.
    async fn manages_server(&self, member: Member, roles: &[u64]) -> Result<bool, Error> {
        let path = format!("/guilds/{}", member.server);
        let guild = self.ask_discord("GET guild", &path).await?;
        if number(&guild["owner_id"]) == Some(member.person.0) {
            return Ok(true);
        }
        // Everybody's role has the server's own id.
        let is_theirs = |role: &&Value| {
            number(&role["id"]).is_some_and(|id| id == member.server.0 || roles.contains(&id))
        };
        let theirs = guild["roles"].as_array().into_iter().flatten();
        let permissions = theirs
            .filter(is_theirs)
            .filter_map(|role| number(&role["permissions"]));
        let all = permissions.fold(0, |all, these| all | these);
        Ok(may_manage_server(Permissions::from_bits_truncate(all)))
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
