//! Tries keys that come with calls: whoever sends key after key that
//! providers refuse has no new ones passed on for a while.

use crate::app::{KeySender, KeyTrial, TrialOutcome};
use crate::gateway::Gateway;
use crate::gateway::calls::call::HandlerResult;
use crate::gateway::calls::request_key::find_key_bytes;
use crate::gateway::replies::problem::{Problem, paid_with_request_key};
use crate::gateway::routing::requirement::Requirement;
use crate::gateway::session::{Arrival, Session};
use crate::model::{Right, counted_address};

impl Gateway {
    /// Begins the trial of a key that comes with a call, if one does; or
    /// refuses it, where too many were refused before.
    pub async fn begin_key_trial(
        &self,
        requirement: Requirement,
        arrival: &Arrival<'_>,
        session: &Session,
    ) -> Result<Option<KeyTrial>, Problem> {
        if requirement != Requirement::Token(Right::Chat) {
            return Ok(None);
        }
        let Some(key) = find_key_bytes(arrival.headers, self.app.providers()) else {
            return Ok(None);
        };
        let address = counted_address(arrival.client);
        let caller = match &session.token {
            Some(token) => KeySender::Person(token.person),
            None => KeySender::Nobody(address),
        };
        let senders = [caller, KeySender::Address(address)];
        // Apart, so that calls without a key stay small.
        let begun = Box::pin(self.app.keys.trials.begin_call(senders, key));
        Ok(Some(begun.await?))
    }
}

/// What the response to a call says of the key that came with it.
pub fn outcome_of(result: &HandlerResult) -> TrialOutcome {
    match result {
        Ok(response) if paid_with_request_key(response.headers()) => TrialOutcome::Worked,
        Err(problem) if problem.refuses_request_key => TrialOutcome::Refused,
        _ => TrialOutcome::Unknown,
    }
}
