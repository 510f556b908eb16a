//! Keys that their providers let do some things and not others.

use insta::assert_snapshot;
use latchkey_emulator::providers::Standing;

use crate::tests::{Actor, Stage, good, run};

/// What the bot told somebody directly.
fn told_directly(actor: &Actor<'_>) -> String {
    actor.directly().reads_channel()
}

async fn add(stage: &Stage, actor: &Actor<'_>, provider: &str, scope: &str) -> String {
    let key = format!("{}-{scope}", good(provider));
    actor.adds(provider, scope, &key).await;
    stage.clock.advance_ms(60_000);
    key
}

#[tokio::test]
async fn the_next_payer_answers_and_the_owner_is_told_what_is_restricted() {
    for (provider, standing, what) in [
        (
            "google",
            Standing::Restricted,
            "does not let it do what was asked",
        ),
        ("google", Standing::NoAddress, "from certain addresses only"),
        ("google", Standing::NoPermission, "lacks the permission"),
        ("openai", Standing::NoModel, "may not use the model"),
        ("openai", Standing::NoPermission, "lacks the permission"),
        ("openai", Standing::NoAddress, "from certain addresses only"),
        ("anthropic", Standing::NoPermission, "lacks the permission"),
        ("xai", Standing::NoPermission, "lacks the permission"),
    ] {
        run(async |stage| {
            let mia = stage.mia();
            let key = add(stage, &mia, provider, "user").await;
            stage.key_stands(&key, standing);
            let seen = mia.runs("/ask prompt:count").await;
            assert!(
                seen.contains("🤖 bot default"),
                "{provider} {standing:?}: {seen}"
            );
            assert!(seen.contains("may not do this"), "{seen}");
            assert!(seen.contains(what), "{provider} {standing:?}: {seen}");
            // Once in a day is enough; the footer says it each time.
            let again = mia.runs("/ask prompt:count").await;
            assert!(
                again.contains("may not do this") && !again.contains(what),
                "{again}"
            );
            let details = mia.presses("Details").await;
            assert!(
                details.contains("may not do this, as its provider says"),
                "{details}"
            );
            assert!(mia.says("@Latchkey count").await.contains("🤖 bot default"));
            assert!(
                mia.runs("/keys list")
                    .await
                    .contains("works with restrictions")
            );
            // Who names the provider is told instead.
            let named = mia
                .runs(&format!("/ask prompt:count provider:{provider}"))
                .await;
            assert!(
                !named.contains("bot default") && named.contains("only you"),
                "{named}"
            );
        })
        .await;
    }
}

#[tokio::test]
async fn whoever_added_a_servers_key_is_told_directly() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let key = add(stage, &omar, "openai", "guild").await;
        stage.key_stands(&key, Standing::NoModel);
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001 · server key for OpenAI may not do this
        ");
        assert_snapshot!(told_directly(&omar), @"
        The OpenAI key that you added to a server works only in part: it may not use the model that was asked. Allow the model at <https://platform.openai.com/api-keys>. Whoever names neither provider nor model is answered by the next key. I say this once in a day.
        The server is **Lantern Club**.
        ");
        // Named, it is refused, and what is said of the owner is true.
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) > count

        OpenAI turned this server's key down, and whoever added it is told. A key of your own works without it: `/keys add provider:openai scope:user`.
        ");
        // The key is not set aside: what it may do, it does.
        stage.key_stands(&key, Standing::Good);
        assert!(mia.runs("/ask prompt:count").await.contains("🏠 server key"));
    })
    .await;
}

#[tokio::test]
async fn where_nobody_else_can_pay_the_restriction_is_said() {
    run(async |stage| {
        let mia = stage.mia();
        let key = add(stage, &mia, "openai", "user").await;
        stage.key_stands(&key, Standing::NoModel);
        stage.key_stands(&good("groq"), Standing::Restricted);
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        (only you) > count

        Groq turned the bot's own key down, which its operator has to mend. A key of your own works without it: `/keys add provider:groq scope:user`.
        ---
        (only you) Your OpenAI key works only in part: it may not use the model that was asked. Allow the model at <https://platform.openai.com/api-keys>. Whoever names neither provider nor model is answered by the next key. I say this once in a day.
        ");
    })
    .await;
}
