//! A gateway in a process of its own, which can be killed and crowded.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::process::Child;

use super::own_address::own_address;
use super::process::{start, terminate, world};
use crate::app::nobody_else;
use crate::cli::{RunOptions, Scene, assemble};
use crate::config::{Config, Environment};
use crate::model::{PersonId, Scopes};

/// How long the process may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// The process, and what it stands on.
pub struct ServedProgram {
    pub scene: Scene,
    pub folder: TempDir,
    pub address: SocketAddr,
    /// Of a member of the scene's server.
    pub token: String,
    /// Of other people, each of somebody else.
    pub others: Vec<String>,
    variables: Vec<(String, SecretString)>,
    child: Child,
}

impl ServedProgram {
    /// Starts it with these settings.
    pub async fn start(more: impl FnOnce(&Scene) -> Vec<(&'static str, String)>) -> Self {
        Self::start_for(0, more).await
    }

    /// Starts it with these settings, for so many people beside the member.
    pub async fn start_for(
        others: u64,
        more: impl FnOnce(&Scene) -> Vec<(&'static str, String)>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (scene, mut variables) = world(folder.path()).await;
        let address = own_address();
        let mut settings = more(&scene);
        settings.push(("LATCHKEY_GATEWAY__LISTEN", address.to_string()));
        for (name, value) in settings {
            variables.retain(|(known, _)| known != name);
            variables.push((name.to_owned(), SecretString::from(value)));
        }
        let people: Vec<u64> = [scene.member].into_iter().chain(1..=others).collect();
        let mut tokens = tokens(&variables, &people).await;
        let token = tokens.remove(0);
        let child = start(&variables, &scene).await;
        Self {
            scene,
            folder,
            address,
            token,
            others: tokens,
            variables,
            child,
        }
    }

    /// A call to it, on a connection of its own.
    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.call_as(&self.token, method, path)
    }

    /// A call to it with another token.
    pub fn call_as(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        let client = reqwest::Client::builder().build().unwrap();
        let call = client.request(method, format!("http://{}{path}", self.address));
        call.bearer_auth(token)
    }

    /// The most memory that it ever had, in bytes.
    pub fn peak_bytes(&self) -> usize {
        let status = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(status).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: usize = peak
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kib * 1024
    }

    /// Kills it, and starts another in its place.
    pub async fn kill_and_start(&mut self) {
        self.kill().await;
        self.start_again().await;
    }

    /// Kills it.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ends it as an operator does, whatever it says of that.
    pub async fn stop(&mut self) {
        terminate(&mut self.child).await;
    }

    /// Starts another in the place of one that has ended.
    pub async fn start_again(&mut self) {
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

/// Tokens of these people, made before the process starts.
async fn tokens(variables: &[(String, SecretString)], people: &[u64]) -> Vec<String> {
    let environment = Environment::of(variables.iter().cloned());
    let config = Config::parse("", &environment).unwrap();
    let assembled = assemble(&config, &environment, RunOptions::default()).await;
    let app = assembled.unwrap().app;
    let mut tokens = Vec::new();
    for person in people {
        let caller = nobody_else(PersonId(*person));
        let made = app.people.create_token(&caller, None, None, Scopes::CHAT);
        tokens.push(made.await.unwrap().1.expose_secret().to_owned());
    }
    app.shut_down(GRACE, GRACE).await;
    tokens
}
