//! What the operator's people see of what goes on: in this process, and what
//! all processes have reserved.

use std::time::Duration;

use tokio::time::timeout;

use crate::ledger::Traffic;
use crate::model::Caller;
use crate::store::HeldSums;

use crate::app::{App, Error};

/// How long the database may take to add up.
const HELD_WITHIN: Duration = Duration::from_secs(3);

/// What goes on right now.
#[derive(Clone, Debug)]
pub struct TrafficView {
    /// Of this process.
    pub traffic: Traffic,
    /// Of all processes; none where the database did not say in time.
    pub held: Option<HeldSums>,
}

impl App {
    /// What goes on right now, for the operator's people.
    pub async fn watch_traffic(&self, caller: &Caller) -> Result<TrafficView, Error> {
        self.people.require_operator(caller)?;
        let held = timeout(HELD_WITHIN, self.store.held_sums()).await;
        Ok(TrafficView {
            traffic: self.ledger.traffic(),
            held: held.ok().and_then(Result::ok),
        })
    }
}
