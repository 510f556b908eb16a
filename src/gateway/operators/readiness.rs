//! Whether the process can do its work, part by part.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{DatabaseFault, DiskRoom, Readiness};
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::replies::responses::json_response;

/// Whether the process can do its work, and what it needs for it. Each part has
/// a word; all but `ok` and `low` make it unready.
#[derive(Serialize, ToSchema)]
pub struct ReadinessBody {
    /// `ready`, `not_ready`, or `stopping`.
    status: &'static str,
    database: DatabaseBody,
    writer: WriterBody,
    discord: DiscordBody,
    /// Left out where the database's disk is elsewhere, or did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    disk: Option<DiskBody>,
}

/// The database. A row was written to it, unless something was a moment ago.
#[derive(Serialize, ToSchema)]
pub struct DatabaseBody {
    /// `ok`, `away`, `locked`, `too_slow`, `full`, `read_only`, `damaged`, or
    /// `failing`.
    state: &'static str,
    /// How long ago the last change was safe on disk; null before the first.
    last_commit_ms_ago: Option<u64>,
}

/// What writes the ledger.
#[derive(Serialize, ToSchema)]
pub struct WriterBody {
    /// `ok`, or `stuck` where the oldest write has waited for more than 2 s, so
    /// that new calls are refused.
    state: &'static str,
    /// For how long the oldest write has waited.
    waits_ms: u64,
    /// How many attempts are kept until they can be written.
    unwritten: usize,
    /// How many writes are queued, on SQLite.
    queued: usize,
}

/// The shards of Discord's gateway.
#[derive(Serialize, ToSchema)]
pub struct DiscordBody {
    /// `ok`, `connecting` before the first connection, or `disconnected` where a
    /// shard is gone for more than 10 s.
    state: &'static str,
    shards: usize,
    connected: usize,
}

/// The disk of SQLite's file.
#[derive(Serialize, ToSchema)]
pub struct DiskBody {
    /// `ok`, `low` below 256 MiB, or `full` below 64 KiB.
    state: &'static str,
    free_bytes: u64,
}

/// Responds whether the process can do its work.
pub async fn check_readiness(call: Call) -> HandlerResult {
    let readiness = call.gateway.app.check_readiness().await;
    let is_stopping = call.gateway.is_stopping();
    let status = if readiness.is_ready() && !is_stopping {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    json_response(status, &describe(&readiness, is_stopping))
}

fn describe(readiness: &Readiness, is_stopping: bool) -> ReadinessBody {
    let pulse = readiness.pulse;
    let ms =
        |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    ReadinessBody {
        status: match (is_stopping, readiness.is_ready()) {
            (true, _) => "stopping",
            (false, true) => "ready",
            (false, false) => "not_ready",
        },
        database: DatabaseBody {
            state: match readiness.database {
                Ok(()) => "ok",
                Err(DatabaseFault::Trouble(trouble)) => trouble.as_str(),
                Err(DatabaseFault::Unknown) => "failing",
            },
            last_commit_ms_ago: pulse.since_commit.map(ms),
        },
        writer: WriterBody {
            state: if readiness.ledger_is_stuck() {
                "stuck"
            } else {
                "ok"
            },
            waits_ms: readiness.ledger.waits.map_or(0, ms),
            unwritten: readiness.ledger.unwritten,
            queued: pulse.queued,
        },
        discord: DiscordBody {
            state: match readiness.shards {
                _ if readiness.discord_is_there() => "ok",
                shards if shards.all == 0 || shards.awaited > 0 => "connecting",
                _ => "disconnected",
            },
            shards: readiness.shards.all,
            connected: readiness.shards.connected,
        },
        disk: readiness
            .disk_room()
            .zip(readiness.disk_free_bytes)
            .map(|(room, free_bytes)| {
                let state = match room {
                    DiskRoom::Enough => "ok",
                    DiskRoom::Low => "low",
                    DiskRoom::Full => "full",
                };
                DiskBody { state, free_bytes }
            }),
    }
}
