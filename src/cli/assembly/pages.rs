//! Puts the console beside the gateway, on the gateway's listener; what the
//! settings say of it, and what of that is missing.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::app::{App, FileLimits};
use crate::bot::SignInSettings;
use crate::config::{Config, NoConsole};
use crate::{console, gateway};

pub const CLIENT_SECRET: &str = "DISCORD_CLIENT_SECRET";

/// The pages that a listener serves beside the gateway; none where browsers
/// would not keep their cookies safe, or nobody wants them.
pub fn prepare(
    app: &Arc<App>,
    config: &Config,
    listener: &TcpListener,
) -> anyhow::Result<Option<gateway::Pages>> {
    if config.console_url().is_err() {
        return Ok(None);
    }
    let address = listener.local_addr()?;
    let settings = console::Settings {
        file_limits: file_limits(config),
        ..console::Settings::at(&config.gateway.public_url, address)
    };
    let service = console::service(app, settings);
    Ok(Some(gateway::Pages::new(
        console::first_segments(),
        console::is_way_back,
        service,
    )))
}

/// How much of people's files is read, wherever they send them.
pub fn file_limits(config: &Config) -> FileLimits {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    FileLimits {
        picture_bytes: count(config.chat.picture_kb) * 1_024,
        pictures: count(config.chat.pictures),
        text_bytes: count(config.chat.text_file_kb) * 1_024,
    }
}

/// How people sign in to the pages; none where there are no pages, or nobody
/// can sign in.
pub fn sign_in(config: &Config, client_secret: Option<SecretString>) -> Option<SignInSettings> {
    let both = config.sign_in_back().ok().zip(client_secret);
    both.map(|(back, client_secret)| SignInSettings {
        client_secret,
        back,
    })
}

/// Says at the start where the pages are, and what is missing for people to
/// have them and to sign in.
pub fn tell_of_console(config: &Config, can_sign_in: bool) {
    match (config.console_url(), can_sign_in) {
        (Ok(url), true) => tracing::info!("pages for people are at {url}"),
        (Ok(url), _) => tracing::warn!(
            "pages for people are at {url}, and nobody can sign in: set {CLIENT_SECRET}; `latchkey doctor` says more"
        ),
        (Err(NoConsole::Off | NoConsole::NoGateway), _) => {}
        (Err(why), _) => tracing::warn!("no pages for people: {why}"),
    }
}
