//! Keys that somebody types where a question belongs.

use insta::assert_snapshot;
use latchkey_emulator::{RestTrouble, WorldState};

use crate::tests::{Stage, bot_wrote, rest_fault, run};

const KEY: &str = "sk-proj-Made0Up1Made0Up1Made0Up1_made-up";

/// Whether the bot passed a key on: to a model, or to a channel.
fn passed_on(stage: &Stage) -> bool {
    stage.world().look(|state| {
        let mut asked = state.providers.calls.iter();
        let mut own = state.messages.iter().filter(|it| it.is_bots());
        asked.any(|call| call.body.to_string().contains("Made0Up1"))
            || own.any(|message| message.content.contains("Made0Up1"))
    })
}

#[tokio::test]
async fn a_key_in_a_message_is_taken_out_and_its_writer_is_told_alone() {
    run(async |stage| {
        let mia = stage.mia();
        let seen = mia.says(&format!("@Latchkey why is {KEY} refused?")).await;
        assert!(
            seen.starts_with("You asked: why is [key removed] refused?\n"),
            "{seen}"
        );
        let asked = stage.told("groq");
        assert!(
            asked.ends_with("user: why is [key removed] refused?"),
            "{asked}"
        );
        let told = mia.directly().reads_channel();
        let (link, told) = told.split_once('\n').unwrap();
        assert!(
            link.starts_with("About what you asked in https://discord.com/"),
            "{link}"
        );
        assert_snapshot!(told, @"A key stood in your message. I took it out before anybody was asked, so no model was told it, but whoever can read your message has it: delete the message, and replace the key at the provider that it is from. Add your keys with `/keys add`: its form is for your eyes only.");
        assert!(!passed_on(stage));
        // Pressed again, it is taken out again, and nobody is told twice.
        mia.presses("Again").await;
        assert!(!passed_on(stage));
        assert_eq!(
            mia.directly()
                .reads_channel()
                .matches("A key stood")
                .count(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_in_a_command_is_taken_out_of_what_is_quoted_too() {
    run(async |stage| {
        for actor in [stage.mia(), stage.zoe()] {
            let seen = actor
                .runs(&format!("/ask prompt:why is {KEY} refused?"))
                .await;
            assert!(
                seen.starts_with("> why is [key removed] refused?"),
                "{seen}"
            );
            assert!(
                seen.contains("(only you) A key stood in your question."),
                "{seen}"
            );
            assert!(!passed_on(stage));
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_alone_asks_nobody() {
    run(async |stage| {
        let mia = stage.mia();
        for text in [
            KEY.to_owned(),
            format!("OPENAI_API_KEY={KEY}"),
            format!("key: `{KEY}`"),
        ] {
            let seen = mia.runs(&format!("/ask prompt:{text}")).await;
            assert!(
                seen.starts_with("(only you) A key stood in your question. "),
                "{seen}"
            );
            mia.writes(&format!("@Latchkey {text}"), None);
            stage.app().await.idle().await;
            let direct = mia.directly();
            direct.writes(&text, None);
            stage.app().await.idle().await;
        }
        let told = |state: &WorldState| {
            let own = state.messages.iter().filter(|it| it.is_bots());
            let told = own.filter(|it| it.content.contains("A key stood in your message"));
            (told.count() == 6).then_some(())
        };
        stage.world().until(told).await;
        let for_all = stage.world().look(|state| {
            let here = state.messages.iter().filter(|it| it.channel == mia.channel);
            here.filter(|it| it.is_bots() && it.only_for.is_none())
                .count()
        });
        assert_eq!(for_all, 0);
        assert_eq!(stage.calls(), 0);
        assert!(!passed_on(stage));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_somebody_else_wrote_is_told_to_no_model() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.says(&format!("@Latchkey is {KEY} yours?")).await;
        let answer = mia.newest();
        mia.replies(answer, "@Latchkey and mine?").await;
        assert!(
            stage.told("groq").contains("omar: is [key removed] yours?"),
            "{}",
            stage.told("groq")
        );
        assert!(!passed_on(stage));
        assert_eq!(mia.directly().reads_channel(), "");
    })
    .await;
}

#[tokio::test]
async fn whoever_takes_no_direct_messages_is_told_below_their_message() {
    run(async |stage| {
        stage.expects_refusals();
        let mia = stage.mia();
        let direct: &'static str = format!("/channels/{}/messages", mia.directly().channel).leak();
        stage.world().with(|state| {
            let closed = RestTrouble::Refused(403, 50_007);
            state
                .rest_faults
                .push(rest_fault(("POST", direct), closed, 10));
        });
        mia.says(&format!("@Latchkey why is {KEY} refused?")).await;
        let seen = bot_wrote(stage, mia.channel);
        assert!(seen.contains("A key stood in your message."), "{seen}");
        assert!(seen.contains("-# Groq"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_key_in_a_prompt_or_in_the_place_of_a_model_goes_nowhere() {
    run(async |stage| {
        let mia = stage.mia();
        for line in [
            format!("/imagine prompt:a cat with {KEY}"),
            format!("/imagine prompt:a cat negative:{KEY}"),
        ] {
            let seen = mia.runs(&line).await;
            assert!(
                seen.starts_with("(only you) A key stood in your question."),
                "{seen}"
            );
        }
        for line in [
            format!("/model set model:openai/{KEY}"),
            format!("/model set model:{KEY}"),
            format!("/ask prompt:hi model:openai/{KEY}"),
            format!("/imagine prompt:a cat model:openai/{KEY}"),
            format!("/ask prompt:hi provider:{KEY}"),
            format!("/imagine prompt:a cat provider:{KEY}"),
            format!("/keys add provider:{KEY} scope:user"),
            format!("/model set model:gpt-6-luna {KEY}"),
        ] {
            let seen = mia.runs(&line).await;
            assert!(
                seen.starts_with("(only you) That looks like a key, and stands where a model"),
                "{seen}"
            );
            assert!(!seen.contains("Made0Up1"), "{seen}");
        }
        assert!(!passed_on(stage));
    })
    .await;
}

#[tokio::test]
async fn what_stands_for_a_key_in_an_example_passes() {
    run(async |stage| {
        let mia = stage.mia();
        for sample in [
            "sk-...",
            "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
            "sk-proj-your-key-here-0123456789",
            "gsk_…",
        ] {
            mia.says(&format!("@Latchkey why is api_key=\"{sample}\" refused?"))
                .await;
            assert!(stage.told("groq").contains(sample), "{sample}");
        }
        assert_eq!(mia.directly().reads_channel(), "");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_broken_up_or_only_named_is_told_to_no_model() {
    run(async |stage| {
        let mia = stage.mia();
        for typed in [
            "sk-proj-Made0Up1\u{200b}Made0Up1\u{200b}Made0Up1_made-up",
            "sk-proj-Made0Up1**Made0Up1**Made0Up1_made-up",
            "sk-proj-Made0Up1Ma\nde0Up1Made0Up1_made-up",
            "MISTRAL_API_KEY=Made0Up1Made0Up1Made0Up1",
            "{\"apiKey\": \"Made0Up1Made0Up1Made0Up1\"}",
        ] {
            mia.says(&format!("@Latchkey why is {typed} refused?"))
                .await;
            let told = stage.told("groq");
            assert!(told.contains("[key removed]"), "{told}");
            assert!(!told.contains("0Up1"), "{told}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_kind_of_secret_gets_the_advice_that_ends_it() {
    run(async |stage| {
        let mia = stage.mia();
        let token = "latchkey_madeupMadeup7madeup8madeupqwmadeup01";
        let of_github = "ghp_madeupMadeup7madeup8madeupqwmadeup01";
        let mut told = Vec::new();
        for typed in [
            token.to_owned(),
            of_github.to_owned(),
            format!("{token} {KEY}"),
        ] {
            told.push(mia.runs(&format!("/ask prompt:{typed}")).await);
        }
        assert_snapshot!(told.join("\n---\n"), @"
        (only you) A token of mine stood in your question. I took it out before anybody was asked, so no model was told it and it stands nowhere here. End it with `/token revoke` if somebody may have seen it.
        ---
        (only you) A secret of another service stood in your question. I took it out before anybody was asked, so no model was told it and it stands nowhere here. Replace it where you got it if somebody may have seen it.
        ---
        (only you) A key stood in your question. I took it out before anybody was asked, so no model was told it and it stands nowhere here. Replace it at the provider that it is from if somebody may have seen it. Add your keys with `/keys add`: its form is for your eyes only.
        A token of mine stood in your question. I took it out before anybody was asked, so no model was told it and it stands nowhere here. End it with `/token revoke` if somebody may have seen it.
        ");
        assert_eq!(stage.calls(), 0);
        for (typed, way) in [
            (token, "end the token with `/token revoke`"),
            (of_github, "replace the secret where you got it"),
        ] {
            mia.says(&format!("@Latchkey why is {typed} refused?"))
                .await;
            assert!(!stage.told("groq").contains("adeup"));
            let told = mia.directly().reads_channel();
            assert!(told.contains(way), "{told}");
        }
    })
    .await;
}
