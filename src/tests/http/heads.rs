//! What a request's head may say, to the gateway and to the demo. Raw
//! sockets, since a library would mend what is wrong.

use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use super::smuggling::{raw, raw_at};
use crate::tests::pages::page::open;
use crate::tests::program::{Program, send};
use crate::tests::{Setup, Stage, good, run, run_with};

/// The status of a raw answer and, where it is a no of ours, its stable code.
fn code_of(answer: &str) -> String {
    let status = answer.split(' ').nth(1).unwrap_or("hung up").to_owned();
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let places = ["/error/code", "/error/details/0/reason"];
    let code = places.iter().find_map(|at| body.pointer(at)?.as_str());
    code.map_or_else(|| status.clone(), |code| format!("{status} {code}"))
}

/// Requests by their first line and what they say of their host.
const REQUESTS: &[(&str, &str)] = &[
    ("GET /v1/models HTTP/1.1", "Host: <own>"),
    ("GET /v1/models HTTP/1.1", "Host: LOCALHOST:1"),
    ("GET /v1/models HTTP/1.1", "Host: latchkey.example"),
    ("GET /v1/models HTTP/1.1", "Host: latchkey:8787"),
    ("GET /v1/models HTTP/1.1", "Host: 192.0.2.7"),
    ("GET http://<own>/v1/models HTTP/1.1", "Host: <own>"),
    ("GET /v1/models HTTP/1.0", "X-Nothing: 1"),
    ("GET /v1/models HTTP/1.1", "X-Nothing: 1"),
    ("GET /v1/models HTTP/1.1", "Host: <own>\r\nHost: <own>"),
    (
        "GET /v1/models HTTP/1.1",
        "Host: <own>\r\nhOST: evil.example",
    ),
    ("GET /v1/models HTTP/1.0", "Host: <own>\r\nHost: <own>"),
    ("GET /v1/models HTTP/1.1", "Host:"),
    ("GET /v1/models HTTP/1.1", "Host: <own>, evil.example"),
    ("GET /v1/models HTTP/1.1", "Host: mia@<own>"),
    ("GET http://evil.example/v1/models HTTP/1.1", "Host: <own>"),
    ("GET http://localhost/v1/models HTTP/1.1", "Host: <own>"),
    ("GET http://<own>/v1/models HTTP/1.1", "Host: evil.example"),
    ("GET http://<own>/v1/models HTTP/1.1", "X-Nothing: 1"),
    ("GET /v1/models HTTP/1.1", "Host: evil.example"),
    ("GET /v1/models HTTP/1.0", "Host: evil.example"),
    ("GET /v1/models HTTP/1.1", "Host: 127.0.0.1.evil.example"),
    ("GET /v1/models HTTP/1.1", "Host: 192.0.2.8"),
    (
        "GET http://evil.example/v1/models HTTP/1.1",
        "Host: evil.example",
    ),
    ("GET /openapi.json HTTP/1.1", "Host: evil.example"),
    ("GET /nowhere HTTP/1.1", "Host: evil.example"),
    ("GET /anthropic/v1/models HTTP/1.1", "Host: evil.example"),
    ("GET /google/v1beta/models HTTP/1.1", "Host: evil.example"),
    ("GET /healthz HTTP/1.1", "Host: evil.example"),
    ("GET /readyz HTTP/1.1", "Host: 203.0.113.9:80"),
    ("GET /healthz HTTP/1.1", "Host: <own>\r\nHost: <own>"),
];

/// [RFC 9112, section 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2), and
/// hosts whose names somebody else made lead here.
#[tokio::test]
async fn the_gateway_answers_to_its_own_hosts_and_to_one_in_a_request() {
    let setup = Setup {
        config: "[gateway]\nhosts = [\"latchkey\", \"192.0.2.7\"]\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let token = Program::of(stage, &mia, "").await.token().to_owned();
        let own = stage.gateway().await.replace("http://", "");
        let mut seen = Vec::new();
        for (first, hosts) in REQUESTS {
            let request = format!(
                "{first}\r\n{hosts}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
            );
            let answer = raw(stage, &request.replace("<own>", &own)).await;
            assert!(
                answer.contains("x-content-type-options: nosniff"),
                "{answer}"
            );
            let hosts = hosts.replace("\r\n", ", ");
            seen.push(format!("{} · {first} · {hosts}", code_of(&answer)));
        }
        insta::assert_snapshot!(seen.join("\n"), @r"
        200 · GET /v1/models HTTP/1.1 · Host: <own>
        200 · GET /v1/models HTTP/1.1 · Host: LOCALHOST:1
        200 · GET /v1/models HTTP/1.1 · Host: latchkey.example
        200 · GET /v1/models HTTP/1.1 · Host: latchkey:8787
        200 · GET /v1/models HTTP/1.1 · Host: 192.0.2.7
        200 · GET http://<own>/v1/models HTTP/1.1 · Host: <own>
        200 · GET /v1/models HTTP/1.0 · X-Nothing: 1
        400 host_missing · GET /v1/models HTTP/1.1 · X-Nothing: 1
        400 header_twice · GET /v1/models HTTP/1.1 · Host: <own>, Host: <own>
        400 header_twice · GET /v1/models HTTP/1.1 · Host: <own>, hOST: evil.example
        400 header_twice · GET /v1/models HTTP/1.0 · Host: <own>, Host: <own>
        400 malformed_host · GET /v1/models HTTP/1.1 · Host:
        400 malformed_host · GET /v1/models HTTP/1.1 · Host: <own>, evil.example
        400 malformed_host · GET /v1/models HTTP/1.1 · Host: mia@<own>
        400 hosts_disagree · GET http://evil.example/v1/models HTTP/1.1 · Host: <own>
        400 hosts_disagree · GET http://localhost/v1/models HTTP/1.1 · Host: <own>
        400 hosts_disagree · GET http://<own>/v1/models HTTP/1.1 · Host: evil.example
        400 host_missing · GET http://<own>/v1/models HTTP/1.1 · X-Nothing: 1
        421 unknown_host · GET /v1/models HTTP/1.1 · Host: evil.example
        421 unknown_host · GET /v1/models HTTP/1.0 · Host: evil.example
        421 unknown_host · GET /v1/models HTTP/1.1 · Host: 127.0.0.1.evil.example
        421 unknown_host · GET /v1/models HTTP/1.1 · Host: 192.0.2.8
        421 unknown_host · GET http://evil.example/v1/models HTTP/1.1 · Host: evil.example
        421 unknown_host · GET /openapi.json HTTP/1.1 · Host: evil.example
        421 unknown_host · GET /nowhere HTTP/1.1 · Host: evil.example
        421 unknown_host · GET /anthropic/v1/models HTTP/1.1 · Host: evil.example
        421 unknown_host · GET /google/v1beta/models HTTP/1.1 · Host: evil.example
        200 · GET /healthz HTTP/1.1 · Host: evil.example
        200 · GET /readyz HTTP/1.1 · Host: 203.0.113.9:80
        400 header_twice · GET /healthz HTTP/1.1 · Host: <own>, Host: <own>
        ");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_the_gateway_is_not_meant_to_answer_hears_what_to_do() {
    run(async |stage| {
        let mut told = Vec::new();
        for headers in [
            "X-Nothing: 1",
            "Host: a b",
            "Host: localhost\r\nHost: localhost",
            "Host: evil.example",
            "Host: localhost\r\nX-API-Key: made-up-a\r\nx-api-key: made-up-a",
        ] {
            let request = format!("GET /api/v1/quota HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n");
            let answer = raw(stage, &request).await;
            told.push(answer.split("\r\n\r\n").nth(1).unwrap().to_owned());
        }
        insta::assert_snapshot!(told.join("\n"), @r#"
        {"error":{"code":"host_missing","message":"The request names no host, as HTTP/1.1 wants it. Send a `Host` header with the gateway's own name or address."}}
        {"error":{"code":"malformed_host","message":"The host in the request is none. Send the gateway's own name or address, and its port, in the `Host` header."}}
        {"error":{"code":"header_twice","message":"The header `host` stands in the request twice. Send it once."}}
        {"error":{"code":"unknown_host","message":"The gateway does not answer to the host `evil.example`. Call it by its own address; its operator can let this one in with `gateway.public_url` or `gateway.hosts`."}}
        {"error":{"code":"header_twice","message":"The header `x-api-key` stands in the request twice. Send it once."}}
        "#);
    })
    .await;
}

/// Whatever says who calls, who pays or what a call is stands there once:
/// of two, a program on the way may have read the other.
#[tokio::test]
async fn what_says_who_calls_or_who_pays_is_said_once() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        let token = Program::of(stage, &mia, "").await.token().to_owned();
        let other = Program::of(stage, &stage.omar(), "").await.token().to_owned();
        let before = stage.calls();
        let body = r#"{"model":"openai/gpt-6-luna","messages":[{"role":"user","content":"count"}]}"#;
        let calls = async |headers: &str| {
            let request = format!(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n\r\n{body}",
                body.len()
            );
            code_of(&raw(stage, &request).await)
        };
        let bearer = format!("Authorization: Bearer {token}");
        for second in [&token, &other] {
            let twice = format!("{bearer}\r\nauthorization: bearer {second}");
            assert_eq!(calls(&twice).await, "400 header_twice");
        }
        for name in ["X-API-Key", "x-goog-api-key", "X-OpenAI-Key", "X-Claude-Key", "X-Gemini-Key", "Idempotency-Key", "Content-Type", "anthropic-version"] {
            for second in ["made-up-key-a", "made-up-key-b"] {
                let headers = format!("{bearer}\r\n{name}: made-up-key-a\r\n{}: {second}", name.to_ascii_uppercase());
                assert_eq!(calls(&headers).await, "400 header_twice", "{name}");
            }
        }
        for (headers, code) in [
            (format!("X-Claude-Key: {}\r\nX-Anthropic-Key: {}", good("anthropic"), good("openai")), "400 keys_disagree"),
            (format!("x_api_key: {}", good("openai")), "400 misspelt_header"),
            (format!("X_OpenAI-Key: {}", good("openai")), "400 misspelt_header"),
            (format!("x-api-key: {other}"), "400 tokens_disagree"),
            (format!("x-goog-api-key: {other}"), "400 tokens_disagree"),
        ] {
            assert_eq!(calls(&format!("{bearer}\r\n{headers}")).await, code, "{headers}");
        }
        let two = format!("x-api-key: {token}\r\nx-goog-api-key: {other}");
        assert_eq!(calls(&two).await, "400 tokens_disagree");
        assert_eq!(stage.calls(), before);
        // What is said twice in the same words is one thing.
        let same = format!("{bearer}\r\nx-api-key: {token}");
        assert_eq!(calls(&same).await, "200");
    })
    .await;
}

/// A list may stand in several headers; each part of it reaches the provider.
#[tokio::test]
async fn headers_that_are_lists_are_passed_on_whole() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("anthropic", "user", &good("anthropic")).await;
        let program = Program::of(stage, &mia, "").await;
        let call = program
            .call("POST", "/anthropic/v1/messages")
            .header("anthropic-beta", "made-up-1")
            .header("anthropic-beta", "made-up-2")
            .json(&serde_json::json!({"model": "claude-haiku-5-5", "max_tokens": 9, "messages": [{"role": "user", "content": "count"}]}));
        assert_eq!(send(call).await.status, 200);
        let beta = stage.world().look(|state| state.providers.calls.back().unwrap().beta.clone());
        assert_eq!(beta.as_deref(), Some("made-up-1, made-up-2"));
    })
    .await;
}

/// Names of secrets in a query, in every spelling, at every kind of address:
/// no call is made, and what was sent is said again nowhere.
#[tokio::test]
async fn no_secret_leaves_in_an_address() {
    run(async |stage| {
        let mia = stage.mia();
        for provider in ["openai", "anthropic", "google"] {
            mia.adds(provider, "user", &good(provider)).await;
        }
        let program = Program::of(stage, &mia, "scopes:chat,keys:read").await;
        let before = stage.calls();
        let names = [
            "key",
            "KEY",
            "%6bey",
            "%256bey",
            "key[]",
            "api-key",
            "api_key",
            "apiKey",
            "API%2DKEY",
            "api%5fkey",
            "x-api-key",
            "X_API_KEY",
            "x-goog-api-key",
            "x-openai-key",
            "access_token",
            "token",
            "authorization",
            "client_secret",
            "password",
        ];
        for path in [
            "/openai/v1/models",
            "/anthropic/v1/models",
            "/google/v1beta/models",
            "/v1/models",
            "/api/v1/providers",
            "/nowhere/x",
        ] {
            for name in names {
                for query in [
                    format!("{name}=made-up-canary"),
                    format!("a=1&{name}=made-up-canary"),
                    format!("a=1;{name}=made-up-canary"),
                    format!("{name}=&{name}=made-up-canary"),
                ] {
                    let said = program.gets(&format!("{path}?{query}")).await;
                    assert_eq!(said.code(), "400 secret_in_address", "{path}?{query}");
                    assert!(!said.text.contains("canary"), "{}", said.text);
                }
            }
            let value = format!("{path}?a={}", good("openai"));
            assert_eq!(program.gets(&value).await.code(), "400 secret_in_address");
        }
        assert_eq!(stage.calls(), before);
        let list = program
            .gets("/google/v1beta/models?pageSize=5&pageToken=abc")
            .await;
        assert_eq!(list.status, 200, "{}", list.text);
    })
    .await;
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

/// A call as the demo's page makes it.
fn says(stage: &Stage) -> RequestBuilder {
    let person = stage.scene.member.to_string();
    let channel = stage
        .world()
        .look(|state| state.channels.first().unwrap().id.to_string());
    let url = format!("http://{}/demo/say", stage.scene.emulator.address());
    let body = serde_json::json!({"person": person, "channel": channel, "line": "made-up words"});
    client().post(url).json(&body)
}

fn was_said(stage: &Stage) -> usize {
    let is_said = |text: &str| text.contains("made-up words");
    stage.world().look(|state| {
        state
            .messages
            .iter()
            .filter(|m| is_said(&m.content))
            .count()
    })
}

/// Neither a page whose name leads to this machine nor any other page of the
/// same browser can use the demo.
#[tokio::test]
async fn the_demo_obeys_nothing_but_its_own_page() {
    run(async |stage| {
        let address = stage.scene.emulator.address();
        for path in [
            "/",
            "/demo.js",
            "/demo/keys",
            "/api/v10/gateway",
            "/providers/openai/models",
        ] {
            for hosts in [
                "Host: evil.example",
                "Host: 192.0.2.1",
                "X-Nothing: 1",
                "Host: localhost\r\nHost: localhost",
            ] {
                let request =
                    format!("GET {path} HTTP/1.1\r\n{hosts}\r\nConnection: close\r\n\r\n");
                let answer = raw_at(&address.to_string(), &request).await;
                assert!(
                    answer.starts_with("HTTP/1.1 421 "),
                    "{path} {hosts}: {answer}"
                );
            }
        }
        let own = format!("http://{address}");
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "http://localhost:1"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let refused = says(stage).header(name, value).send().await.unwrap();
            assert_eq!(refused.status(), 403, "{name}: {value}");
            let problem: Value = refused.json().await.unwrap();
            assert_eq!(
                problem["problem"],
                "Another page sent this. The demo obeys only its own; open it in this tab."
            );
        }
        assert_eq!(was_said(stage), 0);
        // A program that is no browser, and the page itself.
        assert_eq!(says(stage).send().await.unwrap().status(), 200);
        let own = says(stage)
            .header("origin", own)
            .header("sec-fetch-site", "same-origin");
        assert_eq!(own.send().await.unwrap().status(), 200);
        assert_eq!(was_said(stage), 2);
        for path in [
            "/",
            "/demo.js",
            "/demo.css",
            "/demo/keys",
            "/demo/files/1/1",
        ] {
            let answer = client()
                .get(format!("http://{address}{path}"))
                .send()
                .await
                .unwrap();
            let headers = answer.headers();
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(
                policy.contains("default-src 'none'") && !policy.contains("unsafe"),
                "{policy}"
            );
        }
    })
    .await;
}

/// The browser holds the page to its policy: nothing inline runs.
#[tokio::test]
async fn the_demos_page_runs_no_script_but_its_own() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let inline = "(() => { const script = document.createElement('script'); script.textContent = 'window.ran = true'; document.body.append(script); document.body.setAttribute('onclick', 'window.ran = true'); document.body.click(); return window.ran === undefined; })()";
        assert_eq!(browser.evaluates(inline).await, true);
        let elsewhere = "fetch('http://localhost:1/').then(() => 'sent', () => 'not sent')";
        assert_eq!(browser.evaluates(elsewhere).await, "not sent");
    })
    .await;
}
