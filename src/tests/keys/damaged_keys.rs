//! Stored keys whose row does not open: the next payer answers, whoever
//! added the key is told once, and everywhere it says what to do.

use insta::assert_snapshot;
use serde_json::json;

use crate::tests::http::gateway::count;
use crate::tests::program::Program;
use crate::tests::{Actor, Setup, Stage, good, run, run_with};

/// Makes something else of a sealed key.
type Change = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// Changes what is stored of somebody's keys, past the program.
fn damage(stage: &Stage, owner: u64, change: impl Fn(&[u8]) -> Vec<u8>) {
    let database = rusqlite::Connection::open(stage.database()).unwrap();
    let read = "select key_id, sealed from provider_key where owner_id = ?1";
    let mut statement = database.prepare(read).unwrap();
    let rows = statement.query_map([owner.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Vec<(String, Vec<u8>)> = rows.unwrap().map(Result::unwrap).collect();
    assert!(!rows.is_empty());
    for (id, sealed) in rows {
        let write = "update provider_key set sealed = ?1 where key_id = ?2";
        database.execute(write, (change(&sealed), id)).unwrap();
    }
}

/// What is stored of somebody's only key.
fn sealed_of(stage: &Stage, owner: u64) -> Vec<u8> {
    let database = rusqlite::Connection::open(stage.database()).unwrap();
    let read = "select sealed from provider_key where owner_id = ?1";
    let found = database.query_row(read, [owner.cast_signed()], |row| row.get(0));
    found.unwrap()
}

/// Flips the last bit, which is one of the tag's.
fn bend(sealed: &[u8]) -> Vec<u8> {
    let mut bent = sealed.to_vec();
    *bent.last_mut().unwrap() ^= 1;
    bent
}

/// What of this text was said to somebody alone, or in their direct messages.
fn told(stage: &Stage, actor: &Actor<'_>, text: &str) -> usize {
    let direct = stage.actor(actor.person, "direct message").channel;
    stage.world().look(|state| {
        let theirs = state
            .messages
            .iter()
            .filter(|message| message.only_for == Some(actor.person) || message.channel == direct);
        theirs
            .filter(|message| message.content.contains(text))
            .count()
    })
}

#[tokio::test]
async fn the_next_payer_answers_and_the_owner_is_told_once() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        omar.adds("openai", "guild", &good("openai")).await;
        damage(stage, mia.person, bend);
        let ask = "/ask prompt:count provider:openai";
        let footer = |seen: &str| {
            seen.lines()
                .find(|line| line.starts_with("-# "))
                .unwrap()
                .to_owned()
        };
        assert_snapshot!(footer(&mia.runs(ask).await), @"-# OpenAI gpt-6-luna · 🏠 server key · 12 tokens in, 10 out · < $0.0001 · personal key for OpenAI is damaged");
        assert_snapshot!(footer(&mia.runs(ask).await), @"-# OpenAI gpt-6-luna · 🏠 server key · 12 tokens in, 10 out · < $0.0001");
        let notice = "What I stored of your OpenAI key can't be opened any more";
        assert_eq!(told(stage, &mia, notice), 1);
        assert_snapshot!(mia.runs("/keys list scope:user").await, @"
        (only you) **Your keys**
        🔴 **OpenAI** `…6789`
        -# pays for nothing · damaged; add it again with `/keys add` · never used
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(mia.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: the server key pays.
        - personal key: is damaged, so that it can't be opened; add it again with `/keys add`.
        - bot default: none.
        Without `provider:`, `/ask` goes to OpenAI.
        Add yours again with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.
        ");
        assert_snapshot!(mia.runs("/keys test provider:openai").await, @"(only you) The personal key for OpenAI can't be opened: what is stored of it was changed or damaged in the database. It is not used. Add it again with `/keys add provider:openai scope:user`.");
        // Added again, it pays.
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(footer(&mia.runs(ask).await), @"-# OpenAI gpt-6-luna · 👤 personal key · 12 tokens in, 10 out · < $0.0001");
        assert_eq!(told(stage, &mia, notice), 1);
    })
    .await;
}

/// A row that is as it was again (from a backup, say) works after a test.
#[tokio::test]
async fn a_row_that_was_mended_works_after_a_test() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        damage(stage, mia.person, bend);
        // The test finds it first, and nobody need be told of it again.
        let tested = mia.runs("/keys test provider:openai").await;
        assert!(tested.contains("can't be opened"), "{tested}");
        assert!(mia.runs("/keys list").await.contains("damaged"));
        damage(stage, mia.person, bend);
        let tested = mia.runs("/keys test provider:openai").await;
        assert_snapshot!(tested, @"
        (only you) Tested the personal key at <t:1795219200:T>: **OpenAI** `…6789`.
        OpenAI accepts it.
        ");
        assert!(
            mia.runs("/ask prompt:count provider:openai")
                .await
                .contains("personal key")
        );
        assert_eq!(told(stage, &mia, "any more"), 0);
    })
    .await;
}

#[tokio::test]
async fn where_nobody_else_pays_it_says_what_to_do() {
    let alone = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(alone, async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        damage(stage, mia.person, bend);
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"(only you) What I stored of your OpenAI key can't be opened any more: it was changed or damaged in the database. So I stopped using it. Nobody can read the key from it; add it again with `/keys add provider:openai scope:user`.");
        assert_snapshot!(mia.runs("/ask prompt:count provider:openai").await, @"
        (only you) There is no key for OpenAI that can pay here.
        - The personal key for OpenAI is damaged, so that it can't be opened.
        Add yours again with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.
        ");
        // A server's key: whoever added it hears of it, and nobody else.
        omar.adds("mistral", "guild", &good("mistral")).await;
        damage(stage, stage.scene.server, bend);
        assert_snapshot!(mia.runs("/ask prompt:count provider:mistral").await, @"
        (only you) > count

        What I stored of this server's Mistral key can't be opened, and whoever added it is told. A key of your own works without it: `/keys add provider:mistral scope:user`.
        ");
        assert_snapshot!(omar.directly().reads_channel(), @"
        What I stored of the Mistral key that you added to a server can't be opened any more: it was changed or damaged in the database. So I stopped using it. Add it again there with `/keys add provider:mistral scope:guild`.
        The server is **Lantern Club**.
        ");
        assert_snapshot!(omar.runs("/keys test provider:mistral scope:guild").await, @"(only you) The server key for Mistral can't be opened: what is stored of it was changed or damaged in the database. It is not used. Add it again with `/keys add provider:mistral scope:guild`.");
        assert!(
            stage.keys_that_paid("openai").is_empty() && stage.keys_that_paid("mistral").is_empty()
        );
    })
    .await;
}

/// However a row was changed, and wherever what stands in it came from.
#[tokio::test]
async fn every_kind_of_damage_is_passed_over() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("mistral", "user", &good("mistral")).await;
        omar.adds("openai", "guild", &good("openai")).await;
        let (of_omar, of_server) = (
            sealed_of(stage, omar.person),
            sealed_of(stage, stage.scene.server),
        );
        // The parts of a seal: format, master key, salt, commitment, nonce,
        // and what is sealed.
        let flips = [0, 1, 9, 41, 73, 85].map(|at| {
            move |sealed: &[u8]| {
                let mut bent = sealed.to_vec();
                bent[at] ^= 0x80;
                bent
            }
        });
        let mut kinds: Vec<(String, Change)> = vec![
            ("nothing".into(), Box::new(|_: &[u8]| Vec::new())),
            (
                "cut".into(),
                Box::new(|sealed: &[u8]| sealed[..sealed.len() / 2].to_vec()),
            ),
            (
                "longer".into(),
                Box::new(|sealed: &[u8]| [sealed, b"x"].concat()),
            ),
            (
                "zeros".into(),
                Box::new(|sealed: &[u8]| vec![0; sealed.len()]),
            ),
            ("text".into(), Box::new(|_: &[u8]| b"made-up text".to_vec())),
            (
                "another person's".into(),
                Box::new(move |_: &[u8]| of_omar.clone()),
            ),
            (
                "a server's".into(),
                Box::new(move |_: &[u8]| of_server.clone()),
            ),
        ];
        kinds.extend(flips.into_iter().enumerate().map(|(at, flip)| {
            let flip: Change = Box::new(flip);
            (format!("part {at}"), flip)
        }));
        for (kind, change) in kinds {
            mia.adds("openai", "user", &good("openai")).await;
            damage(stage, mia.person, change);
            let seen = mia.runs("/ask prompt:count provider:openai").await;
            assert!(
                seen.contains("server key") && seen.contains("personal key for OpenAI is damaged"),
                "{kind}: {seen}"
            );
            stage.clock.advance_ms(crate::model::DAY_MS);
        }
    })
    .await;
}

/// The same for programs, at every address that calls a provider.
#[tokio::test]
async fn programs_are_served_by_the_next_payer_too() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        omar.adds("openai", "guild", &good("openai")).await;
        let all = "scopes:chat,keys:read,keys:write here:true";
        let program = Program::of(stage, &mia, all).await;
        let mut seen = Vec::new();
        for (path, body) in [
            ("/v1/chat/completions", count("openai/gpt-6-luna")),
            (
                "/v1/responses",
                json!({"model": "openai/gpt-6-luna", "input": "count", "max_output_tokens": 50}),
            ),
            ("/openai/v1/chat/completions", count("gpt-6-luna")),
            (
                "/api/v1/unified",
                json!({"prompt": "count", "provider": "openai"}),
            ),
            (
                "/api/v1/unified",
                json!({"prompt": "count", "provider": "openai", "stream": true}),
            ),
            (
                "/v1/images/generations",
                json!({"model": "openai/gpt-image-2", "prompt": "a lighthouse"}),
            ),
            ("/v1/models", json!(null)),
        ] {
            mia.adds("openai", "user", &good("openai")).await;
            damage(stage, mia.person, bend);
            let said = if body.is_null() {
                program.gets(path).await
            } else {
                program.posts(path, &body).await
            };
            assert_eq!(said.status, 200, "{path}: {}", said.text);
            let keys = program.gets("/api/v1/api-keys").await.json();
            let source = said.header("x-latchkey-source");
            seen.push(format!("{path} {source}: {}", keys["keys"][0]["health"]));
            stage.app().await.idle().await;
            stage.clock.advance_ms(crate::model::DAY_MS / 24);
        }
        assert_snapshot!(seen.join("\n"), @r#"
        /v1/chat/completions server: "damaged"
        /v1/responses server: "damaged"
        /openai/v1/chat/completions server: "damaged"
        /api/v1/unified server: "damaged"
        /api/v1/unified server: "damaged"
        /v1/images/generations server: "damaged"
        /v1/models : "damaged"
        "#);
        assert_eq!(
            told(stage, &mia, "What I stored of your OpenAI key"),
            seen.len()
        );
        let listed = program.gets("/v1/models").await;
        assert!(
            listed.text.contains("openai/made-up-model"),
            "{}",
            listed.text
        );
    })
    .await;
}

#[tokio::test]
async fn programs_hear_what_to_do_about_a_damaged_key() {
    run(async |stage| {
        let mia = stage.mia();
        let all = "scopes:chat,keys:read,keys:write";
        let program = Program::of(stage, &mia, all).await;
        mia.adds("openai", "user", &good("openai")).await;
        damage(stage, mia.person, bend);
        let first = program
            .posts("/v1/chat/completions", &count("openai/gpt-6-luna"))
            .await;
        assert_snapshot!(first.shown(), @r#"
        409 personal openai
        {"error":{"code":"key_damaged","message":"What is stored of the key for openai can't be opened: it was changed or damaged in the database. Add it again with `POST /api/v1/api-keys`, or `/keys add` in Discord.","param":null,"type":"invalid_request_error"}}
        "#);
        let id = program.gets("/api/v1/api-keys").await.json()["keys"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let tested = program
            .posts(&format!("/api/v1/api-keys/{id}/test"), &json!({}))
            .await;
        assert_snapshot!(tested.shown(), @r#"
        409
        {"error":{"code":"key_damaged","message":"What is stored of the key for openai can't be opened: it was changed or damaged in the database. It is not used. Add the key again with `POST /api/v1/api-keys`, or `/keys add` in Discord."}}
        "#);
        let nobody = program
            .posts("/v1/chat/completions", &count("openai/gpt-6-luna"))
            .await;
        assert_snapshot!(nobody.shown(), @r#"
        402
        {"error":{"code":"nobody_pays","message":"No key for openai can pay for this. Passed over: your key for openai: what is stored of it can't be opened; it must be added again. `latchkey keys add openai` or, in Discord, `/keys add provider:openai scope:user` mends yours.","param":null,"type":"insufficient_quota"}}
        "#);
    })
    .await;
}

#[tokio::test]
async fn pictures_are_made_by_the_next_payer_too() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        omar.adds("openai", "guild", &good("openai")).await;
        damage(stage, mia.person, bend);
        let seen = mia
            .runs("/imagine prompt:a lighthouse provider:openai")
            .await;
        assert!(
            seen.contains("server key") && seen.contains("personal key for OpenAI is damaged"),
            "{seen}"
        );
        assert_eq!(told(stage, &mia, "What I stored of your OpenAI key"), 1);
    })
    .await;
}
