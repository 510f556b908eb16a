//! Pictures that Discord takes in no size, put where the operator has a place
//! for them.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::StorageState;
use latchkey_emulator::providers::{HIDDEN, ProviderFault};
use secrecy::SecretString;

use super::picture_jobs::{adds, lives, shows};
use crate::cli::assembly::storage::{check_storage, storage};
use crate::config::{Config, ConfigErrors, Environment};
use crate::providers::Clients;
use crate::tests::process::{changed, printed, run, world};
use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{Actor, good};

const TOO_LARGE: Option<(u16, u64)> = Some((413, 40_005));
const FOREVER: u32 = 1_000_000;

fn setup() -> Setup {
    let usual = StorageState::default();
    let secrets = [
        ("S3_ACCESS_KEY_ID", usual.key_id),
        ("S3_SECRET_ACCESS_KEY", usual.secret),
        ("S3_ENDPOINT", "https://overridden.example".to_owned()),
        ("S3_BUCKET", usual.bucket),
    ];
    let secrets = secrets.map(|(name, value)| (name.to_owned(), SecretString::from(value)));
    Setup {
        secrets: secrets.into(),
        ..Setup::default()
    }
}

/// Starts the program anew, with the storage of the emulator.
async fn starts_with_storage(stage: &Stage, more: &str) {
    stage.expects_refusals();
    stage.stop().await;
    stage.start_configured(&settings(stage, more)).await;
}

fn settings(stage: &Stage, more: &str) -> String {
    let (endpoint, region) = (
        stage.scene.emulator.storage_url(),
        StorageState::default().region,
    );
    set_time(stage);
    format!(
        "[ask]\nedit_interval_ms = 100\n[images.storage]\nendpoint = \"{endpoint}\"\nregion = \"{region}\"\n{more}\n"
    )
}

/// Sets the storage's clock by the program's.
fn set_time(stage: &Stage) {
    let now = Duration::from_millis(stage.clock.now_ms().unsigned_abs());
    let now = std::time::SystemTime::UNIX_EPOCH + now;
    stage.world().with(|state| state.storage.now = Some(now));
}

fn refuses(stage: &Stage, refused: Option<(u16, u64)>) {
    stage.world().with(|state| state.files_refused = refused);
}

/// The addresses of the links in a text.
fn links_in(seen: &str) -> Vec<String> {
    let parts = seen.split("](<").skip(1);
    let links = parts.filter_map(|part| part.split_once(">)"));
    links.map(|(url, _)| url.to_owned()).collect()
}

async fn gets(stage: &Stage, url: &str) -> (u16, Vec<u8>) {
    let given = stage.app().await.http().get(url).send().await.unwrap();
    (
        given.status().as_u16(),
        given.bytes().await.unwrap().to_vec(),
    )
}

async fn imagines(mia: &Actor<'_>, more: &str) -> String {
    mia.adds("openai", "user", &good("openai")).await;
    mia.runs(&format!("/imagine prompt:a lighthouse{more}"))
        .await
}

#[tokio::test]
async fn what_discord_takes_in_no_size_is_linked_to_until_the_link_ends() {
    stage::run_with(setup(), async |stage| {
        starts_with_storage(stage, "link_hours = 2").await;
        refuses(stage, TOO_LARGE);
        let mia = stage.mia();
        imagines(&mia, " count:4 spoiler:True").await;
        let seen = mia.reads_channel();
        assert!(
            seen.contains("Discord takes no file of its size here. It is kept elsewhere until <t:1795226400:f>:"),
            "{seen}"
        );
        assert!(
            seen.contains("-# OpenAI gpt-image-2 · 👤 personal key"),
            "{seen}"
        );
        assert!(!seen.contains("Cancel") && !seen.contains("🎨"), "{seen}");
        let links = links_in(&seen);
        assert_eq!(links.len(), 4, "{seen}");
        for link in &links {
            let (status, bytes) = gets(stage, link).await;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
            assert!(bytes.starts_with(b"\x89PNG"));
            assert!(!bytes.windows(HIDDEN.len()).any(|it| it == HIDDEN.as_bytes()));
            let forged = link.replace("X-Amz-Expires=7200", "X-Amz-Expires=720000");
            assert_ne!(&forged, link);
            assert_ne!(gets(stage, &forged).await.0, 200);
        }
        let rows = stage.app().await.audit().await;
        let outcomes = rows.iter().filter_map(|row| row.outcome.as_deref());
        assert_eq!(outcomes.collect::<Vec<_>>(), ["answered"]);
        stage.clock.advance_ms(2 * 3_600_000 + 1_000);
        set_time(stage);
        assert_eq!(gets(stage, &links[0]).await.0, 403);
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_is_larger_than_discord_takes_costs_the_others_nothing() {
    stage::run_with(setup(), async |stage| {
        starts_with_storage(stage, "").await;
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, 0);
        stage.fails("runpod", ProviderFault::LargePicture);
        mia.runs("/imagine prompt:a lighthouse provider:runpod count:2")
            .await;
        let seen = mia.reads_channel();
        for words in [
            "[picture-1.jpg",
            "[picture-2.png",
            "-# In a smaller copy",
            "Whole until <t:",
        ] {
            assert!(seen.contains(words), "{words}: {seen}");
        }
        let (status, bytes) = gets(stage, &links_in(&seen)[0]).await;
        assert_eq!(status, 200);
        assert!(bytes.len() > 10 * 1_024 * 1_024);
    })
    .await;
}

#[tokio::test]
async fn links_of_a_public_place_are_not_signed() {
    stage::run_with(setup(), async |stage| {
        starts_with_storage(stage, "public_url = \"https://pictures.example/all/\"").await;
        refuses(stage, TOO_LARGE);
        let seen = imagines(&stage.mia(), "").await;
        assert!(
            seen.contains("[picture 1](<https://pictures.example/all/latchkey/"),
            "{seen}"
        );
        assert!(!seen.contains("X-Amz") && !seen.contains("until"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn where_the_storage_takes_nothing_either_words_say_so() {
    type Change = fn(&mut StorageState);
    let changes: [Change; 4] = [
        |it| it.takes_files = false,
        |it| "another".clone_into(&mut it.bucket),
        |it| "another-made-up-secret".clone_into(&mut it.secret),
        |it| "another-1".clone_into(&mut it.region),
    ];
    for change in changes {
        stage::run_with(setup(), async |stage| {
            starts_with_storage(stage, "").await;
            refuses(stage, TOO_LARGE);
            stage.world().with(|state| change(&mut state.storage));
            let seen = imagines(&stage.mia(), "").await;
            assert!(seen.contains("not even in a smaller copy"), "{seen}");
            stage
                .world()
                .look(|state| assert!(state.storage.objects.is_empty()));
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_too_explicit_for_discord_is_put_nowhere() {
    stage::run_with(setup(), async |stage| {
        starts_with_storage(stage, "").await;
        refuses(stage, Some((400, 20_009)));
        let seen = imagines(&stage.mia(), "").await;
        assert!(seen.contains("too explicit"), "{seen}");
        stage
            .world()
            .look(|state| assert_eq!(state.storage.calls, 0));
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_comes_after_a_restart_is_linked_to_as_well() {
    stage::run_with(setup(), async |stage| {
        starts_with_storage(stage, "").await;
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, FOREVER);
        mia.starts("/imagine prompt:a lighthouse provider:runpod");
        shows(stage, &mia, "Being made").await;
        stage.stop().await;
        stage.clock.advance_ms(1);
        lives(stage, 0, 0, 0);
        refuses(stage, TOO_LARGE);
        stage.start_configured(&settings(stage, "")).await;
        let seen = shows(stage, &mia, "It is kept elsewhere until").await;
        stage.app().await.idle().await;
        assert_eq!(gets(stage, &links_in(&seen)[0]).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn the_doctor_says_whether_the_storage_takes_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let usual = StorageState::default();
    let set = [
        ("S3_ENDPOINT", scene.emulator.storage_url()),
        ("S3_BUCKET", usual.bucket),
        ("S3_REGION", usual.region),
        ("S3_ACCESS_KEY_ID", usual.key_id),
        ("S3_SECRET_ACCESS_KEY", usual.secret),
    ];
    let set = set.iter().fold(variables, |variables, (name, value)| {
        changed(&variables, name, Some(value))
    });
    let mut seen = Vec::new();
    for (name, value) in [
        ("S3_REGION", None),
        ("S3_BUCKET", None),
        ("S3_BUCKET", Some("another")),
        ("S3_ENDPOINT", None),
        ("S3_ENDPOINT", Some("http://127.0.0.1:9")),
        ("S3_ENDPOINT", Some("made-up")),
        ("S3_ACCESS_KEY_ID", Some("ANOTHERMADEUPKEY")),
        ("S3_SECRET_ACCESS_KEY", None),
        ("S3_SECRET_ACCESS_KEY", Some("another-made-up-secret")),
        ("S3_PUBLIC_URL", Some("http://127.0.0.1:9/public")),
    ] {
        let said = checks(&changed(&set, name, value)).await;
        seen.push(format!("{name}={}: {said}", value.unwrap_or_default()));
    }
    let left = scene
        .emulator
        .world
        .look(|state| state.storage.objects.len());
    seen.push(format!("left there: {left}"));
    for (takes, deletes) in [(false, true), (true, false)] {
        scene.emulator.world.with(|state| {
            state.storage.takes_files = takes;
            state.storage.deletes_files = deletes;
        });
        let said = checks(&set).await;
        seen.push(format!("takes {takes}, deletes {deletes}: {said}"));
    }
    seen.push(checks(&[]).await);
    assert_snapshot!(seen.join("\n"), @"
    S3_REGION=: Bad: refused with 400 AuthorizationQueryParametersError: the bucket is in another region; check S3_REGION and S3_ENDPOINT
    S3_BUCKET=: Bad: `images.storage.bucket` is not set and neither is S3_BUCKET, and pictures can't be put into a bucket without it
    S3_BUCKET=another: Bad: refused with 404 NoSuchBucket: there is no such bucket; check S3_BUCKET and S3_ENDPOINT
    S3_ENDPOINT=: Bad: `images.storage.endpoint` is not set and neither is S3_ENDPOINT, and pictures can't be put into a bucket without it
    S3_ENDPOINT=http://127.0.0.1:9: Bad: not reached; check S3_ENDPOINT and S3_PUBLIC_URL, and that nothing blocks the way there
    S3_ENDPOINT=made-up: Bad: `images.storage.endpoint` must be an http:// or https:// URL
    S3_ACCESS_KEY_ID=ANOTHERMADEUPKEY: Bad: refused with 403 InvalidAccessKeyId: the key is unknown there; check S3_ACCESS_KEY_ID
    S3_SECRET_ACCESS_KEY=: Bad: `S3_SECRET_ACCESS_KEY` is not set, and pictures can't be put into a bucket without it
    S3_SECRET_ACCESS_KEY=another-made-up-secret: Bad: refused with 403 SignatureDoesNotMatch: the secret is another one; check S3_SECRET_ACCESS_KEY
    S3_PUBLIC_URL=http://127.0.0.1:9/public: Bad: not reached; check S3_ENDPOINT and S3_PUBLIC_URL, and that nothing blocks the way there
    left there: 1
    takes false, deletes true: Bad: refused with 403 AccessDenied: the key may not do this; allow it to put and to get objects below `latchkey/`, and check S3_PUBLIC_URL and the clock of this machine
    takes true, deletes false: Note: takes files, and links to them work; its key may delete none, so a small one below `latchkey/` stays
    not a word
    ");
    scene
        .emulator
        .world
        .with(|state| state.storage.deletes_files = true);
    let output = run("doctor", &set).await;
    let said = printed(&output.stdout);
    let line = "ok    picture storage: takes files, and links to them work";
    assert!(said.contains(line), "{said}");
}

/// What is found of the storage that these variables name.
async fn checks(variables: &[(String, SecretString)]) -> String {
    let environment = Environment::of(variables.to_vec());
    let clients = Clients::new(Duration::from_secs(5)).unwrap();
    let mut errors = ConfigErrors::default();
    let settings = storage(&Config::default(), &environment, &mut errors);
    if let Some(error) = errors.iter().next() {
        return format!("Bad: {error}");
    }
    let Some(settings) = settings.ok().flatten() else {
        return "not a word".to_owned();
    };
    let found = check_storage(settings, &clients.web).await;
    format!("{:?}: {}", found.wellness, found.words)
}
