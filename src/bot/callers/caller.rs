//! Makes a [`Caller`] of what Discord says of whoever sent something.
//!
//! Each interaction and each message says only a part: no payload names the
//! roles that somebody has in the operator's home server, and a message
//! does not name what they have bought. [`Bot::complete_caller`] looks up
//! the rest, and nothing else in the bot makes a [`Caller`], so that the
//! same person gets the same tier from a command, a form, a button, a
//! message, completion and a program.

use crate::bot::Bot;
use crate::bot::callers::raw_caller::RawCaller;
use crate::model::Caller;

impl Bot {
    /// Makes a caller of what a payload says: looks up the roles in the
    /// operator's home server, and what was bought where the payload does
    /// not say it. Both answers of Discord's are kept for some minutes.
    pub async fn complete_caller(&self, raw: RawCaller) -> Caller {
        let now_ms = self.app.now_ms();
        let home_roles = async {
            match &self.home_roles {
                Some(home_roles) => home_roles.roles_of(&self.rest, &raw, now_ms).await,
                None => Vec::new(),
            }
        };
        let skus = async {
            match (&raw.skus, &self.entitlements) {
                (Some(skus), _) => skus.clone(),
                (None, Some(entitlements)) => {
                    entitlements.skus_of(&self.rest, raw.person, now_ms).await
                }
                (None, None) => Vec::new(),
            }
        };
        let (home_roles, skus) = tokio::join!(home_roles, skus);
        Caller {
            person: raw.person,
            place: raw.place,
            channel: raw.channel,
            manages_server: raw.manages_server,
            roles: raw.roles,
            home_roles,
            skus,
        }
    }
}
