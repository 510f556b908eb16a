//! Every provider, and keys that are good, bad, empty, restricted,
//! limited, or cannot be checked.

use insta::assert_snapshot;
use latchkey_emulator::providers::{PROVIDERS, Standing, sample};

use super::{Setup, Stage, run_with};

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
    for provider in PROVIDERS {
        for standing in standings {
            stage.clock.advance_ms(10 * 60_000);
            let key = sample(provider.id, *standing);
            let typed = typed_for(provider.id, &key);
            let seen = stage
                .mia()
                .directly()
                .adds_with(provider.id, "user", &typed)
                .await;
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
        let url = stage.scene.emulator.provider_url("ollama");
        stage.stop().await;
        stage
            .start_configured(&format!("[providers.ollama]\nbase_url = \"{url}\"\n"))
            .await;
        assert_snapshot!(check_all(stage, &EVERY).await);
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_leaves_the_question_open() {
    run_with(Setup::default(), async |stage| {
        let mut nowhere = String::new();
        for provider in PROVIDERS {
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
