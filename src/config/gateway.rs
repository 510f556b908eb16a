//! How programs reach the keys over HTTP.

use std::ops::RangeInclusive;

use serde::Deserialize;

use crate::config::{ConfigError, check_url};
use crate::model::Network;

/// The settings of the gateway.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// The address to listen on; empty for none.
    pub listen: String,
    /// The address that people are told; empty for that of `listen`.
    pub public_url: String,
    /// The proxies that are believed when they say where a call comes from.
    pub trusted_proxies: Vec<String>,
    pub connections: u32,
    pub calls_per_token: u32,
    pub calls_per_person: u32,
    pub calls_per_server: u32,
    pub body_kb: u32,
    pub bodies_mb: u32,
    pub open_metrics: bool,
    pub keys_without_token: bool,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8787".into(),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            connections: 20_000,
            calls_per_token: 8,
            calls_per_person: 32,
            calls_per_server: 64,
            body_kb: 10_240,
            bodies_mb: 256,
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

    /// Each number with the range that it must be in.
    pub(super) fn ranges(&self) -> [(&'static str, u32, RangeInclusive<u64>); 6] {
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
            ("gateway.bodies_mb", self.bodies_mb, 16..=65_536),
        ]
    }

    /// Checks what is no number.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.public_url.is_empty() {
            check_url("gateway.public_url", &self.public_url)?;
        }
        if !self.listen.is_empty() && self.listen.parse::<std::net::SocketAddr>().is_err() {
            return Err(ConfigError::new(
                "gateway.listen",
                "must be an address and a port, such as `127.0.0.1:8787`, or empty for none",
            ));
        }
        let is_network = |proxy: &String| Network::parse(proxy).is_some();
        if !self.trusted_proxies.iter().all(is_network) {
            return Err(ConfigError::new(
                "gateway.trusted_proxies",
                "must be a list of addresses and networks, such as `[\"127.0.0.1\", \"10.0.0.0/8\"]`",
            ));
        }
        Ok(())
    }
}
