//! Processes that are killed while they make pictures: every picture is
//! shown or given back, none is paid for twice, and no machine runs on.

use std::collections::HashMap;
use std::time::Duration;

use latchkey_emulator::World;
use latchkey_emulator::providers::{Life, Standing, sample};
use secrecy::SecretString;
use tokio::time::timeout;

use crate::cli::Scene;
use crate::tests::process::{start_as, terminate, world};

/// How often a process is killed.
const KILLS: u32 = 100;
/// The most calls that hosts get before a process is killed: for its own
/// picture, and for those that it goes on with.
const CALLS: u32 = 30;

/// Settings and secrets of hosts that the operator pays.
fn hosts(scene: &Scene, folder: &std::path::Path) -> Vec<(String, SecretString)> {
    let mut settings =
        "[images]\npoll_ms = 3\nper_person = 1000\n[[quota.tiers]]\nname = 'community'\n"
            .to_owned();
    for id in ["runpod", "runcomfy", "saladcloud"] {
        let url = scene.emulator.provider_url(id);
        settings.extend(["[providers.", id, "]\nbase_url = '", &url, "'\n"]);
    }
    std::fs::write(folder.join("hosts.toml"), settings).unwrap();
    let good = |id| sample(id, Standing::Good);
    [
        ("RUNPOD_API_KEY", good("runpod")),
        ("RUNPOD_ENDPOINT_ID", "made-up-id".into()),
        ("RUNCOMFY_API_KEY", good("runcomfy")),
        ("RUNCOMFY_USER_ID", "made-up-id".into()),
        ("RUNCOMFY_WORKFLOW_ID", "made-up-workflow".into()),
        ("SALAD_API_KEY", good("saladcloud")),
        ("SALAD_ORGANIZATION", "made-up-id".into()),
        ("SALAD_PROJECT", "default".into()),
        ("SALAD_QUEUE", "pictures".into()),
    ]
    .map(|(name, value)| (name.to_owned(), SecretString::from(value)))
    .into()
}

/// Lets Discord forget a process that was killed.
fn bury(scene: &Scene) {
    scene.emulator.world.with(|state| {
        state.sessions.clear();
        state.ready_is_sent = false;
    });
}

/// Asks for a picture by its number, which its seed is.
fn ask(scene: &Scene, number: u32) {
    let world = &scene.emulator.world;
    let channel = world.look(|state| {
        let mut all = state.channels.iter();
        all.find(|c| c.name == "general").unwrap().id
    });
    let providers = ["runpod", "runcomfy", "saladcloud"];
    let provider = providers[number as usize % providers.len()];
    let line = format!("/imagine prompt:number {number}. provider:{provider} seed:{number}");
    world.run(scene.member, channel, &line).unwrap();
}

/// The picture's number by the seed in the graph that a host was sent.
fn number_of(input: &serde_json::Value) -> Option<u64> {
    let graph = if input["workflow"].is_object() {
        &input["workflow"]
    } else {
        input
    };
    graph["3"]["inputs"]["seed"].as_u64()
}

async fn kill_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, mut variables) = world(folder.path()).await;
    variables.extend(hosts(&scene, folder.path()));
    let line = format!(
        "--config {} serve",
        folder.path().join("hosts.toml").display()
    );
    let world = &scene.emulator.world;
    world.with(|state| {
        state.limits = false;
        state.providers.life = Life {
            queued: 1,
            starting: 1,
            running: 1,
        };
    });
    for number in 0..KILLS {
        let mut child = start_as(&line, &variables, &scene).await;
        let before = world.look(|state| state.providers.calls.len());
        ask(&scene, number);
        let calls = before + usize::try_from(number * 37 % CALLS).unwrap();
        // Or it is over before that.
        let mine = format!("number {number}.");
        let at = world.until(|state| {
            let is_shown = || {
                let mut own = state.messages.iter().filter(|m| m.content.contains(&mine));
                own.any(|m| !m.files.is_empty())
            };
            (state.providers.calls.len() >= calls || is_shown()).then_some(())
        });
        let _ = timeout(Duration::from_secs(1), at).await;
        child.kill().await.unwrap();
        bury(&scene);
    }
    // What is left is made, each picture by the next process at the latest.
    while open(folder.path()) > 0 {
        let mut child = start_as(&line, &variables, &scene).await;
        let over = world.until(|state| {
            let mut bots = state.messages.iter().filter(|m| m.author.is_none());
            bots.all(|m| !m.content.contains("<t:")).then_some(())
        });
        let over = timeout(Duration::from_mins(3), over).await;
        over.unwrap_or_else(|_| panic!("{} open: {:#?}", open(folder.path()), unended(world)));
        assert!(terminate(&mut child).await);
        bury(&scene);
    }
    judge(&scene, folder.path());
}

/// What the bot's messages say that still tell of a picture in the making.
fn unended(world: &World) -> Vec<String> {
    world.look(|state| {
        let all = state.messages.iter();
        let theirs = all.filter(|m| m.author.is_none() && m.content.contains("<t:"));
        theirs
            .map(|m| format!("{}: {} ({})", m.id, m.content, m.edits))
            .collect()
    })
}

/// How many pictures are still in the making.
fn open(folder: &std::path::Path) -> usize {
    let database = rusqlite::Connection::open(folder.join("process.db")).unwrap();
    count(
        &database,
        "select count(*) from picture where ended_at_ms is null",
    )
}

fn count(database: &rusqlite::Connection, sql: &str) -> usize {
    let number: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    number.try_into().unwrap()
}

/// How the attempts ended, by provider, and how often.
fn ends_of(database: &rusqlite::Connection) -> Vec<String> {
    let sql = "select provider || ' ' || state || ' ' || coalesce(outcome, '') || ' ' || count(*) \
               from attempt group by provider, state, outcome";
    let mut asked = database.prepare(sql).unwrap();
    let rows = asked.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Holds what was shown against what was counted and what hosts were asked.
fn judge(scene: &Scene, folder: &std::path::Path) {
    let world = &scene.emulator.world;
    let mut asked: HashMap<u64, u32> = HashMap::new();
    let mut shown: HashMap<String, u32> = HashMap::new();
    world.look(|state| {
        for job in &state.providers.jobs {
            *asked.entry(number_of(&job.input).unwrap()).or_default() += 1;
        }
        let pictures = state
            .messages
            .iter()
            .filter(|m| m.files.iter().any(|f| f.kind == "image/png"));
        for message in pictures {
            // One that was killed before it could quote the question is known
            // by its message alone.
            let line = message.content.lines().next().unwrap_or_default();
            let quoted = Some(line.to_owned()).filter(|line| line.starts_with('>'));
            let name = quoted.unwrap_or_else(|| message.id.to_string());
            *shown.entry(name).or_default() += 1;
        }
    });
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
    assert!(shown.values().all(|times| *times == 1), "{shown:?}");
    let database = rusqlite::Connection::open(folder.join("process.db")).unwrap();
    // One that was killed before it was noted as a picture is swept later.
    let held = "select count(*) from attempt where state = 'held' \
                and attempt_id in (select attempt_id from picture)";
    assert_eq!(count(&database, held), 0);
    let running = world.look(|state| state.providers.servers.iter().any(|server| server.running));
    assert!(!running, "no machine runs on");
    let paid = count(
        &database,
        "select count(*) from attempt where outcome in ('answered', 'abandoned')",
    );
    let ends = ends_of(&database);
    assert_eq!(
        paid,
        shown.len(),
        "what is shown is paid for, once: {ends:#?}"
    );
    // Most are killed early enough to be gone on with.
    assert!(paid > 20, "{paid}: {ends:#?}");
}

#[tokio::test]
async fn a_hundred_kills_lose_no_picture_and_pay_for_none_twice() {
    timeout(Duration::from_mins(10), kill_again_and_again())
        .await
        .expect("it ends in time");
}
