//! Callers of other systems, with the calls that the documents of those systems
//! show; `docs/compatibility.md`.

use serde_json::{Value, json};

use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::{Setup, bad, good, run, run_with};

const ALL: &str = "scopes:chat,keys:read,keys:write,usage:read";

/// Hides what changes from run to run.
fn hidden(text: &str) -> String {
    let id = regex::Regex::new("[0-9a-f]{32}").unwrap();
    id.replace_all(text, "<id>").into_owned()
}

fn events(answer: &HttpAnswer) -> Vec<Value> {
    let data = answer
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test]
async fn grompts_calls_bring_a_key_and_ideas() {
    let setup = Setup {
        config: "[gateway]\nkeys_without_token = true\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let nobody = Program::stranger(stage).await;
        let ideas = json!({
            "provider": "gemini", "ideas": ["count", "beginner-friendly"],
            "purpose": "Educational Content", "lang": "português", "max_tokens": 1000,
        });
        let unified = || nobody.call("POST", "/api/v1/unified");
        let answer = send(
            unified()
                .header("X-GEMINI-Key", good("google"))
                .json(&ideas),
        )
        .await;
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["mode"], &body["provider"]),
            (200, &json!("byok"), &json!("google")),
            "{}",
            answer.text
        );
        let usage = &body["usage"];
        let both =
            usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
        assert_eq!(usage["total_tokens"], both);
        assert!(usage["estimated_cost"].is_f64() || usage["estimated_cost"].is_null());
        let asked = stage.asked("google");
        assert!(asked.contains("- beginner-friendly") && asked.contains("Educational Content"));
        // The persona that makes prompts of ideas was told of itself.
        let system = stage.world().look(|state| {
            let mut calls = state.providers.calls.iter().rev();
            let chat = calls.find(|call| call.provider == "google" && call.body.is_object());
            chat.unwrap().body["systemInstruction"].to_string()
        });
        assert!(system.contains("rough ideas into prompts"), "{system}");
        for (header, provider, of) in [
            ("X-CHATGPT-Key", "chatgpt", "openai"),
            ("X-CLAUDE-Key", "claude", "anthropic"),
            ("X-API-Key", "openai", "openai"),
        ] {
            let question = json!({"provider": provider, "prompt": "count", "max_tokens": 100});
            let call = unified().header(header, good(of)).json(&question);
            let answer = send(call).await;
            assert_eq!(answer.json()["provider"], of, "{}", answer.text);
        }
        let another = json!({"provider": "claude", "model": "gpt-6-luna", "prompt": "count"});
        let call = unified()
            .header("X-CLAUDE-Key", good("anthropic"))
            .json(&another);
        let refused = send(call).await;
        let is_named = refused.text.contains("model_of_another_provider");
        assert!(refused.status == 400 && is_named, "{}", refused.text);
    })
    .await;
}

#[tokio::test]
async fn synthstacks_list_tells_what_a_key_is_and_what_it_paid() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), ALL).await;
        let keys = "/api/v1/api-keys";
        let new = json!({"provider": "openai", "apiKey": good("openai")});
        let stored = program.posts(keys, &new).await;
        assert_eq!(
            (stored.status, &stored.json()["success"]),
            (201, &json!(true))
        );
        program
            .posts(
                "/api/v1/unified",
                &json!({"prompt": "count", "provider": "openai"}),
            )
            .await;
        stage.app().await.idle().await;
        let listed = program.gets(keys).await.json();
        let key = &listed["keys"][0];
        assert_eq!(key["keyHint"], "****...6789");
        assert_eq!(
            (&key["isValid"], &key["isActive"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(
            (&key["totalRequests"], &key["totalTokens"]),
            (&json!(1), &json!(22))
        );
        let one = format!("{keys}/{}", key["id"].as_str().unwrap());
        send(program.call("PATCH", &one).json(&json!({"paused": true}))).await;
        assert_eq!(
            program.gets(keys).await.json()["keys"][0]["isActive"],
            false
        );
        let tested = program.posts(&format!("{one}/test"), &json!({})).await;
        assert_eq!(tested.json()["valid"], true);
        let refused = json!({"provider": "openai", "apiKey": bad("openai")});
        assert_eq!(program.posts(keys, &refused).await.status, 422);
        // Whoever says so has it saved, marked as invalid.
        let keep = json!({"provider": "mistral", "apiKey": bad("mistral"), "keep_refused": true});
        let kept = program.posts(keys, &keep).await;
        assert_eq!(kept.status, 201, "{}", kept.text);
        let kept = kept.json();
        assert_eq!(
            kept["message"],
            "API key added, and refused by its provider"
        );
        assert_eq!(kept["check"], "invalid");
        assert_eq!(
            (&kept["key"]["isValid"], &kept["key"]["health"]),
            (&json!(false), &json!("refused"))
        );
    })
    .await;
}

#[tokio::test]
async fn app_rproxys_system_keys_are_the_operators() {
    run(async |stage| {
        let omar = Program::of(stage, &stage.omar(), ALL).await;
        let keys = "/v2/admin/llm-keys/";
        let patch = async |body: Value| send(omar.call("PATCH", keys).json(&body)).await;
        let before = omar.gets(keys).await.json();
        assert_eq!(before["anthropic_masked"], Value::Null);
        assert_eq!(before["anthropic_configured"], false);
        // The scene has a key of the environment.
        assert_eq!(before["groq_configured"], true);
        let both =
            json!({"anthropic_api_key": good("anthropic"), "openai_api_key": good("openai")});
        let stored = patch(both).await;
        assert_eq!(stored.status, 200, "{}", stored.text);
        assert_eq!(
            stored.json()["message"],
            "System API keys updated successfully"
        );
        let after = omar.gets("/v2/admin/llm-keys").await;
        assert!(!after.text.contains(&good("anthropic")));
        let after = after.json();
        assert_eq!(after["anthropic_masked"], "****...6789");
        assert_eq!(after["openai_configured"], true);
        // One of two is refused, so that neither is changed.
        let one_bad = json!({"anthropic_api_key": "", "openai_api_key": bad("openai")});
        assert_eq!(patch(one_bad).await.status, 422);
        assert_eq!(patch(json!({"anthropic_api_key": ""})).await.status, 200);
        let left = omar.gets(keys).await.json();
        assert_eq!(left["anthropic_configured"], false);
        assert_eq!(left["openai_configured"], true);
        let mia = Program::of(stage, &stage.mia(), ALL).await;
        assert_eq!(mia.gets(keys).await.status, 403);
        let theirs = send(mia.call("PATCH", keys).json(&json!({}))).await;
        assert_eq!(theirs.status, 403);
    })
    .await;
}

#[tokio::test]
async fn app_rproxys_keys_come_several_at_once_all_or_none() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), ALL).await;
        let keys = "/v2/users/me/api-key";
        let patch = async |body: Value| send(program.call("PATCH", keys).json(&body)).await;
        let both =
            json!({"anthropic_api_key": good("anthropic"), "openai_api_key": good("openai")});
        insta::assert_snapshot!(patch(both).await.shown(), @r#"
        200
        {"message":"API keys updated successfully"}
        "#);
        let status = program.gets("/v2/users/me/api-key-status").await.json();
        assert_eq!(
            [
                &status["has_anthropic_key"],
                &status["has_openai_key"],
                &status["has_google_key"]
            ],
            [&json!(true), &json!(true), &json!(false)]
        );
        // One of two is refused, so that neither is changed.
        let one_bad = json!({"openai_api_key": "", "google_api_key": bad("google")});
        assert_eq!(patch(one_bad).await.status, 422);
        let status = program.gets("/v2/users/me/api-key-status").await.json();
        assert_eq!(status["has_openai_key"], true);
        assert_eq!(
            patch(json!({"openai_api_key": "", "google_api_key": null}))
                .await
                .status,
            200
        );
        let status = program.gets("/v2/users/me/api-key-status").await.json();
        assert_eq!(status["has_openai_key"], false);
        assert_eq!(
            patch(json!({"opnai_api_key": "x"})).await.code(),
            "400 malformed_body"
        );
        let removed = send(program.call("DELETE", keys)).await;
        insta::assert_snapshot!(removed.shown(), @r#"
        200
        {"message":"API keys removed successfully"}
        "#);
    })
    .await;
}

#[tokio::test]
async fn app_rproxys_chat_is_answered_at_once_and_as_it_comes() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let program = Program::of(stage, &stage.mia(), ALL).await;
        let models = program
            .gets("/v2/llm-models/?is_active=true&limit=1")
            .await
            .json();
        assert_eq!(models["data"].as_array().unwrap().len(), 1);
        let model = &models["data"][0];
        assert_eq!(model["id"], "openai/gpt-6-luna", "{models}");
        assert!(model["input_token_price"].as_f64().unwrap() > 0.0);
        assert!(models["count"].as_u64().unwrap() >= 1);
        let chat = json!({
            "model_id": model["id"], "max_tokens": 1024, "temperature": 0.7,
            "messages": [
                {"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"},
                {"role": "user", "content": "count"},
            ],
        });
        let answer = program.posts("/v2/llm/chat/completions", &chat).await;
        let body = answer.json();
        assert_eq!(
            body["content"],
            "one two three four five six seven eight nine ten"
        );
        assert!(body["cost"].as_f64().unwrap() > 0.0 && body["output_tokens"] == 10);
        assert!(body["conversation_id"].is_string() && body["message_id"].is_string());
        assert_eq!(answer.header("x-latchkey-ignored"), "temperature");
        let mut again = chat.clone();
        again["conversation_id"] = json!("made-up");
        let streamed = program
            .posts("/v2/llm/chat/completions/stream", &again)
            .await;
        let events = events(&streamed);
        let text: String = events
            .iter()
            .filter_map(|event| event["content"].as_str())
            .collect();
        assert_eq!(text, "one two three four five six seven eight nine ten");
        let last = events.last().unwrap();
        assert_eq!(
            (&last["done"], &last["conversation_id"]),
            (&json!(true), &json!("made-up"))
        );
        let system =
            json!({"model_id": "gpt-6-luna", "messages": [{"role": "system", "content": "x"}]});
        let refused = program.posts("/v2/llm/chat/completions", &system).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
    })
    .await;
}

#[tokio::test]
async fn kites_calls_show_no_key_and_run_personas_as_tools() {
    run(async |stage| {
        stage.mia().adds("cerebras", "user", &good("cerebras")).await;
        let program = Program::of(stage, &stage.mia(), ALL).await;
        let key = program.gets("/api/user/api-keys/cerebras").await;
        assert_eq!(key.json()["isActive"], true);
        assert!(!key.text.contains(&good("cerebras")), "{}", key.text);
        let none = program.gets("/api/user/api-keys/openai").await;
        assert_eq!(none.status, 404);
        assert_eq!(program.gets("/api/user/api-keys/opnai").await.status, 404);
        let chat = json!({"messages": [{"role": "user", "content": "count"}], "model": "medium", "provider": "cerebras", "userId": "x"});
        let answer = program.posts("/chat", &chat).await;
        insta::assert_snapshot!(answer.shown(), @r#"
        200 personal cerebras
        {"messages":[{"content":"count","role":"user"},{"content":"one two three four five six seven eight nine ten","role":"assistant"}],"response":"one two three four five six seven eight nine ten"}
        "#);
        let mut streamed = chat.clone();
        streamed["stream"] = json!(true);
        let events = events(&program.posts("/chat", &streamed).await);
        assert_eq!(
            events.last().unwrap()["fullResponse"],
            "one two three four five six seven eight nine ten"
        );
        let tools = program.gets("/api/tools").await.json();
        assert_eq!(tools["tools"].as_array().unwrap().len(), 14);
        let tool = json!({"tool": "summarizer", "parameters": {"text": "count", "provider": "cerebras"}});
        let ran = program.posts("/api/tools/execute", &tool).await;
        let body = ran.json();
        assert_eq!((&body["success"], &body["source"]), (&json!(true), &json!("personal")), "{}", ran.text);
        let unknown = json!({"tool": "list_repos", "parameters": {}});
        assert!(program.posts("/api/tools/execute", &unknown).await.status >= 400);
        assert_eq!(hidden(&key.json()["id"].to_string()), "\"<id>\"");
    })
    .await;
}

#[tokio::test]
async fn without_any_key_every_dialect_gets_a_marked_reply() {
    let setup = Setup {
        config: "[ask]\ndemo_replies = true\n[gateway]\ndemo_without_token = true\n".into(),
        no_defaults: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.mia(), "scopes:chat").await;
        let nobody = Program::stranger(stage).await;
        for caller in [&program, &nobody] {
            for (path, body) in [
                ("/v1/chat/completions", json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "hi"}]})),
                ("/v1/chat/completions", json!({"model": "openai/gpt-6-luna", "stream": true, "messages": [{"role": "user", "content": "hi"}]})),
                ("/v1/responses", json!({"model": "openai/gpt-6-luna", "input": "hi"})),
                ("/v1/responses", json!({"model": "openai/gpt-6-luna", "input": "hi", "stream": true})),
                ("/anthropic/v1/messages", json!({"model": "claude-haiku-5-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})),
                ("/anthropic/v1/messages", json!({"model": "claude-haiku-5-5", "stream": true, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})),
                ("/google/v1beta/models/gemini-flash-latest:generateContent", json!({"contents": [{"parts": [{"text": "hi"}]}]})),
                ("/google/v1beta/models/gemini-flash-latest:streamGenerateContent?alt=sse", json!({"contents": [{"parts": [{"text": "hi"}]}]})),
                ("/api/v1/unified", json!({"prompt": "hi", "persona": "cofounder-finance"})),
                ("/api/v1/unified", json!({"prompt": "hi", "provider": "openai", "stream": true})),
                ("/v2/llm/chat/completions", json!({"model_id": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "hi"}]})),
                ("/chat", json!({"messages": [{"role": "user", "content": "hi"}]})),
                ("/api/tools/execute", json!({"tool": "code", "parameters": {"prompt": "hi"}})),
            ] {
                let answer = caller.posts(path, &body).await;
                assert_eq!(answer.status, 200, "{path}: {}", answer.text);
                assert!(answer.text.contains("no model was asked"), "{path}: {}", answer.text);
                assert_eq!(answer.header("x-latchkey-source"), "demo", "{path}");
            }
            for model in ["openai/gpt-image-2", "runpod/text-to-image"] {
                let body = json!({"model": model, "prompt": "a made-up cat", "n": 2});
                let made = caller.posts("/v1/images/generations", &body).await;
                assert_eq!(made.status, 200, "{}", made.text);
                assert_eq!(made.json()["data"].as_array().unwrap().len(), 2);
                assert_eq!(made.header("x-latchkey-source"), "demo");
            }
        }
        let finance = json!({"prompt": "hi", "persona": "cofounder-finance"});
        let body = program.posts("/api/v1/unified", &finance).await.json();
        assert_eq!(body["mode"], "demo");
        assert!(body["response"].as_str().unwrap().contains("your finance lead"));
        // Nobody was asked, and nothing costs anything.
        assert_eq!(stage.calls(), 0);
        let rows = stage.app().await.audit().await;
        assert!(rows.len() > 20);
        assert_eq!(nobody.gets("/api/v1/api-keys").await.status, 401);
        assert_eq!(nobody.gets("/v1/models").await.json()["data"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn strangers_have_so_many_demo_replies_a_minute_and_nobody_pays_for_them() {
    let setup = Setup {
        config: "[ask]\ndemo_replies = true\n[gateway]\ndemo_without_token = true\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let nobody = Program::stranger(stage).await;
        let hi = json!({"prompt": "hi"});
        for _ in 0..30 {
            let answer = nobody.posts("/api/v1/unified", &hi).await;
            assert_eq!(answer.json()["mode"], "demo", "{}", answer.text);
        }
        let refused = nobody.posts("/api/v1/unified", &hi).await;
        assert_eq!(refused.code(), "429 too_many_demo_calls");
        assert_eq!(refused.header("retry-after"), "60");
        // Whoever has a token is nobody's stranger.
        let program = Program::of(stage, &stage.mia(), "scopes:chat").await;
        let paid = program.posts("/api/v1/unified", &hi).await;
        assert_eq!(paid.json()["mode"], "server", "{}", paid.text);
        assert_eq!(stage.calls(), 1);
    })
    .await;
}
