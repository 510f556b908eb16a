//! What a model thinks between tags is no part of its answer.

use std::time::Duration;

use serde_json::json;

use crate::tests::program::Program;
use crate::tests::run;
use crate::tests::stage::Stage;

/// What must not be seen.
const THOUGHT: &str = "SECRETPLAN";

/// Whether anything that was sent to Discord says it.
fn is_shown(stage: &Stage) -> bool {
    stage.world().look(|state| {
        let mut bodies = state.calls.iter().filter_map(|call| call.body.as_ref());
        bodies.any(|body| body.to_string().contains(THOUGHT))
    })
}

#[tokio::test]
async fn thinking_in_tags_is_not_shown_and_not_told_again() {
    run(async |stage| {
        let mia = stage.mia();
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(20));
        stage.models_say(&format!(
            "<think>\nThe user wants {THOUGHT}. So I say it.\n</think>\n\nThe answer is 42."
        ));
        let seen = mia.says("@Latchkey the answer?").await;
        assert!(
            seen.starts_with("The answer is 42.\n-# Groq openai/gpt-oss-20b"),
            "{seen}"
        );
        mia.replies(mia.newest(), "@Latchkey sure?").await;
        let told = stage.told("groq");
        assert!(told.contains("assistant: The answer is 42.\n"), "{told}");
        assert!(!is_shown(stage) && !told.contains(THOUGHT), "{told}");
        // Where that is all, nothing was said.
        stage.models_say(&format!("<Thinking>{THOUGHT} and so on"));
        let seen = mia.says("@Latchkey the answer?").await;
        assert!(seen.contains("gave an empty answer"), "{seen}");
        assert!(!is_shown(stage));
    })
    .await;
}

#[tokio::test]
async fn thinking_that_no_tag_opens_is_taken_back() {
    run(async |stage| {
        let mia = stage.mia();
        // So long that it fills two messages, and there before the tag comes.
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(400));
        let words = format!(
            "{} so\n</think>\n\nThe answer is 42.",
            format!("{THOUGHT}_").repeat(250)
        );
        stage.models_say(&words);
        let seen = mia.says("@Latchkey the answer?").await;
        assert!(is_shown(stage) && !seen.contains(THOUGHT), "{seen}");
        let parts: Vec<&str> = seen.split("\n---\n").collect();
        assert!(parts.len() > 1, "{seen}");
        assert!(parts[0].starts_with("The answer is 42.\n-# Groq"), "{seen}");
        for part in &parts[1..] {
            assert!(part.contains("The answer ends above"), "{seen}");
        }
        mia.replies(mia.newest(), "@Latchkey sure?").await;
        let told = stage.told("groq");
        assert!(told.contains("assistant: The answer is 42.\n"), "{told}");
        assert!(
            !told.contains(THOUGHT) && !told.contains("ends above"),
            "{told}"
        );
    })
    .await;
}

#[tokio::test]
async fn programs_get_no_thinking_from_our_own_api() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "scopes:chat").await;
        let unified = "/api/v1/unified";
        for thinking in [format!("<think>{THOUGHT}</think>"), format!("{THOUGHT}\n</think>")] {
            stage.models_say(&format!("{thinking}\nThe answer is 42."));
            let whole = program.posts(unified, &json!({"prompt": "?"})).await;
            assert_eq!(whole.json()["response"], "The answer is 42.");
            let streamed = program.posts(unified, &json!({"prompt": "?", "stream": true})).await;
            let (before, done) = streamed.text.split_once("event: done").unwrap();
            assert!(done.contains(r#""response":"The answer is 42.""#), "{done}");
            let visible = before.rsplit("event: taken_back").next().unwrap();
            assert!(visible.contains("answer") && !visible.contains(THOUGHT), "{before}");
        }
        // A call in a provider's own words passes as it is.
        let ask = json!({"model": "groq/openai/gpt-oss-20b", "messages": [{"role": "user", "content": "?"}]});
        let passed = program.posts("/v1/chat/completions", &ask).await;
        assert!(passed.text.contains(THOUGHT), "{}", passed.text);
    })
    .await;
}
