//! The one HTTP client of the process.
//!
//! Building one reads the system's certificates, which takes longer and
//! holds more memory than anything else at the start, so that providers
//! and Discord share it. It follows no redirect and knows no proxy:
//! either could carry a key or the bot's token to somebody else.

use std::time::Duration;

use reqwest::{Client, redirect};

/// How long idle connections stay open. Their buffers may hold a key.
const POOL_IDLE: Duration = Duration::from_secs(20);
const USER_AGENT: &str = concat!("latchkey/", env!("CARGO_PKG_VERSION"));

/// Builds the client.
pub fn client(connect_timeout: Duration) -> anyhow::Result<Client> {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(USER_AGENT)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(POOL_IDLE);
    Ok(builder.build()?)
}
