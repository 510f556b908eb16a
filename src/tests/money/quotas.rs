//! Quotas of the bot default: what a person sees of their limits, and what
//! happens when one is hit.

use std::time::Duration;

use crate::tests::program::{Program, send};
use crate::tests::{Setup, Stage, good, run, run_with};

/// Two asks a minute for everybody, three for subscribers, no keys of their
/// own for either; a month of 2,000 output tokens for the third.
const TIERS: &str = "[ask]\nedit_interval_ms = 100\n\
    [[quota.tiers]]\nname = 'community'\nbyok = false\n\
    limits = [{ requests = 2, per = 'minute' }]\n\
    [[quota.tiers]]\nname = 'subscriber'\nskus = [555]\n\
    limits = [{ requests = 3, per = 'minute' }]\n\
    [[quota.tiers]]\nname = 'patron'\nroles = [ROLE]\n\
    limits = [{ requests = 100, per = 'day', window = 'calendar' }, { output_tokens = 2000, per = 'month', window = 'calendar' }]\n";

fn setup(config: &str) -> Setup {
    Setup {
        config: format!("[ask]\nedit_interval_ms = 100\n{config}"),
        ..Setup::default()
    }
}

fn few(requests: u32) -> Setup {
    setup(&format!(
        "[[quota.tiers]]\nname = 'community'\nlimits = [{{ requests = {requests}, per = 'minute' }}, {{ requests = 100, per = 'day' }}]\n"
    ))
}

#[tokio::test]
async fn a_limit_that_is_hit_says_when_it_renews_and_leads_to_ones_own_key() {
    run_with(few(2), async |stage| {
        let mia = stage.mia();
        for _ in 0..2 {
            assert!(mia.runs("/ask prompt:count").await.contains("bot default"));
        }
        insta::assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        (only you) You have used what your tier allows of the bot default: 2 of 2 requests a minute. There is room again <t:1795219262:R>.
        Your own Groq key would have no such limit: press the button, or `/keys add provider:groq scope:user`. `/quota status` shows every limit.
        [Use my own Groq key]
        ");
        insta::assert_snapshot!(mia.presses("Use my own Groq key").await, @"
        Form: Your Groq key
        - API key (shown while you type, stored sealed): From https://console.groq.com/keys
        - Provider (optional): [Groq]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
        insta::assert_snapshot!(mia.submits(&[("key", &good("groq"))]).await, @"
        (only you) Stored the personal key: **Groq** `…6789`.
        Groq accepts it.
        It pays for your asks with Groq everywhere, before any server's key. Try `/ask provider:groq`.
        ");
        insta::assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 👤 personal key · 12 tokens in, 10 out · < $0.0001
        ");
        insta::assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) **Personal key**: no limits.
        **Bot default** · Your tier, community: 2 of 2 requests a minute, renews <t:1795219262:R> · 2 of 100 requests in 24 hours, renews <t:1795306501:R>
        An `/ask` now would go to Groq, paid by the personal key.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_minute_later_there_is_room_again() {
    run_with(few(1), async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:count").await;
        assert!(
            mia.runs("/ask prompt:count")
                .await
                .contains("There is room again")
        );
        stage.clock.advance_ms(61_000);
        assert!(mia.runs("/ask prompt:count").await.contains("-# Groq"));
        // Somebody else has a share of their own all the time.
        let omar = stage.omar();
        assert!(omar.runs("/ask prompt:count").await.contains("-# Groq"));
    })
    .await;
}

#[tokio::test]
async fn status_shows_each_limit_and_who_would_pay() {
    run(async |stage| {
        let mia = stage.mia();
        insta::assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) **Bot default** · Your tier, community: 0 of 10 requests a minute · 0 of 100 requests in 24 hours · 0 of 40 images in 24 hours
        An `/ask` now would go to Groq, paid by the bot default.
        A key of your own (`/keys add`) has no limits here.
        ");
        mia.runs("/ask prompt:count").await;
        insta::assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) **Bot default** · Your tier, community: 1 of 10 requests a minute, renews <t:1795219262:R> · 1 of 100 requests in 24 hours, renews <t:1795306501:R> · 0 of 40 images in 24 hours
        An `/ask` now would go to Groq, paid by the bot default.
        A key of your own (`/keys add`) has no limits here.
        ");
        stage.omar().adds("openai", "guild", &good("openai")).await;
        insta::assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) **Server key**: no limits.
        **Bot default** · Your tier, community: 1 of 10 requests a minute, renews <t:1795219262:R> · 1 of 100 requests in 24 hours, renews <t:1795306501:R> · 0 of 40 images in 24 hours
        An `/ask` now would go to OpenAI, paid by the server key.
        A key of your own (`/keys add`) has no limits here.
        ");
        insta::assert_snapshot!(mia.directly().runs("/quota status").await, @"
        (only you) **Bot default** · Your tier, community: 1 of 10 requests a minute, renews <t:1795219262:R> · 1 of 100 requests in 24 hours, renews <t:1795306501:R> · 0 of 40 images in 24 hours
        An `/ask` now would go to Groq, paid by the bot default.
        A key of your own (`/keys add`) has no limits here.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_tier_comes_from_a_purchase_a_role_or_by_hand_and_the_highest_counts() {
    let scene = Setup {
        // The role's id is known only once the world stands.
        config: TIERS.replace("[ROLE]", "[]"),
        ..Setup::default()
    };
    run_with(scene, async |stage| {
        let mia = stage.mia();
        let tier = async || {
            let status = mia.runs("/quota status").await;
            let (_, tier) = status.split_once("Your tier, ").unwrap();
            tier.split(':').next().unwrap().to_owned()
        };
        assert_eq!(tier().await, "community");
        stage.world().with(|state| state.people[0].skus.push(555));
        assert_eq!(tier().await, "subscriber");
        // A role of the home server, asked for from elsewhere too.
        let role = stage.world().look(|state| {
            let mut roles = state.servers[0].roles.iter();
            roles.find(|role| role.name == "regulars").unwrap().id
        });
        stage.stop().await;
        stage
            .start_configured(&TIERS.replace("ROLE", &role.to_string()))
            .await;
        assert_eq!(tier().await, "patron");
        let away = mia.directly();
        assert!(away.runs("/quota status").await.contains("patron"));
        stage.world().with(|state| state.people[0].skus.clear());
        stage.world().with(|state| {
            state.servers[0].members.insert(mia.person, Vec::new());
        });
        assert_eq!(tier().await, "community");
        let omar = stage.omar();
        insta::assert_snapshot!(omar.runs("/admin tier user:mia tier:subscriber during:7d").await, @"(only you) <@mia> has the tier subscriber until <t:1795824000:f>, unless they have a higher one.");
        assert_eq!(tier().await, "subscriber");
        stage.clock.advance_ms(8 * 86_400_000);
        assert_eq!(tier().await, "community");
    })
    .await;
}

#[tokio::test]
async fn completion_offers_what_the_tier_of_a_home_role_or_a_purchase_allows() {
    let scene = Setup {
        // The role's id is known only once the world stands.
        config: TIERS.replace("[ROLE]", "[]"),
        ..Setup::default()
    };
    run_with(scene, async |stage| {
        let mia = stage.mia();
        let role = stage.world().look(|state| {
            let mut roles = state.servers[0].roles.iter();
            roles.find(|role| role.name == "regulars").unwrap().id
        });
        stage.stop().await;
        stage
            .start_configured(&TIERS.replace("ROLE", &role.to_string()))
            .await;
        // A role of the home server includes keys of one's own, here and in
        // a direct message.
        mia.adds("openai", "user", &good("openai")).await;
        for actor in [stage.mia(), stage.mia().directly()] {
            for (line, name) in [
                ("/model set model:gpt-6", "OpenAI gpt-6-luna"),
                ("/ask prompt:x model:gpt-6", "OpenAI gpt-6-luna"),
                ("/imagine prompt:x model:openai", "OpenAI gpt-image-2"),
            ] {
                let offered = actor.completes(line, "model").await;
                assert!(offered.contains(name), "{line} offers: {offered}");
            }
        }
        // Without the role the key is not used, so nothing of it is offered;
        // a purchase includes keys of one's own again.
        stage.world().with(|state| {
            state.servers[0].members.insert(mia.person, Vec::new());
        });
        let line = "/model set model:gpt-6";
        assert_eq!(mia.completes(line, "model").await, "");
        stage.world().with(|state| state.people[0].skus.push(555));
        assert_eq!(mia.completes(line, "model").await, "OpenAI gpt-6-luna");
    })
    .await;
}

#[tokio::test]
async fn a_lapsed_tier_keeps_its_keys_unused_and_says_why() {
    let lapsing = Setup {
        config: TIERS.replace("[ROLE]", "[]"),
        ..Setup::default()
    };
    run_with(lapsing, async |stage| {
        let mia = stage.mia();
        stage.world().with(|state| state.people[0].skus.push(555));
        mia.adds("openai", "user", &good("openai")).await;
        assert!(mia.runs("/ask prompt:count").await.contains("personal key"));
        stage.world().with(|state| state.people[0].skus.clear());
        insta::assert_snapshot!(mia.runs("/keys status").await, @"
        (only you) **OpenAI**: nobody pays. (personal key: is kept but not used, since your tier does not include keys of your own; `/quota status` shows it)
        **Groq**: the bot default pays.
        Nobody has a key for any other provider.
        Without `provider:`, `/ask` goes to Groq.
        Your tier includes no keys of your own; `/quota status` shows what you can use.
        ");
        insta::assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ");
        insta::assert_snapshot!(mia.runs("/keys add provider:mistral scope:user").await, @"(only you) Your tier, community, does not include keys of your own. Keys that you have stay stored, and are used again when your tier allows it. `/quota status` shows what you can use.");
        stage.world().with(|state| state.people[0].skus.push(555));
        assert!(mia.runs("/ask prompt:count").await.contains("personal key"));
    })
    .await;
}

#[tokio::test]
async fn a_limit_shortens_the_last_answer_before_it_refuses() {
    let short = setup(
        "max_output_tokens = 1000\n[[quota.tiers]]\nname = 'community'\nlimits = [{ output_tokens = 1200, per = 'day' }]\n",
    );
    run_with(short, async |stage| {
        let mia = stage.mia();
        let asked_for = |stage: &Stage| {
            stage.world().look(|state| {
                let last = state.providers.calls.back().unwrap();
                last.body["max_completion_tokens"]
                    .as_u64()
                    .or(last.body["max_tokens"].as_u64())
                    .unwrap()
            })
        };
        mia.runs("/ask prompt:count").await;
        assert_eq!(asked_for(stage), 1_000);
        // 10 tokens were used, so that a whole answer fits again.
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(300));
        let first = mia.starts("/ask prompt:count");
        let seen = mia.runs("/ask prompt:count").await;
        assert!(
            seen.contains("-# Groq") || seen.contains("room again"),
            "{seen}"
        );
        mia.sees(first).await;
    })
    .await;
}

/// OpenAI's Responses take no limit below 16 tokens, so that nobody is asked
/// where fewer are left.
#[tokio::test]
async fn what_is_held_for_a_model_of_the_responses_is_what_these_take() {
    let short = setup(
        "max_output_tokens = 16\n[[quota.tiers]]\nname = 'community'\nlimits = [{ output_tokens = 40, per = 'day' }]\n",
    );
    let short = Setup {
        secrets: vec![("OPENAI_API_KEY".into(), good("openai").into())],
        ..short
    };
    run_with(short, async |stage| {
        let mia = stage.mia();
        let ask = "/ask prompt:count model:openai/gpt-5.1-codex";
        for _ in 0..3 {
            let told = mia.runs(ask).await;
            assert!(told.contains("10 out"), "{told}");
        }
        // 10 of 40 are left.
        let told = mia.runs(ask).await;
        assert!(told.contains("30 of 40 output tokens"), "{told}");
        let limits = stage.world().look(|state| {
            let calls = state.providers.calls.iter();
            let asked = calls.filter(|call| call.path.starts_with("/responses"));
            asked
                .map(|call| call.body["max_output_tokens"].clone())
                .collect::<Vec<_>>()
        });
        assert_eq!(limits, [16, 16, 16]);
        let rows = stage.app().await.audit().await;
        assert!(rows.iter().all(|row| row.held.output_tokens == 16));
    })
    .await;
}

#[tokio::test]
async fn what_applies_to_personal_keys_limits_them_too() {
    let all = setup(
        "[quota]\napplies_to = ['personal', 'bot_default']\n[[quota.tiers]]\nname = 'community'\nlimits = [{ requests = 1, per = 'day' }]\n",
    );
    run_with(all, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        assert!(mia.runs("/ask prompt:count").await.contains("personal key"));
        insta::assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) You have used what your tier allows of the personal key: 1 of 1 request in 24 hours. There is room again <t:1795306501:R>.
        `/quota status` shows every limit.
        ");
        // Nobody is sent for a key that would have the same limit.
        let omar = stage.omar();
        assert!(omar.runs("/ask prompt:count").await.contains("bot default"));
        insta::assert_snapshot!(omar.runs("/ask prompt:count").await, @"
        (only you) You have used what your tier allows of the bot default: 1 of 1 request in 24 hours. There is room again <t:1795306501:R>.
        `/quota status` shows every limit.
        ");
        insta::assert_snapshot!(omar.runs("/quota status").await, @"
        (only you) **Bot default** · Your tier, community: 1 of 1 request in 24 hours, renews <t:1795306501:R>
        Nobody can pay for an `/ask` now: every limit is reached.
        ");
    })
    .await;
}

/// Starts again with a server of the operator's own that checks no keys, and
/// one request a day for everybody.
async fn open_workshop(stage: &Stage) {
    let url = stage.scene.emulator.provider_url("ollama");
    stage.stop().await;
    let settings = format!(
        "[[quota.tiers]]\nname = 'community'\nlimits = [{{ requests = 1, per = 'day' }}]\n\
         [providers.workshop]\nbase_url = \"{url}/v1\"\ndefault_model = \"a-1\"\n"
    );
    stage.start_configured(&settings).await;
}

#[tokio::test]
async fn a_made_up_key_for_the_operators_own_server_obeys_the_operators_limits() {
    run(async |stage| {
        open_workshop(stage).await;
        let (mia, omar) = (stage.mia(), stage.omar());
        let ask = "/ask prompt:count provider:workshop";
        let added = mia
            .adds("workshop", "user", &format!("{}1", good("ollama")))
            .await;
        insta::assert_snapshot!(added, @"
        (only you) Stored the personal key: **workshop** `…7891`.
        workshop is reachable, and answers without a key too: this server checks no keys. The limits that the bot's operator set hold with this key as without.
        It pays for your asks with workshop everywhere, before any server's key. Try `/ask provider:workshop`.
        ");
        assert!(mia.runs(ask).await.contains("personal key"));
        insta::assert_snapshot!(mia.runs(ask).await, @"
        (only you) You have used what your tier allows of the personal key: 1 of 1 request in 24 hours. There is room again <t:1795306501:R>.
        `/quota status` shows every limit.
        ");
        omar.adds("workshop", "guild", &format!("{}2", good("ollama")))
            .await;
        assert!(omar.runs(ask).await.contains("server key"));
        insta::assert_snapshot!(omar.runs(ask).await, @"
        (only you) You have used what your tier allows of the server key: 1 of 1 request in 24 hours. There is room again <t:1795306501:R>.
        `/quota status` shows every limit.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_made_up_key_of_a_call_obeys_them_too_and_one_that_is_checked_does_not() {
    run(async |stage| {
        open_workshop(stage).await;
        let mia = stage.mia();
        let program = Program::of(stage, &mia, "scopes:chat").await;
        let body = serde_json::json!({"model": "workshop/a-1", "messages": [{"role": "user", "content": "count"}]});
        let mut told = Vec::new();
        for number in 1..3 {
            let key = format!("{}{number}", good("ollama"));
            let call = program.call("POST", "/v1/chat/completions").json(&body);
            let answer = send(call.header("x-workshop-key", key)).await;
            told.push(format!("{} {}", answer.status, answer.header("x-latchkey-source")));
        }
        insta::assert_snapshot!(told.join("\n"), @"
        200 request
        429
        ");
        stage.world().with(|state| state.providers.guarded.insert("ollama".to_owned()));
        let added = mia.adds("workshop", "user", &good("ollama")).await;
        assert!(added.contains("accepts it"), "{added}");
        for _ in 0..2 {
            let told = mia.runs("/ask prompt:count provider:workshop").await;
            assert!(told.contains("personal key"), "{told}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_attempt_has_a_row_and_no_row_has_a_word() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        mia.runs("/ask prompt:count to ten please").await;
        stage.clock.advance_ms(1);
        mia.runs("/ask prompt:count provider:groq").await;
        let rows = stage.app().await.audit().await;
        let seen: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "{} {} {:?} {} in, {} out, {:?}, estimated {}, key {}, first byte {}, took {}",
                    row.source,
                    row.state,
                    row.outcome.as_deref().unwrap_or_default(),
                    row.used.input_tokens,
                    row.used.output_tokens,
                    row.used.cost.map(|cost| cost.0),
                    row.estimated,
                    row.key.is_some(),
                    row.first_byte_ms.is_some(),
                    row.duration_ms.is_some(),
                )
            })
            .collect();
        insta::assert_snapshot!(seen.join("\n"), @r#"
        personal settled "answered" 12 in, 10 out, Some(6200), estimated false, key true, first byte true, took true
        bot_default settled "answered" 12 in, 10 out, Some(3900), estimated false, key false, first byte true, took true
        "#);
        let raw = std::fs::read(stage.database()).unwrap_or_default();
        let wal = std::fs::read(stage.database().with_extension("db-wal")).unwrap_or_default();
        for bytes in [raw, wal] {
            assert!(!String::from_utf8_lossy(&bytes).contains("to ten please"));
        }
    })
    .await;
}
