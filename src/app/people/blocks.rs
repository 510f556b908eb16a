//! Whom a server's managers have stopped from asking there.

use std::time::Duration;

use crate::model::{
    AccessRefusal, BlockTarget, Blocked, Caller, Place, Refusal, ServerId, SetBlock,
};

use crate::app::Error;
use crate::app::people::People;
use crate::app::people::operators::after;

/// How many are listed.
const SHOWN_MAX: u32 = 50;

/// How a block meets whoever sets it, which they may not have meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnBlock {
    /// It names them.
    Oneself,
    /// It names a role that they have.
    Role,
    /// It names the role that everybody in a server has.
    Everybody,
}

impl OwnBlock {
    /// How a block meets its caller, as far as it does.
    pub fn of(caller: &Caller, whom: Blocked) -> Option<Self> {
        let meets_role = |role: u64| caller.roles.contains(&role).then_some(Self::Role);
        match whom {
            Blocked::Person(person) | Blocked::InServer(_, BlockTarget::Person(person)) => {
                (person == caller.person).then_some(Self::Oneself)
            }
            Blocked::InServer(server, BlockTarget::Role(role)) if role == server.0 => {
                Some(Self::Everybody)
            }
            Blocked::Role(role) | Blocked::InServer(_, BlockTarget::Role(role)) => meets_role(role),
            Blocked::Everyone
            | Blocked::Server(_)
            | Blocked::Channel(_)
            | Blocked::InServer(_, BlockTarget::Channel(_)) => None,
        }
    }
}

impl People {
    /// Stops somebody in the caller's server, for a time or until it is
    /// lifted.
    pub async fn block_here(
        &self,
        caller: &Caller,
        inside: BlockTarget,
        during: Option<Duration>,
    ) -> Result<(Blocked, Option<i64>), Error> {
        let whom = Blocked::InServer(managed(caller)?, inside);
        let now_ms = self.clock.now_ms();
        let until_ms = during.map(|during| after(now_ms, during));
        self.store
            .set_block(whom, until_ms, caller.person, now_ms)
            .await?;
        Ok((whom, until_ms))
    }

    /// Lets somebody ask again in the caller's server; whether they were
    /// stopped at all.
    pub async fn unblock_here(
        &self,
        caller: &Caller,
        inside: BlockTarget,
    ) -> Result<(Blocked, bool), Error> {
        let whom = Blocked::InServer(managed(caller)?, inside);
        Ok((whom, self.store.lift_block(whom).await?))
    }

    /// Whom the caller's server has stopped.
    pub async fn blocks_here(&self, caller: &Caller) -> Result<Vec<SetBlock>, Error> {
        let server = managed(caller)?;
        Ok(self.store.blocks_in(server, SHOWN_MAX).await?)
    }
}

/// The server that the caller manages.
fn managed(caller: &Caller) -> Result<ServerId, Refusal> {
    match caller.place {
        Place::Server(server) if caller.manages_server => Ok(server),
        Place::Server(_) => Err(Refusal::Access(AccessRefusal::OnlyManagers)),
        Place::VisitedServer(_) => Err(Refusal::Access(AccessRefusal::NeedsBotInServer)),
        Place::Direct => Err(Refusal::Access(AccessRefusal::NeedsServer)),
    }
}
