//! One request for a page, as handlers see it: who is there, what they asked
//! for, and what they typed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, Uri};
use secrecy::SecretString;
use url::form_urlencoded;

use crate::app::{App, OwnSession, nobody_else};
use crate::model::{Caller, PersonId, RequestOrigin, ServerId};

use super::Console;
use super::form::Form;
use super::reply::{Redirection, Reply};
use super::trouble::Trouble;

/// How much of a parameter's name is shown, in characters.
const PARAMETER_SHOWN_MAX: usize = 40;

/// What a handler answers.
pub type HandlerResult = Result<Reply, Trouble>;
pub type HandlerFuture = Pin<Box<dyn Future<Output = HandlerResult> + Send>>;

/// A request that the guard let in.
pub struct Visit {
    pub console: Arc<Console>,
    pub origin: RequestOrigin,
    pub uri: Uri,
    pub headers: HeaderMap,
    /// The values of the path's parameters, in order.
    pub path_values: Vec<String>,
    /// Who is signed in, if anybody.
    pub session: Option<Arc<OwnSession>>,
    /// Whether the browser still has the cookie of a sign-in that has ended.
    pub was_signed_out: bool,
    /// What each form on the page must carry.
    pub form_token: SecretString,
    /// What was typed; empty where no form was sent.
    pub form: Arc<Form>,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct SignedIn {
    pub session: Arc<OwnSession>,
}

/// Somebody who manages the server that the address names.
pub struct Managing {
    pub person: SignedIn,
    pub server: ServerId,
    /// As Discord says it: right now where something is changed, else at most
    /// a minute ago.
    pub caller: Caller,
}

impl Visit {
    /// The program.
    pub fn app(&self) -> &App {
        &self.console.app
    }

    /// The value of the path's parameter at a place, from 0; empty where
    /// there is none.
    pub fn path_value(&self, at: usize) -> &str {
        self.path_values.get(at).map_or("", String::as_str)
    }

    /// What the address says after its question mark, such as `days` in
    /// `?days=7`; none where it says nothing, or nothing of it.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let value = pairs.find(|(its_name, _)| its_name == name)?.1;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Refuses an address that says something that the page does not take, by its
    /// name, and a place that is none: what is misspelt would be left out in
    /// silence.
    pub fn require_parameters(&self, known: &[&str]) -> Result<(), Trouble> {
        let query = self.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let Some((name, _)) = pairs.find(|(name, _)| !known.contains(&&**name)) else {
            return match self.query("in") {
                Some(place) if place.parse::<u64>().is_err() => Err(not_understood(
                    "“in” takes the id of a server, which is a number. Choose the place on the page.",
                )),
                _ => Ok(()),
            };
        };
        let name: String = name.chars().take(PARAMETER_SHOWN_MAX).collect();
        let known: Vec<String> = known.iter().map(|name| format!("“{name}”")).collect();
        let takes = if known.is_empty() {
            "nothing there".to_owned()
        } else {
            format!("only {}", known.join(", "))
        };
        Err(not_understood(&format!(
            "The address has “{name}” behind its question mark, and takes {takes}. Write it without, \
             or correct it.",
        )))
    }

    /// The server that the address names with `?in=`; none for nowhere, and
    /// for whatever is no server's id.
    pub fn place(&self) -> Option<ServerId> {
        self.query("in")?.parse().ok().map(ServerId)
    }
}

impl Visit {
    /// The servers that whoever is signed in shares with the bot, with what
    /// they are called: those first that they could manage when they signed
    /// in. `at` is the one that they look at, of which Discord said that they
    /// are in it.
    pub async fn list_shared_servers(&self, at: Option<ServerId>) -> Vec<(ServerId, String)> {
        let session = self.session.as_ref();
        let mut servers = session.map_or_else(Vec::new, |it| it.session.all_servers());
        servers.extend(at.filter(|at| !servers.contains(at)));
        self.app().people.find_shared_servers(&servers).await
    }
}

/// What an address says is not what its page takes.
pub fn not_understood(words: &str) -> Trouble {
    Trouble::new(StatusCode::BAD_REQUEST, "That is not understood", words)
}

impl SignedIn {
    /// Who signed in, as Discord told it.
    pub fn id(&self) -> PersonId {
        self.session.session.person
    }

    /// Who they are outside of servers.
    pub async fn caller(&self, visit: &Visit) -> Result<Caller, Trouble> {
        Ok(visit.app().people.find_person(self.id()).await?)
    }

    /// Who they are in a server, or outside of all. What Discord said of them
    /// is at most a minute old.
    pub async fn caller_in(
        &self,
        visit: &Visit,
        server: Option<ServerId>,
    ) -> Result<Caller, Trouble> {
        match server {
            Some(server) => Ok(visit.app().people.find_member(self.id(), server).await?),
            None => self.caller(visit).await,
        }
    }

    /// Whether they are one of the operator's people.
    pub fn is_operator(&self, app: &App) -> bool {
        let caller = nobody_else(self.id());
        app.people.require_operator(&caller).is_ok()
    }

    /// Goes to another page, which says once what was done.
    pub async fn say_at(
        &self,
        visit: &Visit,
        address: impl Into<String>,
        words: &str,
    ) -> HandlerResult {
        let people = &visit.app().people;
        people.put_flash(&self.session.session, words).await?;
        Ok(Redirection::at(address).into())
    }
}
