//! System keys: what the operator's people add at run time pays for whoever
//! has no other key, beside what the environment has.

use std::path::Path;

use insta::assert_snapshot;
use latchkey_emulator::providers::Standing;
use serde_json::{Value, json};

use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::{Setup, Stage, bad, good, postgres, process, run, run_with};

const ALL: &str = "scopes:chat,keys:read,keys:write,usage:read";
const KEYS: &str = "/api/v1/system-keys";

fn hidden(text: &str) -> String {
    let id = regex::Regex::new("[0-9a-f]{32}").unwrap();
    id.replace_all(text, "<id>").into_owned()
}

async fn adds(program: &Program, provider: &str) -> String {
    let new = json!({"provider": provider, "key": good(provider)});
    let stored = program.posts(KEYS, &new).await;
    assert!(stored.status < 300, "{}", stored.text);
    stored.json()["key"]["id"].as_str().unwrap().to_owned()
}

async fn patches(program: &Program, id: &str, change: &Value) -> HttpAnswer {
    send(program.call("PATCH", &format!("{KEYS}/{id}")).json(change)).await
}

async fn deletes(program: &Program, id: &str) -> HttpAnswer {
    send(program.call("DELETE", &format!("{KEYS}/{id}"))).await
}

/// What mia's ask of `OpenAI`'s is answered, without the answer itself.
async fn pays(stage: &Stage) -> String {
    let answer = stage.mia().runs("/ask provider:openai prompt:count").await;
    let mut lines = answer.lines().rev();
    let last = lines.find(|line| !line.starts_with('['));
    let last = last.unwrap_or_default().to_owned();
    stage.app().await.idle().await;
    last
}

#[tokio::test]
async fn a_system_key_is_added_pays_and_is_paused_changed_and_removed() {
    run(async |stage| {
        let program = Program::of(stage, &stage.omar(), ALL).await;
        assert_snapshot!(hidden(&program.gets(KEYS).await.shown()), @r#"
        200
        {"keys":[{"id":"env-groq","provider":"groq","origin":"environment","variable":"GROQ_API_KEY","overridden_by":null,"name":null,"hint":"6789","health":"unverified","paused":false,"expires_at":null,"added_by":null,"added_at":null,"checked_at":null,"last_used_at":null,"today":{"requests":0,"input_tokens":0,"output_tokens":0,"images":0,"cost_nano_dollars":0,"requests_without_price":0},"month":{"requests":0,"input_tokens":0,"output_tokens":0,"images":0,"cost_nano_dollars":0,"requests_without_price":0}}]}
        "#);
        assert_snapshot!(pays(stage).await, @"Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.");
        let new = json!({"provider": "openai", "key": good("openai"), "name": "spring"});
        let stored = program.posts(KEYS, &new).await;
        assert_snapshot!(stage.readable(&hidden(&stored.shown())), @r#"
        201
        {"key":{"id":"<id>","provider":"openai","origin":"stored","variable":null,"overridden_by":null,"name":"spring","hint":"6789","health":"valid","paused":false,"expires_at":null,"added_by":"omar","added_at":"2026-11-21T00:00:00Z","checked_at":"2026-11-21T00:00:00Z","last_used_at":null,"today":{"requests":0,"input_tokens":0,"output_tokens":0,"images":0,"cost_nano_dollars":0,"requests_without_price":0},"month":{"requests":0,"input_tokens":0,"output_tokens":0,"images":0,"cost_nano_dollars":0,"requests_without_price":0}},"replaced":false,"check":"valid","removed":[]}
        "#);
        assert_snapshot!(pays(stage).await, @"-# OpenAI gpt-6-luna · 🤖 bot default · 12 tokens in, 10 out · < $0.0001");
        let id = stored.json()["key"]["id"].as_str().unwrap().to_owned();
        let one = program.gets(&format!("{KEYS}/{id}")).await;
        assert_eq!(one.json()["today"]["requests"], 1, "{}", one.text);
        assert_eq!(one.json()["last_used_at"], "2026-11-21T00:00:00Z");
        let paused = patches(&program, &id, &json!({"paused": true, "name": "autumn"})).await;
        assert_eq!((&paused.json()["paused"], &paused.json()["name"]), (&json!(true), &json!("autumn")));
        assert_snapshot!(pays(stage).await, @"Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.");
        patches(&program, &id, &json!({"paused": false})).await;
        assert_snapshot!(pays(stage).await, @"-# OpenAI gpt-6-luna · 🤖 bot default · 12 tokens in, 10 out · < $0.0001");
        let tested = send(program.call("POST", &format!("{KEYS}/{id}/test"))).await;
        assert_eq!(tested.json()["check"], "valid");
        let again = program.posts(KEYS, &new).await;
        assert_eq!((again.status, &again.json()["replaced"]), (200, &json!(true)));
        let id = again.json()["key"]["id"].as_str().unwrap().to_owned();
        assert_eq!(deletes(&program, &id).await.shown(), "200\n{\"removed\":[\"openai\"]}");
        assert_eq!(deletes(&program, &id).await.code(), "404 no_such_key");
        assert_snapshot!(pays(stage).await, @"Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.");
        assert_eq!(stage.keys_that_paid("openai").len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_persons_key_and_a_servers_key_come_before_it() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        adds(&Program::of(stage, &omar, ALL).await, "openai").await;
        assert_snapshot!(mia.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: the bot default pays.
        - personal key: none.
        - server key: none.
        Without `provider:`, `/ask` goes to OpenAI.
        Add a key of your own with `/keys add`.
        ");
        omar.adds("openai", "guild", &good("openai")).await;
        assert_snapshot!(pays(stage).await, @"-# OpenAI gpt-6-luna · 🏠 server key · 12 tokens in, 10 out · < $0.0001");
        mia.adds("openai", "user", &good("openai")).await;
        assert_snapshot!(pays(stage).await, @"-# OpenAI gpt-6-luna · 👤 personal key · 12 tokens in, 10 out · < $0.0001");
        // It is nobody's own.
        assert_snapshot!(omar.runs("/keys list").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        **This server's keys**
        🟢 **OpenAI** `…6789`
        -# pays for everybody in this server · works · last used <t:1795219200:R> · added by <@omar>
        [Test] [Pause] [Replace] [Remove]
        [menu: Add a key of your own]
        [menu: Add a key for this server]
        [Sign in with OpenRouter]
        ");
        assert_snapshot!(omar.runs("/admin show").await, @"
        (only you) Nothing is set beside the configuration's tiers. `/admin limit`, `/admin tier`, `/admin block` and `/admin stop` set something.
        **Keys of the bot default**
        - **Groq** `…6789` · from the environment (`GROQ_API_KEY`) · not checked yet
        - **OpenAI** `…6789` · works · never used · added by <@omar>
        ");
    })
    .await;
}

#[tokio::test]
async fn a_key_of_the_environment_wins_and_is_changed_where_it_stands() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let program = Program::of(stage, &omar, ALL).await;
        let other = format!("{}-other", good("groq"));
        let new = json!({"provider": "groq", "key": other});
        let stored = program.posts(KEYS, &new).await;
        assert_snapshot!(stage.readable(&hidden(&stored.shown())), @r#"
        201
        {"key":{"id":"<id>","provider":"groq","origin":"stored","variable":null,"overridden_by":"GROQ_API_KEY","name":null,"hint":"ther","health":"valid","paused":false,"expires_at":null,"added_by":"omar","added_at":"2026-11-21T00:00:00Z","checked_at":"2026-11-21T00:00:00Z","last_used_at":null,"today":{"requests":0,"input_tokens":0,"output_tokens":0,"images":0,"cost_nano_dollars":0,"requests_without_price":0},"month":{"requests":0,"input_tokens":0,"output_tokens":0,"images":0,"cost_nano_dollars":0,"requests_without_price":0}},"replaced":false,"check":"valid","removed":[]}
        "#);
        mia.runs("/ask provider:groq prompt:count").await;
        assert_eq!(stage.keys_that_paid("groq"), [good("groq")]);
        assert_snapshot!(omar.runs("/admin show").await, @"
        (only you) Nothing is set beside the configuration's tiers. `/admin limit`, `/admin tier`, `/admin block` and `/admin stop` set something.
        **Keys of the bot default**
        - **Groq** `…6789` · from the environment (`GROQ_API_KEY`) · not checked yet
        - **Groq** `…ther` · works · never used · added by <@omar> · not used, since `GROQ_API_KEY` wins
        ");
        let tested = send(program.call("POST", &format!("{KEYS}/env-groq/test"))).await;
        assert_eq!((&tested.json()["check"], &tested.json()["key"]["health"]), (&json!("valid"), &json!("valid")));
        assert_snapshot!(patches(&program, "env-groq", &json!({"paused": true})).await.text, @r#"{"error":{"code":"key_of_environment","message":"The key for groq stands in the environment, as `GROQ_API_KEY`. Change it there, and start the program again."}}"#);
        assert_eq!(deletes(&program, "env-groq").await.code(), "409 key_of_environment");
    })
    .await;
    // Where the environment has none, what was added pays.
    let setup = Setup {
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        adds(&Program::of(stage, &stage.omar(), ALL).await, "groq").await;
        assert_snapshot!(stage.mia().runs("/ask prompt:count").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001
        ");
    })
    .await;
}

#[tokio::test]
async fn a_refused_one_is_passed_over_and_the_operators_are_told_once() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let program = Program::of(stage, &omar, ALL).await;
        let id = adds(&program, "openai").await;
        stage.key_stands(&good("openai"), Standing::Bad);
        assert_snapshot!(mia.runs("/ask prompt:count").await, @"
        > count

        one two three four five six seven eight nine ten
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 10 out · < $0.0001 · bot default for OpenAI was turned down
        ");
        assert_snapshot!(omar.directly().reads_channel(), @"OpenAI no longer accepts the system key, so it pays for nobody any more. Replace it with `latchkey keys --system add openai` or `POST /api/v1/system-keys`; `/admin show` lists all.");
        mia.runs("/ask prompt:count").await;
        assert_eq!(stage.keys_that_paid("openai").len(), 1);
        let one = program.gets(&format!("{KEYS}/{id}")).await.json();
        assert_eq!(one["health"], "refused");
        assert_snapshot!(mia.runs("/keys status provider:openai").await, @"
        (only you) **OpenAI**: nobody pays.
        - personal key: none.
        - server key: none.
        - bot default: was refused by the provider.
        Without `provider:`, `/ask` goes to Groq.
        Add a key of your own with `/keys add`.
        ");
        // The provider changes its mind, and a check finds out.
        stage.key_stands(&good("openai"), Standing::Good);
        send(program.call("POST", &format!("{KEYS}/{id}/test"))).await;
        assert_snapshot!(pays(stage).await, @"-# OpenAI gpt-6-luna · 🤖 bot default · 12 tokens in, 10 out · < $0.0001");
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_stored() {
    run(async |stage| {
        let program = Program::of(stage, &stage.omar(), ALL).await;
        let mut said = Vec::new();
        for body in [
            json!({"provider": "openai", "key": bad("openai")}),
            json!({"provider": "opnai", "key": good("openai")}),
            json!({"provider": "openai", "key": "  "}),
            json!({"provider": "openai", "key": good("anthropic")}),
            json!({"provider": "openai", "key": good("openai"), "scope": "guild"}),
        ] {
            said.push(program.posts(KEYS, &body).await.code());
        }
        said.push(program.gets(&format!("{KEYS}/env-openai")).await.code());
        said.push(program.gets(&format!("{KEYS}/%2e%2e")).await.code());
        assert_snapshot!(said.join("\n"), @"
        422 key_refused
        404 unknown_provider
        400 malformed_key
        400 key_for_another_provider
        400 malformed_body
        404 no_such_key
        404 not_found
        ");
        assert_eq!(program.gets(KEYS).await.json()["keys"].as_array().unwrap().len(), 1);
        let other = Program::of(stage, &stage.mia(), ALL).await;
        let new = json!({"provider": "openai", "key": good("openai")});
        assert_snapshot!(other.posts(KEYS, &new).await.text, @r#"{"error":{"code":"not_an_operator","message":"That is for the people that the operator listed (`discord.operators`)."}}"#);
        assert_eq!(stage.calls(), 1, "nobody else's key was checked");
    })
    .await;
    let setup = Setup {
        byok: false,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.omar(), ALL).await;
        let new = json!({"provider": "openai", "key": good("openai")});
        assert_eq!(program.posts(KEYS, &new).await.code(), "503 byok_disabled");
        // Those of the environment need no master key.
        assert_eq!(program.gets(KEYS).await.json()["keys"][0]["id"], "env-groq");
    })
    .await;
}

/// Another process changes the rows; this one asks them each time.
#[tokio::test]
async fn what_another_process_changes_counts_at_once() {
    let Some(url) = postgres::database() else {
        return;
    };
    let setup = Setup {
        store: Some(url.clone()),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.omar(), ALL).await;
        let id = adds(&program, "openai").await;
        assert_snapshot!(pays(stage).await, @"-# OpenAI gpt-6-luna · 🤖 bot default · 12 tokens in, 10 out · < $0.0001");
        let other = postgres::connect(&url).await;
        let pause = "update provider_key set paused = $1 where scope = 'system'";
        other.execute(pause, &[&1_i64]).await.unwrap();
        assert_snapshot!(pays(stage).await, @"Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.");
        other.execute(pause, &[&0_i64]).await.unwrap();
        assert_snapshot!(pays(stage).await, @"-# OpenAI gpt-6-luna · 🤖 bot default · 12 tokens in, 10 out · < $0.0001");
        stage.key_stands(&good("openai"), Standing::Bad);
        stage.mia().runs("/ask prompt:count").await;
        let one = program.gets(&format!("{KEYS}/{id}")).await.json();
        assert_eq!(one["health"], "refused");
        other.execute("delete from provider_key", &[]).await.unwrap();
        assert_eq!(program.gets(&format!("{KEYS}/{id}")).await.code(), "404 no_such_key");
        assert_snapshot!(pays(stage).await, @"Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.");
    })
    .await;
}

/// A row of a person's or a server's does not become the operator's by its
/// scope: the seal is bound to it.
#[tokio::test]
async fn a_row_that_is_moved_to_the_operator_does_not_open() {
    let Some(url) = postgres::database() else {
        return;
    };
    let setup = Setup {
        store: Some(url.clone()),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        stage.omar().adds("openai", "user", &good("openai")).await;
        let thief = postgres::connect(&url).await;
        let moved = "update provider_key set scope = 'system', owner_id = 0";
        assert_eq!(thief.execute(moved, &[]).await.unwrap(), 1);
        assert_snapshot!(pays(stage).await, @"OpenAI turned the bot's own key down, which its operator has to mend. A key of your own works without it: `/keys add provider:openai scope:user`.");
        assert!(stage.keys_that_paid("openai").is_empty());
        stage.expects_refusals();
    })
    .await;
}

#[tokio::test]
async fn a_master_key_that_is_replaced_still_opens_system_keys() {
    run(async |stage| {
        adds(&Program::of(stage, &stage.omar(), ALL).await, "openai").await;
        let before = pays(stage).await;
        stage.stop().await;
        let new = crate::vault::MasterKey::generate().unwrap();
        stage.start_rotated(&new).await;
        assert_eq!(pays(stage).await, before);
        // Without the old one it is locked, and nothing is lost.
        stage.stop().await;
        stage.start_with(Some(&new)).await;
        assert_snapshot!(pays(stage).await, @"Add yours with `/keys add provider:openai scope:user`; you get one at <https://platform.openai.com/api-keys>.");
        stage.restart().await;
        assert_eq!(pays(stage).await, before);
    })
    .await;
}

/// Puts system keys into a database, each as well as a key can be.
fn put_keys(database: &Path) {
    let database = rusqlite::Connection::open(database).unwrap();
    for (number, (provider, health)) in [
        ("openai", "valid"),
        ("mistral", "refused"),
        ("xai", "unverified"),
        ("anthropic", "out_of_credit"),
        ("deepseek", "damaged"),
    ]
    .into_iter()
    .enumerate()
    {
        let insert = "insert into provider_key (key_id, scope, owner_id, provider, sealed, \
                      master_kid, health, paused, added_by, added_at_ms) \
                      values (?1, 'system', 0, ?2, x'00', 'made-up', ?3, 0, 1, 1)";
        let id = format!("{number:032x}");
        database.execute(insert, (id, provider, health)).unwrap();
    }
}

#[tokio::test]
async fn the_doctor_says_how_the_system_keys_are() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = process::world(folder.path()).await;
    crate::tests::database_file::make_database(folder.path()).await;
    put_keys(&folder.path().join("process.db"));
    let output = process::run("doctor", &variables).await;
    let text = process::printed(&output.stdout);
    for line in [
        "ok    OpenAI: accepts the system key\n",
        "FAIL  Mistral: refuses the system key; make a new one at https://",
        "note  xAI: the system key was not checked yet",
        "FAIL  Anthropic: the account is out of credit; top up at https://",
        "FAIL  DeepSeek: the system key does not open: its row was changed or damaged; add it again",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!output.status.success());
}
