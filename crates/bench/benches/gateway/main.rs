//! The gateway beside a bare pass-through, in one run: a mock provider and a
//! load generator on one core, what is measured on the other. Only ratios
//! mean anything: the machine is noisy.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

mod bare;
mod load;
mod mock;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use latchkey_bench::{GatewaySetup, build_program, program_before};

use load::{Call, Figures};

/// How long each is put under load, and how often: many short rounds, since
/// the machine's pace changes within seconds.
const LOADED: Duration = Duration::from_millis(300);
const ROUNDS: usize = 30;
/// How long a way is that is measured alone.
const ALONE: Duration = Duration::from_secs(9);
const CONCURRENT: usize = 64;
/// How many calls are timed one at a time, in all rounds.
const TIMED: usize = 12_000;
const STREAMS: usize = 3_000;
const SLOW: usize = 500;
const IDLE: usize = 10_000;
/// How long a process may take to start: one that is recorded takes long.
const STARTS_WITHIN_S: u32 = 60;
/// How long streams are left unread.
const UNREAD_FOR: Duration = Duration::from_secs(8);

/// A made-up key in Anthropic's shape.
const ANTHROPIC_KEY: &str = "sk-ant-made-up-good-0123456789";

fn main() {
    if std::env::args().any(|word| word == "bare") {
        bare::serve();
        return;
    }
    let program = build_program();
    // What is measured has the other core to itself.
    let pid = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-cp", "1", &pid])
        .stdout(Stdio::null())
        .status();
    assert!(
        pinned.is_ok_and(|status| status.success()),
        "`taskset` pins to a core"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("tokio starts").block_on(measure(&program));
}

/// One way to the provider.
struct Way {
    name: &'static str,
    call: Call,
    stream: Call,
    /// The process whose memory counts.
    process: Option<u32>,
}

async fn measure(program: &Path) {
    let mock = mock::start().await;
    let bare = Process::bare(&mock).await;
    let setup = GatewaySetup::open(&format!("http://{mock}/v1")).await;
    let gateway = Process::gateway(program, &setup).await;
    let mut ways = ways(&mock, &setup, bare.id(), gateway.id());
    let (older_way, _older) = Older::start(&mock).await.unzip();
    ways.extend(older_way);
    // With a word, only the ways whose names have it are put under load.
    let only = std::env::args()
        .nth(1)
        .filter(|word| !word.starts_with("--"));
    if let Some(word) = only {
        for way in ways.iter().filter(|way| way.name.contains(&word)) {
            let rate = load::rate(&way.call, CONCURRENT, ALONE).await;
            println!("{}: {rate:.0} a second", way.name);
        }
        return;
    }
    let figures = table(&ways).await;
    held_to(&figures);
    traps(&ways).await;
    crowds(&ways).await;
}

/// An older program, which takes turns with this one.
struct Older {
    _setup: GatewaySetup,
    _process: Process,
}

impl Older {
    /// Starts the program that `BEFORE` names, if it names one. The way to it is
    /// with a personal key.
    async fn start(mock: &str) -> Option<(Way, Self)> {
        let program = program_before()?;
        let setup = GatewaySetup::open(&format!("http://{mock}/v1")).await;
        let process = Process::gateway(&program, &setup).await;
        let token = format!("authorization: Bearer {}\r\n", setup.token);
        let call = |streams| Call::chat(&setup.address, "openai/m", &token, streams);
        let way = Way {
            name: "the program before, personal key",
            call: call(false),
            stream: call(true),
            process: Some(process.id()),
        };
        let older = Self {
            _setup: setup,
            _process: process,
        };
        Some((way, older))
    }
}

/// The ways, in the order in which [`held_to`] reads them.
fn ways(mock: &str, setup: &GatewaySetup, bare: u32, gateway: u32) -> Vec<Way> {
    let token = format!("authorization: Bearer {}\r\n", setup.token);
    let key = format!("{token}x-openai-key: {}\r\n", GatewaySetup::request_key());
    let other_key = format!("{token}x-anthropic-key: {ANTHROPIC_KEY}\r\n");
    let way = |name, address: &str, model: &str, headers: &str, process| Way {
        name,
        call: Call::chat(address, model, headers, false),
        stream: Call::chat(address, model, headers, true),
        process,
    };
    let messages = |streams| Call::messages(&setup.address, "openai/m", &key, streams);
    let ours =
        |name, model, headers: &str| way(name, &setup.address, model, headers, Some(gateway));
    vec![
        way("the mock itself", mock, "m", "", None),
        way("bare axum + reqwest", bare::ADDRESS, "m", "", Some(bare)),
        ours("gateway, personal key", "openai/m", &token),
        ours(
            "gateway, limited bot default",
            "groq/openai/gpt-oss-20b",
            &token,
        ),
        ours("gateway, a key per request", "openai/m", &key),
        ours(
            "the same, chat completions of an Anthropic model",
            "anthropic/m",
            &other_key,
        ),
        Way {
            name: "the same, Anthropic's messages of an OpenAI model",
            call: messages(false),
            stream: messages(true),
            process: Some(gateway),
        },
    ]
}

async fn table(ways: &[Way]) -> Vec<Figures> {
    println!(
        "| way | requests a second, {CONCURRENT} at once | of bare | one at a time, median | added, of bare's | stream's first byte | of bare's | memory | of it the process's own |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut figures: Vec<Figures> = ways.iter().map(|_| Figures::default()).collect();
    for _ in 0..ROUNDS {
        for (way, figures) in ways.iter().zip(&mut figures) {
            figures
                .rates
                .push(load::rate(&way.call, CONCURRENT, LOADED).await);
            figures
                .times
                .extend(load::one_at_a_time(&way.call, TIMED / ROUNDS).await);
            figures
                .first_bytes
                .extend(load::first_bytes(&way.stream, STREAMS / ROUNDS).await);
            figures.memory_mb = way.process.map_or(0.0, |it| mb(it, ALL));
            figures.own_mb = way.process.map_or(0.0, |it| mb(it, OWN));
        }
    }
    let [mock, bare, ..] = &figures[..] else {
        return figures;
    };
    for (way, it) in ways.iter().zip(&figures) {
        println!(
            "| {} | {:.0} | {:.2} | {:.0} µs | {:.2} | {:.0} µs | {:.2} | {:.1} MB | {:.1} MB |",
            way.name,
            it.rate(),
            it.rate_of(bare),
            it.median(),
            (it.median() - mock.median()) / (bare.median() - mock.median()),
            it.first_byte(),
            it.first_byte() / bare.first_byte(),
            it.memory_mb,
            it.own_mb,
        );
    }
    figures
}

/// What the gateway is held to, each beside what it is compared with in the same
/// rounds.
fn held_to(figures: &[Figures]) {
    let [
        mock,
        _,
        personal,
        _,
        untranslated,
        chat,
        messages,
        before @ ..,
    ] = figures
    else {
        return;
    };
    println!("\n| held to | limit | this run |");
    println!("|---|---|---|");
    if let [before] = before {
        println!(
            "| personal key, of the rate of the program before | 1 | {:.2} |",
            personal.rate_of(before)
        );
        println!(
            "| the same one at a time, of its median | 1 | {:.2} |",
            personal.median() / before.median()
        );
    }
    for (name, it) in [
        ("chat completions of an Anthropic model", chat),
        ("Anthropic's messages of an OpenAI model", messages),
    ] {
        println!(
            "| {name}, of the untranslated rate | 0.5 | {:.2} |",
            it.rate_of(untranslated)
        );
        println!(
            "| first byte of their stream, after the mock's own | 1000 µs | {:.0} µs |",
            it.first_byte() - mock.first_byte()
        );
    }
}

/// What has slowed others down: each is a case of its own.
async fn traps(ways: &[Way]) {
    println!("\n| trap | bare | gateway, personal key |");
    println!("|---|---|---|");
    let [_, bare, personal, limited, ..] = ways else {
        return;
    };
    let mut stalls = Vec::new();
    for way in [bare, personal] {
        let mut times = load::whole_streams(&way.stream, STREAMS).await;
        stalls.push(load::at(&mut times, 99));
    }
    println!(
        "| a stream without gaps, 99th percentile (a stall shows as 40 ms) | {:.2} ms | {:.2} ms |",
        stalls[0] / 1e3,
        stalls[1] / 1e3
    );
    let mut reads = Vec::new();
    for way in [bare, personal] {
        reads.push(load::reads_per_stream(&way.stream, STREAMS).await);
    }
    println!(
        "| pieces that a stream of {} chunks arrives in | {:.1} | {:.1} |",
        mock::CHUNKS,
        reads[0],
        reads[1]
    );
    let mut opened = Vec::new();
    for way in [bare, personal] {
        let before = mock::connections();
        load::one_at_a_time(&way.call, STREAMS).await;
        opened.push(mock::connections() - before);
    }
    println!(
        "| connections that {STREAMS} calls open at the provider (a client for each call opens {STREAMS}) | {} | {} |",
        opened[0], opened[1]
    );
    let mut alone = load::one_at_a_time(&limited.call, STREAMS).await;
    let held = load::slow_readers(&limited.stream.endless(), 1).await;
    let mut beside = load::one_at_a_time(&limited.call, STREAMS).await;
    println!(
        "| a limited call beside another of its person's that never ends, median (a lock held across the call never ends) | | {:.2} ms, alone {:.2} ms |",
        load::at(&mut beside, 50) / 1e3,
        load::at(&mut alone, 50) / 1e3,
    );
    drop(held);
}

/// Memory while nobody reads, and others' waits while many do nothing.
async fn crowds(ways: &[Way]) {
    let [_, _, personal, ..] = ways else { return };
    let process = personal.process.unwrap_or_default();
    println!("\n| crowd | before | during |");
    println!("|---|---|---|");
    let before = mb(process, ALL);
    let held = load::slow_readers(&personal.stream.endless(), SLOW).await;
    let mut during = Vec::new();
    for _ in 0..4 {
        tokio::time::sleep(UNREAD_FOR / 4).await;
        during.push(format!("{:.0}", mb(process, ALL)));
    }
    println!(
        "| memory, {SLOW} streams without an end that nobody reads, and how it goes on for {} s | {before:.0} MB | {} MB |",
        UNREAD_FOR.as_secs(),
        during.join(", "),
    );
    drop(held);
    let before = load::at(&mut load::one_at_a_time(&personal.call, TIMED).await, 99);
    let held = load::idle(&personal.call, IDLE).await;
    let during = load::at(&mut load::one_at_a_time(&personal.call, TIMED).await, 99);
    println!(
        "| a call's 99th percentile, {IDLE} idle connections | {before:.0} µs | {during:.0} µs |"
    );
    drop(held);
}

/// A process that is ended with this one.
struct Process(Child);

impl Process {
    /// The bare pass-through.
    async fn bare(mock: &str) -> Self {
        let this = std::env::current_exe().expect("this runs");
        let mut command = Command::new("taskset");
        command
            .args(["-c", "0"])
            .arg(this)
            .arg("bare")
            .env("MOCK", mock);
        Self::start(&mut command, bare::ADDRESS).await
    }

    /// The program itself.
    async fn gateway(program: &Path, setup: &GatewaySetup) -> Self {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program).arg("serve");
        command.env_clear().envs(setup.world.variables());
        command
            .env("PATH", "/usr/bin:/bin")
            .current_dir(setup.world.folder());
        Self::start(&mut command, &setup.address).await
    }

    async fn start(command: &mut Command, address: &str) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = Self(child.expect("it starts"));
        for _ in 0..STARTS_WITHIN_S * 20 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return child;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing listens at {address}");
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; the numbers would show that.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Everything that is in memory for a process, pages of files included, which
/// others share and the kernel takes back when it needs them; and what it has
/// for itself.
const ALL: &str = "VmRSS:";
const OWN: &str = "RssAnon:";

/// Resident memory, as the kernel counts it.
fn mb(process: u32, which: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(which))
        .unwrap_or("0");
    let kilobytes = line
        .split_whitespace()
        .next()
        .and_then(|number| number.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1_024.0
}
