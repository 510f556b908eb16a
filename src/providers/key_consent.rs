//! Has OpenRouter make a key for whoever agrees to it in a browser: OAuth with a
//! proof of who asked (RFC 7636); `docs/providers.md` §3.3.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use url::Url;

use crate::model::{BegunSignIn, NoKeyMade, ProviderId};

use super::catalogue::Provider;
use super::registry::Providers;
use super::transport::http::address_below;
use super::transport::outbound::Call;

/// Who makes keys so.
const OPENROUTER: &str = "openrouter";
/// Where its API is, below its pages.
const API: &str = "/api/v1";
/// Where a code is exchanged, below its API.
const EXCHANGE: &str = "/auth/keys";
const METHOD: &str = "S256";
/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

impl Providers {
    /// Who makes a key for whoever agrees to it; none where the operator has left
    /// it out.
    pub fn key_maker(&self) -> Option<&Provider> {
        self.get(&ProviderId::from(OPENROUTER))
    }

    /// Where a browser goes to agree; it comes back to an address of ours, at
    /// which the state stands.
    pub fn consent_address(&self, begun: &BegunSignIn, back: &str) -> Option<Url> {
        let mut page = self.key_maker()?.base_url.clone();
        let path = page.path().trim_end_matches('/');
        let pages = path.strip_suffix(API).unwrap_or(path);
        page.set_path(&format!("{pages}/auth"));
        let verifier = begun.verifier.expose_secret();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        page.query_pairs_mut()
            .append_pair(
                "callback_url",
                &format!("{back}/{}", begun.state.expose_secret()),
            )
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", METHOD);
        Some(page)
    }

    /// Exchanges the code that came back for the key that was made.
    pub async fn fetch_made_key(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<SecretString, NoKeyMade> {
        let provider = self.key_maker().ok_or(NoKeyMade::Away)?;
        let deadline = Instant::now() + self.outbound.timeouts.check;
        let body = json!({"code": code.expose_secret(), "code_verifier": verifier.expose_secret(),
            "code_challenge_method": METHOD});
        let call = Call {
            provider,
            method: Method::POST,
            to: address_below(&provider.base_url, EXCHANGE),
            forwarded: &[],
            body: Some(body.to_string().into()),
            deadline,
            departure: None,
        };
        let sent = self.outbound.send(call, None).await;
        let incoming = sent.map_err(|_| NoKeyMade::Away)?;
        let answer = incoming.read_whole(&provider.id, ANSWER_BYTES_MAX, deadline);
        let answer = answer.await.map_err(|_| NoKeyMade::Away)?;
        if matches!(answer.status, 400 | 403 | 404) {
            return Err(NoKeyMade::CodeRefused);
        }
        let is_good = answer.status == 200;
        let answer = answer.into_json(provider, is_good);
        let answer = answer.map_err(|_| NoKeyMade::Away)?;
        let key = answer["key"].as_str().map(SecretString::from);
        key.ok_or(NoKeyMade::Away)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
