//! How programs reach us over HTTP, and by which names.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use serde::Deserialize;

use super::{ConfigError, check_url};

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
    pub connections: u32,
    pub calls_per_token: u32,
    pub calls_per_server: u32,
    pub body_kb: u32,
    pub open_metrics: bool,
    pub keys_without_token: bool,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8787".into(),
            public_url: String::new(),
            hosts: Vec::new(),
            connections: 20_000,
            calls_per_token: 8,
            calls_per_server: 64,
            body_kb: 10_240,
            open_metrics: false,
            keys_without_token: false,
        }
    }
}

impl Gateway {
    /// The address that people are told; none if there is no gateway.
    pub fn url(&self) -> Option<String> {
        let local = || format!("http://{}", self.listen);
        let public = Some(self.public_url.trim_end_matches('/')).filter(|url| !url.is_empty());
        (!self.listen.is_empty()).then(|| public.map_or_else(local, Into::into))
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

    /// Finds what is wrong with the addresses among these settings.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.public_url.is_empty() {
            check_url("gateway.public_url", &self.public_url)?;
        }
        if !self.listen.is_empty() && self.listen.parse::<SocketAddr>().is_err() {
            return Err(ConfigError::new(
                "gateway.listen",
                "must be an address and a port, such as `127.0.0.1:8787`, or empty for none",
            ));
        }
        if self.hosts.iter().any(|host| plain_host(host).is_none()) {
            return Err(ConfigError::new(
                "gateway.hosts",
                "must be names or addresses without scheme and port, such as `latchkey` or `10.0.0.5`, or `*` for every host",
            ));
        }
        Ok(())
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
        assert!(gateway.check().is_ok());
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
            assert!(gateway.check().is_err(), "{wrong}");
        }
    }
}
