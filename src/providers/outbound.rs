//! The one place where a key leaves the process.
//!
//! A key goes only to an origin that it was stored with. Redirects and
//! proxies are off, keys never stand in a URL, their headers are marked
//! sensitive, and no error keeps a URL or a body.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::multipart::Form;
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::model::{Credential, FailureClass, ProviderFailure};

use super::catalogue::{Auth, Provider, origin};

/// The largest answer that is read, streamed or not.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How long each part of a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    /// Until the answer begins.
    pub first_byte: Duration,
    /// The same for a model on the operator's own machine, which may have
    /// to be loaded first.
    pub first_byte_local: Duration,
    /// Between any two bytes, comments included.
    pub idle: Duration,
    /// Between two pieces of answer: comments alone keep no call alive.
    pub progress: Duration,
    pub total: Duration,
    /// A free key check, from start to end.
    pub check: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_mins(1),
            first_byte_local: Duration::from_mins(5),
            idle: Duration::from_mins(1),
            progress: Duration::from_mins(2),
            total: Duration::from_mins(10),
            check: Duration::from_secs(15),
        }
    }
}

impl Timeouts {
    /// Longer than any call takes, with its waits and retries.
    pub fn longest_call(&self) -> Duration {
        self.total * 2
    }
}

/// The one client that calls providers.
pub struct Outbound {
    client: Client,
    pub timeouts: Timeouts,
}

/// A call that is to be made.
pub struct Call<'a> {
    pub provider: &'a Provider,
    pub method: Method,
    pub url: Url,
    pub headers: &'a [(&'static str, &'a str)],
    /// Headers of a caller's own, already looked through.
    pub passed_on: HeaderMap,
    pub body: Option<Bytes>,
    /// When the answer must have begun.
    pub deadline: Instant,
}

/// An answer whose body is still to come.
#[derive(Debug)]
pub struct Incoming {
    pub status: u16,
    pub headers: HeaderMap,
    response: Response,
    received: usize,
}

impl Outbound {
    /// Calls with this client, whose redirects and proxies are off.
    pub fn new(client: Client, timeouts: Timeouts) -> Self {
        Self { client, timeouts }
    }

    /// Sends a call with its key, and returns when the answer begins.
    pub async fn send(
        &self,
        call: Call<'_>,
        credential: Option<&Credential>,
    ) -> Result<Incoming, ProviderFailure> {
        let provider = call.provider;
        let fail = |class| failed(provider, class);
        let mut request = self.with_key(provider, call.method, call.url, credential)?;
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = call.body {
            if !call.passed_on.contains_key(CONTENT_TYPE) {
                request = request.header(CONTENT_TYPE, "application/json");
            }
            request = request.body(body);
        }
        // In the place of one of ours that has the same name.
        request = request.headers(call.passed_on);
        let response = timeout_at(call.deadline, request.send())
            .await
            .map_err(|_| fail(FailureClass::TimedOut))?
            .map_err(|error| fail(class_of(&error)))?;
        Ok(Incoming {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            response,
            received: 0,
        })
    }

    /// Sends a form with a file; the status of the answer.
    pub async fn upload(
        &self,
        provider: &Provider,
        url: Url,
        form: Form,
        credential: Option<&Credential>,
    ) -> Result<u16, ProviderFailure> {
        let request = self.with_key(provider, Method::POST, url, credential)?;
        let sent = timeout(self.timeouts.first_byte, request.multipart(form).send()).await;
        let response = sent
            .map_err(|_| failed(provider, FailureClass::TimedOut))?
            .map_err(|error| failed(provider, class_of(&error)))?;
        Ok(response.status().as_u16())
    }

    /// A request that shows the key, if it goes to where the key may go.
    fn with_key(
        &self,
        provider: &Provider,
        method: Method,
        url: Url,
        credential: Option<&Credential>,
    ) -> Result<RequestBuilder, ProviderFailure> {
        let fail = |class| failed(provider, class);
        let to = origin(&url);
        let request = self.client.request(method, url);
        let Some(credential) = credential else {
            return Ok(request);
        };
        if !credential.origins.contains(&to) {
            return Err(fail(FailureClass::WrongOrigin));
        }
        let header = auth_header(provider.auth, credential);
        let (name, value) = header.ok_or_else(|| fail(FailureClass::AuthInvalid))?;
        Ok(request.header(name, value))
    }
}

impl Incoming {
    /// What kind of thing it is, as the provider says.
    pub fn content_type(&self) -> &str {
        let kind = self.headers.get(CONTENT_TYPE);
        kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default()
    }

    /// The next piece of the body; none at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FailureClass> {
        let chunk = self
            .response
            .chunk()
            .await
            .map_err(|error| match class_of(&error) {
                FailureClass::TimedOut => FailureClass::TimedOut,
                _ => FailureClass::CutOff,
            })?;
        self.received += chunk.as_ref().map_or(0, Bytes::len);
        if self.received > ANSWER_BYTES_MAX {
            return Err(FailureClass::TooLarge);
        }
        Ok(chunk)
    }

    /// The whole body, if it is no larger than `limit` and comes in time.
    pub async fn body(&mut self, limit: usize, deadline: Instant) -> Result<Vec<u8>, FailureClass> {
        let mut body = Vec::new();
        loop {
            let next = timeout_at(deadline, self.chunk()).await;
            match next.map_err(|_| FailureClass::TimedOut)?? {
                Some(chunk) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
                Some(_) => return Err(FailureClass::TooLarge),
                None => return Ok(body),
            }
        }
    }
}

/// A failure without a status.
pub fn failed(provider: &Provider, class: FailureClass) -> ProviderFailure {
    ProviderFailure {
        provider: provider.id.clone(),
        class,
        status: None,
        retry_after: None,
    }
}

fn auth_header(auth: Auth, credential: &Credential) -> Option<(HeaderName, HeaderValue)> {
    let secret = credential.secret.expose_secret();
    let (name, value) = match auth {
        Auth::Bearer => (
            AUTHORIZATION,
            HeaderValue::from_str(&format!("Bearer {secret}")),
        ),
        Auth::Header(name) => (HeaderName::from_static(name), HeaderValue::from_str(secret)),
    };
    let mut value = value.ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// Sorts a transport error and drops its text, which holds the URL.
fn class_of(error: &reqwest::Error) -> FailureClass {
    if error.is_connect() {
        FailureClass::Unreachable
    } else if error.is_timeout() {
        FailureClass::TimedOut
    } else {
        FailureClass::Upstream
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use secrecy::SecretString;

    use super::*;
    use crate::providers::Catalogue;

    #[tokio::test]
    async fn a_key_does_not_leave_for_another_origin() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let timeouts = Timeouts::default();
        let outbound = Outbound::new(
            crate::providers::client(timeouts.connect).unwrap(),
            timeouts,
        );
        let credential = Credential {
            secret: SecretString::from("sk-made-up"),
            origins: vec!["https://api.openai.com".into()],
            extras: BTreeMap::new(),
        };
        for url in [
            "http://api.openai.com/v1",
            "https://api.openai.com:8443/",
            "http://127.0.0.1:9/",
        ] {
            let call = Call {
                provider: catalogue.find("openai").unwrap(),
                method: Method::GET,
                url: Url::parse(url).unwrap(),
                headers: &[],
                passed_on: HeaderMap::new(),
                body: None,
                deadline: Instant::now() + Duration::from_secs(5),
            };
            let failure = outbound.send(call, Some(&credential)).await.unwrap_err();
            assert_eq!(failure.class, FailureClass::WrongOrigin, "{url}");
        }
    }

    #[test]
    fn a_header_with_a_key_does_not_print_it() {
        let credential = Credential {
            secret: SecretString::from("sk-made-up"),
            origins: Vec::new(),
            extras: BTreeMap::new(),
        };
        for auth in [Auth::Bearer, Auth::Header("x-api-key")] {
            let header = auth_header(auth, &credential).unwrap();
            assert!(!format!("{header:?}").contains("made-up"));
        }
    }
}
