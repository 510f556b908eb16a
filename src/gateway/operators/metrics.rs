//! The metrics of the process, for Prometheus. No label names a person.

use std::sync::OnceLock;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use crate::gateway::calls::call::{Call, HandlerResult};

/// The upper bounds of the buckets of durations, in seconds.
const BUCKETS_S: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0,
];
/// How often the recorder sums up new measurements of durations. Until then
/// it keeps each of them.
const UPKEEP_EVERY: Duration = Duration::from_millis(500);

/// The one recorder of the process.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the recorder. What is counted before is lost.
pub fn start() {
    RECORDER.get_or_init(|| {
        let built = PrometheusBuilder::new().set_buckets(&BUCKETS_S);
        let installed = built.and_then(PrometheusBuilder::install_recorder);
        installed
            .inspect_err(|error| tracing::warn!("nothing is counted: {error}"))
            .ok()
    });
}

/// Lets the recorder sum up its measurements until `stop`.
pub async fn keep_up(stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(UPKEEP_EVERY))
        .await
        .is_some()
    {
        if let Some(recorder) = RECORDER.get().and_then(Option::as_ref) {
            recorder.run_upkeep();
        }
    }
}

/// Responds with all metrics in Prometheus's text format.
pub async fn show_metrics(call: Call) -> HandlerResult {
    let app = &call.gateway.app;
    let readiness = app.check_readiness().await;
    metrics::gauge!("latchkey_database_up").set(one_if(readiness.database.is_ok()));
    metrics::gauge!("latchkey_discord_up").set(one_if(readiness.shards.is_whole()));
    metrics::gauge!("latchkey_ready").set(one_if(readiness.is_ready()));
    metrics::gauge!("latchkey_tasks").set(gauge_value(app.tasks.count()));
    metrics::gauge!("latchkey_uptime_seconds").set(app.uptime().as_secs_f64());
    if let Some(bytes) = memory_bytes() {
        metrics::gauge!("latchkey_memory_bytes").set(bytes);
    }
    let text = RECORDER
        .get()
        .and_then(Option::as_ref)
        .map(PrometheusHandle::render);
    let mut response = Response::new(Body::from(text.unwrap_or_default()));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

fn one_if(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// The resident memory of the process, as the kernel counts it.
fn memory_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1_024.0)
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts so far")]
fn gauge_value(number: usize) -> f64 {
    number as f64
}
