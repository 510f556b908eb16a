//! Finds out from which address a call comes, where proxies stand before the
//! gateway.
//!
//! Only proxies that the operator named are believed, in `Forwarded` (RFC
//! 7239) and in `X-Forwarded-For`. Each of them adds the address that it was
//! called from at the end. Read from there, the first address that is not a
//! trusted proxy's own is the client's; what stands before it was written by
//! the client. Wherever that can't be told for sure, the call counts as the
//! nearest proxy's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::HeaderMap;
use axum::http::header::FORWARDED;

use crate::model::Network;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of whoever sent a call.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let by_rfc = find_client(headers, FORWARDED.as_str(), trusted, read_forwarded);
    let by_custom = find_client(headers, X_FORWARDED_FOR, trusted, read_address_list);
    let told = match (by_rfc, by_custom) {
        (FoundClient::Nothing, only) | (only, FoundClient::Nothing) => only,
        // Most proxies write one of them and pass the other on as it came,
        // so that what only one of them says may be the client's own words.
        (one, other) if one == other => one,
        _ => FoundClient::Unclear,
    };
    match told {
        FoundClient::Client(address) => address,
        FoundClient::Nothing | FoundClient::Unclear => peer,
    }
}

/// What one kind of header tells of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FoundClient {
    Client(IpAddr),
    /// The header did not come.
    Nothing,
    Unclear,
}

/// One address in a list of those that a call passed, in which a proxy may
/// hide one.
type Hop = Option<IpAddr>;

/// Finds the client in all headers of a name, which make one list.
fn find_client(
    headers: &HeaderMap,
    name: &str,
    trusted: &[Network],
    read: fn(&str) -> Option<Vec<Hop>>,
) -> FoundClient {
    let mut hops = Vec::new();
    for value in headers.get_all(name) {
        let Some(more) = value.to_str().ok().and_then(read) else {
            return FoundClient::Unclear;
        };
        hops.extend(more);
    }
    for hop in hops.iter().rev() {
        match hop {
            None => return FoundClient::Unclear,
            Some(address) if is_trusted(*address, trusted) => {}
            Some(address) => return FoundClient::Client(*address),
        }
    }
    // The call comes from a machine among the proxies.
    match hops.first() {
        Some(Some(farthest)) => FoundClient::Client(*farthest),
        _ => FoundClient::Nothing,
    }
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

/// Reads one `X-Forwarded-For`; none where it is malformed.
fn read_address_list(value: &str) -> Option<Vec<Hop>> {
    let items = value.split(',').map(trim).filter(|item| !item.is_empty());
    let read = |item: &str| match item {
        "unknown" => Some(None),
        _ => read_node(item, BareIpv6::Allowed),
    };
    items.map(read).collect()
}

/// Reads one `Forwarded`; none where it is malformed. Its elements have
/// commas between them, their parameters semicolons, and a value that holds
/// such a sign has quotes (section 4 of RFC 7239).
fn read_forwarded(value: &str) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    for element in split_unquoted(value, ',')? {
        let element = trim(element);
        if element.is_empty() {
            continue;
        }
        let mut hop = None;
        for pair in split_unquoted(element, ';')? {
            let (name, value) = trim(pair).split_once('=')?;
            if !is_token(name) {
                return None;
            }
            let value = read_value(value)?;
            if name.eq_ignore_ascii_case("for") {
                let node = read_forwarded_node(&value)?;
                if hop.replace(node).is_some() {
                    return None;
                }
            }
        }
        // An element without an address hides it.
        hops.push(hop.flatten());
    }
    Some(hops)
}

/// Splits at a sign wherever it stands outside of quotes; none where quotes
/// are not closed.
fn split_unquoted(text: &str, sign: char) -> Option<Vec<&str>> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if character == sign && !is_quoted => {
                parts.push(text.get(begin..at)?);
                begin = at + sign.len_utf8();
            }
            _ => {}
        }
    }
    if is_quoted {
        return None;
    }
    parts.push(text.get(begin..)?);
    Some(parts)
}

/// Reads a token, or what stands between quotes.
fn read_value(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else {
        return is_token(value).then(|| value.to_owned());
    };
    let quoted = quoted.strip_suffix('"')?;
    let (mut text, mut characters) = (String::with_capacity(quoted.len()), quoted.chars());
    while let Some(character) = characters.next() {
        text.push(match character {
            '"' => return None,
            '\\' => characters.next()?,
            other => other,
        });
    }
    Some(text)
}

/// Whether a text is a token, as section 5.6.2 of RFC 9110 says.
fn is_token(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(is_sign)
}

/// Reads a node, as section 6 of RFC 7239 says: an address, `unknown`, or a made-up name
/// that begins with an underscore; each perhaps with a port.
fn read_forwarded_node(node: &str) -> Option<Hop> {
    let (name, port) = match node.split_once(':') {
        Some((name, port)) if !node.starts_with('[') => (name, Some(port)),
        _ => (node, None),
    };
    let hidden = name.eq_ignore_ascii_case("unknown") || is_obfuscated(name);
    if hidden && port.is_none_or(is_port) {
        return Some(None);
    }
    read_node(node, BareIpv6::Refused)
}

/// Whether an IPv6 address may stand without brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BareIpv6 {
    Allowed,
    Refused,
}

/// Reads an address, with a port and, for IPv6, with a zone or without.
fn read_node(node: &str, bare: BareIpv6) -> Option<Hop> {
    if let Some(rest) = node.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let has_port = match port.strip_prefix(':') {
            Some(port) => is_port(port),
            None => port.is_empty(),
        };
        return has_port.then(|| read_ipv6(address))?.map(Some);
    }
    if let Some((address, port)) = node.split_once(':')
        && !port.contains(':')
    {
        let address: Ipv4Addr = address.parse().ok()?;
        return is_port(port).then_some(Some(address.into()));
    }
    if node.contains(':') {
        return (bare == BareIpv6::Allowed)
            .then(|| read_ipv6(node))?
            .map(Some);
    }
    let address: Ipv4Addr = node.parse().ok()?;
    Some(Some(address.into()))
}

/// Reads an IPv6 address. Its zone says how a machine reaches it, and not
/// whose it is.
fn read_ipv6(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((_, "")) => return None,
        Some((address, _)) => address,
        None => text,
    };
    let address: Ipv6Addr = address.parse().ok()?;
    Some(IpAddr::from(address).to_canonical())
}

/// Whether a text is a port, or a made-up name for one.
fn is_port(text: &str) -> bool {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number || is_obfuscated(text)
}

fn is_obfuscated(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    text.strip_prefix('_')
        .is_some_and(|name| !name.is_empty() && name.chars().all(is_sign))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const PROXY: &str = "10.0.0.1";

    /// Who is counted when the proxy passes these headers on.
    fn counted(headers: &[(&'static str, &str)]) -> String {
        counted_from(PROXY, headers)
    }

    fn counted_from(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted: Vec<Network> = ["10.0.0.0/8", "fd00::/8"]
            .iter()
            .filter_map(|text| Network::parse(text))
            .collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            map.append(HeaderName::from_static(name), value);
        }
        client_address(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        for header in [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1"),
        ] {
            assert_eq!(counted(&[header]), "192.0.2.1");
            assert_eq!(counted_from("::ffff:10.0.0.1", &[header]), "192.0.2.1");
            assert_eq!(counted_from("fd00::1", &[header]), "192.0.2.1");
            assert_eq!(counted_from("203.0.113.9", &[header]), "203.0.113.9");
            assert_eq!(counted_from("::ffff:203.0.113.9", &[header]), "203.0.113.9");
        }
        assert_eq!(counted(&[]), PROXY);
    }

    #[test]
    fn the_last_address_that_is_no_proxys_is_the_clients() {
        for (list, client) in [
            ("192.0.2.1", "192.0.2.1"),
            ("203.0.113.5, 192.0.2.1", "192.0.2.1"),
            ("203.0.113.5, 192.0.2.1, 10.2.3.4", "192.0.2.1"),
            ("10.9.9.9, 192.0.2.1,10.2.3.4 ,\t10.0.0.2", "192.0.2.1"),
            ("10.9.9.9, 10.2.3.4", "10.9.9.9"),
            (", 192.0.2.1, ,", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("192.0.2.1:_x", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            // What stands before the client is the client's own.
            ("unknown, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, unknown", PROXY),
            ("192.0.2.1, 203.0.113.5 x", PROXY),
            ("nonsense, 192.0.2.1", PROXY),
            ("192.0.2.1, 256.0.0.1", PROXY),
            ("192.0.2.1:", PROXY),
            ("192.0.2.1:123456", PROXY),
            ("[2001:db8::1", PROXY),
            ("[2001:db8::1]x", PROXY),
            ("[192.0.2.1]", PROXY),
            ("fe80::1%", PROXY),
            ("\"192.0.2.1\"", PROXY),
            ("for=192.0.2.1", PROXY),
            ("192.0.2.1\u{e9}", PROXY),
            ("", PROXY),
        ] {
            assert_eq!(counted(&[("x-forwarded-for", list)]), client, "{list}");
        }
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_says() {
        for (value, client) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"192.0.2.1:4711\"", "192.0.2.1"),
            ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=\"[2001:db8::1]:_port\"", "2001:db8::1"),
            ("for=\"[fe80::1%25eth0]\"", "fe80::1"),
            (
                "for=203.0.113.5, for=192.0.2.1;proto=https;by=10.0.0.1",
                "192.0.2.1",
            ),
            (
                "proto=http;FOR=192.0.2.1;host=\"a,b;c\\\"d\", for=10.1.1.1",
                "192.0.2.1",
            ),
            ("for=\"192\\.0.2.1\"", "192.0.2.1"),
            ("for=unknown, for=192.0.2.1", "192.0.2.1"),
            ("for=192.0.2.1, for=unknown", PROXY),
            ("for=192.0.2.1, for=\"Unknown:80\"", PROXY),
            ("for=192.0.2.1, for=_hidden", PROXY),
            ("for=192.0.2.1, for=\"_SEVKISEK:_x\"", PROXY),
            ("for=192.0.2.1, proto=https", PROXY),
            ("for=192.0.2.1, for=10.0.0.2, for=_secret", PROXY),
            ("for=192.0.2.1:80", PROXY),
            ("for=[2001:db8::1]", PROXY),
            ("for=\"2001:db8::1\"", PROXY),
            ("for=192.0.2.1;for=203.0.113.5", PROXY),
            ("for=\"192.0.2.1", PROXY),
            ("for=192.0.2.1, for=", PROXY),
            ("for = 192.0.2.1", PROXY),
            ("192.0.2.1", PROXY),
            (";", PROXY),
            ("for=_", PROXY),
        ] {
            assert_eq!(counted(&[("forwarded", value)]), client, "{value}");
        }
    }

    #[test]
    fn several_headers_make_one_list() {
        for name in ["x-forwarded-for", "forwarded"] {
            let write = |address: &str| match name {
                "forwarded" => format!("for={address}"),
                _ => address.to_owned(),
            };
            let (spoofed, client, proxy) =
                (write("203.0.113.5"), write("192.0.2.1"), write("10.3.3.3"));
            let headers = [(name, spoofed.as_str()), (name, &client), (name, &proxy)];
            assert_eq!(counted(&headers), "192.0.2.1");
            assert_eq!(counted(&[(name, &client), (name, "\u{e9}")]), PROXY);
            assert_eq!(counted(&[(name, "nonsense x"), (name, &client)]), PROXY);
        }
    }

    #[test]
    fn two_kinds_of_headers_must_agree() {
        let forwarded = ("forwarded", "for=192.0.2.1");
        assert_eq!(
            counted(&[forwarded, ("x-forwarded-for", "192.0.2.1")]),
            "192.0.2.1"
        );
        for other in ["203.0.113.5", "nonsense", "unknown"] {
            assert_eq!(counted(&[forwarded, ("x-forwarded-for", other)]), PROXY);
        }
        let spoofed = ("forwarded", "for=203.0.113.5");
        assert_eq!(counted(&[spoofed, ("x-forwarded-for", "192.0.2.1")]), PROXY);
    }
}
