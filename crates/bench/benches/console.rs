//! The console under many eyes: how much memory the real program takes while
//! hundreds of people who are signed in look at their usage, whose figures each
//! page asks for again and again.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use latchkey_bench::{GatewaySetup, build_program, rss_kb};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};

/// How many people look, and how often each page asks: as the pages of the console
/// do.
const PEOPLE: u32 = 500;
const EVERY: Duration = Duration::from_secs(10);
const WATCHED: Duration = Duration::from_mins(1);
/// How often memory is looked at.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("tokio starts");
    runtime.block_on(measure());
}

async fn measure() {
    let program = build_program();
    let (setup, cookies) = GatewaySetup::open_console(PEOPLE).await;
    let mut child = Command::new(program)
        .arg("serve")
        .env_clear()
        .envs(setup.world.variables())
        .current_dir(setup.world.folder())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    setup.world.wait_until_ready().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = rss_kb(child.id());
    let mut most = before;
    // To make them takes seconds, in which nobody would keep to their time.
    let client = |_| Client::builder().build().expect("a client can be made");
    let clients: Vec<Client> = (0..PEOPLE).map(client).collect();
    let people = (0..PEOPLE).zip(&cookies).zip(clients);
    let polls = people.map(|((at, cookie), client)| {
        let address = format!("http://{}/usage/now?period=30d", setup.address);
        poll(client.get(address), cookie, EVERY * at / PEOPLE)
    });
    let looks = async {
        let began = Instant::now();
        while began.elapsed() < WATCHED + EVERY {
            tokio::time::sleep(LOOKED_EVERY).await;
            most = rss_kb(child.id()).max(most);
        }
    };
    let (polled, ()) = tokio::join!(join_all(polls), looks);
    let mut asked: Vec<Duration> = polled.into_iter().flatten().collect();
    end(&mut child);
    asked.sort_unstable();
    let at = |percent: usize| asked[(asked.len() * percent / 100).min(asked.len() - 1)];
    println!("| what | median | 99th percentile |");
    println!("|---|---|---|");
    println!(
        "| `/usage/now`, {PEOPLE} people every {} s, {} answers | {:.2} ms | {:.2} ms |",
        EVERY.as_secs(),
        asked.len(),
        at(50).as_secs_f64() * 1e3,
        at(99).as_secs_f64() * 1e3,
    );
    println!(
        "| memory before, and the most meanwhile | {:.1} MB | {:.1} MB |",
        before / 1024.0,
        most / 1024.0
    );
}

/// Asks for one person's figures for as long as is watched, over a connection of
/// their own; how long each answer took.
async fn poll(call: RequestBuilder, cookie: &SecretString, begins: Duration) -> Vec<Duration> {
    let cookie = format!("__Host-latchkey={}", cookie.expose_secret());
    let call = call.header("cookie", cookie);
    tokio::time::sleep(begins).await;
    let mut took = Vec::new();
    let began = Instant::now();
    let mut tick = tokio::time::interval(EVERY);
    while began.elapsed() < WATCHED {
        tick.tick().await;
        let asked = Instant::now();
        let sent = call.try_clone().expect("it has no body").send();
        let answer = sent.await.expect("the console answers");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("the answer is whole");
        took.push(asked.elapsed());
    }
    took
}

fn end(child: &mut Child) {
    // It may have ended by itself; the numbers would show that.
    let _ = child.kill();
    let _ = child.wait();
}
