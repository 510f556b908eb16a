//! What a program may ask with a key that others pay for: what reaches the
//! provider is within what was held, or the call is refused by the name of
//! what has no bound.

mod bodies;
mod costly;
mod made;
mod property;
mod ranked;
mod sounds;
mod translated;
mod vendor;
mod ways;

use std::collections::BTreeSet;

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use latchkey_emulator::providers::ProviderFault;

use super::program::{Program, send};
use super::{Setup, Stage, good, run_with};
use crate::store::AuditedAttempt;

/// The bot default's keys of all chat providers, and answers of 1,500 tokens.
fn paid_by_operator() -> Setup {
    let keys = [
        ("OPENAI_API_KEY", "openai"),
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("GEMINI_API_KEY", "google"),
        ("OPENROUTER_API_KEY", "openrouter"),
        ("MISTRAL_API_KEY", "mistral"),
        ("XAI_API_KEY", "xai"),
        ("DEEPSEEK_API_KEY", "deepseek"),
        ("CEREBRAS_API_KEY", "cerebras"),
    ];
    Setup {
        secrets: keys
            .into_iter()
            .map(|(name, provider)| (name.to_owned(), good(provider).into()))
            .collect(),
        ..Setup::default()
    }
}

fn chat(model: &str, more: &Value) -> Value {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "count"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// What reached a provider last.
fn sent(stage: &Stage) -> Value {
    let world = stage.world();
    world.look(|state| state.providers.calls.back().unwrap().body.clone())
}

/// The row of the ledger that is not among those before.
async fn new_row(stage: &Stage, before: &mut BTreeSet<Vec<u8>>) -> AuditedAttempt {
    let app = stage.app().await;
    app.idle().await;
    let rows = app.audit().await.into_iter();
    let mut new: Vec<_> = rows.filter(|row| before.insert(row.id.clone())).collect();
    assert_eq!(new.len(), 1);
    new.remove(0)
}

#[tokio::test]
async fn one_limit_is_sent_under_the_name_that_the_provider_reads() {
    run_with(paid_by_operator(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut rows = BTreeSet::new();
        for (model, limit) in [
            ("openai/gpt-6-luna", "max_completion_tokens"),
            ("groq/openai/gpt-oss-20b", "max_completion_tokens"),
            ("cerebras/gpt-oss-120b", "max_completion_tokens"),
            ("deepseek/deepseek-flash", "max_tokens"),
            ("openrouter/openai/gpt-6-luna", "max_tokens"),
            ("xai/grok-4.3", "max_tokens"),
            ("mistral/mistral-small-latest", "max_tokens"),
            ("anthropic/claude-haiku-5-5", "max_tokens"),
        ] {
            for (asked, held) in [
                (json!({}), 1_500),
                (json!({"max_completion_tokens": 10}), 10),
                (json!({"max_tokens": 10}), 10),
                (
                    json!({"max_tokens": 100_000, "max_completion_tokens": 10}),
                    10,
                ),
                (
                    json!({"max_tokens": 10, "max_completion_tokens": 100_000}),
                    10,
                ),
                (json!({"max_tokens": 100_000.0}), 1_500),
                (
                    json!({"max_output_tokens": 100_000, "num_predict": 90_000}),
                    1_500,
                ),
            ] {
                // Ten calls a minute are all that a person has.
                stage.clock.advance_ms(60_000);
                let said = program
                    .posts("/v1/chat/completions", &chat(model, &asked))
                    .await;
                assert_eq!(said.status, 200, "{model} {asked}: {}", said.text);
                let body = sent(stage);
                assert_eq!(body[limit], held, "{model} {asked}: {body}");
                let names = [
                    "max_tokens",
                    "max_completion_tokens",
                    "max_output_tokens",
                    "num_predict",
                ];
                let others = names.iter().filter(|name| **name != limit);
                assert!(others.clone().all(|name| body[*name].is_null()), "{body}");
                let row = new_row(stage, &mut rows).await;
                assert_eq!(row.held.output_tokens, held);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn googles_two_spellings_are_one_field() {
    run_with(paid_by_operator(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let path = "/google/v1beta/models/gemini-3.1-flash-lite:generateContent";
        let contents = json!([{"role": "user", "parts": [{"text": "count"}]}]);
        let asked = json!({"contents": contents, "generation_config": {"max_output_tokens": "60000", "candidate_count": 4.0}});
        let said = program.posts(path, &asked).await;
        assert_eq!(said.status, 200, "{}", said.text);
        assert_eq!(
            sent(stage)["generationConfig"],
            json!({"maxOutputTokens": 1_500, "candidateCount": 4})
        );
        let row = new_row(stage, &mut BTreeSet::new()).await;
        assert_eq!(row.held.output_tokens, 6_000);
        let both = json!({"contents": contents, "generation_config": {}, "generationConfig": {}});
        let said = program.posts(path, &both).await;
        assert_eq!(said.code(), "400 malformed_field");
        assert!(said.text.contains("`generationConfig` stands there twice"), "{}", said.text);
        let search = json!({"contents": contents, "tools": [{"name": "x", "googleSearch": {}}]});
        assert_eq!(program.posts(path, &search).await.code(), "403 own_key_only");
        let object = json!({"contents": contents, "tools": {"googleSearch": {}}});
        assert_eq!(program.posts(path, &object).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn all_answers_together_are_held() {
    run_with(paid_by_operator(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let asks = |n: Value| chat("openai/gpt-6-luna", &json!({"n": n}));
        let mut rows = BTreeSet::new();
        for (n, sent_n) in [(json!(4), 4), (json!(4.0), 4), (json!(8e0), 8)] {
            let said = program.posts("/v1/chat/completions", &asks(n)).await;
            assert_eq!(said.status, 200, "{}", said.text);
            let body = sent(stage);
            assert_eq!(body["n"], json!(sent_n));
            let all = sent_n * body["max_completion_tokens"].as_u64().unwrap();
            assert!(all <= new_row(stage, &mut rows).await.held.output_tokens);
        }
        for n in [
            json!(128),
            json!(9),
            json!("10"),
            json!(0),
            json!(-1),
            json!(1.5),
            json!([1]),
        ] {
            let said = program
                .posts("/v1/chat/completions", &asks(n.clone()))
                .await;
            assert_eq!(said.code(), "400 malformed_field", "{n}");
        }
        let one = chat("groq/openai/gpt-oss-20b", &json!({"n": 2}));
        assert_eq!(
            program.posts("/v1/chat/completions", &one).await.code(),
            "403 own_key_only"
        );
    })
    .await;
}

#[tokio::test]
async fn what_has_no_bound_is_refused_by_its_path() {
    run_with(paid_by_operator(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let file = json!([{"role": "user", "content": "hi"}, {"role": "user", "content": [
            {"type": "text", "text": "?"}, {"type": "file", "file": {"file_id": "file-1"}}]}]);
        for (model, more, named) in [
            (
                "openrouter/openai/gpt-5-nano:online",
                json!({}),
                "the model `openai/gpt-5-nano:online`",
            ),
            ("groq/groq/compound", json!({}), "the model `groq/compound`"),
            (
                "xai/grok-4-fast",
                json!({"search_parameters": {"mode": "on"}}),
                "`search_parameters`",
            ),
            (
                "openai/gpt-6-luna",
                json!({"web_search_options": {}}),
                "`web_search_options`",
            ),
            (
                "openai/gpt-6-luna",
                json!({"messages": file}),
                "`messages[1].content[1].file.file_id`",
            ),
            (
                "openai/gpt-6-luna",
                json!({"tools": [{"type": "mcp"}]}),
                "`tools[0]` with the type `mcp`",
            ),
            (
                "openai/gpt-6-luna",
                json!({"service_tier": "priority"}),
                "`service_tier` with this value",
            ),
            (
                "openai/gpt-6-luna",
                json!({"some_new_field": 1}),
                "`some_new_field`",
            ),
            (
                "anthropic/claude-haiku-5-5",
                json!({"store": true}),
                "`store` other than `false`",
            ),
        ] {
            let calls = stage.world().look(|state| state.providers.calls.len());
            let said = program
                .posts("/v1/chat/completions", &chat(model, &more))
                .await;
            assert_eq!(said.code(), "403 own_key_only", "{}", said.text);
            assert!(said.text.contains(named), "{}", said.text);
            let after = stage.world().look(|state| state.providers.calls.len());
            assert_eq!(calls, after, "nothing was sent");
        }
    })
    .await;
}

/// Nobody reads a form that is passed on, so that a field may stand in it twice.
/// It is for one's own key alone, and where one is read, such a field is refused
/// by its name.
#[tokio::test]
async fn a_form_is_no_way_around_the_limits_of_a_shared_key() {
    run_with(paid_by_operator(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let form = || {
            let fields = [
                ("model", "gpt-image-2"),
                ("prompt", "x"),
                ("n", "1"),
                ("n", "10"),
            ];
            let form = fields
                .into_iter()
                .fold(Form::new(), |form, (name, value)| form.text(name, value));
            let picture = latchkey_emulator::providers::picture("photo", 0);
            form.part("image", Part::bytes(picture).file_name("a.png"))
        };
        for (path, code, named) in [
            (
                "/openai/v1/images/edits",
                "403 own_key_only",
                "`POST /images/edits`",
            ),
            (
                "/openai/v1/audio/transcriptions",
                "403 own_key_only",
                "the model `gpt-image-2`",
            ),
            ("/openai/v1/files", "403 own_key_only", "`POST /files`"),
            (
                "/openai/v1/images/generations",
                "400 malformed_body",
                "JSON",
            ),
            ("/openai/v1/chat/completions", "400 malformed_body", "JSON"),
            ("/openai/v1/embeddings", "400 malformed_body", "JSON"),
            (
                "/v1/images/edits",
                "400 field_twice",
                "`n` stands in the body twice",
            ),
        ] {
            let said = send(program.call("POST", path).multipart(form())).await;
            assert_eq!(said.code(), code, "{path}: {}", said.text);
            assert!(said.text.contains(named), "{path}: {}", said.text);
        }
        assert_eq!(stage.calls(), 0);
    })
    .await;
}

#[tokio::test]
async fn pictures_that_are_paid_for_by_the_token_are_held_and_booked() {
    run_with(paid_by_operator(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let path = "/v1/images/generations";
        let wish =
            |n: u64| json!({"model": "openai/gpt-image-2", "prompt": "a lighthouse", "n": n});
        let said = program.posts(path, &wish(10)).await;
        assert_eq!(said.status, 200, "{}", said.text);
        let row = new_row(stage, &mut BTreeSet::new()).await;
        assert_eq!((row.held.output_tokens, row.held.images), (237_190, 10));
        assert_eq!((row.used.output_tokens, row.used.images), (41_600, 10));
        assert!(!row.clamped);
        // 10 tokens of words at $5, and 41,600 of pictures at $30, a million.
        assert_eq!(row.used.cost.unwrap().0, 50_000 + 41_600 * 30_000);
        for n in [json!(11), json!(100), json!("10"), json!(0)] {
            let mut wish = wish(1);
            wish["n"] = n;
            assert_eq!(program.posts(path, &wish).await.status, 400);
        }
        let more = json!({"model": "openai/gpt-image-2", "prompt": "x", "frame_count": 2});
        assert_eq!(program.posts(path, &more).await.code(), "403 own_key_only");
    })
    .await;
}

#[tokio::test]
async fn what_searches_or_has_no_price_is_for_ones_own_key_in_every_ask() {
    run_with(paid_by_operator(), async |stage| {
        let mia = stage.mia();
        let program = Program::of(stage, &mia, "").await;
        for (provider, model) in [
            ("openrouter", "openai/gpt-6-luna:online"),
            ("openrouter", "openai/gpt-6-luna@preset/x"),
            ("openrouter", "openrouter/auto"),
            ("openrouter", "perplexity/sonar-pro-search"),
            ("openai", "gpt-4o-search-preview"),
            ("openai", "o3-deep-research"),
        ] {
            let asked = json!({"provider": provider, "model": model, "prompt": "count"});
            let said = program.posts("/api/v1/unified", &asked).await;
            assert_eq!(said.code(), "403 own_key_only", "{model}: {}", said.text);
            let line = format!("/ask prompt:count provider:{provider} model:{model}");
            let said = mia.runs(&line).await;
            assert!(said.contains("is for a key of your own"), "{model}: {said}");
        }
        // What makes pictures alone is asked with nobody's key.
        let asked = json!({"provider": "openai", "model": "gpt-image-2", "prompt": "count"});
        let said = program.posts("/api/v1/unified", &asked).await;
        assert_eq!(said.code(), "400 no_chat", "{}", said.text);
        mia.adds("openrouter", "user", &good("openrouter")).await;
        let line = "/ask prompt:count provider:openrouter model:perplexity/sonar-pro-search";
        let said = mia.runs(line).await;
        assert!(said.contains("one two three"), "{said}");
        mia.runs("/model set model:openrouter/perplexity/sonar for:me")
            .await;
        mia.runs("/keys remove provider:openrouter scope:user")
            .await;
        mia.presses("Remove").await;
        let said = mia.says("@Latchkey count").await;
        assert!(!said.contains("one two three"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn what_is_free_at_a_provider_needs_no_price_under_a_limit_in_dollars() {
    let limit = "[[quota.tiers]]\nname = 'community'\nlimits = [{ dollars = 1.0, per = 'day' }]\n";
    let setup = Setup {
        config: format!("{}{limit}", Setup::default().config),
        ..paid_by_operator()
    };
    run_with(setup, async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        for path in [
            "/openai/v1/models",
            "/anthropic/v1/models",
            "/google/v1beta/models",
        ] {
            let said = program.gets(path).await;
            assert_eq!(said.status, 200, "{path}: {}", said.text);
        }
        let counted =
            json!({"model": "claude-haiku-5-5", "messages": [{"role": "user", "content": "hi"}]});
        let said = program
            .posts("/anthropic/v1/messages/count_tokens", &counted)
            .await;
        assert_eq!(said.status, 200, "{}", said.text);
        let app = stage.app().await;
        app.idle().await;
        let rows = app.audit().await;
        assert_eq!(rows.len(), 4);
        assert!(
            rows.iter()
                .all(|row| row.held.input_tokens + row.used.input_tokens == 0)
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_reported_is_booked_where_a_total_is_missing() {
    run_with(paid_by_operator(), async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let mut rows = BTreeSet::new();
        let ask = chat("openai/gpt-6-luna", &json!({}));
        for (usage, expected) in [
            (json!({"completion_tokens": 1_400}), (None, Some(1_400))),
            (json!({"completion_tokens": 1_400, "prompt_tokens": -7}), (None, Some(1_400))),
            (json!({"prompt_tokens": 900}), (Some(900), None)),
        ] {
            let whole = json!({"id": "chatcmpl-0", "object": "chat.completion", "model": "gpt-6-luna", "usage": usage,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": "one two"}, "finish_reason": "stop"}]});
            let headers = vec![("content-type", "application/json".to_owned())];
            stage.fails("openai", ProviderFault::Sends(headers, whole.to_string().into_bytes()));
            let said = program.posts("/v1/chat/completions", &ask).await;
            assert_eq!(said.status, 200, "{}", said.text);
            let row = new_row(stage, &mut rows).await;
            let (input, output) = expected;
            assert_eq!(row.used.input_tokens, input.unwrap_or(row.used.input_tokens));
            assert_eq!(row.used.output_tokens, output.unwrap_or(row.used.output_tokens));
            assert!(row.used.input_tokens > 0 && row.used.output_tokens > 0, "{usage}");
            assert!(row.estimated, "{usage}");
        }
    })
    .await;
}
