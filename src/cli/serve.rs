//! `latchkey serve`: runs until a signal, then stops within ten seconds.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::signals::Signals;
use super::{Assembled, assemble, files, log};
use crate::app::App;
use crate::bot::{self, Connection};
use crate::config::{Config, Environment, Shards};
use crate::gateway::{self, Serving};
use crate::model::Clock;
use crate::providers::Timeouts;
use crate::store::Store;

/// How long asks may go on after the signal.
const GRACE: Duration = Duration::from_secs(6);
/// How long those that were cut off may take to say so.
const LAST_WORDS: Duration = Duration::from_millis(1_500);

/// Runs the bot.
pub async fn serve(file: Option<&Path>, shards: Shards) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::catch()?;
    let environment = Environment::of_process()?;
    log::start(&environment);
    let config = Config::load(file, &environment)?;
    make_room(&config);
    let _claim = Store::claim(&config.store.url)?;
    let assembled = assemble(
        &config,
        &environment,
        shards,
        Timeouts::default(),
        Clock::default(),
    )
    .await?;
    drop(environment);
    let stop = CancellationToken::new();
    let listening = gateway::listen(&config.gateway.listen).await?;
    let Assembled {
        app,
        gateway: settings,
        discord,
    } = assembled;
    app.start_upkeep(stop.clone());
    let serve = |listener| gateway::serve(&app, settings, listener, stop.clone());
    let serving = listening.map(serve).transpose()?;
    let ended = tokio::select! {
        ended = connect(&app, discord, &mut signals, &stop) => ended,
        lost = app.database_lost() => Err(lost),
    };
    stop.cancel();
    shut_down(&app, serving).await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// Connects to Discord, and stays connected until a signal.
async fn connect(
    app: &Arc<App>,
    discord: bot::Settings,
    signals: &mut Signals,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let connection = tokio::select! {
        connection = Connection::prepare(Arc::clone(app), discord) => connection?,
        () = signals.wait() => return Ok(()),
    };
    tracing::info!("connecting to Discord");
    until_signal(connection, signals, stop).await
}

/// Makes room for as many connections as the operator allows, if the system
/// lets us.
fn make_room(config: &Config) {
    let wanted = u64::from(config.gateway.connections);
    match files::allow() {
        Ok(Some(most)) if most < wanted => tracing::warn!(
            "the system lets this process open {most} files, fewer than `gateway.connections` ({wanted}); raise its limit (`ulimit -n`, `LimitNOFILE=`)"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!("could not ask for more open files: {error}"),
    }
}

/// Finishes what is running, and hangs up on whoever stays on the line.
async fn shut_down(app: &App, serving: Option<Serving>) {
    app.shut_down(GRACE, LAST_WORDS).await;
    if let Some(serving) = serving {
        let _ = tokio::time::timeout(LAST_WORDS, serving.ended()).await;
    }
}

/// Serves until a signal, or until the connection ends by itself; either
/// way `stop` has been called when this returns.
pub async fn until_signal(
    connection: Connection,
    signals: &mut Signals,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut serving = Box::pin(connection.serve(stop.clone()));
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = signals.wait() => {
            tracing::info!("stopping: finishing what is running");
            stop.cancel();
            serving.await
        }
    };
    stop.cancel();
    ended
}
