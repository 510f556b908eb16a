//! Keys that their providers let do some things and not others.

use insta::assert_snapshot;
use latchkey_emulator::providers::Standing;

use crate::tests::program::Program;
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

#[tokio::test]
async fn who_pays_is_said_with_what_its_key_may_not_do() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let key = add(stage, &omar, "openai", "guild").await;
        stage.key_stands(&key, Standing::NoModel);
        mia.runs("/ask prompt:count").await;
        assert_snapshot!(mia.runs("/keys status").await, @"
        (only you) **OpenAI**: the server key pays, but works only in part: OpenAI does not let it do everything.
        **Groq**: the bot default pays.
        Nobody has a key for any other provider.
        Without `provider:`, `/ask` tries OpenAI first; what that key may not do goes to Groq.
        Add a key of your own with `/keys add`.
        ");
        assert_snapshot!(mia.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: the server key pays, but works only in part: OpenAI does not let it do everything.
        - personal key: none.
        - bot default: none.
        Without `provider:`, `/ask` tries OpenAI first; what that key may not do goes to Groq.
        Add a key of your own with `/keys add`.
        ");
        assert_snapshot!(mia.runs("/model show").await, @"
        (only you) No model is chosen here: the first provider that somebody can pay for answers, with its default.
        You can use `openai/gpt-6-luna`, `groq/openai/gpt-oss-20b`.
        ⚠️ The key that pays for OpenAI works only in part: some of those models may be refused.
        ");
        // What it says is what an ask does.
        let asked = mia.runs("/ask prompt:count").await;
        assert!(
            asked.contains("Groq") && asked.contains("may not do this"),
            "{asked}"
        );
        // Where nobody comes after it.
        stage.key_stands(&good("groq"), Standing::Restricted);
        mia.runs("/ask prompt:count").await;
        let own = Program::of(stage, &mia, "scopes:keys:read here:True").await;
        let status = own.gets("/api/v1/api-keys/status").await.json();
        assert_eq!(status["providers"][0]["in_part"], true, "{status}");
    })
    .await;
}

#[tokio::test]
async fn the_message_about_a_servers_key_tests_and_replaces_it() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        for (standing, buttons) in [
            (Standing::NoModel, "[Test again] [Replace the OpenAI key]"),
            (Standing::Empty, "[Test again] [Replace the OpenAI key]"),
            (Standing::Bad, "[Replace the OpenAI key] [Test again]"),
        ] {
            let key = add(stage, &omar, "openai", "guild").await;
            stage.key_stands(&key, standing);
            mia.runs("/ask prompt:count").await;
            assert_eq!(omar.directly().offers(), buttons, "{standing:?}");
            stage.key_stands(&key, Standing::Good);
            let said = omar.directly().presses("Test again").await;
            assert!(said.contains("accepts it"), "{said}");
            let listed = omar.runs("/keys list scope:guild").await;
            assert!(
                !listed.contains("not checked yet"),
                "{standing:?}: {listed}"
            );
        }
    })
    .await;
}
