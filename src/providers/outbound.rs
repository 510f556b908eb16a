//! The one place where a key leaves the process.
//!
//! A key goes only to an origin that it was stored with. Redirects and
//! proxies are off, keys never stand in a URL, their headers are marked
//! sensitive, and no error keeps a URL or a body.

use std::time::Duration;

use axum::http::uri::Authority;
use axum::http::{Request, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy;
use reqwest::Method;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use reqwest::multipart::Form;
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::model::{Credential, FailureClass, Pieces, ProviderFailure};

use super::catalogue::{Auth, Provider};
use super::client::{self, Clients};

/// How many headers a call has: hyper adds the host and the length.
const HEADERS: usize = 6;
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

/// What calls providers.
pub struct Outbound {
    clients: Clients,
    pub timeouts: Timeouts,
}

/// A call that is to be made.
pub struct Call<'a> {
    pub provider: &'a Provider,
    pub method: Method,
    /// Where to; none where no address could be made.
    pub to: Option<Uri>,
    pub headers: &'a [(&'static str, &'a str)],
    /// Headers of a caller's own, already looked through. They stand in the
    /// place of ours that have the same names.
    pub passed_on: &'a [(HeaderName, HeaderValue)],
    pub body: Option<Bytes>,
    /// When the answer must have begun.
    pub deadline: Instant,
}

/// An answer whose body is still to come.
#[derive(Debug)]
pub struct Incoming {
    pub status: u16,
    pub headers: HeaderMap,
    rest: hyper::body::Incoming,
    received: usize,
}

impl Outbound {
    /// Calls with these clients, whose redirects and proxies are off.
    pub fn new(clients: Clients, timeouts: Timeouts) -> Self {
        Self { clients, timeouts }
    }

    /// Sends a call with its key, and returns when the answer begins.
    pub async fn send(
        &self,
        call: Call<'_>,
        credential: Option<&Credential>,
    ) -> Result<Incoming, ProviderFailure> {
        let (provider, deadline) = (call.provider, call.deadline);
        let request = request(call, credential)?;
        let response = timeout_at(deadline, self.clients.providers.send(request))
            .await
            .map_err(|_| failed(provider, FailureClass::TimedOut))?
            .map_err(|error| failed(provider, class_of_call(&error)))?;
        let (head, rest) = response.into_parts();
        Ok(Incoming {
            status: head.status.as_u16(),
            headers: head.headers,
            rest,
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
        let to = address(&url).ok_or_else(|| failed(provider, FailureClass::BadRequest))?;
        let key = key_header(provider, &to, credential)?;
        let mut request = self.clients.web.post(url);
        if let Some((name, value)) = key {
            request = request.header(name, value);
        }
        let sent = timeout(self.timeouts.first_byte, request.multipart(form).send()).await;
        let response = sent
            .map_err(|_| failed(provider, FailureClass::TimedOut))?
            .map_err(|error| failed(provider, class_of(&error)))?;
        Ok(response.status().as_u16())
    }
}

/// A call with its key, as it goes over the wire.
fn request(
    call: Call<'_>,
    credential: Option<&Credential>,
) -> Result<Request<Full<Bytes>>, ProviderFailure> {
    let bad = || failed(call.provider, FailureClass::BadRequest);
    let has_body = call.body.is_some();
    let mut request = Request::new(Full::new(call.body.unwrap_or_default()));
    *request.method_mut() = call.method;
    let to = call.to.ok_or_else(bad)?;
    let key = key_header(call.provider, &to, credential)?;
    *request.uri_mut() = to;
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(USER_AGENT, HeaderValue::from_static(client::USER_AGENT));
    for (name, value) in call.headers {
        let value = HeaderValue::from_str(value).map_err(|_| bad())?;
        headers.insert(HeaderName::from_static(name), value);
    }
    if has_body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in call.passed_on {
        headers.insert(name.clone(), value.clone());
    }
    headers.extend(key);
    *request.headers_mut() = headers;
    Ok(request)
}

/// What shows the key, if the call goes to where the key may go.
fn key_header(
    provider: &Provider,
    to: &Uri,
    credential: Option<&Credential>,
) -> Result<Option<(HeaderName, HeaderValue)>, ProviderFailure> {
    let fail = |class| failed(provider, class);
    let Some(credential) = credential else {
        return Ok(None);
    };
    if !credential.origins.iter().any(|origin| is_at(to, origin)) {
        return Err(fail(FailureClass::WrongOrigin));
    }
    let header = auth_header(provider.auth, credential);
    header
        .map(Some)
        .ok_or_else(|| fail(FailureClass::AuthInvalid))
}

/// A URL, as a call takes it.
pub fn address(url: &Url) -> Option<Uri> {
    Uri::try_from(url.as_str()).ok()
}

/// Whether an address is one of an origin's. One with a name or a password
/// before its host is of none.
fn is_at(to: &Uri, origin: &str) -> bool {
    let host = to
        .scheme_str()
        .and_then(|scheme| origin.strip_prefix(scheme)?.strip_prefix("://"));
    host.is_some() && host == to.authority().map(Authority::as_str)
}

impl Incoming {
    /// What kind of thing it is, as the provider says.
    pub fn content_type(&self) -> &str {
        let kind = self.headers.get(CONTENT_TYPE);
        kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default()
    }

    /// The next piece of the body; none at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FailureClass> {
        while let Some(frame) = self.rest.frame().await {
            // Trailers say nothing that anybody asked for.
            let Ok(piece) = frame.map_err(|_| FailureClass::CutOff)?.into_data() else {
                continue;
            };
            self.received += piece.len();
            if self.received > ANSWER_BYTES_MAX {
                return Err(FailureClass::TooLarge);
            }
            return Ok(Some(piece));
        }
        Ok(None)
    }

    /// The whole body, if it is no larger than `limit` and comes in time.
    pub async fn body(&mut self, limit: usize, deadline: Instant) -> Result<Bytes, FailureClass> {
        let mut body = Pieces::default();
        loop {
            let next = timeout_at(deadline, self.chunk()).await;
            match next.map_err(|_| FailureClass::TimedOut)?? {
                Some(piece) if body.len() + piece.len() <= limit => body.push(piece),
                Some(_) => return Err(FailureClass::TooLarge),
                None => return Ok(body.join()),
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
            HeaderValue::try_from(["Bearer ", secret].concat()),
        ),
        Auth::Header(name) => (HeaderName::from_static(name), HeaderValue::try_from(secret)),
    };
    let mut value = value.ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// Sorts a transport error and drops its text, which may hold the URL.
fn class_of_call(error: &legacy::Error) -> FailureClass {
    if error.is_connect() {
        FailureClass::Unreachable
    } else {
        FailureClass::Upstream
    }
}

/// The same of a form's.
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
        let outbound = Outbound::new(Clients::new(timeouts.connect).unwrap(), timeouts);
        let credential = Credential {
            secret: SecretString::from("sk-made-up"),
            origins: vec!["https://api.openai.com".into()],
            extras: BTreeMap::new(),
        };
        for url in [
            "http://api.openai.com/v1",
            "https://api.openai.com:8443/",
            "http://127.0.0.1:9/",
            "https://api.openai.com@127.0.0.1:9/",
            "https://somebody@api.openai.com/v1",
            "https://api.openai.com.example/v1",
        ] {
            let call = Call {
                provider: catalogue.find("openai").unwrap(),
                method: Method::GET,
                to: address(&Url::parse(url).unwrap()),
                headers: &[],
                passed_on: &[],
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
