//! How programs reach us over HTTP, and by which names.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use super::{ConfigError, ConfigErrors, check_url};
use crate::model::Network;

/// How programs reach us over HTTP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// The address to listen on; empty for none.
    pub listen: String,
    /// The address that people are told; empty for that of `listen`.
    pub public_url: String,
    /// Hosts that it answers to, beside its own; `*` for every host.
    pub hosts: Vec<String>,
    /// The proxies that are believed when they say where a call comes from.
    pub trusted_proxies: Vec<String>,
    pub connections: u32,
    pub calls_per_token: u32,
    pub calls_per_person: u32,
    pub calls_per_server: u32,
    pub body_kb: u32,
    /// The largest body with a sound that is to be written down.
    pub sound_kb: u32,
    pub bodies_mb: u32,
    /// How long a provider may say nothing at all, in seconds.
    pub silence_s: u32,
    pub open_metrics: bool,
    pub keys_without_token: bool,
    /// Whether calls without a token and without a key get demo replies, where
    /// `ask.demo_replies` is on: 30 a minute for each address.
    pub demo_without_token: bool,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8787".into(),
            public_url: String::new(),
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            connections: 20_000,
            calls_per_token: 8,
            calls_per_person: 32,
            calls_per_server: 64,
            body_kb: 10_240,
            sound_kb: 25_600,
            bodies_mb: 256,
            silence_s: 600,
            open_metrics: false,
            keys_without_token: false,
            demo_without_token: false,
        }
    }
}

impl Gateway {
    /// The address that people are told; none if there is no gateway.
    pub fn url(&self) -> Option<String> {
        let local = || format!("http://{}", self.listen);
        (!self.listen.is_empty()).then(|| self.own_address().unwrap_or_else(local))
    }

    /// The address that the operator has named for everybody.
    pub fn own_address(&self) -> Option<String> {
        let named = self.public_url.trim_end_matches('/');
        (!named.is_empty()).then(|| named.to_owned())
    }

    /// Puts the port that was found in the place of any that is free.
    pub fn name_port(&mut self, port: u16) {
        if let Some(host) = self.listen.strip_suffix(":0") {
            self.listen = format!("{host}:{port}");
        }
    }

    /// The hosts that are its own by these settings: that of `public_url`,
    /// that of `listen`, and those that are named.
    pub fn own_hosts(&self) -> Vec<String> {
        let public = url::Url::parse(&self.public_url).ok();
        let public = public.and_then(|url| Some(url.host()?.to_string()));
        let listen = self.listen.parse::<SocketAddr>().ok();
        let listen = listen.map(|it| match it.ip() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        });
        let named = self.hosts.iter().map(|host| plain_host(host));
        let own = public.into_iter().chain(listen).map(Some);
        own.chain(named).flatten().collect()
    }

    /// The proxies that are believed, once the settings were checked.
    pub fn trusted_networks(&self) -> impl Iterator<Item = Network> {
        let proxies = self.trusted_proxies.iter();
        proxies.filter_map(|proxy| Network::parse(proxy))
    }

    /// How much memory bodies may take, in bytes.
    pub fn bodies_bytes(&self) -> usize {
        let megabytes = usize::try_from(self.bodies_mb).unwrap_or(usize::MAX);
        megabytes.saturating_mul(1024 * 1024)
    }

    /// How long a provider may say nothing at all.
    pub fn silence(&self) -> Duration {
        Duration::from_secs(u64::from(self.silence_s))
    }

    /// Each number with the range that it must be in.
    pub(super) fn ranges(&self) -> [(&'static str, u32, RangeInclusive<u64>); 8] {
        [
            ("gateway.connections", self.connections, 1..=1_000_000),
            ("gateway.calls_per_token", self.calls_per_token, 1..=100_000),
            (
                "gateway.calls_per_person",
                self.calls_per_person,
                1..=100_000,
            ),
            (
                "gateway.calls_per_server",
                self.calls_per_server,
                1..=100_000,
            ),
            ("gateway.body_kb", self.body_kb, 1..=65_536),
            ("gateway.sound_kb", self.sound_kb, 1..=65_536),
            ("gateway.bodies_mb", self.bodies_mb, 16..=65_536),
            ("gateway.silence_s", self.silence_s, 5..=21_600),
        ]
    }

    /// Checks what is no number.
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if !self.public_url.is_empty() {
            errors.keep(check_url("gateway.public_url", &self.public_url));
        }
        let is_network = |proxy: &String| Network::parse(proxy).is_some();
        let is_host = |host: &String| plain_host(host).is_some();
        for (is_good, setting, problem) in [
            (
                self.listen.is_empty() || self.listen.parse::<SocketAddr>().is_ok(),
                "gateway.listen",
                "must be an address and a port, such as `127.0.0.1:8787`, or empty for none",
            ),
            (
                self.hosts.iter().all(is_host),
                "gateway.hosts",
                "must be names or addresses without scheme and port, such as `latchkey` or `10.0.0.5`, or `*` for every host",
            ),
            (
                self.trusted_proxies.iter().all(is_network),
                "gateway.trusted_proxies",
                "must be a list of addresses and networks, such as `[\"127.0.0.1\", \"10.0.0.0/8\"]`",
            ),
        ] {
            if !is_good {
                errors.extend(ConfigError::new(setting, problem).into());
            }
        }
    }
}

/// A host as requests name it; none if it is no host.
fn plain_host(text: &str) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    let is_bare_address = text.parse::<Ipv6Addr>().is_ok();
    let host = if is_bare_address {
        format!("[{text}]")
    } else {
        text.to_owned()
    };
    let host = url::Host::parse(&host).ok()?.to_string();
    (!host.contains('*')).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_hosts_are_those_of_its_addresses_and_those_that_are_named() {
        let gateway = Gateway {
            listen: "0.0.0.0:8787".into(),
            public_url: "https://Latchkey.example:8443/keys".into(),
            hosts: ["latchkey", "10.0.0.5", "2001:db8::7", "bücher.example", "*"]
                .map(Into::into)
                .into(),
            ..Gateway::default()
        };
        let is_good = |gateway: &Gateway| {
            let mut errors = ConfigErrors::default();
            gateway.check(&mut errors);
            errors.is_empty()
        };
        assert!(is_good(&gateway));
        insta::assert_snapshot!(gateway.own_hosts().join("\n"), @"
        latchkey.example
        0.0.0.0
        latchkey
        10.0.0.5
        [2001:db8::7]
        xn--bcher-kva.example
        *
        ");
        for wrong in [
            "",
            "latchkey:80",
            "http://latchkey",
            "*.example",
            "a b",
            "a/b",
        ] {
            let hosts = vec![wrong.to_owned()];
            let gateway = Gateway {
                hosts,
                ..Gateway::default()
            };
            assert!(!is_good(&gateway), "{wrong}");
        }
    }
}
