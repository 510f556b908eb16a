//! Who somebody is when Discord does not say it with what they ask: a
//! program that comes with a token.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::time::timeout;

use crate::ledger::OvershootNotice;
use crate::model::{AccessRefusal, Caller, PersonId, Place, QuotaRefusal, ServerId, Token};

use crate::app::Error;
use crate::app::payers::Demotion;
use crate::app::people::People;
use crate::app::policy::Notice;

/// How long a list of servers waits for the name of one, where Discord must be
/// asked for it, and how many it is asked for at once.
const NAME_PATIENCE: Duration = Duration::from_secs(1);
const NAMED_AT_ONCE: usize = 20;

/// A role of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerRole {
    pub id: u64,
    pub name: String,
    /// Its people can be given it: it is not everybody's, nor a bot's own.
    pub is_of_people: bool,
}

/// What an id of Discord's is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    Person,
    /// An app's user, which asks nothing.
    Bot,
    Role,
    Channel,
    Server,
}

/// What Discord says of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdFacts {
    /// What it is of, and what that is called.
    Known {
        kind: IdKind,
        name: Option<String>,
    },
    /// A channel, but none of the server that was asked about. What it is called
    /// is for those who see it.
    OtherChannel,
    /// No person has it; nor, as far as the bot sees, anything else.
    Nobodys,
    Unsaid,
}

/// Looks up who people are, by asking Discord.
pub trait MemberDirectory: Send + Sync {
    /// Who a person is, in a server or nowhere; as Discord said a moment
    /// ago, or as it says right now where `now` is set.
    fn caller(
        &self,
        person: PersonId,
        server: Option<ServerId>,
        now: bool,
    ) -> BoxFuture<'_, Result<Caller, Error>>;

    /// Who a person is in a server, and whether they manage it, as Discord
    /// said at most a minute ago. For those who look; whoever changes
    /// something is asked about right now.
    fn recent_member(
        &self,
        person: PersonId,
        server: ServerId,
    ) -> BoxFuture<'_, Result<Caller, Error>>;

    /// What a server is called; none where the bot is not in it, or Discord
    /// has never said it.
    fn server_name(&self, server: ServerId) -> BoxFuture<'_, Option<String>>;

    /// Whether the bot is in a server, as far as Discord says it.
    fn is_in(&self, server: ServerId) -> BoxFuture<'_, Option<bool>>;

    /// All roles of a server; none where Discord does not say them.
    fn server_roles(&self, server: ServerId) -> BoxFuture<'_, Vec<ServerRole>>;

    /// What a member of a server is called there, as Discord said within the
    /// last hour; none where it does not say it, or they left.
    fn member_name(&self, server: ServerId, person: PersonId) -> BoxFuture<'_, Option<String>>;

    /// What an id is of, by what Discord says; roles and channels are those of
    /// `server`.
    fn describe_id(&self, id: u64, server: Option<ServerId>) -> BoxFuture<'_, IdFacts>;

    /// Where somebody goes to add the bot to a server of theirs.
    fn invite_address(&self) -> String;
}

/// Writes to people in Discord.
pub trait Notifier: Send + Sync {
    /// Tells the owners of keys that these stopped working, and the owners
    /// of budgets that these are almost used up.
    fn notify(&self, demoted: Vec<Demotion>, notices: Vec<Notice>) -> BoxFuture<'_, ()>;

    /// Tells the operator's people that calls used more than was held for
    /// them.
    fn tell_of_overshoots(
        &self,
        operators: Vec<PersonId>,
        notice: OvershootNotice,
    ) -> BoxFuture<'_, ()>;
}

impl People {
    /// Sets whom to ask who people are, once Discord is there.
    pub fn set_directory(&self, directory: &Arc<dyn MemberDirectory>) {
        // The directory that was set first stays: there is one connection
        // to Discord.
        let _ = self.directory.set(Arc::downgrade(directory));
    }

    /// Sets who writes to people, once Discord is there.
    pub fn set_notifier(&self, notifier: &Arc<dyn Notifier>) {
        let _ = self.notifier.set(Arc::downgrade(notifier));
    }

    /// Who speaks with a token.
    pub async fn find_caller(&self, token: &Token) -> Result<Caller, Error> {
        let server = token.scopes.server;
        match self.directory() {
            Some(directory) => directory.caller(token.person, server, false).await,
            None if server.is_none() && !self.tiers_are_given() => Ok(nobody_else(token.person)),
            None => Err(AccessRefusal::DiscordAway.into()),
        }
    }

    /// Who speaks with a token about a server's matters, as Discord says
    /// right now.
    pub async fn find_caller_now(&self, token: &Token, server: ServerId) -> Result<Caller, Error> {
        self.find_member_now(token.person, server).await
    }

    /// Who somebody is outside of all servers.
    pub async fn find_person(&self, person: PersonId) -> Result<Caller, Error> {
        match self.directory() {
            Some(directory) => directory.caller(person, None, false).await,
            None if !self.tiers_are_given() => Ok(nobody_else(person)),
            None => Err(AccessRefusal::DiscordAway.into()),
        }
    }

    /// Who somebody is in a server, and whether they manage it, as Discord
    /// said at most a minute ago.
    pub async fn find_member(&self, person: PersonId, server: ServerId) -> Result<Caller, Error> {
        let directory = self.directory().ok_or(AccessRefusal::DiscordAway)?;
        directory.recent_member(person, server).await
    }

    /// Finds a member of a server, as Discord says right now.
    pub async fn find_member_now(
        &self,
        person: PersonId,
        server: ServerId,
    ) -> Result<Caller, Error> {
        let directory = self.directory().ok_or(AccessRefusal::DiscordAway)?;
        directory.caller(person, Some(server), true).await
    }

    /// All roles of a server, as far as Discord says them.
    pub async fn list_roles(&self, server: ServerId) -> Vec<ServerRole> {
        match self.directory() {
            Some(directory) => directory.server_roles(server).await,
            None => Vec::new(),
        }
    }

    /// What a member of a server is called there, as far as Discord says it.
    pub async fn find_member_name(&self, server: ServerId, person: PersonId) -> Option<String> {
        self.directory()?.member_name(server, person).await
    }

    /// Refuses a server that the bot is not in, as far as Discord says it.
    pub(in crate::app) async fn require_bot_in(&self, server: ServerId) -> Result<(), Error> {
        let is_in = match self.directory() {
            Some(directory) => directory.is_in(server).await,
            None => None,
        };
        match is_in {
            Some(false) => Err(QuotaRefusal::NotInServer.into()),
            Some(true) | None => Ok(()),
        }
    }

    /// What an id is of, as far as Discord says it; roles and channels are those
    /// of `server`.
    pub async fn describe_id(&self, id: u64, server: Option<ServerId>) -> IdFacts {
        match self.directory() {
            Some(directory) => directory.describe_id(id, server).await,
            None => IdFacts::Unsaid,
        }
    }

    /// What people, roles and channels are called, as far as somebody is signed in
    /// or Discord says it: the first of a long list. A role or a channel is one of
    /// the server beside its id.
    pub async fn find_names(&self, ids: &[(u64, Option<ServerId>)]) -> Vec<(u64, String)> {
        let names = ids.iter().take(NAMED_AT_ONCE).map(|(id, server)| async {
            let name = timeout(NAME_PATIENCE, self.find_name(*id, *server));
            Some((*id, name.await.ok()??))
        });
        join_all(names).await.into_iter().flatten().collect()
    }

    async fn find_name(&self, id: u64, server: Option<ServerId>) -> Option<String> {
        let sessions = self.list_sessions(PersonId(id)).await.unwrap_or_default();
        if let Some(session) = sessions.into_iter().next() {
            return Some(session.name);
        }
        match self.describe_id(id, server).await {
            IdFacts::Known { name, .. } => name,
            IdFacts::OtherChannel | IdFacts::Nobodys | IdFacts::Unsaid => None,
        }
    }

    /// What a person is called, as far as they are signed in or Discord says it.
    pub async fn find_person_name(&self, person: PersonId) -> Option<String> {
        let found = self.find_names(&[(person.0, None)]).await;
        found.into_iter().next().map(|(_, name)| name)
    }

    /// Where somebody goes to add the bot to a server of theirs; none while
    /// Discord was not reached.
    pub fn invite_address(&self) -> Option<String> {
        Some(self.directory()?.invite_address())
    }

    /// Those of some servers that the bot is in, with what they are called,
    /// in their order.
    pub async fn find_shared_servers(&self, servers: &[ServerId]) -> Vec<(ServerId, String)> {
        let mut found = Vec::new();
        for together in servers.chunks(NAMED_AT_ONCE) {
            let names = together.iter().map(|server| async {
                let name = timeout(NAME_PATIENCE, self.find_server_name(*server));
                Some((*server, name.await.ok()??))
            });
            found.extend(join_all(names).await.into_iter().flatten());
        }
        found
    }

    /// What a server is called, if the bot is in it.
    pub async fn find_server_name(&self, server: ServerId) -> Option<String> {
        self.directory()?.server_name(server).await
    }

    /// Tells owners what they should know, in the background.
    pub(in crate::app) fn tell_owners(&self, demoted: Vec<Demotion>, notices: Vec<Notice>) {
        if demoted.is_empty() && notices.is_empty() {
            return;
        }
        if let Some(notifier) = self.notifier.get().and_then(Weak::upgrade) {
            self.tasks
                .spawn(async move { notifier.notify(demoted, notices).await });
        }
    }

    /// Tells the operator of calls that used more than was held for them, at
    /// most once an hour: in the log, and the operator's people in Discord.
    pub(in crate::app) fn tell_of_overshoots(&self) {
        let Some(notice) = self.ledger.take_overshoots() else {
            return;
        };
        let OvershootNotice { calls, last } = &notice;
        tracing::warn!(
            provider = %last.provider,
            payer = last.source.as_str(),
            "{calls} calls used more than was held for them; the last one, of {}, held {:?} and used {:?}",
            last.model,
            last.held,
            last.used,
        );
        let operators = self.settings.operators.clone();
        if let Some(notifier) = self.notifier.get().and_then(Weak::upgrade) {
            self.tasks
                .spawn(async move { notifier.tell_of_overshoots(operators, notice).await });
        }
    }

    fn directory(&self) -> Option<Arc<dyn MemberDirectory>> {
        self.directory.get()?.upgrade()
    }

    /// Whether a role or a purchase gives a tier.
    fn tiers_are_given(&self) -> bool {
        let tiers = self.settings.tiers.iter();
        tiers
            .clone()
            .any(|tier| !tier.roles.is_empty() || !tier.skus.is_empty())
    }
}

/// Somebody in a server of whom nothing else is known.
pub fn anybody_in(server: ServerId) -> Caller {
    Caller {
        place: Place::Server(server),
        ..nobody_else(PersonId::UNKNOWN)
    }
}

/// A person of whom nothing else is known.
pub fn nobody_else(person: PersonId) -> Caller {
    Caller {
        person,
        place: Place::Direct,
        channel: None,
        manages_server: false,
        roles: Vec::new(),
        home_roles: Vec::new(),
        skus: Vec::new(),
    }
}
