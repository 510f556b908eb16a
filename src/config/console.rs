//! Pages for people, at the address where programs reach us.

use serde::Deserialize;
use url::{Host, Url};

use super::Config;

/// Where Discord sends browsers back to, below our address.
const SIGN_IN_BACK: &str = "/sign-in/back";

/// Pages for people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    pub enabled: bool,
}

impl Default for Console {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// Why there are no pages although they are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoConsole {
    #[error("`console.enabled` is false")]
    Off,
    #[error("`gateway.listen` is empty")]
    NoGateway,
    #[error(
        "its pages need https, or a browser on this machine: set `gateway.public_url` to the https address that a proxy in front of it serves"
    )]
    NotSafe,
    #[error(
        "`gateway.listen` takes any port that is free, so that Discord can't be told where people come back to: name a port, or set `gateway.public_url`"
    )]
    AnyPort,
    #[error("`gateway.public_url` has a path, below which pages can't be; use a host of its own")]
    HasPath,
}

impl Config {
    /// The address of the pages, without a slash at its end: where browsers
    /// keep cookies safe, which is https and this machine.
    pub fn console_url(&self) -> Result<String, NoConsole> {
        if !self.console.enabled {
            return Err(NoConsole::Off);
        }
        let url = self.gateway.url().ok_or(NoConsole::NoGateway)?;
        let parsed = Url::parse(&url).map_err(|_| NoConsole::NotSafe)?;
        if parsed.port() == Some(0) {
            return Err(NoConsole::AnyPort);
        }
        let is_this_machine = match parsed.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if parsed.scheme() != "https" && !is_this_machine {
            return Err(NoConsole::NotSafe);
        }
        if parsed.path() != "/" || parsed.query().is_some() {
            return Err(NoConsole::HasPath);
        }
        Ok(parsed.origin().ascii_serialization())
    }

    /// The address to register with Discord, for people to sign in.
    pub fn sign_in_back(&self) -> Result<String, NoConsole> {
        Ok(self.console_url()? + SIGN_IN_BACK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(listen: &str, public_url: &str) -> Result<String, NoConsole> {
        let mut config = Config::default();
        config.gateway.listen = listen.into();
        config.gateway.public_url = public_url.into();
        config.console_url()
    }

    #[test]
    fn pages_are_where_browsers_keep_cookies_safe() {
        for (listen, public_url, served) in [
            ("127.0.0.1:8787", "", "http://127.0.0.1:8787"),
            ("[::1]:8787", "", "http://[::1]:8787"),
            ("0.0.0.0:80", "https://a.example/", "https://a.example"),
            ("0.0.0.0:80", "https://A.example:443", "https://a.example"),
            ("0.0.0.0:80", "http://localhost:80", "http://localhost"),
        ] {
            assert_eq!(url(listen, public_url).as_deref(), Ok(served));
        }
        for (listen, public_url, why) in [
            ("", "https://a.example", NoConsole::NoGateway),
            ("0.0.0.0:8787", "", NoConsole::NotSafe),
            ("127.0.0.1:0", "", NoConsole::AnyPort),
            ("127.0.0.1:8787", "http://a.example", NoConsole::NotSafe),
            (
                "127.0.0.1:8787",
                "http://localhost.a.example",
                NoConsole::NotSafe,
            ),
            (
                "127.0.0.1:8787",
                "https://a.example/keys",
                NoConsole::HasPath,
            ),
        ] {
            assert_eq!(url(listen, public_url), Err(why), "{listen} {public_url}");
        }
        // Once it is known which port it is, the pages are there.
        let mut named = Config::default();
        for (listen, public_url, then) in [
            ("127.0.0.1:0", "", "http://127.0.0.1:4242/sign-in/back"),
            ("localhost:0", "", "http://localhost:4242/sign-in/back"),
            ("127.0.0.1:8787", "", "http://127.0.0.1:8787/sign-in/back"),
            (
                "127.0.0.1:0",
                "https://a.example",
                "https://a.example/sign-in/back",
            ),
        ] {
            named.gateway.listen = listen.into();
            named.gateway.public_url = public_url.into();
            named.gateway.name_port(4242);
            assert_eq!(named.sign_in_back().as_deref(), Ok(then));
        }
        let mut off = Config::default();
        off.console.enabled = false;
        assert_eq!(off.console_url(), Err(NoConsole::Off));
        let back = Config::default().sign_in_back();
        assert_eq!(back.as_deref(), Ok("http://127.0.0.1:8787/sign-in/back"));
    }
}
