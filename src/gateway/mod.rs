//! The only module that knows HTTP as a server. For now: whether the
//! process is well.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Where the health page is.
pub const HEALTH_PATH: &str = "/healthz";

/// Opens the port that the operator chose; none when they chose none.
pub async fn listen(address: &str) -> anyhow::Result<Option<TcpListener>> {
    if address.is_empty() {
        return Ok(None);
    }
    let listener = TcpListener::bind(address).await;
    listener.map(Some).with_context(|| {
        format!(
            "could not listen on `health.listen` ({address}); choose another port, or \"\" for none"
        )
    })
}

/// Serves until `stop`.
pub fn serve(app: &Arc<App>, listener: TcpListener, stop: CancellationToken) {
    let state = Arc::clone(app);
    let routes = Router::new()
        .route(HEALTH_PATH, get(health))
        .with_state(state);
    app.spawn(async move {
        let serving = axum::serve(listener, routes);
        tokio::select! {
            ended = serving => {
                if let Err(error) = ended {
                    tracing::error!("the health page ended: {error}");
                }
            }
            () = stop.cancelled() => {}
        }
    });
}

async fn health(
    axum::extract::State(app): axum::extract::State<Arc<App>>,
) -> (StatusCode, &'static str) {
    match app.health().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::warn!("not well: {error:#}");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
        }
    }
}
