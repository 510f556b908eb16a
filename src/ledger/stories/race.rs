//! Many tasks ask at once, in one process and in two, and processes are killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::ledger::stories::lease_story::{SHORT, until_nothing_is_held};
use crate::ledger::stories::story::{
    NOW_MS, budget, check_sums, limit, open, open_with, order, sqlite, used,
};
use crate::ledger::*;
use crate::model::{Limit, Metric, ProviderId};

/// How many tasks ask at once, and how often each.
const TASKS: u64 = 64;
const ASKS: u64 = 1_000;
/// The budget, in output tokens: less than the tasks would use.
const MAX: u64 = 3_000_000;
/// How often a process is killed.
const KILLS: usize = 100;
/// The variable that tells a child process what to do: a verb, a number, and a
/// database.
const WORDS: &str = "CHILD_OF_A_LEDGER_TEST";

/// Spends from a budget, until nothing is left.
#[derive(Clone)]
enum Spender {
    Ledger,
    /// Reads the counter first and holds then, which is the fault that the
    /// ledger must not have. All tasks read before one of them holds.
    CheckThenAct(Arc<Barrier>),
}

impl Spender {
    async fn hold(
        &self,
        ledger: &Ledger,
        order: CallOrder<'_>,
        limits: &[AppliedLimit],
    ) -> Option<Hold> {
        let Self::CheckThenAct(all_looked) = self else {
            return ledger.hold(order, limits.to_vec()).await.unwrap().ok();
        };
        let uses = ledger.load_uses(limits).await.unwrap();
        all_looked.wait().await;
        if uses.iter().any(|limit| limit.left() < 1_000) {
            return None;
        }
        let boundless = |applied: &AppliedLimit| AppliedLimit {
            limit: Limit {
                max: u64::MAX,
                ..applied.limit
            },
            ..applied.clone()
        };
        let limits = limits.iter().map(boundless).collect();
        ledger.hold(order, limits).await.unwrap().ok()
    }
}

/// Tasks that spend from one budget at the same time.
struct Race {
    spender: Spender,
    tasks: u64,
    /// How often each task asks.
    asks: u64,
    /// The budget, in output tokens.
    max: u64,
}

/// Runs a race. Its asks end in different ways.
async fn run(race: Race, ledger: &Arc<Ledger>) {
    let Race {
        spender,
        tasks,
        asks,
        max,
    } = race;
    let mut racing = JoinSet::new();
    for task in 0..tasks {
        let (ledger, spender) = (Arc::clone(ledger), spender.clone());
        racing.spawn(async move {
            let openai = ProviderId::from("openai");
            let limits = budget(&[limit(Metric::OutputTokens, max)], task);
            for ask in 0..asks {
                let order = order(&openai, task);
                let Some(hold) = spender.hold(&ledger, order, &limits).await else {
                    continue;
                };
                match (task + ask) % 4 {
                    0 => drop(hold),
                    // More than the 1,000 that are held at the most.
                    1 => drop(ledger.settle(hold, &used(1_500)).await.unwrap()),
                    _ => drop(ledger.settle(hold, &used(ask % 1_000)).await.unwrap()),
                }
            }
        });
    }
    racing.join_all().await;
}

/// How much more was held of the budget than it has. What a provider reports
/// beyond a hold is counted and flagged, and is no fault of the ledger's.
async fn overspend(ledger: &Ledger, max: u64) -> u64 {
    let rows = check_sums(ledger).await;
    let counted = rows.iter().filter_map(|row| {
        let used = row.counts()?.output_tokens;
        assert_eq!(row.overshoot, used > row.held.output_tokens, "{row:?}");
        Some(used.min(row.held.output_tokens))
    });
    counted.sum::<u64>().saturating_sub(max)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_overspends_on_sqlite_and_a_check_then_act_is_caught() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    race_all(folders.each_ref().map(sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_overspends_on_postgresql_and_a_check_then_act_is_caught() {
    let databases = [(); 3].map(|()| crate::tests::postgres::database());
    if let [Some(one), Some(two), Some(three)] = databases {
        race_all([one, two, three]).await;
    }
}

async fn race_all(databases: [SecretString; 3]) {
    let planted = Spender::CheckThenAct(Arc::new(Barrier::new(64)));
    let races = [
        (Spender::Ledger, ASKS, MAX, false),
        (Spender::Ledger, 10, 10_000, false),
        (planted, 10, 10_000, true),
    ];
    for (url, (spender, asks, max, overspends)) in databases.iter().zip(races) {
        let ledger = Arc::new(open(url, &Clock::held_at(NOW_MS)).await);
        let race = Race {
            spender,
            tasks: TASKS,
            asks,
            max,
        };
        run(race, &ledger).await;
        // What was dropped is settled by then.
        ledger.close().await;
        let spent_too_much = overspend(&ledger, max).await;
        assert_eq!(spent_too_much > 0, overspends, "{spent_too_much}");
    }
}

/// Not a test by itself: what a child process runs.
#[test]
fn child() -> ExitCode {
    let Some((_, words)) = std::env::vars().find(|(name, _)| name == WORDS) else {
        return ExitCode::SUCCESS;
    };
    let words: Vec<&str> = words.split(' ').collect();
    let [verb, number, url] = words[..] else {
        return ExitCode::FAILURE;
    };
    let number: u64 = number.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let url = SecretString::from(url);
        let ledger = Arc::new(open_with(&url, &Clock::held_at(NOW_MS), SHORT).await);
        ledger.take_lease().await.unwrap();
        match verb {
            "race" => {
                let race = Race {
                    spender: Spender::Ledger,
                    tasks: TASKS / 2,
                    asks: ASKS,
                    max: number,
                };
                run(race, &ledger).await;
            }
            _ => ask_until_killed(&ledger, number).await,
        }
        ledger.close().await;
    });
    ExitCode::SUCCESS
}

fn start_child(verb: &str, number: u64, url: &SecretString) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "ledger::stories::race::child",
            "--nocapture",
            "--quiet",
        ])
        .env_clear()
        .env(WORDS, format!("{verb} {number} {}", url.expose_secret()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_postgresql_do_not_overspend() {
    let Some(url) = crate::tests::postgres::database() else {
        return;
    };
    // Opened first, so that the children need not migrate the database.
    let ledger = open(&url, &Clock::held_at(NOW_MS)).await;
    let children = [(), ()].map(|()| start_child("race", MAX, &url));
    for mut child in children {
        let status = tokio::task::spawn_blocking(move || child.wait());
        assert!(status.await.unwrap().unwrap().success());
    }
    assert_eq!(overspend(&ledger, MAX).await, 0);
    let rows = ledger.store.audit().await;
    assert!(rows.len() > 1_000, "{}", rows.len());
}

/// Asks until it is killed, and prints which promises the ledger made.
async fn ask_until_killed(ledger: &Arc<Ledger>, max: u64) {
    let mut loading = JoinSet::new();
    for task in 0..8 {
        let ledger = Arc::clone(ledger);
        loading.spawn(async move {
            let provider = ProviderId::from("acme-ai");
            // Some ask with their own keys.
            let limits = match task % 4 {
                3 => Vec::new(),
                _ => budget(&[limit(Metric::OutputTokens, max)], task),
            };
            loop {
                let order = order(&provider, task);
                let Ok(mut hold) = ledger.hold(order, limits.clone()).await.unwrap() else {
                    return;
                };
                hold.begin().await.unwrap();
                let id = hold.id();
                // Without limits, nobody waits until it is written, but here.
                let is_exempt = limits.is_empty();
                if is_exempt && id.0[15].is_multiple_of(2) {
                    ledger.flush().await;
                }
                if !is_exempt || id.0[15].is_multiple_of(2) {
                    say("held", id);
                }
                let ended = used(u64::from(id.0[15]));
                ledger.settle(hold, &ended).await.unwrap();
                if is_exempt {
                    ledger.flush().await;
                }
                say("settled", id);
            }
        });
    }
    loading.join_all().await;
}

/// Prints one line in one write, so that a kill does not cut it.
fn say(word: &str, id: AttemptId) {
    let line = format!("{word} {id:?}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// Kills a child in the middle of its work; returns what the ledger promised it.
fn kill_under_load(url: &SecretString, after: usize) -> PromisedAttempts {
    let mut child = start_child("load", u64::MAX / 2, url);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut promised = PromisedAttempts::default();
    promised.add(lines.by_ref().take(after));
    child.kill().unwrap();
    child.wait().unwrap();
    // What it printed before it died is still in the pipe.
    promised.add(lines);
    promised
}

/// The attempts that the ledger promised to have held and settled.
#[derive(Default)]
struct PromisedAttempts {
    held: BTreeSet<String>,
    settled: BTreeSet<String>,
}

impl PromisedAttempts {
    fn add(&mut self, lines: impl Iterator<Item = std::io::Result<String>>) {
        for line in lines.map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("held", id)) => drop(self.held.insert(id.to_owned())),
                Some(("settled", id)) => drop(self.settled.insert(id.to_owned())),
                // The test runner prints lines too.
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    survive(sqlite(&folder)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_on_postgresql() {
    if let Some(url) = crate::tests::postgres::database() {
        survive(url).await;
    }
}

async fn survive(url: SecretString) {
    let ledger = open_with(&url, &Clock::held_at(NOW_MS), SHORT).await;
    let mut all = PromisedAttempts::default();
    for kill in 0..KILLS {
        let url = url.clone();
        // Some are killed at once, others after many asks.
        let after = 1 + kill * 37 % 150;
        let killed = tokio::task::spawn_blocking(move || kill_under_load(&url, after));
        let promised = killed.await.unwrap();
        all.held.extend(promised.held);
        all.settled.extend(promised.settled);
    }
    assert!(all.held.len() > KILLS && all.settled.len() > KILLS);
    // To lock the counter, this waits for the transactions that dead processes
    // have left running.
    let limits = budget(&[limit(Metric::OutputTokens, u64::MAX / 2)], 1);
    let acme = ProviderId::from("acme-ai");
    let last = ledger.hold(order(&acme, 1), limits).await.unwrap().unwrap();
    drop(ledger.settle(last, &used(1)).await.unwrap());
    let rows = check_sums(&ledger).await;
    let state_of = |id: &String| {
        let found = rows.iter().find(|row| row.id() == *id);
        found.map(|row| row.state.as_str())
    };
    assert!(all.held.iter().all(|id| state_of(id).is_some()));
    assert!(all.settled.iter().all(|id| state_of(id) == Some("settled")));
    // The holds of dead processes are settled, those without limits at their
    // prompts. Whoever was answered keeps what that cost.
    ledger.take_lease().await.unwrap();
    let rows = until_nothing_is_held(&ledger).await;
    for row in &rows {
        let most = if row.counted.is_empty() { 255 } else { 1_000 };
        assert!(row.used.output_tokens <= most, "{row:?}");
        assert!(!all.settled.contains(&row.id()) || row.state == "settled");
    }
    let of = |state: &str| rows.iter().filter(|row| row.state == state).count();
    assert!(of("expired") > 0);
    ledger.close().await;
}
