//! What people and programs read while the database is in trouble, and what
//! machines read of it.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::database_file::OtherProgram;
use super::link::Link;
use super::program::Program;
use super::stage::{Setup, Stage, run, run_with};
use super::{good, postgres};

const ALL: &str = "scopes:chat,keys:read,keys:write,usage:read";

/// A call in each dialect, and the place of its error's code.
fn calls() -> [(&'static str, Value, &'static str); 5] {
    let messages = json!([{"role": "user", "content": "hello"}]);
    [
        (
            "/v1/chat/completions",
            json!({"model": "openai/gpt-6-luna", "messages": messages}),
            "/error/code",
        ),
        (
            "/anthropic/v1/messages",
            json!({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": messages}),
            "/error/code",
        ),
        (
            "/google/v1beta/models/gemini-2.5-flash:generateContent",
            json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}),
            "/error/details/0/reason",
        ),
        ("/api/v1/unified", json!({"prompt": "hello"}), "/error/code"),
        (
            "/api/v1/api-keys",
            json!({"provider": "openai", "key": good("openai")}),
            "/error/code",
        ),
    ]
}

/// What a program reads.
async fn is_told_to_wait(program: &Program) {
    let sent = calls().map(async |(path, body, place)| {
        let said = program.posts(path, &body).await;
        let code = said.json().pointer(place).cloned();
        assert_eq!(said.status, 503, "{path}: {}", said.text);
        assert_eq!(code, Some("database_unavailable".into()), "{path}");
        let wait_s: u64 = said.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait_s), "{path}");
    });
    join_all(sent).await;
}

/// What the readiness address answers.
async fn readiness(program: &Program) -> (u16, Value) {
    let said = program.gets("/readyz").await;
    let lives = program.gets("/healthz").await;
    assert_eq!((lives.status, lives.text.as_str()), (200, "ok\n"));
    (said.status, said.json())
}

async fn until_ready(program: &Program) {
    while readiness(program).await.0 != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn programs_and_people_are_told_when_postgresql_is_away() {
    let Some(direct) = postgres::database() else {
        return;
    };
    let (link, url) = Link::to_database(&direct).await;
    let setup = Setup {
        store: Some(url),
        ..Setup::default()
    };
    run_with(setup, async |stage: &Stage| {
        let mia = stage.mia();
        let program = Program::of(stage, &mia, ALL).await;
        // So that the token is known, and the calls come as far as they can.
        assert_eq!(program.gets("/v1/models").await.status, 200);
        until_ready(&program).await;
        link.refuses();
        is_told_to_wait(&program).await;
        let (status, body) = readiness(&program).await;
        assert_eq!((status, &body["database"]["state"]), (503, &json!("away")));
        assert_eq!(body["discord"]["state"], "ok");
        let away = "I cannot reach my database at the moment";
        for command in [
            "/quota status",
            "/keys list",
            "/keys status",
            "/usage",
            "/ask prompt:hello",
            "/imagine prompt:a lake",
            "/keys add provider:openai scope:user",
        ] {
            let read = mia.runs(command).await;
            assert!(read.contains(away), "{command}: {read}");
            assert!(read.contains("try again in a minute"), "{command}: {read}");
        }
        link.passes();
        until_ready(&program).await;
        let read = mia.runs("/quota status").await;
        assert!(!read.contains(away), "{read}");
        assert_eq!(program.gets("/api/v1/quota").await.status, 200);
    })
    .await;
}

/// Locked for a moment, the database is waited for; for longer, everybody is
/// told within five seconds, and those who only read are answered as ever.
#[tokio::test]
async fn programs_and_people_are_told_when_sqlite_is_locked() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, ALL).await;
        until_ready(&program).await;
        let other = OtherProgram::open(&stage.database());
        other.runs("begin immediate");
        let key = json!({"provider": "openai", "key": good("openai")});
        let storing = async {
            let stored = program.posts("/api/v1/api-keys", &key).await;
            assert_eq!(stored.code(), "503 database_unavailable");
        };
        let others = async {
            assert!(mia.runs("/quota status").await.contains("You"));
            let locked = loop {
                let (status, body) = readiness(&program).await;
                if status == 503 {
                    break body;
                }
            };
            assert_eq!(locked["status"], "not_ready");
            assert_eq!(locked["database"]["state"], "locked");
            // A form must be the first answer, within three seconds; so must what
            // is said instead of it.
            mia.runs("/keys add provider:openai scope:user").await
        };
        let ((), form) = tokio::join!(storing, others);
        assert!(
            form.contains("My database is too busy at the moment"),
            "{form}"
        );
        other.runs("rollback");
        until_ready(&program).await;
        assert_eq!(program.posts("/api/v1/api-keys", &key).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn readiness_has_a_word_for_each_part_and_follows_the_shards() {
    run(async |stage| {
        let program = Program::stranger(stage).await;
        until_ready(&program).await;
        let (_, body) = readiness(&program).await;
        assert_eq!(body["status"], "ready");
        assert_eq!(
            body["discord"],
            json!({"state": "ok", "shards": 1, "connected": 1})
        );
        for part in ["database", "writer", "disk"] {
            assert_eq!(body[part]["state"], "ok", "{body}");
        }
        assert!(body["database"]["last_commit_ms_ago"].is_u64());
        assert!(body["disk"]["free_bytes"].is_u64());
        let operator = Program::of(stage, &stage.omar(), ALL).await;
        let up = async |word: &str| {
            let counted = operator.gets("/metrics").await.text;
            counted.contains(&format!("latchkey_discord_up {word}\n"))
        };
        assert!(up("1").await);
        // Discord hangs up, and takes nobody back.
        stage
            .world()
            .with(|state| state.connections_to_refuse = 1_000);
        stage.world().drop_sockets(None);
        let (status, body) = loop {
            let (status, body) = readiness(&program).await;
            if body["discord"]["connected"] == 0 {
                break (status, body);
            }
        };
        // For a few seconds that is nothing unusual.
        assert_eq!((status, &body["discord"]["state"]), (200, &json!("ok")));
        assert!(up("0").await);
    })
    .await;
}
