//! What the settings and secrets say of pages for people, and what of it is
//! missing.

use crate::bot::SignInSettings;
use crate::config::{Config, ConfigError, Environment, NoConsole};

const CLIENT_SECRET: &str = "DISCORD_CLIENT_SECRET";

/// How people sign in to the pages; none where there are no pages, or nobody
/// can sign in.
pub fn sign_in(
    config: &Config,
    environment: &Environment,
) -> Result<Option<SignInSettings>, ConfigError> {
    let secret = environment.secret(&[CLIENT_SECRET])?;
    let both = config.sign_in_back().ok().zip(secret);
    Ok(both.map(|(back, client_secret)| SignInSettings {
        client_secret,
        back,
    }))
}

/// Says at the start where the pages are, and what is missing for people to
/// have them and to sign in.
pub fn tell_of_console(config: &Config, environment: &Environment) {
    match (config.console_url(), sign_in(config, environment)) {
        (Ok(url), Ok(Some(_))) => tracing::info!("pages for people are at {url}"),
        (Ok(url), _) => tracing::warn!(
            "pages for people are at {url}, and nobody can sign in: set {CLIENT_SECRET}; `latchkey doctor` says more"
        ),
        (Err(NoConsole::Off | NoConsole::NoGateway), _) => {}
        (Err(why), _) => tracing::warn!("no pages for people: {why}"),
    }
}
