//! What holds of every host of pictures, over all hosts of the catalogue: one
//! that is added is tried here, or a test fails.

use std::collections::BTreeSet;

use super::picture_jobs::{adds, lives, setup};
use super::shown_pictures::{AT_ONCE, BY_JOBS, long_prompt, sent};
use crate::providers::Catalogue;
use crate::tests::stage::{self, Stage};
use crate::tests::{Actor, good};

/// Every host of the catalogue.
fn hosts() -> Vec<String> {
    let catalogue = Catalogue::new(&[]).unwrap();
    let hosts = catalogue.iter().filter(|it| it.images.wire.is_some());
    hosts.map(|host| host.id.to_string()).collect()
}

/// Mia with a key for every host, whose jobs end at the first look.
async fn mia_everywhere(stage: &Stage) -> Actor<'_> {
    let mia = stage.mia();
    for host in hosts() {
        // So many keys are not checked in one minute.
        stage.clock.advance_ms(60_000);
        if AT_ONCE.contains(&host.as_str()) {
            mia.adds(&host, "user", &good(&host)).await;
        } else {
            adds(&mia, &host).await;
        }
    }
    lives(stage, 0, 0, 0);
    mia
}

#[test]
fn every_host_is_in_the_tables_of_the_kinds() {
    let known: BTreeSet<&str> = AT_ONCE.into_iter().chain(BY_JOBS).collect();
    let all = hosts();
    let all: BTreeSet<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(known, all, "a host has no row in the tables");
    let jobs: BTreeSet<&str> = super::picture_hosts::HOSTS.into_iter().collect();
    assert_eq!(jobs, BY_JOBS.into_iter().collect());
}

#[tokio::test]
async fn after_every_hosts_promise_there_are_words_where_discord_takes_no_file() {
    stage::run_with(setup(), async |stage| {
        stage.expects_refusals();
        let mia = mia_everywhere(stage).await;
        for (status, code, words) in [
            (413, 40_005, "Discord takes no file of its size here"),
            (400, 20_009, "Discord's filter finds it too explicit"),
        ] {
            stage
                .world()
                .with(|state| state.files_refused = Some((status, code)));
            for host in hosts() {
                let line = format!("/imagine prompt:a lighthouse provider:{host}");
                let seen = mia.runs(&line).await;
                assert!(seen.contains(words), "{host} {code}: {seen}");
                let is_stage = ["Cancel", "🎨", "⏳", "🧊", "📨"];
                let stays = is_stage.iter().any(|it| seen.contains(it));
                assert!(!stays, "{host} {code}: {seen}");
            }
        }
        let rows = stage.app().await.audit().await;
        let outcomes = rows.iter().filter_map(|row| row.outcome.as_deref());
        assert_eq!(outcomes.collect::<Vec<_>>(), ["answered"; 18]);
    })
    .await;
}

#[tokio::test]
async fn again_sends_every_host_the_whole_prompt() {
    stage::run_with(setup(), async |stage| {
        let mia = mia_everywhere(stage).await;
        let prompt = long_prompt();
        for host in hosts() {
            let line = format!("/imagine prompt:{prompt} provider:{host}");
            let seen = mia.runs(&line).await;
            assert!(seen.contains("[picture-1.png"), "{host}: {seen}");
            let seen = mia.presses("Again").await;
            assert!(seen.contains("[picture-1.png"), "{host}: {seen}");
            let body = sent(stage, &host).to_string();
            assert!(body.contains(&prompt), "{host}: {body}");
        }
    })
    .await;
}
