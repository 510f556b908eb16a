//! Who somebody is when Discord does not say it with what they ask: a
//! program that comes with a token.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::model::{AccessRefusal, Caller, PersonId, Place, ServerId, Token};

use crate::app::quotas::notice::Notice;
use crate::app::{App, Demotion, Error};

/// Something that is waited for.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever can ask Discord, and write to people there.
pub trait Doorman: Send + Sync {
    /// Who a person is, in a server or nowhere; a moment ago, or right now
    /// where `now` is said.
    fn caller(
        &self,
        person: PersonId,
        server: Option<ServerId>,
        now: bool,
    ) -> Waiting<'_, Result<Caller, Error>>;

    /// Tells owners of keys and budgets what they should know.
    fn tell(&self, demoted: Vec<Demotion>, notices: Vec<Notice>) -> Waiting<'_, ()>;
}

impl App {
    /// Whom to ask of people, once Discord is there.
    pub fn has_doorman(&self, doorman: &Arc<dyn Doorman>) {
        // The first one stays: there is one connection to Discord.
        let _ = self.doorman.set(Arc::downgrade(doorman));
    }

    /// Whether Discord is there to be asked.
    pub fn knows_discord(&self) -> bool {
        self.doorman().is_some()
    }

    /// Who speaks with a token.
    pub async fn caller_of(&self, token: &Token) -> Result<Caller, Error> {
        let server = token.scopes.server;
        match self.doorman() {
            Some(doorman) => doorman.caller(token.person, server, false).await,
            None if server.is_none() && !self.tiers_are_given() => Ok(nobody_else(token.person)),
            None => Err(AccessRefusal::DiscordAway.into()),
        }
    }

    /// Who speaks with a token about a server's matters, as Discord says
    /// right now.
    pub async fn caller_in(&self, token: &Token, server: ServerId) -> Result<Caller, Error> {
        let doorman = self.doorman().ok_or(AccessRefusal::DiscordAway)?;
        doorman.caller(token.person, Some(server), true).await
    }

    /// Tells owners what they should know, behind the answer's back.
    pub(in crate::app) fn tell_owners(&self, demoted: Vec<Demotion>, notices: Vec<Notice>) {
        let nothing = demoted.is_empty() && notices.is_empty();
        if let Some(doorman) = self.doorman().filter(|_| !nothing) {
            self.tasks
                .spawn(async move { doorman.tell(demoted, notices).await });
        }
    }

    fn doorman(&self) -> Option<Arc<dyn Doorman>> {
        self.doorman.get()?.upgrade()
    }

    /// Whether a role or a purchase gives a tier.
    fn tiers_are_given(&self) -> bool {
        let tiers = self.quota.tiers.iter();
        tiers
            .clone()
            .any(|tier| !tier.roles.is_empty() || !tier.skus.is_empty())
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
