//! For whom a model or a persona is chosen.

use crate::app::Error;
use crate::model::{AccessRefusal, Caller, ChoiceScope, Refusal};

/// For whom something is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum For {
    #[name = "me"]
    Me,
    #[name = "channel"]
    Channel,
    #[name = "server"]
    Server,
}

/// Whose choice it is: one's own unless something else is said.
pub fn scope_of(caller: &Caller, whom: Option<For>) -> Result<ChoiceScope, Error> {
    let nowhere = || Error::Refused(Refusal::Access(AccessRefusal::OnlyManagersChoose));
    match whom.unwrap_or(For::Me) {
        For::Me => Ok(ChoiceScope::Person(caller.person)),
        For::Channel => caller.channel.map(ChoiceScope::Channel).ok_or_else(nowhere),
        For::Server => caller
            .place
            .server()
            .map(ChoiceScope::Server)
            .ok_or_else(nowhere),
    }
}
