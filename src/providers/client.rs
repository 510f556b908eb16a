//! The HTTP clients of the process: one for providers, one for everything
//! else.
//!
//! Reading the system's certificates takes longer and holds more memory
//! than anything else at the start, so that both share them. Neither
//! follows a redirect or knows a proxy: either could carry a key or the
//! bot's token to somebody else.

use std::time::Duration;

use native_tls::{Protocol, TlsConnector};
use reqwest::{Client, redirect};

use super::transport::Transport;

/// How long idle connections stay open. Their buffers may hold a key.
pub const POOL_IDLE: Duration = Duration::from_secs(20);
pub const USER_AGENT: &str = concat!("latchkey/", env!("CARGO_PKG_VERSION"));

/// What a process calls others with. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    /// For Discord, forms, and gateways.
    pub web: Client,
    /// For providers.
    pub providers: Transport,
}

impl Clients {
    /// Builds both.
    pub fn new(connect_timeout: Duration) -> anyhow::Result<Self> {
        let certificates = TlsConnector::builder()
            .min_protocol_version(Some(Protocol::Tlsv12))
            .request_alpns(&["h2", "http/1.1"])
            .build()?;
        Ok(Self {
            web: web(connect_timeout, certificates.clone())?,
            providers: Transport::new(certificates, connect_timeout),
        })
    }
}

fn web(connect_timeout: Duration, certificates: TlsConnector) -> anyhow::Result<Client> {
    let builder = Client::builder()
        .tls_backend_preconfigured(certificates)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(USER_AGENT)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(POOL_IDLE);
    Ok(builder.build()?)
}
