//! Which hosts keep their pictures where none are taken from: what a job came
//! to once is said before the next one costs anything.

use std::sync::Mutex;
use std::time::Duration;

use crate::model::{
    FailureClass, KeyId, Offer, PictureRefusal, ProviderFailure, ProviderId, Refusal, Source,
    TtlCache, lock,
};

/// For how many keys and models it is known at once.
const KEYS_MAX: usize = 1_000;
/// Whoever had their host keep its pictures elsewhere waits no longer.
const KNOWN_FOR: Duration = Duration::from_hours(1);

/// Where the hosts of keys kept their last pictures.
#[derive(Debug)]
pub struct ForeignStorage(Mutex<Addresses>);

/// An address for each model, or workflow, of a provider with a key: each may
/// have workers of its own.
type Addresses = TtlCache<(ProviderId, Option<KeyId>, String), Box<str>>;

impl Default for ForeignStorage {
    fn default() -> Self {
        Self(Mutex::new(TtlCache::new(KEYS_MAX, KNOWN_FOR)))
    }
}

impl ForeignStorage {
    /// Notes a job that failed since its pictures could not be taken. What came
    /// with one call is another key the next time.
    pub fn note(&self, (offer, model): (&Offer, &str), failure: &ProviderFailure, now_ms: i64) {
        if failure.class != FailureClass::UntrustedResult || offer.source == Source::Request {
            return;
        }
        if let Some(address) = &failure.subject {
            let of = (offer.provider.clone(), offer.key, model.to_owned());
            lock(&self.0).put(of, address.clone(), now_ms);
        }
    }

    /// Refuses to ask a host whose pictures could not be taken a moment ago.
    pub fn check(&self, offer: &Offer, model: &str, now_ms: i64) -> Result<(), Refusal> {
        let of = (offer.provider.clone(), offer.key, model.to_owned());
        let known = lock(&self.0);
        match known.get(&of, now_ms) {
            Some(address) if offer.source != Source::Request => {
                Err(Refusal::Picture(PictureRefusal::KeptElsewhere {
                    provider: offer.provider.clone(),
                    address: address.to_string(),
                }))
            }
            _ => Ok(()),
        }
    }
}
