//! What was typed into a form is gone from memory soon after, also when
//! Discord sends nothing more. The bot is a process of its own, whose memory
//! is searched from outside.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use latchkey_emulator::{World, WorldState};
use regex::bytes::Regex;
use secrecy::SecretString;
use tokio::process::Child;

use super::process::{start, terminate, world};
use super::{good, skip};

/// How long what was typed may stay.
const GONE_WITHIN: Duration = Duration::from_secs(30);
/// How often memory is searched.
const SEARCH_EVERY: Duration = Duration::from_millis(500);
/// How much of memory is read at once.
const PIECE_BYTES: usize = 1 << 20;

/// The memory of a process.
struct Memory {
    process: u32,
    bytes: File,
}

impl Memory {
    /// Opens it; none where the system lets nobody look.
    fn of(child: &Child) -> Option<Self> {
        let process = child.id()?;
        let Ok(bytes) = File::open(format!("/proc/{process}/mem")) else {
            return skip("the memory of another process can't be read here");
        };
        Some(Self { process, bytes })
    }

    /// How often each of these texts stands in what the process can write.
    fn count<const N: usize>(&self, texts: [&str; N]) -> [usize; N] {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.process)).unwrap();
        let searches = texts.map(|text| Regex::new(&regex::escape(text)).unwrap());
        let mut counts = [0; N];
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        let mut piece = vec![0; PIECE_BYTES + longest];
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let [mut at, to] = [from, to].map(|hex| u64::from_str_radix(hex, 16).unwrap());
            while at < to {
                // Pieces overlap, so that nothing is cut in two.
                let Ok(read) = self.bytes.read_at(&mut piece, at) else {
                    break;
                };
                for (search, count) in searches.iter().zip(&mut counts) {
                    let found = search.find_iter(&piece[..read]);
                    *count += found.filter(|found| found.start() < PIECE_BYTES).count();
                }
                at += PIECE_BYTES as u64;
            }
        }
        counts
    }
}

/// Types a command that opens a form, fills it in, and waits for what comes
/// of it.
async fn fills_in(world: &World, person: u64, line: &str, typed: &[(&str, &str)]) {
    let channel = world.look(|state| {
        let found = state
            .channels
            .iter()
            .find(|channel| channel.name == "general");
        found.unwrap().id
    });
    let asked = world.run(person, channel, line).unwrap();
    let form = |state: &WorldState| {
        let found = state.interactions.iter().find(|it| it.id == asked)?;
        Some(found.modal.as_ref()?["custom_id"].as_str()?.to_owned())
    };
    let form = world.until(form).await;
    let sent = world.submit(person, channel, &form, typed);
    let answered = |state: &WorldState| {
        let found = state
            .messages
            .iter()
            .find(|it| it.interaction == Some(sent));
        found.filter(|it| !it.loading).map(|_| ())
    };
    world.until(answered).await;
}

#[tokio::test]
async fn what_is_typed_into_a_form_is_gone_from_memory_within_thirty_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, mut variables) = world(folder.path()).await;
    // Nobody is there, so that no connection to a provider holds the key.
    let nowhere = SecretString::from("http://127.0.0.1:1/v1");
    variables.push(("LATCHKEY_PROVIDERS__OPENAI__BASE_URL".into(), nowhere));
    let mut child = start(&variables, &scene).await;
    let Some(memory) = Memory::of(&child) else {
        return;
    };
    let world = &scene.emulator.world;
    let token = world.look(|state| state.bot_token.clone());
    assert!(
        memory.count([&token])[0] > 0,
        "the search finds what is there"
    );
    let key = format!("{}-canary-5b0e", good("openai"));
    let once = format!("{}-canary-c44a", good("openai"));
    let prompt = "a canary prompt about a grey heron 9d21";
    let add = "/keys add provider:openai scope:user";
    fills_in(world, scene.member, add, &[("key", &key)]).await;
    let ask = "/ask prompt:hello provider:openai once:true";
    fills_in(
        world,
        scene.member,
        ask,
        &[("prompt", prompt), ("key", &once)],
    )
    .await;
    let typed = Instant::now();
    loop {
        let copies = memory.count([&key, &once, prompt]);
        if copies == [0, 0, 0] {
            break;
        }
        assert!(typed.elapsed() < GONE_WITHIN, "copies: {copies:?}");
        tokio::time::sleep(SEARCH_EVERY).await;
    }
    // It is the same session, and it goes on.
    let channel = world.look(|state| state.channels.first().unwrap().id);
    let listed = world.run(scene.member, channel, "/keys list").unwrap();
    let answered = |state: &WorldState| {
        let found = state
            .messages
            .iter()
            .find(|it| it.interaction == Some(listed));
        let shown = found?.components.to_string();
        shown.contains("**OpenAI**").then_some(())
    };
    world.until(answered).await;
    let (logins, resumed) = world.look(|state| (state.identifies, state.resumes));
    assert!(
        logins == 1 && resumed >= 1,
        "{logins} logins, {resumed} resumed"
    );
    assert!(terminate(&mut child).await);
}
