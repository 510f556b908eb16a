//! A key that its provider makes for whoever agrees to it in a browser. It is
//! stored as any other, and nobody types or sees it.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::model::{BegunSignIn, Caller, CheckGoal, Lifetime, NoKeyMade, Scope};

use crate::app::Error;
use crate::app::keys::adding::add::CountedCheck;
use crate::app::keys::{AddedKey, KeyDraft, Keys, TypedKey};
use crate::app::models::ProviderInfo;

/// The page at which it begins.
pub const KEY_CONSENT_PATH: &str = "/keys/openrouter";

/// Why a key that was agreed to is not stored.
#[derive(Debug)]
pub enum MadeKeyTrouble {
    /// It could not be stored now, so that nobody asked for it.
    Refused(Error),
    Unmade(NoKeyMade),
    /// It was made, can spend, and is nowhere here.
    Lost(Error),
}

impl Keys {
    /// Who makes keys so, where people can store them.
    pub fn key_maker(&self) -> Option<ProviderInfo<'_>> {
        let maker = self.providers.key_maker()?;
        self.byok_enabled().then_some(ProviderInfo::new(maker))
    }

    /// Where people find that page from outside: with TLS, since whoever follows
    /// a link from Discord may be anywhere. None where there is no such page.
    pub fn key_consent_page(&self) -> Option<String> {
        let url = self.console_url.as_deref()?;
        let can_be_made = url.starts_with("https:") && self.key_maker().is_some();
        can_be_made.then(|| format!("{url}{KEY_CONSENT_PATH}"))
    }

    /// Where a browser goes to agree, and comes back below `back`.
    pub fn consent_address(&self, begun: &BegunSignIn, back: &str) -> Option<String> {
        let address = self.providers.consent_address(begun, back);
        address.map(String::from)
    }

    /// Fetches the key that was agreed to, and stores it for the caller. Whatever
    /// can refuse it beforehand does: once it is fetched, it can spend.
    pub async fn put_made(
        &self,
        caller: &Caller,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<AddedKey, MadeKeyTrouble> {
        let maker = self.providers.key_maker();
        let maker = maker.ok_or(MadeKeyTrouble::Unmade(NoKeyMade::Away))?;
        let prepared = self.prepare_made(caller).await;
        let counted = prepared.map_err(MadeKeyTrouble::Refused)?;
        let fetched = self.providers.fetch_made_key(code, verifier).await;
        let secret = fetched
            .inspect_err(|why| tracing::warn!("no key was made: {why}"))
            .map_err(MadeKeyTrouble::Unmade)?;
        let draft = KeyDraft {
            lifetime: Lifetime::AsBefore,
            scope: Scope::User,
            provider: maker.id.clone(),
            name: None,
            typed: TypedKey {
                secret,
                extras: BTreeMap::new(),
            },
            keep_refused: false,
        };
        let added = self.store_made(caller, draft, counted).await;
        added.map_err(MadeKeyTrouble::Lost)
    }

    /// Refuses a key that may not be stored, and counts its check.
    async fn prepare_made(&self, caller: &Caller) -> Result<CountedCheck, Error> {
        self.require_byok()?;
        self.require_own_keys(caller, Scope::User).await?;
        self.count_check(caller, CheckGoal::Store).await
    }

    /// Checks a key whose check was counted, and stores it.
    async fn store_made(
        &self,
        caller: &Caller,
        draft: KeyDraft,
        counted: CountedCheck,
    ) -> Result<AddedKey, Error> {
        let clean = self.clean_draft(caller, draft)?;
        let ready = self.check_clean(clean, counted).await?;
        ready.refuse_loss()?;
        self.store_ready(ready, caller.person).await
    }
}
