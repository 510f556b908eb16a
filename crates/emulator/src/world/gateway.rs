//! How Discord's gateway behaves, and how many sessions may begin on it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How the gateway behaves where a test changes that. What stands here by
/// default is what Discord does.
pub struct GatewayRules {
    /// How often a client is told to send a heartbeat.
    pub heartbeat_interval: Duration,
    pub answers_heartbeats: bool,
    /// How many connections are taken from now on and never told anything.
    pub silent_connections: u32,
    /// The codes that the next attempts to identify, and to resume, are
    /// closed with.
    pub identifies_to_close: VecDeque<u16>,
    pub resumes_to_close: VecDeque<u16>,
    /// Whether the application was granted the message content intent.
    pub grants_message_content: bool,
    /// Fields that interactions come without.
    pub fields_left_out: Vec<&'static str>,
    /// How many servers a shard may have before more shards are required.
    pub servers_per_shard: usize,
    pub starts: SessionStarts,
}

/// How many sessions may begin, as `GET /gateway/bot` says.
#[derive(Clone, Copy)]
pub struct SessionStarts {
    pub remaining: u32,
    /// When there are `total` again.
    pub reset_at: Option<Instant>,
    pub total: u32,
}

impl Default for GatewayRules {
    fn default() -> Self {
        Self {
            heartbeat_interval: Duration::from_millis(41_250),
            answers_heartbeats: true,
            silent_connections: 0,
            identifies_to_close: VecDeque::new(),
            resumes_to_close: VecDeque::new(),
            grants_message_content: true,
            fields_left_out: Vec::new(),
            servers_per_shard: 2_500,
            starts: SessionStarts {
                remaining: 1_000,
                reset_at: None,
                total: 1_000,
            },
        }
    }
}

impl SessionStarts {
    /// Takes one. False if none is left.
    pub fn take(&mut self) -> bool {
        self.refill();
        let left = self.remaining.checked_sub(1);
        self.remaining = left.unwrap_or(0);
        left.is_some()
    }

    /// How many are left, and how long until there are all again.
    pub fn left(&mut self) -> (u32, Duration) {
        self.refill();
        let resets = self
            .reset_at
            .map(|at| at.saturating_duration_since(Instant::now()));
        (self.remaining, resets.unwrap_or_default())
    }

    fn refill(&mut self) {
        if self.reset_at.is_some_and(|at| at <= Instant::now()) {
            self.remaining = self.total;
            self.reset_at = None;
        }
    }
}
