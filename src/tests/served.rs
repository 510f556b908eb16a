//! A gateway in a process of its own, which can be killed and crowded.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Child;

use super::process::{start, terminate, world};
use crate::app::nobody_else;
use crate::cli::{RunOptions, Scene, assemble};
use crate::config::{Config, Environment};
use crate::model::{PersonId, Scopes};

/// How long the process may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// The process, and what it stands on.
pub struct Served {
    pub scene: Scene,
    pub folder: TempDir,
    pub address: SocketAddr,
    /// Of a member of the scene's server.
    pub token: String,
    variables: Vec<(String, SecretString)>,
    child: Child,
}

impl Served {
    /// Starts it with these settings.
    pub async fn start(more: impl FnOnce(&Scene) -> Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (scene, mut variables) = world(folder.path()).await;
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = port.local_addr().unwrap();
        drop(port);
        let mut settings = more(&scene);
        settings.push(("LATCHKEY_GATEWAY__LISTEN", address.to_string()));
        for (name, value) in settings {
            variables.retain(|(known, _)| known != name);
            variables.push((name.to_owned(), SecretString::from(value)));
        }
        let token = token(&variables, scene.member).await;
        let child = start(&variables, &scene).await;
        Self {
            scene,
            folder,
            address,
            token,
            variables,
            child,
        }
    }

    /// A call to it, on a connection of its own.
    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let client = reqwest::Client::builder().build().unwrap();
        let call = client.request(method, format!("http://{}{path}", self.address));
        call.bearer_auth(&self.token)
    }

    /// Kills it, and starts another in its place.
    pub async fn kill_and_start(&mut self) {
        self.child.kill().await.unwrap();
        self.scene.emulator.world.with(|state| {
            state.sessions.clear();
            state.ready_is_sent = false;
        });
        self.child = start(&self.variables, &self.scene).await;
    }

    /// Ends it as an operator does.
    pub async fn end(mut self) -> TempDir {
        assert!(terminate(&mut self.child).await);
        self.folder
    }
}

/// A token, made before the process starts.
async fn token(variables: &[(String, SecretString)], person: u64) -> String {
    let environment = Environment::of(variables.iter().cloned());
    let config = Config::parse("", &environment).unwrap();
    let assembled = assemble(&config, &environment, RunOptions::default()).await;
    let app = assembled.unwrap().app;
    let caller = nobody_else(PersonId(person));
    let made = app
        .people
        .create_token(&caller, None, None, Scopes::CHAT)
        .await;
    app.shut_down(GRACE, GRACE).await;
    made.unwrap().1.expose_secret().to_owned()
}
