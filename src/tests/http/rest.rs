//! Keys, usage and limits over HTTP.

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use crate::tests::program::{Program, send};
use crate::tests::{Setup, bad, good, run, run_with};

const ALL: &str = "scopes:chat,keys:read,keys:write,usage:read";

/// Hides what changes from run to run.
fn hidden(text: &str) -> String {
    let id = regex::Regex::new("[0-9a-f]{32}").unwrap();
    id.replace_all(text, "<id>").into_owned()
}

#[tokio::test]
async fn a_key_is_stored_changed_tested_and_removed() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), ALL).await;
        let keys = "/api/v1/api-keys";
        insta::assert_snapshot!(program.gets(keys).await.shown(), @r#"
        200
        {"keys":[]}
        "#);
        let new = json!({"provider": "openai", "key": good("openai"), "name": "work"});
        insta::assert_snapshot!(hidden(&program.posts(keys, &new).await.shown()), @r#"
        201
        {"success":true,"message":"API key added and validated successfully","key":{"id":"<id>","provider":"openai","scope":"user","name":"work","hint":"6789","keyHint":"****...6789","isValid":true,"isActive":true,"totalRequests":0,"totalTokens":0,"health":"valid","paused":false,"expires_at":null,"added_at":"2026-11-21T00:00:00Z","checked_at":"2026-11-21T00:00:00Z","last_used_at":null},"replaced":false,"check":"valid","removed":[]}
        "#);
        let again = program.posts(keys, &new).await;
        assert_eq!(
            (again.status, again.json()["replaced"].as_bool()),
            (200, Some(true))
        );
        let id = again.json()["key"]["id"].as_str().unwrap().to_owned();
        let one = format!("{keys}/{id}");
        let change = send(
            program
                .call("PATCH", &one)
                .json(&json!({"name": "home", "paused": true})),
        )
        .await;
        assert_eq!(
            (
                change.json()["name"].as_str(),
                change.json()["paused"].as_bool()
            ),
            (Some("home"), Some(true))
        );
        let status = program.gets("/api/v1/api-keys/status").await;
        insta::assert_snapshot!(hidden(&status.text), @r#"{"byok_enabled":true,"unnamed":"groq","providers":[{"provider":"openai","pays":null,"in_part":false,"trace":[{"source":"personal","key_id":"<id>","verdict":"skipped","reason":"it is paused","remedy":"`latchkey keys resume openai` or, in Discord, `/keys resume provider:openai scope:user`"},{"source":"server","key_id":null,"verdict":"absent","reason":null,"remedy":null},{"source":"bot_default","key_id":null,"verdict":"absent","reason":null,"remedy":null}]},{"provider":"groq","pays":"bot_default","in_part":false,"trace":[{"source":"personal","key_id":null,"verdict":"absent","reason":null,"remedy":null},{"source":"server","key_id":null,"verdict":"absent","reason":null,"remedy":null},{"source":"bot_default","key_id":null,"verdict":"taken","reason":null,"remedy":null}]}]}"#);
        assert_eq!(
            program
                .posts(&format!("{one}/test"), &json!({}))
                .await
                .json()["check"],
            "valid"
        );
        let removed = send(program.call("DELETE", &one)).await;
        insta::assert_snapshot!(removed.shown(), @r#"
        200
        {"removed":["openai"]}
        "#);
        assert_eq!(
            send(program.call("DELETE", &one)).await.code(),
            "404 no_such_key"
        );
        for provider in ["openai", "mistral"] {
            program
                .posts(keys, &json!({"provider": provider, "key": good(provider)}))
                .await;
        }
        insta::assert_snapshot!(send(program.call("DELETE", keys)).await.text, @r#"{"removed":["mistral","openai"]}"#);
        assert_eq!(program.gets(keys).await.json()["keys"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_months_attempts_are_listed_part_by_part() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        for prompt in ["one", "two", "three"] {
            mia.runs(&format!("/ask prompt:{prompt} provider:openai"))
                .await;
        }
        stage.app().await.idle().await;
        let program = Program::of(stage, &mia, ALL).await;
        let list = "/api/v1/usage/attempts";
        let first = program.gets(&format!("{list}?month=2026-11&limit=2")).await;
        let first = first.json();
        let attempts = first["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 2);
        // Each is what its own address shows.
        let id = attempts[0]["id"].as_str().unwrap();
        assert_eq!(
            attempts[0],
            program.gets(&format!("{list}/{id}")).await.json()
        );
        let next = first["next"].as_str().unwrap();
        let rest = program
            .gets(&format!("{list}?limit=2&after={next}"))
            .await
            .json();
        assert_eq!(rest["attempts"].as_array().unwrap().len(), 1);
        assert_eq!(rest["next"], Value::Null);
        let before = program.gets(&format!("{list}?month=2026-10")).await;
        assert_eq!(before.json(), json!({"attempts": [], "next": null}));
        for wrong in [
            "month=7d",
            "month=2026-13",
            "limit=0",
            "limit=501",
            "after=x",
            "time_zone=Moon",
            "days=7",
        ] {
            let refused = program.gets(&format!("{list}?{wrong}")).await;
            assert_eq!(refused.code(), "400 malformed_query", "{wrong}");
        }
        // Nobody else's are in it, and a server's are its managers'.
        let zoe = Program::of(stage, &stage.zoe(), ALL).await;
        assert_eq!(zoe.gets(list).await.json()["attempts"], json!([]));
        let servers = format!("/api/v1/guilds/{}/usage/attempts", stage.scene.server);
        assert_eq!(program.gets(&servers).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn no_answer_ever_holds_a_key() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), ALL).await;
        let key = good("openai");
        let new = json!({"provider": "openai", "key": key});
        let mut said = vec![program.posts("/api/v1/api-keys", &new).await];
        for path in [
            "/api/v1/api-keys",
            "/api/v1/api-keys/status",
            "/api/v1/usage",
            "/api/v1/quota",
            "/api/v1/providers",
            "/openapi.json",
        ] {
            said.push(program.gets(path).await);
        }
        stage.fails("openai", ProviderFault::EchoKey);
        said.push(program.posts("/api/v1/api-keys", &new).await);
        said.push(
            program
                .posts(
                    "/v1/chat/completions",
                    &json!({"model": "gpt-6-luna", "messages": []}),
                )
                .await,
        );
        for answer in said {
            assert!(!answer.text.contains(&key) && !format!("{:?}", answer.headers).contains(&key));
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    })
    .await;
}

#[tokio::test]
async fn bad_input_is_told_and_loses_nothing() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), ALL).await;
        let keys = "/api/v1/api-keys";
        program
            .posts(keys, &json!({"provider": "openai", "key": good("openai")}))
            .await;
        let mut told = Vec::new();
        for body in [
            json!([]),
            json!({}),
            json!({"provider": "openai"}),
            json!({"provider": "openai", "key": 5}),
            json!({"provider": "openai", "key": good("openai"), "paused": true}),
            json!({"provider": "opnai", "key": good("openai")}),
            json!({"provider": "openai", "key": "two words"}),
            json!({"provider": "openai", "key": ""}),
            json!({"provider": "openai", "key": bad("openai")}),
            json!({"provider": "runpod", "key": good("runpod")}),
            json!({"provider": "runpod", "key": good("runpod"), "extras": {"endpoint": "../x"}}),
        ] {
            let said = program.posts(keys, &body).await;
            told.push(format!(
                "{} {}",
                said.code(),
                said.json()["error"]["message"].as_str().unwrap()
            ));
        }
        let said = send(program.call("POST", keys).body("{")).await;
        told.push(format!(
            "{} {}",
            said.code(),
            said.json()["error"]["message"].as_str().unwrap()
        ));
        for query in ["days=0", "days=x", "format=xml", "limit=5"] {
            told.push(program.gets(&format!("/api/v1/usage?{query}")).await.code());
        }
        insta::assert_snapshot!(told.join("\n"), @"
        400 malformed_body The body can't be read: a field has the wrong type. `GET /openapi.json` shows what it should be.
        400 malformed_body The body can't be read: missing field `provider`. `GET /openapi.json` shows what it should be.
        400 malformed_body The body can't be read: missing field `key`. `GET /openapi.json` shows what it should be.
        400 malformed_body The body can't be read: a field has the wrong type. `GET /openapi.json` shows what it should be.
        400 malformed_body The body can't be read: unknown field `paused`, expected one of `provider`, `apiKey`, `key`, `name`, `extras`, `days`, `keep_refused`. `GET /openapi.json` shows what it should be.
        404 unknown_provider There is no provider called `opnai`. Did you mean `openai`? `GET /api/v1/providers` lists all.
        400 malformed_key That can't be a key: it contains spaces or characters that no key has. Nothing was stored.
        400 malformed_key That can't be a key: it is empty. Nothing was stored.
        422 key_refused Key is invalid: openai does not accept that key, so it was not stored. It may not have been copied whole, it may have ended, or its account may not be in good standing. The old key is still in place.
        400 malformed_field “Endpoint ID” is missing, and the key is of no use without it. Nothing was stored.
        400 malformed_field “Endpoint ID” must be a plain name of letters, digits and dashes. Nothing was stored.
        400 malformed_body The body can't be read: it is no JSON. `GET /openapi.json` shows what it should be.
        400 malformed_query
        400 malformed_query
        400 malformed_query
        400 malformed_query
        ");
        assert_eq!(
            program.gets(keys).await.json()["keys"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_servers_keys_are_its_managers_to_change_and_a_members_token_to_use() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let manager = Program::of(stage, &omar, &format!("here:true {ALL}")).await;
        let keys = format!("/api/v1/guilds/{}/api-keys", stage.scene.server);
        let new = json!({"provider": "openai", "key": good("openai")});
        let stored = manager.posts(&keys, &new).await;
        assert_eq!((stored.status, stored.json()["key"]["scope"].as_str()), (201, Some("guild")));
        // It is not the manager's own, and pays for members in its server.
        assert_eq!(manager.gets("/api/v1/api-keys").await.json()["keys"], json!([]));
        let ask = json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "count"}]});
        let anywhere = Program::of(stage, &mia, "").await;
        assert_eq!(anywhere.posts("/v1/chat/completions", &ask).await.code(), "402 nobody_pays");
        let here = Program::of(stage, &mia, "here:true").await;
        let paid = here.posts("/v1/chat/completions", &ask).await;
        assert_eq!((paid.status, paid.header("x-latchkey-source")), (200, "server"), "{}", paid.text);
        stage.app().await.idle().await;
        let usage = manager.gets(&format!("/api/v1/guilds/{}/usage", stage.scene.server)).await.json();
        assert_eq!(usage["total"]["requests"], 1);
        // A member no more: the token is good for nothing that is the server's.
        stage.world().with(|state| {
            for known in state.servers.iter_mut().filter(|known| known.id == stage.scene.server) {
                known.members.remove(&stage.scene.member);
            }
        });
        stage.restart().await;
        let here = Program::stranger(stage).await.with(here.token());
        assert_eq!(here.posts("/v1/chat/completions", &ask).await.code(), "404 no_such_server");
    })
    .await;
}

#[tokio::test]
async fn usage_and_quota_are_told_as_json_and_as_a_table() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), ALL).await;
        let ask = json!({"model": "groq/openai/gpt-oss-20b", "messages": [{"role": "user", "content": "count"}]});
        program.posts("/v1/chat/completions", &ask).await;
        stage.app().await.idle().await;
        insta::assert_snapshot!(program.gets("/api/v1/usage?days=1").await.text, @r#"{"from":"2026-11-21","to":"2026-11-21","time_zone":"UTC","total":{"requests":1,"input_tokens":12,"output_tokens":10,"cached_tokens":0,"reasoning_tokens":0,"images":0,"cost_nano_dollars":3900,"requests_without_price":0,"requests_with_estimated_usage":0},"lines":[{"day":"2026-11-21","source":"bot_default","provider":"groq","model":"openai/gpt-oss-20b","requests":1,"input_tokens":12,"output_tokens":10,"cached_tokens":0,"reasoning_tokens":0,"images":0,"cost_nano_dollars":3900,"requests_without_price":0,"requests_with_estimated_usage":0}],"keys":[{"source":"bot_default","provider":"groq","key":null,"name":null,"hint":null,"requests":1,"input_tokens":12,"output_tokens":10,"cached_tokens":0,"reasoning_tokens":0,"images":0,"cost_nano_dollars":3900,"requests_without_price":0,"requests_with_estimated_usage":0}],"servers":[{"server":null,"requests":1,"input_tokens":12,"output_tokens":10,"cached_tokens":0,"reasoning_tokens":0,"images":0,"cost_nano_dollars":3900,"requests_without_price":0,"requests_with_estimated_usage":0}]}"#);
        // It is the evening of the day before in New York.
        let local = program.gets("/api/v1/usage?period=today&time_zone=America%2FNew_York").await.json();
        assert_eq!((&local["from"], &local["total"]["requests"]), (&json!("2026-11-20"), &json!(1)));
        let month = program.gets("/api/v1/usage?period=2026-10").await.json();
        assert_eq!((&month["to"], &month["total"]["requests"]), (&json!("2026-10-31"), &json!(0)));
        for wrong in [
            "period=2026-13",
            "time_zone=Moon",
            "days=0",
            "period=soon",
            "days=7&period=7d",
            "days=7&days=7",
        ] {
            let answer = program.gets(&format!("/api/v1/usage?{wrong}")).await;
            assert_eq!(answer.code(), "400 malformed_query", "{wrong}");
        }
        insta::assert_snapshot!(program.gets("/api/v1/usage?days=1&format=csv").await.text, @r#"
        day,source,provider,model,requests,input_tokens,output_tokens,cached_tokens,images,cost_nano_dollars,requests_without_price
        2026-11-21,bot_default,"groq","openai/gpt-oss-20b",1,12,10,0,0,3900,0
        "#);
        insta::assert_snapshot!(program.gets("/api/v1/quota").await.text, @r#"{"tier":"community","own_keys":true,"pays":{"provider":"groq","source":"bot_default"},"blocked":false,"payers":[{"source":"bot_default","limits":[{"metric":"requests","per":"minute","window":"rolling","max":10,"used":1,"left":9,"renews_at":"2026-11-21T00:01:01Z"},{"metric":"requests","per":"day","window":"rolling","max":100,"used":1,"left":99,"renews_at":"2026-11-22T00:15:00Z"},{"metric":"images","per":"day","window":"rolling","max":40,"used":0,"left":40,"renews_at":null}]}]}"#);
    })
    .await;
}

#[tokio::test]
async fn one_question_gets_one_answer_from_whoever_pays() {
    run(async |stage| {
        let mia = stage.mia();
        let program = Program::of(stage, &mia, ALL).await;
        let unified = "/api/v1/unified";
        insta::assert_snapshot!(program.posts(unified, &json!({"prompt": "count"})).await.shown(), @r#"
        200 bot_default groq
        {"response":"one two three four five six seven eight nine ten","provider":"groq","model":"openai/gpt-oss-20b","mode":"server","source":"bot_default","finish":"complete","usage":{"input_tokens":12,"output_tokens":10,"prompt_tokens":12,"completion_tokens":10,"total_tokens":22,"estimated":false,"cost_nano_dollars":3900,"estimated_cost":3.9e-6},"receipt":{"price_list":{"name":"genai-prices 0.2.1","date":"2026-10-26"},"terms":[],"reported":null,"lines":[{"class":"input","count":12,"per":1000000,"price_nano_dollars":75000000,"cost_nano_dollars":900},{"class":"output","count":10,"per":1000000,"price_nano_dollars":300000000,"cost_nano_dollars":3000}],"sum_nano_dollars":3900}}
        "#);
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let own = program.posts(unified, &json!({"prompt": "count", "provider": "anthropic", "max_tokens": 50, "persona": "code"})).await;
        assert_eq!((own.json()["mode"].as_str(), own.header("x-latchkey-source")), (Some("byok"), "personal"));
        let asked = stage.world().look(|state| state.providers.calls.back().unwrap().body.clone());
        assert_eq!(asked["max_tokens"], 50);
        let streamed = program.posts(unified, &json!({"prompt": "count", "stream": true})).await;
        assert_eq!(streamed.header("x-latchkey-source"), "personal");
        insta::assert_snapshot!(streamed.text.lines().rev().take(4).collect::<Vec<_>>().join("\n"), @r#"

        data: {"finish":"complete","mode":"byok","model":"claude-haiku-5-5","provider":"anthropic","receipt":{"lines":[{"class":"input","cost_nano_dollars":1200,"count":12,"per":1000000,"price_nano_dollars":100000000},{"class":"output","cost_nano_dollars":5000,"count":10,"per":1000000,"price_nano_dollars":500000000}],"price_list":{"date":"2026-10-26","name":"genai-prices 0.2.1"},"reported":null,"sum_nano_dollars":6200,"terms":[]},"response":"one two three four five six seven eight nine ten","source":"personal","usage":{"completion_tokens":10,"cost_nano_dollars":6200,"estimated":false,"estimated_cost":6.2e-6,"input_tokens":12,"output_tokens":10,"prompt_tokens":12,"total_tokens":22}}
        event: done
        "#);
        let key = good("deepseek");
        let call = program.call("POST", unified).header("x-api-key", &key);
        let once = send(call.json(&json!({"prompt": "count", "provider": "deepseek"}))).await;
        assert_eq!((once.json()["mode"].as_str(), once.header("x-latchkey-source")), (Some("byok"), "request"));
        let call = program.call("POST", unified).header("x-api-key", &key);
        assert_eq!(send(call.json(&json!({"prompt": "count"}))).await.code(), "400 provider_missing");
        // A key of one provider's is not for a model that is named as
        // another's, unless the key's provider names its models so itself.
        for (header, model, code) in [
            ("x-openai-key", "anthropic/claude-haiku-5-5", "400 key_for_another_provider"),
            ("x-claude-key", "openai/gpt-6-luna", "400 key_for_another_provider"),
            ("x-openai-key", "openai/gpt-6-luna", "200 "),
            ("x-openai-key", "gpt-6-luna", "200 "),
            ("x-openrouter-key", "anthropic/claude-haiku-5-5", "200 "),
            ("x-groq-key", "openai/gpt-oss-20b", "200 "),
        ] {
            let provider = header.trim_start_matches("x-").trim_end_matches("-key").replace("claude", "anthropic");
            let call = program.call("POST", unified).header(header, good(&provider));
            let said = send(call.json(&json!({"prompt": "count", "model": model}))).await;
            assert_eq!(said.code(), code, "{header} {model}");
        }
        // Nothing was said yet, so that a stream can still be refused in words.
        let call = program.call("POST", unified).header("x-deepseek-key", "sk-made-up-and-wrong");
        insta::assert_snapshot!(send(call.json(&json!({"prompt": "count", "stream": true}))).await.shown(), @r#"
        401
        {"error":{"code":"provider_key_refused","message":"Key is invalid: deepseek does not accept the key that came with the call. Send one that it accepts."}}
        "#);
        for (body, code) in [
            (json!({"prompt": ""}), "400 prompt_missing"),
            (json!({"prompt": "x", "provider": "opnai"}), "404 unknown_provider"),
            (json!({"prompt": "x", "provider": "runpod"}), "400 no_chat"),
            (json!({"prompt": "x", "persona": "nobody"}), "404 unknown_persona"),
            (json!({"prompt": "x", "temperature": 1}), "400 malformed_body"),
            (json!({"prompt": "x", "provider": "mistral"}), "402 nobody_pays"),
        ] {
            assert_eq!(program.posts(unified, &body).await.code(), code, "{body}");
        }
    })
    .await;
}

#[tokio::test]
async fn where_there_is_no_key_at_all_a_demo_reply_is_marked_as_one() {
    let setup = Setup {
        no_defaults: true,
        config: "[ask]\ndemo_replies = true\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let said = program
            .posts("/api/v1/unified", &json!({"prompt": "count"}))
            .await;
        assert_eq!(
            (
                said.json()["mode"].as_str(),
                said.header("x-latchkey-source")
            ),
            (Some("demo"), "demo")
        );
    })
    .await;
}

/// The document names every answer's shape, and only what is there.
#[tokio::test]
async fn the_document_can_be_fetched_by_anybody() {
    run(async |stage| {
        let document: Value = Program::stranger(stage)
            .await
            .gets("/openapi.json")
            .await
            .json();
        assert_eq!(document["openapi"], "3.1.0");
        let key = &document["components"]["schemas"]["NewKey"]["properties"]["key"];
        assert_eq!(key["format"], "password");
    })
    .await;
}

#[tokio::test]
async fn the_operator_sees_what_is_counted_and_nobody_in_it() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &mia, ALL).await;
        program.posts("/v1/chat/completions", &json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "count"}]})).await;
        stage.app().await.idle().await;
        assert_eq!(program.gets("/metrics").await.code(), "403 not_an_operator");
        let counted = Program::of(stage, &stage.omar(), ALL).await.gets("/metrics").await.text;
        for name in [
            "latchkey_asks_total{provider=\"openai\",payer=\"personal\",outcome=\"answered\"}",
            "latchkey_provider_seconds_bucket{provider=\"openai\",le=\"1\"}",
            "latchkey_http_requests_total{route=\"/v1/chat/completions\",status=\"200\"}",
            "latchkey_http_refusals_total{code=\"not_an_operator\"}",
            "latchkey_holds_total{result=\"held\"}",
            "latchkey_ledger_commit_seconds_count",
            "latchkey_discord_calls_total{route=",
            "latchkey_database_up 1",
            "latchkey_discord_up 1",
            "latchkey_memory_bytes",
        ] {
            assert!(counted.contains(name), "{name} in {counted}");
        }
        for person in [stage.scene.member, stage.scene.manager, stage.scene.server] {
            assert!(!counted.contains(&person.to_string()));
        }
        stage.stop().await;
        stage.start_configured("[gateway]\nopen_metrics = true").await;
        assert_eq!(Program::stranger(stage).await.gets("/metrics").await.status, 200);
    })
    .await;
}
