//! Settings, a token and a key for a process that serves the gateway, whose
//! providers are at an address of the caller's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use latchkey::internals::{
    App, Config, Environment, KeyDraft, Lifetime, NewSession, PersonId, ProviderId, RunOptions,
    Scope, Scopes, TypedKey, assemble, nobody_else,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

use crate::EmulatedWorld;

/// A key that the providers accept, whatever it is.
const KEY: &str = "sk-made-up-good-0123456789";
const GRACE: Duration = Duration::from_secs(2);

/// What a process needs that serves the gateway, and what its clients need.
pub struct GatewaySetup {
    pub world: EmulatedWorld,
    /// Where the gateway will listen: host and port.
    pub address: String,
    /// A token of a person with a key for OpenAI.
    pub token: String,
}

impl GatewaySetup {
    /// Stores the key and makes the token. OpenAI, Groq and Anthropic are at the
    /// address `providers`.
    pub async fn open(providers: &str) -> Self {
        let mut world = EmulatedWorld::open(0).await;
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
            // Its addresses have their `/v1` themselves.
            (
                "LATCHKEY_PROVIDERS__ANTHROPIC__BASE_URL",
                providers.trim_end_matches("/v1"),
            ),
        ];
        for (name, value) in settings {
            world.variables.retain(|(known, _)| known != name);
            world
                .variables
                .push((name.to_owned(), SecretString::from(value)));
        }
        let token = store_key_and_token(&world).await;
        Self {
            world,
            address,
            token,
        }
    }

    /// The same with so many people who are signed in to the console, and the
    /// cookie of each.
    pub async fn open_console(people: u32) -> (Self, Vec<SecretString>) {
        let setup = Self::open("http://127.0.0.1:1").await;
        let app = assemble_app(&setup.world).await;
        let mut cookies = Vec::new();
        for number in 1..=u64::from(people) {
            let new = NewSession {
                person: PersonId(number),
                name: format!("Person {number}"),
                servers: Vec::new(),
                joined: Vec::new(),
                browser: "a bench".to_owned(),
                before: None,
            };
            let begun = app.people.begin_session(new).await;
            cookies.push(begun.expect("a session can begin"));
        }
        app.shut_down(GRACE, GRACE).await;
        (setup, cookies)
    }

    /// A key for OpenAI that a call can bring along.
    pub fn request_key() -> &'static str {
        KEY
    }
}

/// Stores a key and makes a token in the database of the process, which has
/// not started yet.
async fn store_key_and_token(world: &EmulatedWorld) -> String {
    let app = assemble_app(world).await;
    let caller = nobody_else(PersonId(world.scene.member));
    let draft = KeyDraft {
        scope: Scope::User,
        provider: ProviderId::from("openai"),
        name: None,
        typed: TypedKey {
            secret: SecretString::from(KEY),
            extras: BTreeMap::new(),
        },
        lifetime: Lifetime::WhileItWorks,
        keep_refused: false,
    };
    app.keys
        .put(&caller, draft)
        .await
        .expect("the provider accepts it");
    let made = app
        .people
        .create_token(&caller, None, None, Scopes::CHAT)
        .await;
    let (_, token) = made.expect("a token can be made");
    app.shut_down(GRACE, GRACE).await;
    token.expose_secret().to_owned()
}

/// The program over the database of the process, which has not started yet.
async fn assemble_app(world: &EmulatedWorld) -> Arc<App> {
    let environment = Environment::of(world.variables.iter().cloned());
    let config = Config::parse("", &environment).expect("the settings are good");
    let assembled = assemble(&config, &environment, RunOptions::default()).await;
    assembled.expect("it starts").app
}
