//! A gateway for a process of its own, with a token and a key, whose
//! providers are somewhere else.

use std::collections::BTreeMap;
use std::time::Duration;

use latchkey::internals::{
    Assembled, Config, Environment, PersonId, RunOptions, Scope, Scopes, assemble, nobody_else,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

use super::Stand;

/// A key that the providers accept, whatever it is.
const KEY: &str = "sk-made-up-good-0123456789";
const GRACE: Duration = Duration::from_secs(2);

/// A gateway that a process will serve.
pub struct Programs {
    pub stand: Stand,
    /// Host and port.
    pub address: String,
    /// Of a person with a key for OpenAI.
    pub token: String,
}

impl Programs {
    /// Prepares it: OpenAI and Groq are at this address.
    pub async fn open(providers: &str) -> Self {
        let mut stand = Stand::open(0).await;
        let port = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = port.local_addr().expect("it has an address").to_string();
        drop(port);
        let settings = [
            ("LATCHKEY_GATEWAY__LISTEN", address.as_str()),
            ("LATCHKEY_GATEWAY__CALLS_PER_TOKEN", "20000"),
            ("LATCHKEY_PROVIDERS__OPENAI__BASE_URL", providers),
            ("LATCHKEY_PROVIDERS__GROQ__BASE_URL", providers),
        ];
        for (name, value) in settings {
            stand.variables.retain(|(known, _)| known != name);
            stand
                .variables
                .push((name.to_owned(), SecretString::from(value)));
        }
        let token = prepare(&stand).await;
        Self {
            stand,
            address,
            token,
        }
    }

    /// The key that a call brings along.
    pub fn key() -> &'static str {
        KEY
    }
}

/// Stores a key and makes a token, before the process starts.
async fn prepare(stand: &Stand) -> String {
    let environment = Environment::of(stand.variables.iter().cloned());
    let config = Config::parse("", &environment).expect("the settings are good");
    let assembled = assemble(&config, &environment, RunOptions::default()).await;
    let Assembled { app, .. } = assembled.expect("it starts");
    let caller = nobody_else(PersonId(stand.scene.member));
    let secret = (SecretString::from(KEY), BTreeMap::new());
    app.put_key(&caller, Scope::User, "openai", None, secret)
        .await
        .expect("the provider accepts it");
    let made = app.create_token(&caller, None, None, Scopes::CHAT).await;
    let (_, token) = made.expect("a token can be made");
    app.shut_down(GRACE, GRACE).await;
    token.expose_secret().to_owned()
}
