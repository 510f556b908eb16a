//! People who have OpenRouter make a key for them: on the way there and back. One
//! who comes back must be who went, in the same browser, once and in time.

use secrecy::SecretString;

use crate::model::{BegunSignIn, PersonId};

use crate::app::Error;
use crate::app::people::People;

/// What a sign-in has in the place of a page that comes next, where it is none.
const PURPOSE: &str = "key-consent:";

impl People {
    /// Begins it for a person. The browser may have a cookie of another one
    /// already.
    pub async fn begin_key_consent(
        &self,
        person: PersonId,
        cookie: Option<SecretString>,
    ) -> Result<BegunSignIn, Error> {
        self.begin_sign_in(&purpose(person), cookie).await
    }

    /// Takes what comes back, and returns what its code is exchanged with; none
    /// where it is not what this person began in this browser a moment ago.
    pub async fn take_key_consent(
        &self,
        person: PersonId,
        state: &SecretString,
        cookie: &SecretString,
    ) -> Result<Option<SecretString>, Error> {
        let taken = self.take_sign_in(state, cookie).await?;
        let own = taken.filter(|it| it.next == purpose(person));
        Ok(own.map(|it| it.verifier))
    }
}

fn purpose(person: PersonId) -> String {
    format!("{PURPOSE}{person}")
}
