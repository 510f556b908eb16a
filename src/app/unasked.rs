//! Why a provider said nothing of a key, and what the operator can do.

use crate::model::FailureClass;
use crate::providers::Provider;

/// Why a provider said nothing of a key, and what to do.
pub fn why_unasked(provider: &Provider, class: FailureClass) -> String {
    let (url, id) = (&provider.base_url, &provider.id);
    match class {
        FailureClass::Unreachable => format!(
            "{url} can't be reached; look whether this machine has a network, and whether a firewall or \
             `providers.{id}.base_url` keeps it from there"
        ),
        FailureClass::TimedOut => format!(
            "{url} does not answer in time; try again, and look whether a firewall or `providers.{id}.base_url` \
             keeps it from there"
        ),
        FailureClass::RateLimited => {
            "limits its calls right now, and says nothing of the key; try again in a minute"
                .to_owned()
        }
        FailureClass::Upstream | FailureClass::Overloaded => {
            "has trouble of its own right now, and says nothing of the key; try again in a while"
                .to_owned()
        }
        _ => format!(
            "{url} answers, and says nothing of the key; look whether `providers.{id}.base_url` is right"
        ),
    }
}
