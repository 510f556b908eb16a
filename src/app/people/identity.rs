//! People who show in a browser who they are, by signing in with Discord.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::model::{BegunSignIn, PersonId, ServerId};

use crate::app::people::People;

/// Has people show who they are, by sending them to Discord and asking it when
/// they come back.
pub trait IdentityDesk: Send + Sync {
    /// Where a browser goes for it.
    fn address(&self, begun: &BegunSignIn, consent: Consent) -> String;

    /// Who came back.
    fn identify(&self, returned: ReturnedCode) -> BoxFuture<'_, Result<Identity, SignInTrouble>>;
}

/// Whether somebody must agree again who has agreed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    Once,
    Again,
}

/// What a browser brings back.
pub struct ReturnedCode {
    pub code: SecretString,
    pub verifier: SecretString,
    /// Who says that it sent the browser back, if it was said.
    pub issuer: Option<String>,
}

/// Who somebody is, as Discord says.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    pub person: PersonId,
    pub name: String,
    /// The servers that they can manage.
    pub servers: Vec<ServerId>,
    /// The other servers that they are in.
    pub joined: Vec<ServerId>,
}

/// Why nobody could be signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInTrouble {
    #[error("no client secret is set")]
    NoSecret,
    #[error("Discord has not been reached since the start")]
    NotYet,
    #[error("Discord can't be reached, or answered something else")]
    Away,
    #[error("Discord took too long")]
    Slow,
    /// For so many seconds, if it was said.
    #[error("Discord asks to wait")]
    Busy(Option<u64>),
    #[error("Discord refuses the client secret")]
    WrongSecret,
    #[error("Discord refuses the code: used, too old, or not ours")]
    CodeRefused,
    #[error("somebody else than Discord sent the browser back")]
    WrongIssuer,
    #[error("Discord refuses what was asked")]
    Refused,
}

impl People {
    /// Sets who has people show who they are, once Discord is there; none
    /// where no client secret is set.
    pub fn set_identity_desk(&self, desk: Option<Arc<dyn IdentityDesk>>) {
        // As with the directory, the first one stays.
        let _ = self.identity_desk.set(desk);
    }

    /// Whether people can sign in, and why not.
    pub fn check_sign_in(&self) -> Result<(), SignInTrouble> {
        self.identity_desk().map(drop)
    }

    /// Where a browser goes to sign in.
    pub fn sign_in_address(
        &self,
        begun: &BegunSignIn,
        consent: Consent,
    ) -> Result<String, SignInTrouble> {
        Ok(self.identity_desk()?.address(begun, consent))
    }

    /// Who came back from Discord. It goes on to its end, also where nobody
    /// waits for it any more: what Discord handed out is given back there.
    pub async fn identify(&self, returned: ReturnedCode) -> Result<Identity, SignInTrouble> {
        let desk = self.identity_desk()?;
        let asking = self
            .tasks
            .spawn(async move { desk.identify(returned).await });
        let identified = asking.await.unwrap_or(Err(SignInTrouble::Away));
        identified.inspect_err(|trouble| tracing::warn!("nobody was signed in: {trouble}"))
    }

    fn identity_desk(&self) -> Result<Arc<dyn IdentityDesk>, SignInTrouble> {
        let desk = self.identity_desk.get().ok_or(SignInTrouble::NotYet)?;
        desk.as_ref().map(Arc::clone).ok_or(SignInTrouble::NoSecret)
    }
}
