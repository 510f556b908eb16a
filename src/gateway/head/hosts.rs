//! Which hosts the gateway answers to. A page in a browser that lets its own
//! name lead to this machine (DNS rebinding) names a host that is not ours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The setting that lets every host in.
const ANY: &str = "*";
/// The name of this machine to itself.
const LOCALHOST: &str = "localhost";
/// The longest host and port, in bytes.
const HOST_BYTES_MAX: usize = 300;

/// The hosts that are ours, beside this machine's names for itself.
#[derive(Clone, Debug, Default)]
pub struct KnownHosts {
    names: Vec<String>,
    addresses: Vec<IpAddr>,
    any: bool,
}

/// A host and the port after it, as a request names them.
#[derive(Clone, Copy, Debug)]
pub struct NamedHost<'a> {
    host: Host<'a>,
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
enum Host<'a> {
    Address(IpAddr),
    Name(&'a str),
}

impl KnownHosts {
    /// Takes names and addresses; `*` stands for every host.
    pub fn new(hosts: &[String]) -> Self {
        let mut known = Self::default();
        for host in hosts {
            match NamedHost::parse(host) {
                _ if host == ANY => known.any = true,
                Some(named) => match named.host {
                    Host::Address(address) => known.addresses.push(address),
                    Host::Name(name) => known.names.push(name.to_owned()),
                },
                None => {}
            }
        }
        known
    }

    /// Whether a host is ours. `reached` is the address of ours that the
    /// client's connection came to.
    pub fn knows(&self, named: NamedHost<'_>, reached: IpAddr) -> bool {
        self.any
            || match named.host {
                Host::Address(address) => {
                    address.is_loopback()
                        || address == reached.to_canonical()
                        || self.addresses.contains(&address)
                }
                Host::Name(name) => {
                    let is_name = |known: &str| known.eq_ignore_ascii_case(name);
                    is_name(LOCALHOST) || self.names.iter().any(|known| is_name(known))
                }
            }
    }
}

impl<'a> NamedHost<'a> {
    /// Reads `host` or `host:port`; none if it is neither.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.is_empty() || text.len() > HOST_BYTES_MAX {
            return None;
        }
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            (Host::Address(IpAddr::from(address).to_canonical()), port)
        } else {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (Host::parse(name)?, port)
        };
        let port = match port.strip_prefix(':') {
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            None if port.is_empty() => None,
            _ => return None,
        };
        Some(Self { host, port })
    }

    /// Whether both name the same host and port.
    pub fn agrees_with(self, other: Self, default_port: u16) -> bool {
        let is_same_host = match (self.host, other.host) {
            (Host::Address(one), Host::Address(other)) => one == other,
            (Host::Name(one), Host::Name(other)) => one.eq_ignore_ascii_case(other),
            _ => false,
        };
        let port = |named: Self| named.port.unwrap_or(default_port);
        is_same_host && port(self) == port(other)
    }
}

impl<'a> Host<'a> {
    /// Reads a name, or an address of version 4. The dot that may end a name
    /// says nothing.
    fn parse(text: &'a str) -> Option<Self> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (!name.is_empty() && name.bytes().all(is_plain)).then_some(Self::Name(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours(host: &str) -> Option<bool> {
        let hosts = ["latchkey.example", "latchkey", "192.0.2.7", "[2001:db8::7]"];
        let known = KnownHosts::new(&hosts.map(str::to_owned));
        let reached = "10.1.2.3".parse().unwrap();
        NamedHost::parse(host).map(|named| known.knows(named, reached))
    }

    #[test]
    fn hosts_of_ours_are_known_in_every_spelling_and_no_others() {
        for host in [
            "localhost",
            "LocalHost:8787",
            "localhost.",
            "localhost:",
            "127.0.0.1",
            "127.0.0.1:8787",
            "127.8.8.8",
            "[::1]",
            "[::1]:8787",
            "[::ffff:127.0.0.1]",
            "10.1.2.3:1",
            "[::ffff:10.1.2.3]",
            "latchkey.example",
            "LATCHKEY.example.:443",
            "latchkey:8787",
            "192.0.2.7",
            "[2001:DB8:0::7]:80",
        ] {
            assert_eq!(is_ours(host), Some(true), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "latchkey.example.evil.example",
            "xlatchkey.example",
            "latchkey-example",
            "2130706433",
            "0x7f000001",
            "127.1",
            "0.0.0.0",
            "[::]",
            "10.1.2.4",
            "[2001:db8::8]",
        ] {
            assert_eq!(is_ours(host), Some(false), "{host}");
        }
        for host in [
            "",
            ".",
            ":",
            ":8787",
            "localhost:port",
            "localhost:99999",
            "localhost:-1",
            "localhost:80:80",
            "localhost ",
            "local host",
            "user@localhost",
            "localhost/",
            "localhost,evil.example",
            "http://localhost",
            "[::1",
            "::1",
            "[::1]x",
            "[localhost]",
            "локалхост",
        ] {
            assert_eq!(is_ours(host), None, "{host}");
        }
        let any = KnownHosts::new(&["*".to_owned()]);
        let evil = NamedHost::parse("evil.example").unwrap();
        assert!(any.knows(evil, [10, 0, 0, 1].into()));
    }

    #[test]
    fn two_hosts_agree_by_name_and_port() {
        let agree = |one, other| {
            let [one, other] = [one, other].map(|text| NamedHost::parse(text).unwrap());
            one.agrees_with(other, 80)
        };
        assert!(agree("a.example", "A.example.:80"));
        assert!(agree("[::ffff:10.0.0.1]", "10.0.0.1"));
        assert!(!agree("a.example", "a.example:81"));
        assert!(!agree("a.example", "b.example"));
        assert!(!agree("127.0.0.1", "localhost"));
    }
}
