//! `latchkey demo`: the real bot in front of an emulated Discord and
//! emulated providers, with a page to use them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::assembly::pages;
use super::process::log;
use super::process::signals::Signals;
use super::serve::until_signal;
use super::{Assembled, RunOptions, Scene, assemble, tell_month};
use crate::bot::Connection;
use crate::config::Environment;
use crate::gateway;
use crate::vault::MasterKey;

/// Time between two words of an emulated model.
const PACE: Duration = Duration::from_millis(60);
/// Everything can be tried: what people say to each other is shown to the
/// bot. Answers are edited as often as the emulated Discord's bucket allows.
const SETTINGS: &str =
    "message_content = true\n[ask]\nedit_interval_ms = 500\n[images]\npoll_ms = 700\n";
/// How long asks may go on after the signal.
const GRACE: Duration = Duration::from_secs(2);
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Runs the demo until a signal.
pub async fn demo(port: u16) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::catch()?;
    log::start(&Environment::of_process()?);
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| {
            format!("port {port} is taken; `latchkey demo --port 0` takes any that is free")
        })?;
    let scene = Scene::start(listener)?;
    scene
        .emulator
        .world
        .with(|state| state.providers.pace = PACE);
    let folder = TemporaryFolder::create()?;
    let store = format!("sqlite:{}", folder.0.join("demo.db").display());
    let mut config = scene.config(&store, &scene.with_comfyui(SETTINGS))?;
    let programs = TcpListener::bind(("127.0.0.1", 0)).await?;
    config.gateway.listen = programs.local_addr()?.to_string();
    let back = config.sign_in_back()?;
    scene.emulator.world.register_redirect(&back);
    let environment = Environment::of(scene.secrets(Some(&MasterKey::generate()?)));
    let Assembled {
        app,
        gateway: settings,
        discord,
    } = assemble(&config, &environment, RunOptions::default()).await?;
    let connection = Connection::prepare(Arc::clone(&app), discord).await?;
    println!(
        "Open http://{}/ in a browser. Ctrl+C ends the demo.",
        scene.emulator.address()
    );
    if let Some(url) = app.console_url() {
        println!("The console is at {url}/. Sign in there, and be mia, omar or zoe.");
    }
    println!(
        "Programs reach the same keys at http://{}, with a token that `/token create` makes there.",
        config.gateway.listen
    );
    let stop = CancellationToken::new();
    app.take_lease().await?;
    tell_month(&app, &scene).await?;
    let port = gateway::Port {
        pages: pages::prepare(&app, &config, &programs)?,
        listener: programs,
    };
    let serving = gateway::serve(&app, settings, port, stop.clone())?;
    app.start_upkeep(stop.clone());
    let ended = until_signal(connection, &mut signals, &stop).await;
    app.shut_down(GRACE, LAST_WORDS).await;
    // A client that stays on the line is left.
    let _ = tokio::time::timeout(LAST_WORDS, serving.ended()).await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// A folder of our own that goes when the demo ends.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn create() -> anyhow::Result<Self> {
        let mut name = [0; 8];
        getrandom::fill(&mut name)?;
        let name = format!("latchkey-demo-{:016x}", u64::from_be_bytes(name));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).context("could not create a temporary folder")?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be deleted is the system's to sweep.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
