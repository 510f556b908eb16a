//! Holds a second with 64 asks waiting, and reports over a million rows,
//! beside what the same disk does without us in the same run.
//!
//! PostgreSQL is measured where `BENCH_POSTGRES` names an empty database.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::time::{SystemTime, UNIX_EPOCH};

use latchkey_bench::{LedgerBench, time_bare_commits};

const TASKS: u64 = 64;
const HOLDS_EACH: u64 = 4_000;
const COMMITS: usize = 3_000;
const ROWS: u64 = 1_000_000;

fn at(times: &mut [f64], percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times[(times.len() - 1) * percent / 100]
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("tokio starts");
    let folder = std::env::temp_dir().join(format!("latchkey-ledger-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    println!("| what | result |");
    println!("|---|---|");
    let (_, single) = time_bare_commits(&folder.join("bare.db"), COMMITS, 1);
    let (grouped, _) = time_bare_commits(&folder.join("bare.db"), COMMITS, 64);
    println!("| bare SQLite, synchronous=FULL: one row, one commit, median | {single:.0} µs |");
    println!("| bare SQLite: rows of 150 bytes in commits of 64 | {grouped:.0} a second |");
    let url = format!("sqlite:{}", folder.join("ledger.db").display());
    runtime.block_on(measure("SQLite", &url));
    let database = std::env::vars().find(|(name, _)| name == "BENCH_POSTGRES");
    if let Some((_, url)) = database {
        runtime.block_on(measure("PostgreSQL", &url));
    } else {
        println!("| PostgreSQL | not measured: `BENCH_POSTGRES` is not set |");
    }
    // A folder that stays is the system's to sweep.
    let _ = std::fs::remove_dir_all(&folder);
}

async fn measure(name: &str, url: &str) {
    let bench = LedgerBench::open(url).await;
    let mut commits = bench.time_single_commits(COMMITS as u64).await;
    println!(
        "| {name}: one small row, one commit, through our store, median | {:.0} µs |",
        at(&mut commits, 50)
    );
    bench.time_holds(TASKS, HOLDS_EACH / 10, true).await;
    let (rate, mut waits) = bench.time_holds(TASKS, HOLDS_EACH, false).await;
    println!(
        "| {name}: holds on one budget, {TASKS} waiting | {rate:.0} a second, median {:.0} µs, 99th percentile {:.0} µs |",
        at(&mut waits, 50),
        at(&mut waits, 99)
    );
    let (rate, mut waits) = bench.time_holds(TASKS, HOLDS_EACH, true).await;
    println!(
        "| {name}: holds and their settlements, {TASKS} waiting | {rate:.0} a second, median wait for the hold {:.0} µs |",
        at(&mut waits, 50)
    );
    let (_, mut waits) = bench.time_holds(1, 2_000, true).await;
    println!(
        "| {name}: a hold, nobody else waiting, median | {:.0} µs |",
        at(&mut waits, 50)
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let today = i64::try_from(now.expect("it is after 1970").as_secs() / 86_400);
    let today = today.expect("it is before the year 3000");
    bench.fill(ROWS, today).await;
    for days in [30, 365] {
        let mut took = Vec::new();
        for _ in 0..20 {
            took.push(bench.time_usage(days, today).await.as_secs_f64() * 1e3);
        }
        println!(
            "| {name}: `/usage scope:guild` over {days} days of {ROWS} rows in a year, 1,000 members, median | {:.1} ms |",
            at(&mut took, 50)
        );
    }
    bench.close().await;
}
