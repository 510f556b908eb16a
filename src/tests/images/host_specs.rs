//! Requests to image hosts, held against the hosts' own documents. RunPod's
//! describes how endpoints are managed, and not how they are called.

use serde_json::{Value, json};

use super::picture_jobs::{adds, lives, setup};
use crate::tests::{outside, spec, stage};

/// `SaladCloud`'s document.
fn salad() -> Option<Value> {
    let path = outside::file("specs/salad-cloud-openapi.yaml")?;
    let text = std::fs::read_to_string(path).unwrap();
    Some(serde_saphyr::from_str(&text).unwrap())
}

#[tokio::test]
async fn requests_to_saladcloud_are_as_its_document_says() {
    let Some(document) = salad() else { return };
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "saladcloud").await;
        lives(stage, 1, 1, 1);
        mia.runs("/imagine prompt:a lighthouse provider:saladcloud")
            .await;
        lives(stage, 1_000_000, 0, 0);
        let asked = mia.starts("/imagine prompt:a lighthouse provider:saladcloud");
        super::picture_jobs::shows(stage, &mia, "line").await;
        let (message, id) = mia.button("Cancel");
        stage.world().press(mia.person, message, &id).unwrap();
        mia.sees(asked).await;
        let calls = stage.world().look(|state| state.providers.calls.clone());
        let schema = json!({
            "components": document["components"],
            "$ref": "#/components/schemas/QueueJobPrototype",
        });
        let job = jsonschema::validator_for(&schema).unwrap();
        let mut seen = Vec::new();
        for call in calls.iter().filter(|call| call.provider == "saladcloud") {
            let path = call.path.trim_end_matches('?');
            let method = call.method.to_lowercase();
            let known = spec::template(&document, path, &method);
            let known = known.unwrap_or_else(|| panic!("Salad has no {method} {path}"));
            if method == "post" {
                let problems: Vec<String> = job
                    .iter_errors(&call.body)
                    .map(|it| it.to_string())
                    .collect();
                assert_eq!(problems, Vec::<String>::new());
            }
            seen.push(format!("{method} {}", known.rsplit('/').next().unwrap()));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(
            seen,
            [
                "delete {queue_job_id}",
                "get quotas",
                "get {queue_job_id}",
                "post jobs"
            ]
        );
    })
    .await;
}
