//! Addresses of a vendor's own API, called where every provider's models are:
//! they lead somewhere below the vendor's name alone.

use axum::http::HeaderMap;

use crate::app::KnownProviders;

use crate::gateway::replies::problem::Problem;

/// The longest part of an address that is repeated, in characters.
const SHOWN_CHARACTERS_MAX: usize = 100;

/// The problem that an address does not exist, with where it does.
pub fn nothing_at(path: &str, headers: &HeaderMap, providers: KnownProviders<'_>) -> Problem {
    let vendor = vendor_of(path, headers).and_then(|id| providers.get(&id.into()));
    let Some(vendor) = vendor else {
        return Problem::nothing_at(path);
    };
    let shown: String = path.chars().take(SHOWN_CHARACTERS_MAX).collect();
    let message = format!(
        "There is nothing at `{shown}` for all providers. It is part of {}'s own API, which is at `/{}{shown}`.",
        vendor.name(),
        vendor.id(),
    );
    Problem::new(404, "not_found", message)
}

/// Whose API begins its addresses so. Anthropic's begin as OpenAI's do, and its
/// libraries say themselves who they are.
fn vendor_of(path: &str, headers: &HeaderMap) -> Option<&'static str> {
    if path.starts_with("/v1beta/") || path.starts_with("/upload/v1beta/") {
        return Some("google");
    }
    if !path.starts_with("/v1/") {
        return None;
    }
    let is_anthropics =
        path.starts_with("/v1/messages/") || headers.contains_key("anthropic-version");
    Some(if is_anthropics { "anthropic" } else { "openai" })
}
