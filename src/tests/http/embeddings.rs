//! Embeddings at OpenAI's address, from providers that have other words for them.

use std::fmt::Write;

use serde_json::json;

use super::transcripts::what_came;
use crate::tests::program::Program;
use crate::tests::{good, run};

const EMBEDDINGS: &str = "/v1/embeddings";

#[tokio::test]
async fn vectors_come_from_whoever_makes_them() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "google", "mistral", "cohere"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        let mut told = String::new();
        for (model, more) in [
            ("google/gemini-embedding-001", json!({"input": "one"})),
            (
                "google/gemini-embedding-001",
                json!({"input": ["one", "two"], "dimensions": 2, "user": "u"}),
            ),
            (
                "google/gemini-embedding-001",
                json!({"input": ["one"], "encoding_format": "base64"}),
            ),
            ("google/gemini-embedding-001", json!({"input": [1, 2]})),
            (
                "mistral/mistral-embed",
                json!({"input": ["one"], "dimensions": 2, "user": "u"}),
            ),
            ("mistral/mistral-embed", json!({"input": [[1, 2]]})),
            ("cohere/embed-v4.0", json!({"input": "one", "user": "u"})),
            (
                "cohere/embed-v4.0",
                json!({"input": "one", "dimensions": 2}),
            ),
            (
                "openai/text-embedding-3-small",
                json!({"input": [1, 2], "dimensions": 2}),
            ),
        ] {
            stage.clock.advance_ms(1);
            let mut ask = more.clone();
            ask["model"] = json!(model);
            let answer = program.posts(EMBEDDINGS, &ask).await;
            let seen = what_came(stage, &answer, |answer| answer.text.clone()).await;
            let _ = writeln!(told, "{model} {more}: {seen}");
        }
        insta::assert_snapshot!(told, @r#"
        google/gemini-embedding-001 {"input":"one"}: {"data":[{"embedding":[0.25,-0.5],"index":0,"object":"embedding"}],"model":"gemini-embedding-001","object":"list","usage":{"prompt_tokens":12,"total_tokens":12}}
          held 1077 in, 131072 out, ?; used 12 in, 0 out, 1800: {"requests":[{"content":{"parts":[{"text":"one"}]},"model":"models/gemini-embedding-001"}]}
        google/gemini-embedding-001 {"dimensions":2,"input":["one","two"],"user":"u"}: {"data":[{"embedding":[0.25,-0.5],"index":0,"object":"embedding"},{"embedding":[0.25,-0.5],"index":1,"object":"embedding"}],"model":"gemini-embedding-001","object":"list","usage":{"prompt_tokens":24,"total_tokens":24}}
          held 1111 in, 131072 out, ?; used 24 in, 0 out, 3600: {"requests":[{"content":{"parts":[{"text":"one"}]},"model":"models/gemini-embedding-001","outputDimensionality":2},{"content":{"parts":[{"text":"two"}]},"model":"models/gemini-embedding-001","outputDimensionality":2}]}
        google/gemini-embedding-001 {"encoding_format":"base64","input":["one"]}: {"data":[{"embedding":"AACAPgAAAL8=","index":0,"object":"embedding"}],"model":"gemini-embedding-001","object":"list","usage":{"prompt_tokens":12,"total_tokens":12}}
          held 1106 in, 131072 out, ?; used 12 in, 0 out, 1800: {"requests":[{"content":{"parts":[{"text":"one"}]},"model":"models/gemini-embedding-001"}]}
        google/gemini-embedding-001 {"input":[1,2]}: 400 untranslatable "`input` but for texts can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        mistral/mistral-embed {"dimensions":2,"input":["one"],"user":"u"}: {"data":[{"embedding":[0.25,-0.5,0.125],"index":0,"object":"embedding"}],"model":"mistral-embed","object":"list","usage":{"prompt_tokens":4,"total_tokens":4}}
          held 1099 in, 131072 out, ?; used 4 in, 0 out, 400: {"input":["one"],"model":"mistral-embed","output_dimension":2}
        mistral/mistral-embed {"input":[[1,2]]}: 400 untranslatable "`input` but for texts can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        cohere/embed-v4.0 {"input":"one","user":"u"}: {"data":[{"embedding":[0.25,-0.5,0.125],"index":0,"object":"embedding"}],"model":"embed-v4.0","object":"list","usage":{"prompt_tokens":4,"total_tokens":4}}
          held 1078 in, 131072 out, ?; used 4 in, 0 out, 480: {"input":"one","model":"embed-v4.0"}
        cohere/embed-v4.0 {"dimensions":2,"input":"one"}: 400 untranslatable "`dimensions` can't be passed on to this provider from here: nothing in its API means the same. Leave it out, or call the provider's own API under `/<provider>/`."
        openai/text-embedding-3-small {"dimensions":2,"input":[1,2]}: {"data":[{"embedding":[0.25,-0.5,0.125],"index":0,"object":"embedding"},{"embedding":[0.25,-0.5,0.125],"index":1,"object":"embedding"}],"model":"text-embedding-3-small","object":"list","usage":{"prompt_tokens":4,"total_tokens":4}}
          held 1112 in, 131072 out, ?; used 4 in, 0 out, 80: {"dimensions":2,"input":[1,2],"model":"text-embedding-3-small"}
        "#);
    })
    .await;
}
