//! Every provider, and keys that are good, bad, empty, restricted,
//! limited, or cannot be checked.

use insta::assert_snapshot;
use latchkey_emulator::providers::{PROVIDERS, Standing, sample};

use crate::tests::{Setup, Stage, run_with};

const EVERY: [Standing; 5] = [
    Standing::Good,
    Standing::Bad,
    Standing::Empty,
    Standing::Restricted,
    Standing::Limited,
];

/// Adds a key of each standing to each provider; the second line of each
/// reply, which is what the check found.
async fn check_all(stage: &Stage, standings: &[Standing]) -> String {
    let mut table = Vec::new();
    for provider in &*PROVIDERS {
        for standing in standings {
            stage.clock.advance_ms(10 * 60_000);
            let key = sample(provider.id, *standing);
            let typed = typed_for(provider.id, &key);
            let mia = stage.mia().directly();
            let mut seen = mia.adds_with(provider.id, "user", &typed).await;
            // The one before it works, and is wanted no more.
            let replace = "Replace it all the same";
            if seen.contains(replace) {
                seen = mia.presses(replace).await;
            }
            let mut lines = seen.lines().skip(1);
            let found = lines.find(|line| !line.starts_with('['));
            let found = found.unwrap_or_else(|| seen.lines().next().unwrap_or_default());
            table.push(format!("{:19} {standing:?}: {found}", provider.id));
        }
    }
    table.join("\n")
}

fn typed_for<'a>(provider: &str, key: &'a str) -> Vec<(&'static str, &'a str)> {
    let id = "made-up-id";
    let extra = match provider {
        "runcomfy" => Some(("user_id", id)),
        "runcomfy-serverless" => Some(("deployment", id)),
        "saladcloud" => Some(("organization", id)),
        "runpod" => Some(("endpoint", id)),
        _ => None,
    };
    std::iter::once(("key", key)).chain(extra).collect()
}

#[tokio::test]
async fn every_provider_tells_good_keys_from_bad_empty_restricted_and_limited_ones() {
    run_with(Setup::default(), async |stage| {
        let emulator = &stage.scene.emulator;
        let own = PROVIDERS.iter().filter(|it| it.is_on_own_machine());
        let mut settings = String::new();
        for provider in own {
            // As their owners set them up, or a proxy before them.
            guards(stage, provider.id);
            let url = emulator.provider_url(provider.id);
            settings.extend(["[providers.", provider.id, "]\nbase_url = \"", &url, "\"\n"]);
        }
        stage.stop().await;
        stage.start_configured(&settings).await;
        assert_snapshot!(check_all(stage, &EVERY).await);
    })
    .await;
}

fn guards(stage: &Stage, provider: &str) {
    let provider = provider.to_owned();
    let world = stage.world();
    world.with(|state| state.providers.guarded.insert(provider));
}

#[tokio::test]
async fn a_server_that_checks_no_keys_is_said_to_be_reachable_and_no_more() {
    let setup = Setup {
        comfyui: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let (mia, key) = (stage.mia(), sample("comfyui", Standing::Bad));
        let added = mia.adds("comfyui", "user", &key).await;
        let says =
            "ComfyUI is reachable, and answers without a key too: this server checks no keys.";
        assert!(added.contains(says), "{added}");
        let listed = mia.runs("/keys list").await;
        assert!(
            listed.contains("reachable; its server checks no keys"),
            "{listed}"
        );
        // It pays as before: nothing speaks against it.
        let made = mia.runs("/imagine prompt:x provider:comfyui count:1").await;
        assert!(made.contains("personal key"), "{made}");
        guards(stage, "comfyui");
        let tested = mia.runs("/keys test provider:comfyui scope:user").await;
        assert!(tested.contains("Key is invalid"), "{tested}");
        let good = sample("comfyui", Standing::Good);
        let added = mia.adds("comfyui", "user", &good).await;
        assert!(added.contains("ComfyUI accepts it."), "{added}");
        let asked = stage.world().look(|state| {
            let calls = state.providers.calls.iter();
            let checks = calls.filter(|call| call.path.starts_with("/system_stats"));
            checks.map(|call| call.key.is_some()).collect::<Vec<_>>()
        });
        // With the key, and only where that is good, without.
        assert_eq!(asked, [true, false, true, true, false]);
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_leaves_the_question_open() {
    run_with(Setup::default(), async |stage| {
        let mut nowhere = String::new();
        for provider in &*PROVIDERS {
            nowhere.extend([
                "[providers.",
                provider.id,
                "]\nbase_url = \"http://127.0.0.1:1/\"\n",
            ]);
        }
        stage.stop().await;
        stage.start_configured(&nowhere).await;
        assert_snapshot!(check_all(stage, &[Standing::Good]).await);
    })
    .await;
}
