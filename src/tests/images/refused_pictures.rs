//! Pictures that a provider can't read: a question with one is told so, and no
//! later question suffers from it.

use latchkey_emulator::Attachment;
use latchkey_emulator::providers::{Standing, UNREADABLE, sample};

use crate::tests::stage::{self, Stage};

/// A picture that no provider can read.
fn unreadable() -> Vec<Attachment> {
    let bytes = [b"GIF89a".as_slice(), UNREADABLE].concat();
    vec![Attachment::uploaded("wave.gif", &bytes)]
}

/// A picture that all of them can read.
fn readable() -> Vec<Attachment> {
    let bytes = b"\x89PNG\r\n\x1a\nmade up";
    vec![Attachment::uploaded("cat.png", bytes)]
}

async fn with_each_provider(test: impl AsyncFn(&Stage, &str)) {
    for provider in ["openai", "anthropic", "google"] {
        stage::run(async |stage| {
            let key = sample(provider, Standing::Good);
            stage.mia().adds(provider, "user", &key).await;
            test(stage, provider).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_refused_picture_does_not_spoil_the_questions_after_it() {
    with_each_provider(async |stage, provider| {
        let mia = stage.mia().directly();
        let sent = mia.writes_with("what is this?", None, unreadable());
        let seen = mia.sees_reply(sent).await;
        assert!(
            seen.contains("can't read the picture"),
            "{provider}: {seen}"
        );
        for _ in 0..2 {
            let before = stage.calls();
            let seen = mia.says("never mind, count").await;
            assert!(seen.contains("nine ten"), "{provider}: {seen}");
            assert!(
                seen.contains("pictures of earlier messages were left out"),
                "{provider}: {seen}"
            );
            assert_eq!(stage.calls() - before, 2, "{provider}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_refused_picture_of_the_question_itself_is_named_after_one_more_try() {
    with_each_provider(async |stage, provider| {
        let mia = stage.mia().directly();
        let sent = mia.writes_with("count", None, readable());
        assert!(
            mia.sees_reply(sent).await.contains("nine ten"),
            "{provider}"
        );
        let before = stage.calls();
        let sent = mia.writes_with("and this?", None, unreadable());
        let seen = mia.sees_reply(sent).await;
        assert!(
            seen.contains("can't read the picture"),
            "{provider}: {seen}"
        );
        assert_eq!(stage.calls() - before, 2, "{provider}");
    })
    .await;
}
