//! Puts the console beside the gateway, on the gateway's listener.

use std::sync::Arc;

use tokio::net::TcpListener;

use crate::app::App;
use crate::cli::file_limits;
use crate::config::Config;
use crate::{console, gateway};

/// The pages that a listener serves beside the gateway.
pub fn prepare(
    app: &Arc<App>,
    config: &Config,
    listener: &TcpListener,
) -> anyhow::Result<gateway::Pages> {
    let address = listener.local_addr()?;
    let settings = console::Settings {
        file_limits: file_limits(config),
        ..console::Settings::at(&config.gateway.public_url, address)
    };
    let service = console::service(app, settings);
    Ok(gateway::Pages::new(console::first_segments(), service))
}
