//! For whom a model or a persona is chosen.

use crate::app::Error;
use crate::model::{AccessRefusal, Caller, ChoiceScope};

/// For whom something is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poise::ChoiceParameter)]
pub enum AudienceChoice {
    #[name = "me"]
    Me,
    #[name = "channel"]
    Channel,
    #[name = "server"]
    Server,
}

impl AudienceChoice {
    /// The scope of the choice, where the caller is.
    pub fn scope(self, caller: &Caller) -> Result<ChoiceScope, Error> {
        let scope = match self {
            Self::Me => Some(ChoiceScope::Person(caller.person)),
            Self::Channel => caller.channel.map(ChoiceScope::Channel),
            Self::Server => caller.place.server().map(ChoiceScope::Server),
        };
        scope.ok_or_else(|| AccessRefusal::OnlyManagersChoose.into())
    }
}
