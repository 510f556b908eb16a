//! What an ask costs before anybody is called: sealing and opening a key,
//! and finding and opening the key that pays among 100,000.
//!
//! Each number is the median of many runs in this process; the lookups of
//! a bare reader connection stand beside ours as this machine's limit.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::sync::Arc;
use std::time::Instant;

use latchkey_bench::KeyBench;

const SEALS: usize = 20_000;
const KEYS: u64 = 100_000;
const ASKS: usize = 20_000;

fn median(mut times_us: Vec<f64>) -> f64 {
    times_us.sort_by(f64::total_cmp);
    times_us[times_us.len() / 2]
}

fn timed(runs: usize, mut work: impl FnMut(usize)) -> f64 {
    let times = (0..runs).map(|run| {
        let began = Instant::now();
        work(run);
        began.elapsed().as_secs_f64() * 1e6
    });
    median(times.collect())
}

async fn asks(bench: Arc<KeyBench>) -> Vec<f64> {
    let mut times = Vec::with_capacity(ASKS);
    for run in 0..ASKS {
        let person = (run as u64 * 7_919) % KEYS;
        // Between two asks a worker comes back to the runtime, which is
        // what each of them must leave again.
        tokio::task::yield_now().await;
        let began = Instant::now();
        bench.find_and_open_key(person).await;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("tokio starts");
    let folder = std::env::temp_dir().join(format!("latchkey-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let bench = runtime.block_on(KeyBench::open(&folder));

    println!("| what | median |");
    println!("|---|---|");
    println!(
        "| seal a key | {:.1} µs |",
        timed(SEALS, |_| drop(bench.seal()))
    );
    let sealed = bench.seal();
    println!(
        "| open a key | {:.1} µs |",
        timed(SEALS, |_| bench.open_sealed(&sealed))
    );

    runtime.block_on(bench.fill(KEYS));
    let bench = Arc::new(bench);
    // On a worker, where asks run: the thread that calls `block_on` is none.
    let asks = runtime.spawn(asks(Arc::clone(&bench)));
    let times = runtime.block_on(asks).expect("every ask finds its key");
    println!(
        "| from ask to opened key, {KEYS} keys in SQLite | {:.1} µs |",
        median(times)
    );
    let bare = bench.time_bare_lookups(ASKS, KEYS);
    println!(
        "| for comparison: the same lookup on a bare connection | {:.1} µs |",
        median(bare)
    );
    runtime.block_on(bench.close());
    // A folder that stays is the system's to sweep.
    let _ = std::fs::remove_dir_all(&folder);
}
