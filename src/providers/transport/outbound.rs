//! The one place where a key leaves the process.
//!
//! A key goes only to an origin that it was stored with. Redirects and
//! proxies are off, keys never stand in a URL, their headers are marked
//! sensitive, and no error keeps a URL or a body.

use std::sync::Arc;

use axum::http::uri::Authority;
use axum::http::{Request, Uri};
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use reqwest::multipart::Form;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use url::Url;

use crate::model::{Credential, Departure, FailureClass, MemoryBudget, ProviderFailure};

use super::clients::{self, Clients, OutgoingBody};
use super::http::{
    Incoming, address_below, address_of, class_of_transport, class_of_upload, failed,
};
use super::timeouts::Timeouts;
use crate::providers::catalogue::{Auth, Provider};

/// How many headers a call has: hyper adds the host and the length.
const HEADERS: usize = 7;

/// A WebSocket of a provider's.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Sends calls to providers.
pub struct Outbound {
    clients: Clients,
    pub timeouts: Timeouts,
    pub memory: Arc<MemoryBudget>,
}

/// A call that is to be made.
pub struct Call<'a> {
    pub provider: &'a Provider,
    pub method: Method,
    /// Where the call goes; none where no address could be made.
    pub to: Option<Uri>,
    /// Headers that a caller sent and that may go on. They replace ours of
    /// the same names.
    pub forwarded: &'a [(HeaderName, HeaderValue)],
    pub body: Option<Bytes>,
    /// When the answer must have begun.
    pub deadline: Instant,
    /// Notes that the call leaves, where somebody is to pay for it.
    pub departure: Option<&'a Departure>,
}

impl Outbound {
    /// Sends with these clients, whose redirects and proxies are off.
    pub fn new(clients: Clients, timeouts: Timeouts, memory: Arc<MemoryBudget>) -> Self {
        Self {
            clients,
            timeouts,
            memory,
        }
    }

    /// Sends a call with its key, and returns when the answer begins.
    pub async fn send(
        &self,
        call: Call<'_>,
        credential: Option<&Credential>,
    ) -> Result<Incoming, ProviderFailure> {
        let (provider, deadline) = (&call.provider.id, call.deadline);
        let request = build_request(call, credential)?;
        let response = timeout_at(deadline, self.clients.providers.send(request))
            .await
            .map_err(|_| failed(provider, FailureClass::TimedOut))?
            .map_err(|error| failed(provider, class_of_transport(&error)))?;
        Ok(Incoming::new(response, Arc::clone(&self.memory)))
    }

    /// Gets a path below the provider's base.
    pub async fn get(
        &self,
        provider: &Provider,
        path: &str,
        credential: Option<&Credential>,
        deadline: Instant,
    ) -> Result<Incoming, ProviderFailure> {
        let to = address_below(provider.url_for(credential), path);
        self.get_at(provider, to, credential, deadline).await
    }

    /// Asks an address for JSON.
    pub async fn get_at(
        &self,
        provider: &Provider,
        to: Option<Uri>,
        credential: Option<&Credential>,
        deadline: Instant,
    ) -> Result<Incoming, ProviderFailure> {
        let call = Call {
            provider,
            method: Method::GET,
            to,
            forwarded: &[],
            body: None,
            deadline,
            departure: None,
        };
        self.send(call, credential).await
    }

    /// Sends a form with a file; the status of the answer.
    pub async fn upload(
        &self,
        provider: &Provider,
        url: Url,
        form: Form,
        credential: Option<&Credential>,
    ) -> Result<u16, ProviderFailure> {
        let fail = |class| failed(&provider.id, class);
        let to = address_of(&url).ok_or_else(|| fail(FailureClass::BadRequest))?;
        let key = key_header(provider, &to, credential)?;
        let mut request = self.clients.web.post(url);
        if let Some((name, value)) = key {
            request = request.header(name, value);
        }
        let sent = timeout(self.timeouts.first_byte, request.multipart(form).send()).await;
        let response = sent
            .map_err(|_| fail(FailureClass::TimedOut))?
            .map_err(|error| fail(class_of_upload(&error)))?;
        Ok(response.status().as_u16())
    }

    /// Opens a WebSocket with its key. Its messages have so many bytes at the
    /// most.
    pub async fn open_socket(
        &self,
        provider: &Provider,
        mut url: Url,
        bytes_max: usize,
        credential: Option<&Credential>,
    ) -> Result<Socket, ProviderFailure> {
        let fail = |class| failed(&provider.id, class);
        let bad = || fail(FailureClass::BadRequest);
        let key = key_header(provider, &address_of(&url).ok_or_else(bad)?, credential)?;
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).map_err(|()| bad())?;
        let mut request = url.as_str().into_client_request().map_err(|_| bad())?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(clients::USER_AGENT));
        headers.extend(key);
        let limits = WebSocketConfig::default()
            .max_message_size(Some(bytes_max))
            .max_frame_size(Some(bytes_max));
        let opening = connect_async_with_config(request, Some(limits), true);
        let opened = timeout(self.timeouts.connect, opening).await;
        let opened = opened.map_err(|_| fail(FailureClass::TimedOut))?;
        let (socket, _) = opened.map_err(|_| fail(FailureClass::Unreachable))?;
        Ok(socket)
    }
}

/// Builds the request of a call, with its key.
fn build_request(
    call: Call<'_>,
    credential: Option<&Credential>,
) -> Result<Request<OutgoingBody>, ProviderFailure> {
    let provider = call.provider;
    let bad = || failed(&provider.id, FailureClass::BadRequest);
    let has_body = call.body.is_some();
    let body = OutgoingBody::new(call.body.unwrap_or_default(), call.departure.cloned());
    let mut request = Request::new(body);
    *request.method_mut() = call.method;
    let to = call.to.ok_or_else(bad)?;
    let key = key_header(provider, &to, credential)?;
    *request.uri_mut() = to;
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    // Without it any coding would do (RFC 9110, section 12.5.3), and an event would
    // wait until there is enough to compress.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(clients::USER_AGENT));
    for (name, value) in provider.dialect.headers(credential) {
        let value = HeaderValue::from_str(value).map_err(|_| bad())?;
        headers.insert(HeaderName::from_static(name), value);
    }
    if has_body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in call.forwarded {
        headers.insert(name.clone(), value.clone());
    }
    headers.extend(key);
    *request.headers_mut() = headers;
    Ok(request)
}

/// The header that shows the key, if the call goes where the key may go.
fn key_header(
    provider: &Provider,
    to: &Uri,
    credential: Option<&Credential>,
) -> Result<Option<(HeaderName, HeaderValue)>, ProviderFailure> {
    let fail = |class| failed(&provider.id, class);
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

/// Whether an address belongs to an origin. An address with a name or a
/// password before its host belongs to none.
fn is_at(to: &Uri, origin: &str) -> bool {
    let host = to
        .scheme_str()
        .and_then(|scheme| origin.strip_prefix(scheme)?.strip_prefix("://"));
    host.is_some() && host == to.authority().map(Authority::as_str)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use secrecy::SecretString;

    use super::*;
    use crate::providers::Catalogue;

    #[tokio::test]
    async fn a_key_does_not_leave_for_another_origin() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let timeouts = Timeouts::default();
        let outbound = Outbound::new(
            Clients::new(timeouts.connect).unwrap(),
            timeouts,
            Arc::new(MemoryBudget::new(0)),
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
            "https://api.openai.com@127.0.0.1:9/",
            "https://somebody@api.openai.com/v1",
            "https://api.openai.com.example/v1",
        ] {
            let call = Call {
                provider: catalogue.find("openai").unwrap(),
                method: Method::GET,
                to: address_of(&Url::parse(url).unwrap()),
                forwarded: &[],
                body: None,
                deadline: Instant::now() + Duration::from_secs(5),
                departure: None,
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
