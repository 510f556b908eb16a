//! Whom a block names: one person, role or channel.

use serenity::all::{PartialChannel, Role, User};

use crate::app::Error;
use crate::model::{BlockTarget, PersonId, QuotaRefusal};

/// The one that was named; refused where it is none or several.
pub fn block_target(
    user: Option<&User>,
    role: Option<&Role>,
    channel: Option<&PartialChannel>,
) -> Result<BlockTarget, Error> {
    match (user, role, channel) {
        (Some(user), None, None) => Ok(BlockTarget::Person(PersonId(user.id.get()))),
        (None, Some(role), None) => Ok(BlockTarget::Role(role.id.get())),
        (None, None, Some(channel)) => Ok(BlockTarget::Channel(channel.id.get())),
        _ => Err(QuotaRefusal::NameOne.into()),
    }
}
