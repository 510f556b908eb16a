//! Looks at a request's head before anything else reads it: whether it means
//! one thing, is meant for us, and carries no secret in its address.
//!
//! [RFC 9112, section 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2):
//! a request of HTTP/1.1 names its host once. Where a header that can only mean
//! one thing stands in a request twice, programs on the way may read one and
//! the gateway the other, so that it is refused too.

mod hosts;
mod query;

pub use hosts::KnownHosts;
pub use query::{decode, refuse_secrets};

use std::net::IpAddr;

use axum::http::header::{HOST, UPGRADE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Version};

use crate::gateway::calls::request_key::is_key_header;
use crate::gateway::replies::problem::Problem;
use crate::gateway::{HEALTH_PATH, READY_PATH};

use hosts::NamedHost;

/// The port of an address that names none. The gateway speaks no TLS.
const DEFAULT_PORT: u16 = 80;
/// The most of a host or a name that a message repeats, in characters.
const SHOWN_CHARACTERS_MAX: usize = 60;
/// Headers, beside those that bring keys, that can only mean one thing.
const SINGLE: [&str; 5] = [
    "anthropic-version",
    "authorization",
    "content-type",
    "idempotency-key",
    "proxy-authorization",
];

/// Refuses a request that is not for us, or that nobody should answer.
pub fn check_head<B>(
    request: &Request<B>,
    hosts: &KnownHosts,
    reached: IpAddr,
) -> Result<(), Problem> {
    let named = find_host(request)?;
    refuse_repeated(request.headers())?;
    refuse_upgrade(request.headers())?;
    // Whoever looks after this machine asks it by whatever address it has.
    let is_health = matches!(request.uri().path(), HEALTH_PATH | READY_PATH);
    match named {
        Some(named) if !is_health && !hosts.knows(named, reached) => Err(unknown_host(request)),
        _ => Ok(()),
    }
}

/// The host that a request is meant for; none in a request of HTTP/1.0,
/// which need not name one.
fn find_host<B>(request: &Request<B>) -> Result<Option<NamedHost<'_>>, Problem> {
    let mut headers = request.headers().get_all(HOST).iter();
    let header = headers.next();
    if headers.next().is_some() {
        return Err(header_twice("host"));
    }
    let of_header = match header {
        Some(value) => {
            let named = value.to_str().ok().and_then(NamedHost::parse);
            Some(named.ok_or_else(malformed_host)?)
        }
        None if request.version() > Version::HTTP_10 => return Err(host_missing()),
        None => None,
    };
    let Some(authority) = request.uri().authority() else {
        return Ok(of_header);
    };
    let of_target = NamedHost::parse(authority.as_str()).ok_or_else(malformed_host)?;
    match of_header {
        Some(host) if !host.agrees_with(of_target, DEFAULT_PORT) => Err(hosts_disagree()),
        _ => Ok(Some(of_target)),
    }
}

/// Refuses a request in which a header that can only mean one thing stands
/// twice.
fn refuse_repeated(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.len() == headers.keys_len() {
        return Ok(());
    }
    let is_single =
        |name: &HeaderName| SINGLE.contains(&name.as_str()) || is_key_header(name.as_str());
    let repeated = headers
        .keys()
        .filter(|name| is_single(name))
        .find(|name| headers.get_all(*name).iter().nth(1).is_some());
    repeated.map_or(Ok(()), |name| Err(header_twice(name.as_str())))
}

/// Refuses to become anything else than HTTP. Codex asks for a WebSocket
/// first, and goes on with HTTP as soon as it hears this.
fn refuse_upgrade(headers: &HeaderMap) -> Result<(), Problem> {
    let wanted = headers.get(UPGRADE).map(HeaderValue::as_bytes);
    let is_websocket = wanted.is_some_and(|it| it.eq_ignore_ascii_case(b"websocket"));
    if !is_websocket {
        return Ok(());
    }
    Err(Problem::new(
        426,
        "no_websocket",
        "There are no WebSockets here. Send the call with POST over HTTP; with `stream`, its answer comes as server-sent events.",
    ))
}

/// The start of what somebody sent, for a message.
fn shorten(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn header_twice(name: &str) -> Problem {
    let message = format!(
        "The header `{}` stands in the request twice. Send it once.",
        shorten(name)
    );
    Problem::new(400, "header_twice", message)
}

fn host_missing() -> Problem {
    Problem::new(
        400,
        "host_missing",
        "The request names no host, as HTTP/1.1 wants it. Send a `Host` header with the gateway's own name or address.",
    )
}

fn malformed_host() -> Problem {
    Problem::new(
        400,
        "malformed_host",
        "The host in the request is none. Send the gateway's own name or address, and its port, in the `Host` header.",
    )
}

fn hosts_disagree() -> Problem {
    Problem::new(
        400,
        "hosts_disagree",
        "The request's address and its `Host` header name two hosts. Send the same one in both.",
    )
}

fn unknown_host<B>(request: &Request<B>) -> Problem {
    let of_target = request.uri().authority().map(Authority::as_str);
    let of_header = request.headers().get(HOST).and_then(|it| it.to_str().ok());
    let host = shorten(of_target.or(of_header).unwrap_or_default());
    let message = format!(
        "The gateway does not answer to the host `{host}`. Call it by its own address; its operator can let this one in with `gateway.public_url` or `gateway.hosts`."
    );
    Problem::new(421, "unknown_host", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of the refusal of a request with this target and these
    /// headers; `-` where it is let in.
    fn checked(version: Version, target: &str, headers: &[(&str, &str)]) -> &'static str {
        let mut request = Request::builder().version(version).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let hosts = KnownHosts::new(&["latchkey.example".to_owned()]);
        let checked = check_head(&request.body(()).unwrap(), &hosts, [10, 0, 0, 9].into());
        checked.map_or_else(|problem| problem.code, |()| "-")
    }

    #[test]
    fn a_request_names_one_host_that_is_ours() {
        let ours = ("host", "latchkey.example");
        for (target, headers, code) in [
            ("/v1/models", &[ours][..], "-"),
            ("/v1/models", &[], "host_missing"),
            ("/v1/models", &[ours, ours], "header_twice"),
            ("/v1/models", &[("host", "a b")], "malformed_host"),
            ("/v1/models", &[("host", "")], "malformed_host"),
            ("/v1/models", &[("host", "evil.example")], "unknown_host"),
            ("/metrics", &[("host", "evil.example")], "unknown_host"),
            ("/", &[("host", "evil.example")], "unknown_host"),
            ("http://latchkey.example/v1/models", &[ours], "-"),
            ("http://LATCHKEY.example:80/v1/models", &[ours], "-"),
            ("http://latchkey.example:81/x", &[ours], "hosts_disagree"),
            ("http://localhost/v1/models", &[ours], "hosts_disagree"),
            ("http://evil.example/x", &[ours], "hosts_disagree"),
            (
                "http://evil.example/x",
                &[("host", "evil.example")],
                "unknown_host",
            ),
            ("http://me@latchkey.example/x", &[ours], "malformed_host"),
            ("latchkey.example:443", &[ours], "hosts_disagree"),
            ("/healthz", &[("host", "evil.example")], "-"),
            ("/readyz", &[("host", "evil.example:1")], "-"),
            ("/healthz", &[], "host_missing"),
            ("/healthz", &[ours, ours], "header_twice"),
        ] {
            assert_eq!(
                checked(Version::HTTP_11, target, headers),
                code,
                "{target} {headers:?}"
            );
        }
        assert_eq!(checked(Version::HTTP_10, "/v1/models", &[]), "-");
        let evil = [("host", "evil.example")];
        assert_eq!(
            checked(Version::HTTP_10, "/v1/models", &evil),
            "unknown_host"
        );
    }

    #[test]
    fn what_can_only_mean_one_thing_stands_there_once() {
        for name in [
            "authorization",
            "Authorization",
            "proxy-authorization",
            "content-type",
            "idempotency-key",
            "X-Idempotency-Key",
            "anthropic-version",
            "x-api-key",
            "X-API-Key",
            "x-goog-api-key",
            "x-openai-key",
            "X-Claude-Key",
            "x-runcomfy-serverless-key",
            "x-nobody-key",
        ] {
            let upper = name.to_ascii_uppercase();
            for second in ["made-up-a", "made-up-b"] {
                let headers = [
                    ("host", "localhost"),
                    (name, "made-up-a"),
                    (upper.as_str(), second),
                ];
                assert_eq!(
                    checked(Version::HTTP_11, "/x", &headers),
                    "header_twice",
                    "{name}"
                );
                assert_eq!(
                    checked(Version::HTTP_11, "/x", &headers[..2]),
                    "-",
                    "{name}"
                );
            }
        }
        for name in [
            "accept",
            "anthropic-beta",
            "cookie",
            "via",
            "x-forwarded-for",
        ] {
            let headers = [("host", "localhost"), (name, "a"), (name, "b")];
            assert_eq!(checked(Version::HTTP_11, "/x", &headers), "-", "{name}");
        }
    }
}
