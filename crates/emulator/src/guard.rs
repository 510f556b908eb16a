//! Keeps other pages of the same browser out: whatever is served here answers
//! only to names of this machine, and the demo's page obeys only itself and
//! runs no script but its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::Json;
use axum::extract::Request;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What the page may load and do: its own script, style and pictures, and
/// calls to where it came from. Nothing is inline, and nobody may frame it.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// What a file that somebody attached may do, when it is opened by itself.
pub const FILE_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// Where a browser says how the page that calls stands to whom it calls.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a request to a host that is not this machine: a page whose own
/// name leads here (DNS rebinding) would otherwise read and do everything.
pub async fn refuse_strange_hosts(request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let is_ours = host.is_some_and(is_this_machine) && hosts.next().is_none();
    if is_ours {
        return next.run(request).await;
    }
    let problem = "This answers only to names of the machine that it runs on. Open the address that `latchkey demo` printed.\n";
    (StatusCode::MISDIRECTED_REQUEST, problem).into_response()
}

/// Refuses what another page sends, and says what the page itself may do.
pub async fn guard_page(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if is_read || comes_from_here(request.headers()) {
        next.run(request).await
    } else {
        let problem = "Another page sent this. The demo obeys only its own; open it in this tab.";
        (StatusCode::FORBIDDEN, Json(json!({"problem": problem}))).into_response()
    };
    let headers = response.headers_mut();
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(PAGE_POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Whether no browser says that another page sends this. A program that is
/// no browser says nothing of it.
pub fn comes_from_here(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| {
        let value = headers.get(name)?;
        Some(value.to_str().unwrap_or_default())
    };
    let host = text(HOST).unwrap_or_default();
    let is_own = |origin: &str| {
        origin
            .strip_prefix("http://")
            .is_some_and(|it| it.eq_ignore_ascii_case(host))
    };
    let is_own_site = |site: &str| matches!(site, "same-origin" | "none");
    text(ORIGIN).is_none_or(is_own) && text(FETCH_SITE).is_none_or(is_own_site)
}

/// Whether a host, with or without a port, is a name of this machine.
fn is_this_machine(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|it| it.split_once(']'));
    let (address, port) = if let Some((address, port)) = bracketed {
        let address: Option<Ipv6Addr> = address.parse().ok();
        (address.map(|it| IpAddr::from(it).to_canonical()), port)
    } else {
        let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
        let is_localhost = name.eq_ignore_ascii_case("localhost");
        let localhost = is_localhost.then_some(Ipv4Addr::LOCALHOST);
        let address = localhost.or_else(|| name.parse().ok());
        (address.map(IpAddr::from), port)
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    address.is_some_and(|it| it.is_loopback()) && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_its_names() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:1",
            "127.0.0.1",
            "[::1]:8080",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:80",
            "127.0.0.1.evil.example",
            "192.0.2.1",
            "0.0.0.0",
            "[::]",
            "[::1",
            "localhost:80@evil.example",
            "localhost:evil",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn only_the_page_itself_is_obeyed_among_pages() {
        let comes = |headers: &[(HeaderName, &'static str)]| {
            let host = (HOST, "localhost:8080");
            let all = headers.iter().chain([&host]).cloned();
            let all = all.map(|(name, value)| (name, HeaderValue::from_static(value)));
            comes_from_here(&all.collect())
        };
        assert!(comes(&[]));
        assert!(comes(&[
            (ORIGIN, "http://localhost:8080"),
            (FETCH_SITE, "same-origin")
        ]));
        for origin in [
            "http://localhost:8081",
            "http://127.0.0.1:8080",
            "https://localhost:8080",
            "http://evil.example",
            "null",
            "",
        ] {
            assert!(!comes(&[(ORIGIN, origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert!(!comes(&[(FETCH_SITE, site)]), "{site}");
        }
    }
}
