//! Guessing and flooding over HTTP: whoever guesses tokens or tries stolen
//! keys is slowed down, and nobody else.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use latchkey_emulator::providers::ProviderFault;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::{Setup, Stage, bad, good, run, run_with};
use crate::vault;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A token that nobody made, and that looks like one.
fn guess() -> String {
    vault::new_token().unwrap().0.expose_secret().to_owned()
}

/// How a guess is answered when it comes with this header.
async fn guesses(program: &Program, header: Option<(&str, &str)>) -> HttpAnswer {
    let program = program.with(&guess());
    let call = program.call("GET", "/api/v1/api-keys");
    let call = match header {
        Some((name, value)) => call.header(name, value),
        None => call,
    };
    send(call).await
}

/// The codes of so many guesses at once, and how often each came.
async fn guesses_many(program: &Program, header: Option<(&str, &str)>, number: usize) -> String {
    let said = join_all((0..number).map(|_| guesses(program, header))).await;
    let (mut bad, mut slowed) = (0, 0);
    for said in said {
        match said.code().as_str() {
            "401 invalid_token" => bad += 1,
            "429 too_many_bad_tokens" => slowed += 1,
            other => panic!("{other}"),
        }
    }
    format!("{bad} refused, {slowed} slowed")
}

#[tokio::test]
async fn bad_tokens_slow_down_themselves_and_no_good_one() {
    run(async |stage| {
        let known = Program::of(stage, &stage.mia(), "scopes:keys:read").await;
        let keys = "/api/v1/api-keys";
        assert_eq!(known.gets(keys).await.status, 200);
        let began = Instant::now();
        let codes = guesses_many(&known, None, 105).await;
        assert_eq!(codes, "100 refused, 5 slowed");
        assert!(began.elapsed() >= Duration::from_secs(1), "they wait");
        // A token that this process has never seen, one that it knows, and
        // one that is looked up again.
        let new = Program::of(stage, &stage.omar(), "scopes:keys:read").await;
        assert_eq!(new.gets(keys).await.status, 200);
        assert_eq!(known.gets(keys).await.status, 200);
        stage.clock.advance_ms(MINUTE_MS - 1);
        assert_eq!(known.gets(keys).await.status, 200);
        let mistyped = known.with("latchkey_madeupmadeupmadeupmadeupmadeup012345");
        let (slowed, good) = tokio::join!(mistyped.gets(keys), new.gets(keys));
        assert_eq!(
            (
                slowed.code().as_str(),
                slowed.header("retry-after"),
                good.status
            ),
            ("429 too_many_bad_tokens", "1", 200)
        );
        stage.clock.advance_ms(1);
        assert_eq!(guesses(&known, None).await.code(), "401 invalid_token");
    })
    .await;
}

/// Good tokens come in while bad ones come by the hundred.
#[tokio::test]
async fn good_tokens_get_in_amid_a_flood_of_bad_ones() {
    run(async |stage| {
        let program = Program::stranger(stage).await;
        guesses_many(&program, None, 101).await;
        let mut good = Vec::new();
        for number in 0..10 {
            let options = format!("name:{number} scopes:keys:read");
            good.push(Program::of(stage, &stage.mia(), &options).await);
        }
        let flood = join_all((0..300).map(|_| guesses(&program, None)));
        let good = join_all(good.iter().map(|it| it.gets("/api/v1/api-keys")));
        let (flood, good) = tokio::join!(flood, good);
        assert!(flood.iter().all(|said| said.status == 429));
        assert!(good.iter().all(|said| said.status == 200));
    })
    .await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_counted_by_itself() {
    let setup = Setup {
        config: "[gateway]\ntrusted_proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let program = Program::stranger(stage).await;
        for (name, guesser, same, other) in [
            (
                "x-forwarded-for",
                "198.51.100.7",
                "203.0.113.1, 198.51.100.7:4711, 10.1.2.3",
                "198.51.100.7, 198.51.100.8",
            ),
            (
                "forwarded",
                "for=\"[2001:db8::1]:4711\"",
                "for=unknown, For=\"[2001:db8::2]\";proto=https, for=10.0.0.1",
                "for=\"[2001:db8:0:1::1]\"",
            ),
        ] {
            let many = guesses_many(&program, Some((name, guesser)), 101).await;
            assert_eq!(many, "100 refused, 1 slowed", "{name}");
            let said = guesses(&program, Some((name, same))).await;
            assert_eq!(said.code(), "429 too_many_bad_tokens", "{name}");
            for header in [Some((name, other)), Some((name, "nonsense x")), None] {
                let said = guesses(&program, header).await;
                assert_eq!(said.code(), "401 invalid_token", "{header:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_is_believed_who_is_no_trusted_proxy() {
    run(async |stage| {
        let program = Program::stranger(stage).await;
        let claimed: Vec<String> = (0..101)
            .map(|number| format!("198.51.100.{number}"))
            .collect();
        let claims = claimed
            .iter()
            .map(|address| guesses(&program, Some(("x-forwarded-for", address))));
        let said = join_all(claims).await;
        let slowed = said.iter().filter(|it| it.status == 429).count();
        assert_eq!(slowed, 1);
    })
    .await;
}

/// A call that may bring a key, and where the key stands.
struct KeyRoute {
    method: &'static str,
    path: &'static str,
    provider: &'static str,
    header: &'static str,
    body: Value,
}

impl KeyRoute {
    fn new(way: [&'static str; 2], key: [&'static str; 2], body: Value) -> Self {
        let ([method, path], [provider, header]) = (way, key);
        Self {
            method,
            path,
            provider,
            header,
            body,
        }
    }

    async fn sends(&self, program: &Program, key: &str) -> HttpAnswer {
        let call = program.call(self.method, self.path);
        let call = call.header(self.header, key);
        send(match &self.body {
            Value::Null => call,
            body => call.json(body),
        })
        .await
    }
}

/// Every way in for a key that comes along.
fn key_routes() -> Vec<KeyRoute> {
    let messages = json!([{"role": "user", "content": "count"}]);
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "count"}]}]});
    let openai = ["openai", "x-openai-key"];
    let streamed = json!({"model": "openai/gpt-6-luna", "messages": messages, "stream": true});
    vec![
        KeyRoute::new(["GET", "/openai/v1/models"], openai, Value::Null),
        KeyRoute::new(
            ["GET", "/openai/v1/models"],
            ["openai", "x-api-key"],
            Value::Null,
        ),
        KeyRoute::new(
            ["POST", "/v1/chat/completions"],
            openai,
            json!({"model": "openai/gpt-6-luna", "messages": messages}),
        ),
        KeyRoute::new(["POST", "/v1/chat/completions"], openai, streamed),
        KeyRoute::new(
            ["POST", "/v1/chat/completions"],
            ["anthropic", "x-claude-key"],
            json!({"model": "anthropic/claude-haiku-5-5", "messages": messages}),
        ),
        KeyRoute::new(
            ["POST", "/v1/responses"],
            openai,
            json!({"model": "openai/gpt-6-luna", "input": "count"}),
        ),
        KeyRoute::new(
            ["POST", "/v1/embeddings"],
            openai,
            json!({"model": "openai/text-embedding-3-small", "input": "count"}),
        ),
        KeyRoute::new(
            ["POST", "/v1/images/generations"],
            openai,
            json!({"model": "openai/gpt-image-2", "prompt": "a lighthouse"}),
        ),
        KeyRoute::new(
            ["POST", "/anthropic/v1/messages"],
            ["anthropic", "x-api-key"],
            json!({"model": "claude-haiku-5-5", "max_tokens": 50, "messages": messages}),
        ),
        KeyRoute::new(
            [
                "POST",
                "/google/v1beta/models/gemini-3.5-flash:generateContent",
            ],
            ["google", "x-goog-api-key"],
            contents,
        ),
        KeyRoute::new(
            ["POST", "/api/v1/unified"],
            openai,
            json!({"model": "openai/gpt-6-luna", "prompt": "count"}),
        ),
        KeyRoute::new(
            ["POST", "/api/v1/unified"],
            openai,
            json!({"model": "openai/gpt-6-luna", "prompt": "count", "stream": true}),
        ),
    ]
}

/// Keys that somebody found and that do not work any more.
fn stolen(provider: &str, number: usize) -> String {
    format!("{}{number}", bad(provider))
}

/// How many different stolen keys a provider has seen.
fn tried(stage: &Stage, provider: &str) -> usize {
    let start = bad(provider);
    stage.world().with(|state| {
        let calls = state.providers.calls.drain(..);
        let keys = calls.filter_map(|call| call.key);
        let stolen = keys.filter(|key| key.starts_with(&start));
        stolen.collect::<std::collections::BTreeSet<_>>().len()
    })
}

#[tokio::test]
async fn stolen_keys_can_be_tried_on_no_way_in() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let other = Program::of(stage, &stage.omar(), "").await;
        for (place, route) in key_routes().into_iter().enumerate() {
            let name = format!("{} {} {}", route.method, route.path, route.header);
            let own = format!("{}-mine-{place}", good(route.provider));
            let paid = route.sends(&program, &own).await;
            assert_eq!(paid.status, 200, "{name}: {}", paid.text);
            for number in 0..40 {
                let said = route.sends(&program, &stolen(route.provider, number)).await;
                let expected = match number {
                    // Google's own status, in its own dialect.
                    0..5 if route.path.starts_with("/google/") => "400 provider_key_refused",
                    0..5 => "401 provider_key_refused",
                    _ => "429 too_many_refused_keys",
                };
                assert_eq!(said.code(), expected, "{name}: {number}");
                assert_eq!(number < 5, said.header("retry-after").is_empty(), "{name}");
            }
            assert_eq!(tried(stage, route.provider), 5, "{name}");
            // A key that worked for them goes on working, a new one does not,
            // and for others it does.
            let again = route.sends(&program, &own).await;
            assert_eq!(again.status, 200, "{name}: {}", again.text);
            let new = format!("{}-new-{place}", good(route.provider));
            let said = route.sends(&program, &new).await;
            assert_eq!(said.code(), "429 too_many_refused_keys", "{name}");
            assert_eq!(said.header("retry-after"), "60", "{name}");
            assert_eq!(route.sends(&other, &new).await.status, 200, "{name}");
            stage.clock.advance_ms(MINUTE_MS);
            assert_eq!(route.sends(&program, &new).await.status, 200, "{name}");
            stage.clock.advance_ms(HOUR_MS);
        }
    })
    .await;
}

#[tokio::test]
async fn stolen_keys_are_not_tried_faster_all_at_once() {
    let setup = Setup {
        config: "[gateway]\ncalls_per_token = 100\nkeys_without_token = true\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let routes = key_routes();
        let (models, chat) = (&routes[0], &routes[2]);
        for program in [
            Program::of(stage, &stage.mia(), "").await,
            Program::stranger(stage).await,
        ] {
            let keys: Vec<String> = (0..40).map(|number| stolen("openai", number)).collect();
            let said = join_all(keys.iter().map(|key| models.sends(&program, key))).await;
            let refused = said.iter().filter(|it| it.status == 401).count();
            assert_eq!((refused, tried(stage, "openai")), (5, 5));
            stage.clock.advance_ms(HOUR_MS);
            // Good ones wait for each other at the most.
            let keys: Vec<String> = (0..10)
                .map(|number| format!("{}-{number}", good("openai")))
                .collect();
            let said = join_all(keys.iter().map(|key| chat.sends(&program, key))).await;
            assert!(said.iter().all(|it| it.status == 200));
        }
    })
    .await;
}

/// What says nothing of a key is not counted.
#[tokio::test]
async fn only_refused_keys_are_counted() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "").await;
        let routes = key_routes();
        let chat = &routes[2];
        for number in 0..7 {
            stage.fails("openai", ProviderFault::Status(400));
            let said = chat.sends(&program, &stolen("openai", number)).await;
            assert_eq!(said.status, 400, "{}", said.text);
            // The wrong key all over again is one key.
            stage.recovers("openai");
            let said = chat.sends(&program, &stolen("openai", 0)).await;
            assert_eq!(said.code(), "401 provider_key_refused");
        }
        // What a key opens is asked for with it too.
        for number in 0..7 {
            let list = program.call("GET", "/v1/models");
            let listed = send(list.header("x-openai-key", stolen("openai", number))).await;
            let expected = if number < 5 { 401 } else { 429 };
            assert_eq!(listed.status, expected, "{number}: {}", listed.text);
        }
        for number in 1..6 {
            let said = chat.sends(&program, &stolen("openai", number)).await;
            let expected = if number < 5 { 401 } else { 429 };
            assert_eq!(said.status, expected, "{number}: {}", said.text);
        }
    })
    .await;
}

/// A person's tokens together may make so many calls at once.
#[tokio::test]
async fn more_tokens_are_no_more_calls_at_once() {
    let setup = Setup {
        config: "[gateway]\ncalls_per_token = 2\ncalls_per_person = 3\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        for person in [&mia, &omar] {
            person.adds("openai", "user", &good("openai")).await;
        }
        let one = Program::of(stage, &mia, "name:one").await;
        let two = Program::of(stage, &mia, "name:two").await;
        let omars = Program::of(stage, &omar, "").await;
        stage.fails("openai", ProviderFault::SlowFirstByte(Duration::from_millis(400)));
        let ask = json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "count"}]});
        let ask = |program| {
            let ask = &ask;
            async move { Program::posts(program, "/v1/chat/completions", ask).await }
        };
        let calls = [&one, &one, &two, &two, &omars, &omars].map(ask);
        let said = join_all(calls).await;
        let count = |said: &[HttpAnswer], status| said.iter().filter(|it| it.status == status).count();
        let (mias, omars) = said.split_at(4);
        assert_eq!((count(mias, 200), count(mias, 429)), (3, 1));
        assert_eq!(count(omars, 200), 2);
        let told = mias.iter().find(|said| said.status == 429).unwrap();
        assert_eq!(
            (told.code().as_str(), told.header("retry-after")),
            ("429 too_many_at_once", "1")
        );
        assert_eq!(ask(&two).await.status, 200);
    })
    .await;
}

/// A token that is looked up while it is revoked is dead right after.
#[tokio::test]
async fn a_token_that_is_looked_up_while_it_is_revoked_is_not_remembered() {
    run(async |stage| {
        let (mia, app) = (stage.mia(), stage.app().await);
        for number in 0..10 {
            let options = format!("name:{number} scopes:keys:read");
            let program = Program::of(stage, &mia, &options).await;
            let token = secrecy::SecretString::from(program.token());
            let lookup = app.people.authenticate(&token, None);
            let mut lookup = std::pin::pin!(lookup);
            // It begins to read, and mostly nobody hears yet what it has read.
            let early = futures_util::poll!(&mut lookup);
            mia.runs(&format!("/token revoke token:{number}")).await;
            if early.is_pending() {
                // It may have read the row before it was deleted, or after.
                let _ = lookup.await;
            }
            app.people.authenticate(&token, None).await.unwrap_err();
        }
    })
    .await;
}
