//! Forms and buttons: handed out by one interaction, taken by the next.

use crate::model::{AccessRefusal, Caller, Clock};
use crate::store::{PendingAction, PendingKind, Store};

use crate::app::Error;

/// How long a form or a button works. Discord's own tokens live as long.
pub(in crate::app) const PENDING_FOR_MS: i64 = 15 * 60 * 1_000;
/// Bytes of randomness in an id.
const ID_BYTES: usize = 16;
/// The digits of an id.
const ID_DIGITS: usize = 2 * ID_BYTES;

/// The actions that wait for their form or button.
#[derive(Clone)]
pub struct PendingActions {
    store: Store,
    clock: Clock,
}

impl PendingActions {
    /// Puts the parts together.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Remembers an action and returns the id that Discord carries for us.
    pub async fn hand_out(&self, action: &PendingAction) -> anyhow::Result<String> {
        let id = random_id()?;
        let expires_at_ms = self.clock.now_ms() + PENDING_FOR_MS;
        self.store.add_pending(&id, action, expires_at_ms).await?;
        Ok(id)
    }

    /// Deletes the actions that nobody came back to.
    pub async fn sweep(&self, now_ms: i64) -> anyhow::Result<()> {
        self.store.expire_pending(now_ms).await?;
        Ok(())
    }

    /// An action that waits, for the person and place that it was made for.
    pub async fn look(
        &self,
        caller: &Caller,
        kind: PendingKind,
        id: &str,
    ) -> Result<PendingAction, Error> {
        let now_ms = self.clock.now_ms();
        let found = self
            .store
            .find_pending(id, caller.person, caller.place.server(), now_ms)
            .await?;
        let action = found
            .filter(|action| action.kind == kind)
            .ok_or(AccessRefusal::StaleForm)?;
        Ok(action)
    }

    /// Takes an action, once, for the person and place it was made for. The
    /// id is what a stranger typed until the database has said otherwise.
    pub async fn take(
        &self,
        caller: &Caller,
        kind: PendingKind,
        id: &str,
    ) -> Result<PendingAction, Error> {
        if id.len() != ID_DIGITS {
            return Err(AccessRefusal::StaleForm.into());
        }
        let now_ms = self.clock.now_ms();
        let taken = self
            .store
            .take_pending(id, caller.person, caller.place.server(), now_ms)
            .await?;
        let action = taken
            .filter(|action| action.kind == kind)
            .ok_or(AccessRefusal::StaleForm)?;
        Ok(action)
    }
}

/// 128 random bits, as hex digits.
pub fn random_id() -> anyhow::Result<String> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
