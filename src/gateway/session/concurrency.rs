//! Limits how many calls of one token, of one person, and of one server are
//! worked on at once.

use crate::app::Permit;
use crate::gateway::Gateway;
use crate::gateway::replies::problem::Problem;
use crate::model::{PersonId, ServerId, Token, TokenId};

/// One call's share of each limit that counts it. Dropping it lets another
/// call in.
#[derive(Default)]
pub struct CallPermits {
    _token: Option<Permit<TokenId>>,
    _person: Option<Permit<PersonId>>,
    _server: Option<Permit<ServerId>>,
}

impl Gateway {
    /// Takes a permit of the token, one of its person, and one of the server
    /// whose context the token carries.
    pub fn acquire_permits(&self, token: &Token) -> Result<CallPermits, Problem> {
        let of_token = self.token_limits.acquire(token.id);
        let of_token = of_token.ok_or_else(|| too_many_calls(self.token_limits.at_once()))?;
        let of_person = self.person_limits.acquire(token.person);
        let of_person = of_person.ok_or_else(|| too_many_calls(self.person_limits.at_once()))?;
        let of_server = match token.scopes.server {
            Some(server) => {
                let of_server = self.server_limits.acquire(server);
                let max = self.server_limits.at_once();
                Some(of_server.ok_or_else(|| too_many_calls(max))?)
            }
            None => None,
        };
        Ok(CallPermits {
            _token: Some(of_token),
            _person: Some(of_person),
            _server: of_server,
        })
    }
}

fn too_many_calls(max: usize) -> Problem {
    let message = format!(
        "{max} calls are being worked on already, which is the most at once. Wait for one of them."
    );
    Problem {
        retry_after_s: Some(1),
        ..Problem::new(429, "too_many_at_once", message)
    }
}
