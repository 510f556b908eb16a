//! Addresses of the vendors' own APIs that this gateway has below the vendors'
//! names alone.

use crate::tests::program::{Program, send};
use crate::tests::{good, run};

const ANTHROPIC: (&str, &str) = ("anthropic-version", "2023-06-01");
const NOBODY: (&str, &str) = ("x-made-up", "1");

#[expect(clippy::too_many_lines, reason = "one answer for each address")]
#[tokio::test]
async fn what_is_a_vendors_alone_is_told_with_its_address() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "").await;
        for (method, path, header, told) in [
            (
                "GET",
                "/v1/responses/resp_1",
                NOBODY,
                "/openai/v1/responses/resp_1",
            ),
            (
                "DELETE",
                "/v1/responses/resp_1",
                NOBODY,
                "/openai/v1/responses/resp_1",
            ),
            (
                "POST",
                "/v1/responses/resp_1/cancel",
                NOBODY,
                "/openai/v1/responses/resp_1/cancel",
            ),
            (
                "GET",
                "/v1/chat/completions/c_1",
                NOBODY,
                "/openai/v1/chat/completions/c_1",
            ),
            ("GET", "/v1/files", NOBODY, "/openai/v1/files"),
            ("GET", "/v1/batches", NOBODY, "/openai/v1/batches"),
            ("GET", "/v1/files", ANTHROPIC, "/anthropic/v1/files"),
            (
                "POST",
                "/v1/messages/batches",
                NOBODY,
                "/anthropic/v1/messages/batches",
            ),
            (
                "GET",
                "/v1/messages/batches/b_1",
                ANTHROPIC,
                "/anthropic/v1/messages/batches/b_1",
            ),
            (
                "GET",
                "/v1beta/cachedContents",
                NOBODY,
                "/google/v1beta/cachedContents",
            ),
            (
                "GET",
                "/v1beta/cachedContents/c1",
                NOBODY,
                "/google/v1beta/cachedContents/c1",
            ),
            (
                "DELETE",
                "/v1beta/files/f1",
                NOBODY,
                "/google/v1beta/files/f1",
            ),
            (
                "POST",
                "/v1beta/models/gemini-3.5-flash:embedContent",
                NOBODY,
                "/google/v1beta/models/gemini-3.5-flash:embedContent",
            ),
        ] {
            let call = |path: &str| {
                let call = program.call(method, path).header(header.0, header.1);
                match method {
                    "POST" => call.json(&serde_json::json!({"input": "hi"})),
                    _ => call,
                }
            };
            let refused = send(call(path)).await;
            assert_eq!(refused.code(), "404 not_found", "{method} {path}");
            assert!(
                refused.text.contains(&format!("`{told}`")),
                "{}",
                refused.text
            );
            // It is passed on there, whatever comes of it.
            let before = stage.calls();
            send(call(told)).await;
            assert!(stage.calls() > before, "{method} {told}");
        }
        for path in ["/v2/things", "/nobody/v1/models"] {
            let refused = program.gets(path).await;
            assert!(refused.text.contains("/openapi.json"), "{}", refused.text);
        }
    })
    .await;
}
