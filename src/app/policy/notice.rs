//! Telling owners that most of a budget is used.

use crate::model::{Bound, LimitUse, PersonId, ServerId};

use crate::app::policy::CallerPolicy;

/// A budget of which most is used. It is said once in each window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub limit: LimitUse,
    /// Whose budget; none for the bot's.
    pub server: Option<ServerId>,
    pub tell: PersonId,
}

impl CallerPolicy {
    /// Whom to tell of budgets that are almost used up: whoever set a
    /// server's budget, or the operator's people.
    pub fn notices(&self, warnings: &[LimitUse]) -> Vec<Notice> {
        let mut notices = Vec::new();
        for limit in warnings {
            let (tell, server) = match limit.bound {
                Bound::ServerKey => {
                    let owner = self.owner_of(limit.bound, limit.limit);
                    (owner.into_iter().collect(), self.caller.place.server())
                }
                _ => (self.operators().to_vec(), None),
            };
            notices.extend(tell.into_iter().map(|tell| Notice {
                limit: limit.clone(),
                server,
                tell,
            }));
        }
        notices
    }
}
