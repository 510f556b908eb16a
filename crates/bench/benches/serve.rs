//! The real program as a process of its own, in front of the emulator:
//! start to ready, command to acknowledgement, and memory.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use latchkey_bench::{EmulatedWorld, build_program, rss_kb};

/// How many commands are timed, and how many a second.
const TIMED: u32 = 1_500;
const A_SECOND: u32 = 100;
/// How many interactions come first, so that every buffer has its size.
const WARM: u32 = 2_000;
/// How many interactions memory must stay flat over.
const MANY: u32 = 20_000;
const STARTS: u32 = 10;
const SERVERS: u32 = 1_000;
const CONVERSATIONS: u32 = 200;
const BEGUN_A_SECOND: u32 = 10;
const PICTURES: u32 = 50;
const WATCHED: Duration = Duration::from_mins(1);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("tokio starts");
    runtime.block_on(measure(&build_program()));
}

async fn measure(program: &Path) {
    println!("| what | median | 99th percentile |");
    println!("|---|---|---|");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let world = EmulatedWorld::open(0).await;
        let began = Instant::now();
        let child = start(program, &world);
        world.wait_until_ready().await;
        starts.push(began.elapsed());
        end(child);
    }
    println!(
        "| start of `serve` to ready | {} | {} |",
        ms(at(&mut starts, 50)),
        ms(at(&mut starts, 99))
    );

    let world = EmulatedWorld::open(0).await;
    let child = start(program, &world);
    world.wait_until_ready().await;
    for line in ["/keys list", "/ask prompt:count"] {
        let mut took = Vec::new();
        let mut tick = tokio::time::interval(Duration::from_secs(1) / A_SECOND);
        for _ in 0..TIMED {
            tick.tick().await;
            took.push(world.time_acknowledgement(line).await);
        }
        println!(
            "| `{line}` to acknowledgement, {A_SECOND} a second | {} | {} |",
            ms(at(&mut took, 50)),
            ms(at(&mut took, 99))
        );
    }
    for _ in 0..WARM / 20 {
        world.run_at_once("/keys list", 20).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = rss_kb(child.id());
    for _ in 0..MANY / 20 {
        world.run_at_once("/keys list", 20).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = rss_kb(child.id());
    println!(
        "| memory after {MANY} more interactions | {:+.1} MB | |",
        (after - before) / 1024.0
    );
    end(child);

    conversations(program).await;
    pictures(program).await;
    let (idle, _) = idle_kb(program, 0).await;
    println!("| idle memory of `serve` | {:.1} MB | |", idle / 1024.0);
    let (busy, servers) = idle_kb(program, SERVERS).await;
    println!(
        "| memory for each of {servers} servers | {:.1} kB | |",
        (busy - idle).max(0.0) / f64::from(servers)
    );
}

/// Many conversations that stream at once, begun so many a second: each
/// takes two requests of the fifty a second that Discord allows.
async fn conversations(program: &Path) {
    let world = EmulatedWorld::open(0).await;
    let child = start(program, &world);
    world.wait_until_ready().await;
    let mut took = world.time_first_words(CONVERSATIONS, BEGUN_A_SECOND).await;
    println!(
        "| first words on screen after the provider's first, {CONVERSATIONS} conversations at once | {} | {} |",
        ms(at(&mut took, 50)),
        ms(at(&mut took, 99))
    );
    println!(
        "| memory with {CONVERSATIONS} conversations | {:.1} MB | |",
        rss_kb(child.id()) / 1024.0
    );
    end(child);
}

/// Many pictures that are waited for at once.
async fn pictures(program: &Path) {
    let world = EmulatedWorld::open(0).await;
    let child = start(program, &world);
    world.wait_until_ready().await;
    let mut looks = world.count_looks_at_jobs(PICTURES, WATCHED).await;
    looks.sort_unstable();
    let most = looks.last().copied().unwrap_or(0);
    println!(
        "| how often a host is asked about a picture in a minute, {PICTURES} pictures at once | {} | {most} at the most |",
        looks.get(looks.len() / 2).copied().unwrap_or(0),
    );
    println!(
        "| memory with {PICTURES} pictures in the making | {:.1} MB | |",
        rss_kb(child.id()) / 1024.0
    );
    end(child);
}

async fn idle_kb(program: &Path, servers: u32) -> (f64, u32) {
    let world = EmulatedWorld::open(servers).await;
    let child = start(program, &world);
    world.wait_until_ready().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let memory = rss_kb(child.id());
    end(child);
    (memory, servers)
}

fn start(program: &Path, world: &EmulatedWorld) -> Child {
    Command::new(program)
        .arg("serve")
        .env_clear()
        .envs(world.variables())
        .current_dir(world.folder())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

fn end(mut child: Child) {
    // It may have ended by itself; the numbers would show that.
    let _ = child.kill();
    let _ = child.wait();
}

fn at(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
