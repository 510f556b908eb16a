//! How answers look in Discord, whatever Markdown a model writes.

use std::time::Duration;

use insta::assert_snapshot;
use latchkey_emulator::World;
use latchkey_emulator::providers::ProviderFault;

use crate::tests::stage;

/// `SUPPRESS_EMBEDS`: `docs/discord.md` §3.1.
const SUPPRESS_EMBEDS: u64 = 1 << 2;

/// The flags of every message that was sent or changed, in their order.
fn flags(world: &World) -> Vec<Option<u64>> {
    world.look(|state| {
        let calls = state.calls.iter().filter(|call| {
            let is_message = call.path.contains("/messages") || call.path.contains("/webhooks");
            is_message && matches!(call.method.as_str(), "POST" | "PATCH")
        });
        let bodies = calls.filter_map(|call| call.body.as_ref());
        bodies.map(|body| body["flags"].as_u64()).collect()
    })
}

#[tokio::test]
async fn what_discord_can_not_show_becomes_what_it_can() {
    stage::run(async |stage| {
        stage.models_say("#### Result\n\n| Name | Score |\n|:-----|------:|\n| Ann | **95** |\n| 日本 | 7 |\n\n\
             so \\( x^2 \\) and $$\\frac{a}{b+1}$$ cost $5.\n\n---\n\n- [x] done<br>so\n- [ ] open[^1]\n\n\
             [^1]: ![a cat](https://a.example/cat.png)\n\n~~~py\nprint('```')\n~~~",
        );
        let mia = stage.mia();
        assert_snapshot!(mia.says("@Latchkey show me").await, @"
        **Result**

        ```
        Name  Score
        ────  ─────
        Ann      95
        日本      7
        ```

        so x² and a/(b+1) cost $5.

        ──────────

        - ☑ done
        so
        - ☐ open¹

        ¹ [a cat](https://a.example/cat.png)

        ```py
        print('```')
        ```
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 40 out · < $0.0001
        ");
        // A character without width keeps code in code from closing it.
        let newest = mia.newest();
        let apart = stage.world().look(|state| {
            let shown = state.messages.iter().find(|m| m.id == newest);
            shown.is_some_and(|m| m.content.contains("print('``\u{200b}`')"))
        });
        assert!(apart);
    })
    .await;
}

#[tokio::test]
async fn a_long_answer_is_whole_in_each_message() {
    stage::run(async |stage| {
        let mia = stage.mia();
        for (words, is_whole) in [
            (
                format!("The killer is: ||{}||", "it was the butler. ".repeat(130)),
                (|part: &str| part.matches("||").count() == 2) as fn(&str) -> bool,
            ),
            (format!("**{}**", "very loud ".repeat(250).trim()), |part| {
                part.matches("**").count() == 2
            }),
            (
                format!("Run:\n```npm install```\n\n{}", "Plain prose. ".repeat(300)),
                |part| part.matches("```").count() % 2 == 0,
            ),
            ("👨‍👩‍👧‍👦".repeat(400), |part| {
                part.replace("👨‍👩‍👧‍👦", "").is_empty()
            }),
            (format!("> {}", "a quoted sentence. ".repeat(150)), |part| {
                part.starts_with("> ")
            }),
        ] {
            stage.models_say(&words);
            let seen = mia.says("@Latchkey tell me").await;
            let parts: Vec<&str> = seen.split("\n---\n").collect();
            assert!(parts.len() > 1, "{seen}");
            for part in parts {
                assert!(part.encode_utf16().count() <= 2_000);
                let part = part.split("\n-# ").next().unwrap();
                assert!(is_whole(part), "{part}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn code_is_closed_where_an_answer_ends_in_it() {
    stage::run(async |stage| {
        let mia = stage.mia();
        stage.models_say("Here:\n```py\nfor x in all:\n    print(x)\n    y = 2 *");
        assert_snapshot!(mia.says("@Latchkey code").await, @"
        Here:
        ```py
        for x in all:
            print(x)
            y = 2 *
        ```
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 11 out · < $0.0001
        ");
        // The same where it ends at the limit on its output.
        stage.models_say(
            "Here:\n```py\nfor x in all:\n    print(x)\n# and so on and on and on\n```",
        );
        stage.fails("groq", ProviderFault::AtLimit);
        let seen = mia.says("@Latchkey code").await;
        assert!(seen.contains("\n```\n-# Groq"), "{seen}");
        assert!(seen.contains("cut at the length limit"), "{seen}");
        assert_eq!(seen.matches("```").count(), 2, "{seen}");
    })
    .await;
}

#[tokio::test]
async fn code_is_closed_while_it_grows() {
    stage::run(async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(120));
        stage.models_say("See:\n```py\none = 1\ntwo = 2\nthree = 3\n```\n**Done now** and so.");
        let mia = stage.mia();
        let said = mia.writes("@Latchkey count", None);
        let channel = mia.channel;
        let growing = stage.world().until(|state| {
            let mut all = state.messages.iter().rev();
            let found = all.find(|m| m.author.is_none() && m.channel == channel)?;
            let grows = found.content.contains("one") && !found.content.contains("-#");
            grows.then(|| found.content.clone())
        });
        let growing = growing.await;
        assert!(growing.ends_with("\n```"), "{growing}");
        assert_eq!(growing.matches("```").count(), 2, "{growing}");
        let seen = mia.sees_reply(said).await;
        assert!(
            seen.contains("three = 3\n```\n**Done now** and so."),
            "{seen}"
        );
    })
    .await;
}

/// Only the bot says who paid, whatever a model tries.
#[tokio::test]
async fn no_footer_can_be_imitated() {
    stage::run(async |stage| {
        let fake = "-# OpenAI gpt-6-luna · 👤 personal key · $0.00";
        let people = [stage.mia(), stage.omar()];
        let tricks = [
            format!("Yes.\n{fake}"),
            format!("Yes.\n*{fake}*"),
            format!("Yes.\n**{fake}**"),
            format!("Yes.\n> {fake}"),
            format!("Yes.\n- {fake}"),
            format!("Yes.<br>{fake}"),
            format!("Yes.\u{2028}{fake}"),
            format!("Yes.\n-\u{c}{}", fake.get(1..).unwrap()),
            format!("```\nx\n``` y\n{fake}\n```\nz\n```"),
            format!(">>> Yes.\n{fake}"),
            format!("{}\n{fake}", "word ".repeat(318).trim()),
            format!("{} {fake}", "w".repeat(1_590)),
            format!("{} *{fake}*", "w".repeat(1_590)),
            format!("a ` b\n\n`\n{fake} `"),
            format!("- ```\n{fake}\n```"),
            format!("1. a\n   ```\n   x\n\n{fake}\n   ```"),
            format!("a ` b\n```\nx ` y\n{fake}\n```"),
        ];
        // In code nothing is small.
        let code = regex::Regex::new(r"(?s)```.*?```|`[^`\\]*`").unwrap();
        for (words, mia) in tricks.iter().zip(people.iter().cycle()) {
            stage.models_say(words);
            let seen = mia.says("@Latchkey who pays?").await;
            let prose = seen.replace("\\`", "");
            let prose = code.replace_all(&prose, "code");
            let small = prose.lines().filter(|line| {
                line.trim_start_matches([' ', '>', '*', '_', '~', '|', '-'])
                    .starts_with("# ")
                    && line.contains("-# ")
                    && !line.contains("\\-#")
            });
            assert_eq!(small.count(), 1, "{seen}");
            assert!(
                seen.lines().last().unwrap().contains("bot default"),
                "{seen}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn links_show_previews_only_where_a_server_wants_them() {
    stage::run(async |stage| {
        stage.models_say("See https://a.example and join https://discord.gg/made-up",
        );
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.says("@Latchkey links").await;
        mia.runs("/ask prompt:links").await;
        let sent = flags(stage.world());
        let hidden = |flags: &Option<u64>| flags.is_some_and(|it| it & SUPPRESS_EMBEDS != 0);
        assert!(sent.len() >= 2 && sent.iter().all(hidden), "{sent:?}");
        assert_snapshot!(omar.runs("/server previews shown:true").await, @"(only you) Links in my answers show previews of their pages in this server from now on. `/server previews shown:False` takes that back.");
        stage.world().with(|state| state.calls.clear());
        mia.says("@Latchkey links").await;
        let sent = flags(stage.world());
        assert!(!sent.is_empty() && !sent.iter().any(hidden), "{sent:?}");
        assert_snapshot!(omar.runs("/server previews shown:false").await, @"(only you) Links in my answers show no previews in this server.");
        // Whoever does not manage the server settles nothing.
        assert_snapshot!(mia.runs("/server previews shown:true").await, @"(only you) That is for whoever has the Manage Server permission here, and you don't right now. Nothing was changed.");
    })
    .await;
}

#[tokio::test]
async fn no_answer_pings_anybody() {
    stage::run(async |stage| {
        stage.models_say("@everyone @here <@1> <@&2> &lt;@3&gt; <b>@everyone</b>");
        stage.mia().says("@Latchkey ping").await;
        stage.world().look(|state| {
            let answers = state.messages.iter().filter(|m| m.author.is_none());
            for answer in answers {
                assert_eq!(answer.allowed_mentions["parse"], serde_json::json!([]));
                assert!(answer.allowed_mentions["users"].is_null());
            }
        });
    })
    .await;
}
