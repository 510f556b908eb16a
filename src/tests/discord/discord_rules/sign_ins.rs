//! Rules about signing in with Discord.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::{Desk, Rule, rule};
use crate::tests::spec::answer_violations;

const BACK: &str = "http://127.0.0.1:9/sign-in/back";
const SECRET: &str = "made-up-client-secret";
const VERIFIER: &str = "made-up-verifier-made-up-verifier-made-up-43";
const OTHER_VERIFIER: &str = "another-verifier-another-verifier-another-43";

/// The rules, in the document's order.
pub const RULES: &[Rule] = &[
    rule(
        "An address that is not registered, letter for letter",
        "11.1",
        "a page of its own",
        |desk| {
            Box::pin(asks(
                desk,
                &[("redirect_uri", "http://127.0.0.1:9/sign-in/back/")],
            ))
        },
    ),
    rule(
        "A client that is not known, and a scope that is not one",
        "11.1",
        "a page of its own",
        |desk| Box::pin(asks_strangely(desk)),
    ),
    rule(
        "Discord takes S256 alone",
        "11.1",
        "back with invalid_request",
        |desk| Box::pin(asks(desk, &[("code_challenge_method", "plain")])),
    ),
    rule(
        "takes a form and no JSON",
        "11.2",
        "400 invalid_request",
        |desk| Box::pin(exchanges_json(desk)),
    ),
    rule(
        "A wrong secret gets 401 with `invalid_client`",
        "11.2",
        "401 invalid_client",
        |desk| Box::pin(exchanges(desk, &[("client_secret", "made-up-other")])),
    ),
    rule(
        "another time it gets 400 with `invalid_grant`",
        "11.2",
        "400 invalid_grant",
        |desk| Box::pin(exchanges_twice(desk)),
    ),
    rule(
        "one that is older than some minutes",
        "11.2",
        "400 invalid_grant",
        |desk| Box::pin(exchanges_late(desk)),
    ),
    rule(
        "one with another `redirect_uri` than it was asked for with",
        "11.2",
        "400 invalid_grant",
        |desk| Box::pin(exchanges(desk, &[("redirect_uri", "http://127.0.0.1:9/")])),
    ),
    rule(
        "a missing `code_verifier` gets 400 with `invalid_request`",
        "11.2",
        "400 invalid_request",
        |desk| Box::pin(exchanges(desk, &[("code_verifier", "")])),
    ),
    rule(
        "as does one of fewer than 43 characters",
        "11.2",
        "400 invalid_request",
        |desk| Box::pin(exchanges(desk, &[("code_verifier", "short")])),
    ),
    rule(
        "A wrong one gets `invalid_grant`",
        "11.2",
        "400 invalid_grant",
        |desk| Box::pin(exchanges(desk, &[("code_verifier", OTHER_VERIFIER)])),
    ),
    rule(
        "One without a challenge is refused too",
        "11.2",
        "400 invalid_grant",
        |desk| Box::pin(exchanges_without_challenge(desk)),
    ),
    rule(
        "a dead one gets 400 with `invalid_grant`",
        "11.2",
        "400 invalid_grant",
        |desk| Box::pin(renews_twice(desk)),
    ),
    rule(
        "ends every token of the authorization, whichever is named",
        "11.2",
        "401 0",
        |desk| Box::pin(revokes(desk)),
    ),
    rule("without it 403 with 50026", "11.3", "403 50026", |desk| {
        Box::pin(reads_without_scope(desk))
    }),
    rule("A token that has ended gets 401", "11.3", "401 0", |desk| {
        Box::pin(reads_late(desk))
    }),
];

type Fields<'f> = &'f [(&'f str, &'f str)];

/// What is usual, with other values in the place of some; an empty one is
/// left out.
fn replaced(usual: Vec<(&str, String)>, other: Fields<'_>) -> Vec<(String, String)> {
    let with = usual.into_iter().map(|(name, value)| {
        let instead = other.iter().find(|(it, _)| *it == name);
        let value = instead.map_or(value, |(_, value)| (*value).to_owned());
        (name.to_owned(), value)
    });
    with.filter(|(_, value)| !value.is_empty()).collect()
}

fn register(desk: &Desk) {
    let member = desk.scene.member;
    desk.scene.emulator.world.consents(member);
    desk.with(|state| {
        state.sign_ins.client_secret = SECRET.to_owned();
        state.sign_ins.redirects.push(BACK.to_owned());
    });
}

/// Goes to Discord, and returns where the browser is sent on to.
async fn sent_on(desk: &Desk, other: Fields<'_>) -> Option<Url> {
    register(desk);
    let usual = vec![
        (
            "client_id",
            desk.look(|state| state.application.to_string()),
        ),
        ("response_type", "code".to_owned()),
        ("redirect_uri", BACK.to_owned()),
        ("scope", "identify guilds".to_owned()),
        ("state", "made-up-state".to_owned()),
        (
            "code_challenge",
            BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)),
        ),
        ("code_challenge_method", "S256".to_owned()),
    ];
    let address = format!("http://{}/oauth2/authorize", desk.scene.emulator.address());
    let address = Url::parse_with_params(&address, replaced(usual, other)).unwrap();
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let answer = client.get(address).send().await.unwrap();
    let location = answer.headers().get("location");
    location.map(|it| it.to_str().unwrap().parse().unwrap())
}

fn field(address: &Url, name: &str) -> Option<String> {
    let mut pairs = address.query_pairs();
    pairs
        .find(|(it, _)| it == name)
        .map(|(_, value)| value.into_owned())
}

async fn asks(desk: Desk, other: Fields<'_>) -> String {
    match sent_on(&desk, other).await {
        None => "a page of its own".to_owned(),
        Some(back) => {
            assert_eq!(field(&back, "state").as_deref(), Some("made-up-state"));
            assert!(field(&back, "iss").is_some());
            format!("back with {}", field(&back, "error").unwrap_or_default())
        }
    }
}

async fn asks_strangely(desk: Desk) -> String {
    for other in [
        ("client_id", "7"),
        ("scope", "identify everything"),
        ("response_type", "token"),
    ] {
        assert!(sent_on(&desk, &[other]).await.is_none(), "{other:?}");
    }
    asks(desk, &[("scope", "everything")]).await
}

async fn code(desk: &Desk, other: Fields<'_>) -> String {
    let back = sent_on(desk, other).await.unwrap();
    field(&back, "code").unwrap()
}

fn form(desk: &Desk, path: &str, fields: &[(String, String)]) -> RequestBuilder {
    let url = format!("{}/oauth2/{path}", desk.scene.emulator.discord_api());
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let call = desk.client.post(url).body(body);
    call.header("content-type", "application/x-www-form-urlencoded")
}

fn exchange(desk: &Desk, code: &str, other: Fields<'_>) -> Vec<(String, String)> {
    let usual = vec![
        ("grant_type", "authorization_code".to_owned()),
        (
            "client_id",
            desk.look(|state| state.application.to_string()),
        ),
        ("client_secret", SECRET.to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", BACK.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
    ];
    replaced(usual, other)
}

/// What a call is answered: the status, the error or the code if there is
/// one, and all of it.
async fn told(call: RequestBuilder) -> (String, Value) {
    let answer = call.send().await.unwrap();
    let status = answer.status().as_u16();
    let said: Value = answer.json().await.unwrap_or_default();
    let shown = match (said["error"].as_str(), said["code"].as_u64()) {
        (Some(error), _) => format!("{status} {error}"),
        (_, Some(code)) => format!("{status} {code}"),
        _ => status.to_string(),
    };
    (shown, said)
}

async fn exchanges(desk: Desk, other: Fields<'_>) -> String {
    let code = code(&desk, &[]).await;
    let fields = exchange(&desk, &code, other);
    told(form(&desk, "token", &fields)).await.0
}

async fn exchanges_json(desk: Desk) -> String {
    let code = code(&desk, &[]).await;
    let fields: Vec<_> = exchange(&desk, &code, &[]);
    let fields: std::collections::HashMap<_, _> = fields.into_iter().collect();
    let url = format!("{}/oauth2/token", desk.scene.emulator.discord_api());
    told(desk.client.post(url).json(&fields)).await.0
}

/// Signs in, and returns the tokens.
async fn tokens(desk: &Desk, asked: Fields<'_>) -> Value {
    let code = code(desk, asked).await;
    let fields = exchange(desk, &code, &[]);
    let (shown, said) = told(form(desk, "token", &fields)).await;
    assert_eq!(shown, "200", "{said}");
    said
}

async fn exchanges_twice(desk: Desk) -> String {
    let code = code(&desk, &[]).await;
    let fields = exchange(&desk, &code, &[]);
    assert_eq!(told(form(&desk, "token", &fields)).await.0, "200");
    told(form(&desk, "token", &fields)).await.0
}

async fn exchanges_late(desk: Desk) -> String {
    let code = code(&desk, &[]).await;
    desk.with(|state| {
        let made = &mut state.sign_ins.codes[0].made;
        *made = made.checked_sub(Duration::from_mins(10)).unwrap();
    });
    let fields = exchange(&desk, &code, &[]);
    told(form(&desk, "token", &fields)).await.0
}

async fn exchanges_without_challenge(desk: Desk) -> String {
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    let first = code(&desk, &none).await;
    let fields = exchange(&desk, &first, &[("code_verifier", "")]);
    assert_eq!(told(form(&desk, "token", &fields)).await.0, "200");
    let second = code(&desk, &none).await;
    let fields = exchange(&desk, &second, &[]);
    told(form(&desk, "token", &fields)).await.0
}

async fn renews_twice(desk: Desk) -> String {
    let tokens = tokens(&desk, &[]).await;
    let token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let mut fields = exchange(&desk, "", &[("grant_type", "refresh_token")]);
    fields.push(("refresh_token".to_owned(), token));
    let (shown, renewed) = told(form(&desk, "token", &fields)).await;
    assert_eq!(shown, "200", "{renewed}");
    assert_ne!(renewed["access_token"], tokens["access_token"]);
    told(form(&desk, "token", &fields)).await.0
}

fn reads(desk: &Desk, path: &str, tokens: &Value) -> RequestBuilder {
    let url = format!("{}{path}", desk.scene.emulator.discord_api());
    let token = tokens["access_token"].as_str().unwrap();
    desk.client
        .get(url)
        .header("authorization", format!("Bearer {token}"))
}

async fn revokes(desk: Desk) -> String {
    let (first, second) = (tokens(&desk, &[]).await, tokens(&desk, &[]).await);
    assert_eq!(told(reads(&desk, "/users/@me", &second)).await.0, "200");
    let mut fields = exchange(&desk, "", &[]);
    let named = first["refresh_token"].as_str().unwrap().to_owned();
    fields.push(("token".to_owned(), named));
    assert_eq!(told(form(&desk, "token/revoke", &fields)).await.0, "200");
    told(reads(&desk, "/users/@me", &second)).await.0
}

/// Reads something, and holds it against Discord's own schema.
async fn reads_well(desk: &Desk, path: &str, tokens: &Value) -> Value {
    let (shown, said) = told(reads(desk, path, tokens)).await;
    assert_eq!(shown, "200", "{said}");
    assert_eq!(answer_violations(path, &said), Vec::<String>::new());
    said
}

async fn reads_without_scope(desk: Desk) -> String {
    let one = tokens(&desk, &[("scope", "identify")]).await;
    let user = reads_well(&desk, "/users/@me", &one).await;
    assert_eq!(user["username"], "mia");
    let said = reads_well(&desk, "/oauth2/@me", &one).await;
    assert_eq!(said["scopes"].to_string(), r#"["identify"]"#);
    told(reads(&desk, "/users/@me/guilds", &one)).await.0
}

async fn reads_late(desk: Desk) -> String {
    let tokens = tokens(&desk, &[]).await;
    let servers = reads_well(&desk, "/users/@me/guilds", &tokens).await;
    assert_eq!(servers.as_array().unwrap().len(), 2, "{servers}");
    desk.with(|state| {
        let made = &mut state.sign_ins.authorizations[0].made;
        *made = made.checked_sub(Duration::from_hours(7 * 24)).unwrap();
    });
    told(reads(&desk, "/users/@me", &tokens)).await.0
}
