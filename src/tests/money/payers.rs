//! Every surface names the same payer: those that say beforehand who would
//! pay, and those that say afterwards who did.

use insta::assert_snapshot;
use regex::Regex;
use serde_json::json;

use crate::tests::program::{Program, send};
use crate::tests::{Actor, Setup, Stage, bad, good, run, run_with};

/// What a pattern captures in a text, in lower case; nobody if it captures
/// nothing.
fn captured(pattern: &str, text: &str) -> String {
    let found = Regex::new(pattern).unwrap().captures(text);
    found.map_or_else(
        || "nobody".to_owned(),
        |found| format!("{} {}", &found[1], &found[2]).to_lowercase(),
    )
}

/// Who would pay for an ask that names no provider, as three surfaces say.
async fn foreseen(mia: &Actor<'_>, program: &Program) -> Vec<String> {
    let shown = mia.runs("/keys status").await;
    let goes_to = Regex::new("`/ask` goes to (.+)\\.").unwrap();
    let provider = goes_to.captures(&shown).map(|found| found[1].to_owned());
    let status = provider.map_or_else(
        || "nobody".to_owned(),
        |name| captured(&format!(r"\*\*({name})\*\*: the (.+) pays\."), &shown),
    );
    let quota = mia.runs("/quota status").await;
    let quota = captured(r"would go to (.+), paid by the (.+)\.", &quota);
    let rest = program.gets("/api/v1/api-keys/status").await.json();
    let unnamed = rest["unnamed"].as_str().unwrap_or_default();
    let mut all = rest["providers"].as_array().unwrap().iter();
    let one = all.find(|one| one["provider"] == unnamed);
    let rest = one.map_or_else(
        || "nobody".to_owned(),
        |one| format!("{unnamed} {}", spoken(one["pays"].as_str().unwrap())),
    );
    vec![
        format!("/keys status: {status}"),
        format!("/quota status: {quota}"),
        format!("GET api-keys/status: {rest}"),
    ]
}

/// A source as people read it.
fn spoken(source: &str) -> &str {
    match source {
        "bot_default" => "bot default",
        "server" => "server key",
        "personal" => "personal key",
        other => other,
    }
}

/// Who did pay, as three more say.
async fn paid(mia: &Actor<'_>, program: &Program) -> Vec<String> {
    let answer = mia.runs("/ask prompt:count").await;
    let footer = captured(r"-# (\w+) \S+ · \S+ ([a-z ]+) ·", &answer);
    let details = if footer == "nobody" {
        footer.clone()
    } else {
        let details = mia.presses("Details").await;
        captured(r"- (.+), (.+): pays", &details)
    };
    let body = json!({"prompt": "count"});
    let said = send(program.call("POST", "/api/v1/unified").json(&body)).await;
    let header = match said.header("x-latchkey-source") {
        "" => "nobody".to_owned(),
        source => format!("{} {}", said.header("x-latchkey-provider"), spoken(source)),
    };
    vec![
        format!("footer: {footer}"),
        format!("Details: {details}"),
        format!("header: {header}"),
    ]
}

/// Who pays, if all say the same.
async fn payer(mia: &Actor<'_>, program: &Program) -> String {
    let mut all = foreseen(mia, program).await;
    all.extend(paid(mia, program).await);
    let names: Vec<&str> = all
        .iter()
        .map(|said| said.split_once(": ").unwrap().1)
        .collect();
    let first = names[0].to_owned();
    assert!(names.iter().all(|name| **name == first), "{all:#?}");
    first
}

async fn program(stage: &Stage) -> Program {
    Program::of(stage, &stage.mia(), "here:true scopes:chat,keys:read").await
}

fn setup(more: &str) -> Setup {
    Setup {
        config: format!("[ask]\nedit_interval_ms = 100\n{more}"),
        ..Setup::default()
    }
}

#[tokio::test]
async fn a_budget_that_is_spent_is_spent_everywhere() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openai", "guild", &good("openai")).await;
        let program = program(stage).await;
        assert_eq!(payer(&mia, &program).await, "openai server key");
        for (what, budget) in [
            ("requests", "amount:1 per:week"),
            ("requests", "amount:1 per:day who:each member"),
            ("output tokens", "amount:199 per:day"),
            ("dollars", "amount:0.0001 per:day"),
        ] {
            omar.runs(&format!("/server budget set what:{what} {budget}"))
                .await;
            stage.clock.advance_ms(61_000);
            // The first may still find room.
            mia.runs("/ask prompt:count").await;
            assert_eq!(payer(&mia, &program).await, "groq bot default", "{budget}");
            omar.runs(&format!("/server budget clear what:{what}"))
                .await;
        }
        stage.clock.advance_ms(61_000);
        omar.runs("/server budget set what:requests amount:1 per:month")
            .await;
        mia.runs("/ask prompt:count").await;
        assert_snapshot!(mia.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: nobody pays.
        - personal key: none.
        - server key: has reached its limit; `/quota status` shows when it renews.
        - bot default: none.
        Without `provider:`, `/ask` goes to Groq.
        Add a key of your own with `/keys add`.
        ");
        mia.runs("/ask prompt:count").await;
        let details = mia.presses("Details").await;
        assert!(
            details.contains("- OpenAI, server key: has reached its limit"),
            "{details}"
        );
        assert!(details.contains("- Groq, bot default: pays"), "{details}");
    })
    .await;
}

#[tokio::test]
async fn whatever_keeps_a_key_from_paying_is_said_everywhere() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openai", "guild", &good("openai")).await;
        mia.adds("openai", "user", &good("openai")).await;
        let program = program(stage).await;
        assert_eq!(payer(&mia, &program).await, "openai personal key");
        mia.runs("/keys pause provider:openai scope:user").await;
        assert_eq!(payer(&mia, &program).await, "openai server key");
        omar.runs("/keys pause provider:openai scope:guild").await;
        assert_eq!(payer(&mia, &program).await, "groq bot default");
        omar.runs("/keys resume provider:openai scope:guild").await;
        stage.stop().await;
        expire_server_keys(stage);
        stage.start().await;
        let program = program_again(stage, &program).await;
        assert_eq!(payer(&mia, &program).await, "groq bot default");
        omar.runs("/server block user:mia").await;
        assert_eq!(payer(&mia, &program).await, "nobody");
    })
    .await;
}

/// Makes each server's key one that has expired.
fn expire_server_keys(stage: &Stage) {
    let database = rusqlite::Connection::open(stage.database()).unwrap();
    let expire = "update provider_key set expires_at_ms = 1 where scope = 'guild'";
    database.execute(expire, []).unwrap();
}

/// The same program, after a restart.
async fn program_again(stage: &Stage, before: &Program) -> Program {
    Program::stranger(stage).await.with(before.token())
}

/// The provider turns keys down in the middle of an ask: the ask itself and
/// everything after it say who pays in their place.
#[tokio::test]
async fn a_key_that_is_turned_down_does_not_pay_anywhere() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let (personal, servers) = (good("openai"), format!("{}2", good("openai")));
        omar.adds("openai", "guild", &servers).await;
        mia.adds("openai", "user", &personal).await;
        let program = program(stage).await;
        for (key, standing, then) in [
            (
                &personal,
                latchkey_emulator::providers::Standing::Bad,
                "openai server key",
            ),
            (
                &servers,
                latchkey_emulator::providers::Standing::Empty,
                "groq bot default",
            ),
        ] {
            stage.key_stands(key, standing);
            let said = paid(&mia, &program).await;
            assert!(said.iter().all(|said| said.ends_with(then)), "{said:?}");
            assert_eq!(payer(&mia, &program).await, then);
        }
        assert_ne!(bad("openai"), personal);
    })
    .await;
}

#[tokio::test]
async fn tiers_and_the_operators_models_are_seen_everywhere() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let before = program(stage).await;
        assert_eq!(payer(&mia, &before).await, "openai personal key");
        stage.stop().await;
        let no_keys = setup("[[quota.tiers]]\nname = 'community'\nbyok = false\n");
        stage.start_configured(&no_keys.config).await;
        let program = program_again(stage, &before).await;
        assert_eq!(payer(&mia, &program).await, "groq bot default");
    })
    .await;
    let few_models = setup("models = ['groq/*']\n");
    run_with(few_models, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = program(stage).await;
        assert_eq!(payer(&mia, &program).await, "groq bot default");
        assert_snapshot!(mia.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: nobody pays.
        - personal key: does not pay, since the operator does not allow the model.
        - server key: none.
        - bot default: none.
        Without `provider:`, `/ask` goes to Groq.
        Name another model: the list that appears while you type `model:` shows which.
        ");
    })
    .await;
}

/// A budget in dollars refuses models whose price nobody knows.
#[tokio::test]
async fn a_model_without_a_price_is_not_paid_in_dollars() {
    let setup = setup("[providers.openai]\ndefault_model = \"gpt-made-up\"\n");
    run_with(setup, async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openai", "guild", &good("openai")).await;
        omar.runs("/server budget set what:dollars amount:5 per:month").await;
        let program = program(stage).await;
        assert_eq!(payer(&mia, &program).await, "groq bot default");
        assert_snapshot!(mia.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: nobody pays.
        - personal key: none.
        - server key: does not pay, since its limit is in dollars and nobody knows this model's price; name another model.
        - bot default: none.
        Without `provider:`, `/ask` goes to Groq.
        Add a key of your own with `/keys add`.
        ");
    })
    .await;
}
