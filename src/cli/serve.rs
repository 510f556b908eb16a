//! `latchkey serve`: runs the bot until a signal, then stops it within ten
//! seconds.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::assembly::assemble::assemble_with;
use super::assembly::pages;
use super::assembly::readings::read_all;
use super::process::signals::Signals;
use super::process::{files, log};
use super::{Assembled, RunOptions};
use crate::app::App;
use crate::bot::{self, Connection};
use crate::config::{Config, Environment, Shards};
use crate::gateway::{self, Serving};
use crate::store::Store;

/// How long running asks may go on once nothing new is taken.
const GRACE: Duration = Duration::from_secs(6);
/// How long asks that were cut off may take to tell their people so.
const LAST_WORDS: Duration = Duration::from_millis(1_500);
/// How long saying goodbye to Discord may take.
const GOODBYE: Duration = Duration::from_millis(1_500);
/// How long after the signal the process ends, whatever Discord and the
/// database do.
const ENDS_WITHIN: Duration = Duration::from_millis(9_300);
/// How much of that is kept for closing the database.
const CLOSING: Duration = Duration::from_millis(500);

/// Runs the bot.
pub async fn serve(file: Option<&Path>, shards: Shards) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::catch()?;
    let environment = Environment::of_process()?;
    log::start(&environment);
    let (mut config, readings) = read_all(file, &environment);
    let prepared = readings.complete()?;
    drop(environment);
    raise_file_limit(&config);
    let _claim = Store::claim(&config.store.url)?;
    let listening = gateway::listen(&config.gateway.listen).await?;
    if let Some(listener) = &listening {
        let address = listener.local_addr()?;
        config.gateway.name_port(address.port());
        tracing::info!("the gateway listens on http://{address}");
    }
    pages::tell_of_console(&config, prepared.client_secret.is_some());
    let options = RunOptions {
        shards,
        ..RunOptions::default()
    };
    let assembled = tokio::select! {
        assembled = assemble_with(prepared, &config, options) => assembled?,
        () = signals.wait() => return Ok(ExitCode::SUCCESS),
    };
    let stop = CancellationToken::new();
    let Assembled {
        app,
        gateway: settings,
        discord,
    } = assembled;
    app.take_lease().await?;
    app.start_upkeep(stop.clone());
    let serve = |listener| {
        let pages = pages::prepare(&app, &config, &listener)?;
        let port = gateway::Port { listener, pages };
        gateway::serve(&app, settings, port, stop.clone())
    };
    let serving = listening.map(serve).transpose()?;
    let ended = tokio::select! {
        ended = connect(&app, discord, &mut signals, &stop) => ended,
        lost = app.database_lost() => Err(lost),
    };
    stop.cancel();
    let has_stopped = shut_down(&app, serving, &signals).await;
    ended.map(|()| {
        if has_stopped {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    })
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
    tracing::info!(
        "add the bot to a server with {}",
        connection.invite_address()
    );
    tracing::info!("connecting to Discord");
    until_signal(connection, signals, stop).await
}

/// Raises the limit on open files, and warns where it is below the number of
/// connections that the operator allows.
fn raise_file_limit(config: &Config) {
    let wanted = u64::from(config.gateway.connections);
    match files::raise_limit() {
        Ok(Some(most)) if most < wanted => tracing::warn!(
            "the system lets this process open {most} files, fewer than `gateway.connections` ({wanted}); raise its limit (`ulimit -n`, `LimitNOFILE=`)"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!("could not ask for more open files: {error}"),
    }
}

/// Finishes what is running, and closes the database and the connections that
/// stay open. False where that takes too long: what is not written then is
/// left to the next start.
async fn shut_down(app: &App, serving: Option<Serving>, signals: &Signals) -> bool {
    let deadline = signals.came_at().unwrap_or_else(Instant::now) + ENDS_WITHIN;
    let most = (deadline - LAST_WORDS - CLOSING).saturating_duration_since(Instant::now());
    let closing = app.shut_down_by(GRACE.min(most), LAST_WORDS, deadline - CLOSING);
    let closed = timeout_at(deadline, closing).await;
    if closed.is_err() {
        tracing::error!(
            running = app.tasks.count(),
            "the database did not take everything in time; attempts that are not written stay held, and are settled at the next start"
        );
    }
    if let Some(serving) = serving {
        let by = deadline.min(Instant::now() + LAST_WORDS);
        let _ = timeout_at(by, serving.ended()).await;
    }
    closed.is_ok()
}

/// Serves until a signal, or until the connection ends by itself. Either way,
/// `stop` is cancelled when this returns.
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
            let said = tokio::time::timeout(GOODBYE, serving).await;
            // Discord finds out by itself.
            said.unwrap_or(Ok(()))
        }
    };
    stop.cancel();
    ended
}
