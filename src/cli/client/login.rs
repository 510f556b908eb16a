//! `latchkey login`: stores a gateway's address and a token for it, in a file
//! that only its owner can read.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use anyhow::{Context, anyhow, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::gateway::{Gateway, send};
use super::hidden;
use crate::config::Environment;

/// Permission bits that let anyone but the owner read a file.
const OTHERS: u32 = 0o077;
/// What base URLs for libraries end in.
const VERSIONS: [&str; 3] = ["/api/v1", "/v1", "/v1beta"];

/// A gateway's address, and a token for it.
#[derive(Deserialize)]
pub struct Login {
    pub url: String,
    pub token: SecretString,
}

/// A [`Login`], as it is written to the file.
#[derive(Serialize)]
struct LoginFile<'a> {
    url: &'a str,
    token: &'a str,
}

/// Stores a token, if the gateway accepts it.
pub async fn login(url: &str) -> anyhow::Result<()> {
    let url = parse_address(url)?;
    let (url, left_out) = without_version(&url);
    if let Some(path) = left_out {
        eprintln!(
            "The gateway's address is {url}: the `{path}` behind it is of base URLs for libraries."
        );
    }
    let token = hidden::read_secret("Token, from `/token create` in Discord")?;
    let login = Login {
        url: url.to_owned(),
        token,
    };
    let written = serde_json::to_vec(&LoginFile {
        url: &login.url,
        token: login.token.expose_secret(),
    })?;
    let gateway = Gateway::with(login)?;
    let known = send(gateway.call(reqwest::Method::GET, "/v1/models")).await;
    // A token whose scopes do not include this call is valid all the same.
    if let Err(error) = known
        && !error.to_string().contains("it has the scopes")
    {
        return Err(error.context("nothing was stored"));
    }
    let path = login_path()?;
    let folder = path.parent().context("the file has a folder")?;
    std::fs::create_dir_all(folder)?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(&written)?;
    eprintln!(
        "Logged in; the token is in {}. `latchkey ask` is next.",
        path.display()
    );
    Ok(())
}

/// Deletes the stored token.
pub fn logout() -> anyhow::Result<()> {
    match std::fs::remove_file(login_path()?) {
        Ok(()) => eprintln!("Logged out. `/token revoke` in Discord ends the token itself."),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("Nobody was logged in.");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Whether `login` stored anything.
pub fn is_logged_in() -> anyhow::Result<bool> {
    Ok(login_path()?.exists())
}

/// Loads what `login` stored.
pub fn load_login() -> anyhow::Result<Login> {
    let path = login_path()?;
    let missing = "nobody is logged in; run `latchkey login <address>` first";
    ensure!(path.exists(), missing);
    let mode = std::fs::metadata(&path)?.permissions().mode();
    ensure!(
        mode & OTHERS == 0,
        "others may read {}; run `chmod 600` on it",
        path.display()
    );
    let text = SecretString::from(std::fs::read_to_string(&path)?);
    let damaged = || {
        format!(
            "{} is damaged; run `latchkey login <address>` again",
            path.display()
        )
    };
    serde_json::from_str(text.expose_secret()).map_err(|_| anyhow::anyhow!(damaged()))
}

/// Parses a gateway's address. Plain HTTP is accepted for this machine only,
/// since the token is sent to it.
fn parse_address(typed: &str) -> anyhow::Result<String> {
    let wrong = "the address must be one such as https://latchkey.example";
    let url = Url::parse(typed.trim_end_matches('/')).map_err(|_| anyhow!(wrong))?;
    ensure!(
        matches!(url.scheme(), "http" | "https") && url.has_host(),
        wrong
    );
    ensure!(
        url.username().is_empty() && url.password().is_none() && url.query().is_none(),
        wrong
    );
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    ensure!(
        url.scheme() == "https" || is_local,
        "a token must not go over http:// past this machine; use https://"
    );
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// A gateway's address, without what a base URL for libraries has behind it;
/// and that.
fn without_version(url: &str) -> (&str, Option<&'static str>) {
    let cut = |version: &'static str| Some((url.strip_suffix(version)?, Some(version)));
    VERSIONS.into_iter().find_map(cut).unwrap_or((url, None))
}

/// Where the login is stored.
fn login_path() -> anyhow::Result<PathBuf> {
    let environment = Environment::of_process()?;
    let named = |name| {
        environment
            .plain(name)
            .map(|path| PathBuf::from(path.expose_secret()))
    };
    let folder = named("XDG_CONFIG_HOME").or_else(|| Some(named("HOME")?.join(".config")));
    let folder = folder.context("neither HOME nor XDG_CONFIG_HOME is set")?;
    Ok(folder.join("latchkey").join("login.json"))
}
