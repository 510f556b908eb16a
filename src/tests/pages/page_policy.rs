//! Who may do what on the console: every row of its table, with everybody who
//! could come, and every way in which a form can be somebody else's.

use std::fmt::Write;

use axum::routing::MethodFilter;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use crate::app::{NewSession, OwnSession};
use crate::console::{Handler, Row, all_routes};
use crate::gateway;
use crate::model::{PersonId, ServerId};
use crate::tests::{Stage, run};

/// The origin of the console that tests run.
const ORIGIN: &str = "https://latchkey.example";

/// Somebody's browser, with the cookie and the form token of their session.
struct Browser {
    who: &'static str,
    http: Client,
    cookie: Option<SecretString>,
    form_token: SecretString,
}

/// A client that follows no redirect, for all browsers of a test: cookies are
/// sent by hand, and to make a client takes a tenth of a second.
fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

impl Browser {
    fn visitor(http: Client) -> Self {
        Self {
            who: "visitor",
            http,
            cookie: None,
            form_token: "none".into(),
        }
    }

    async fn of(stage: &Stage, http: &Client, who: &'static str, person: u64) -> Self {
        let people = &stage.app().await.people;
        let new = NewSession {
            person: PersonId(person),
            name: who.to_owned(),
            servers: vec![ServerId(stage.scene.server)],
            joined: Vec::new(),
            browser: "a test".to_owned(),
            before: None,
        };
        let cookie = people.begin_session(new).await.unwrap();
        let own: OwnSession = people.find_session(&cookie).await.unwrap().unwrap();
        Self {
            who,
            http: http.clone(),
            cookie: Some(cookie),
            form_token: own.form_token,
        }
    }

    async fn everybody(stage: &Stage, http: &Client) -> [Self; 4] {
        let scene = &stage.scene;
        [
            Self::visitor(http.clone()),
            Self::of(stage, http, "member", scene.member).await,
            Self::of(stage, http, "stranger", scene.stranger).await,
            Self::of(stage, http, "manager", scene.manager).await,
        ]
    }
}

/// A form as it is sent: what can be wrong with it.
struct SentForm<'a> {
    origins: &'a [&'a str],
    site: Option<&'a str>,
    form_token: Option<&'a str>,
    media_type: &'a str,
}

impl Default for SentForm<'_> {
    fn default() -> Self {
        Self {
            origins: &[ORIGIN],
            site: Some("same-origin"),
            form_token: None,
            media_type: "application/x-www-form-urlencoded",
        }
    }
}

fn method_of(row: &Row) -> Method {
    if row.method == MethodFilter::POST {
        Method::POST
    } else {
        assert_eq!(row.method, MethodFilter::GET, "{}", row.path);
        Method::GET
    }
}

/// The address of a row: its server is the stage's, other ids are nobody's.
fn address(stage: &Stage, row: &Row) -> String {
    let mut address = String::new();
    for part in row.path.split('/').skip(1) {
        address.push('/');
        match part {
            "{server}" => address += &stage.scene.server.to_string(),
            part if part.starts_with('{') => address += "0123456789abcdef",
            part => address += part,
        }
    }
    address
}

/// Asks for a row as somebody: the status, and the page.
async fn asks(stage: &Stage, row: &Row, browser: &Browser, sent: &SentForm<'_>) -> (u16, String) {
    let method = method_of(row);
    let url = format!("{}{}", stage.gateway().await, address(stage, row));
    let mut request = browser.http.request(method.clone(), url);
    if let Some(cookie) = &browser.cookie {
        request = request.header(
            "cookie",
            format!("__Host-latchkey={}", cookie.expose_secret()),
        );
    }
    if let Some(site) = sent.site {
        request = request.header("sec-fetch-site", site);
    }
    if method == Method::POST {
        for origin in sent.origins {
            request = request.header("origin", *origin);
        }
        let token = sent
            .form_token
            .unwrap_or_else(|| browser.form_token.expose_secret());
        request = request.header("content-type", sent.media_type);
        request = request.body(format!("form_token={token}&canary=typed-words"));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn each_page_is_for_whom_the_table_says() {
    run(async |stage| {
        let (mut table, http) = (String::new(), client());
        for row in all_routes() {
            write!(table, "{} {}", method_of(row), row.path).unwrap();
            for browser in &Browser::everybody(stage, &http).await {
                let (status, page) = asks(stage, row, browser, &SentForm::default()).await;
                let who = browser.who;
                let at = format!("{who} at {} {}", method_of(row), row.path);
                let is_form = method_of(row) == Method::POST;
                match (row.handler, who) {
                    // A visitor's form carries no token of a cookie of theirs.
                    (_, "visitor") if is_form => {
                        assert_eq!(status, 401, "{at}");
                        assert!(page.contains("Sign in again, then send"), "{at}");
                    }
                    (Handler::Visitor(_), _) | (_, "manager") => {
                        assert!(!matches!(status, 401 | 405 | 500..), "{at}: {status}");
                    }
                    (_, "visitor") => assert_eq!(status, 401, "{at}"),
                    (Handler::SignedIn(_), _) => {
                        assert!(!matches!(status, 401 | 403 | 405 | 500..), "{at}: {status}");
                    }
                    (Handler::Managing(_), _) if is_form => {
                        assert_eq!(status, 403, "{at}");
                        assert!(page.contains("typed-words"), "{at}");
                    }
                    (Handler::Managing(_), _) => assert_eq!(status, 404, "{at}"),
                    (Handler::Operator(_), _) => assert_eq!(status, 403, "{at}"),
                }
                write!(table, " {who}:{status}").unwrap();
            }
            table.push('\n');
        }
        insta::assert_snapshot!(table);
    })
    .await;
}

#[tokio::test]
async fn a_form_of_another_page_or_another_sign_in_does_nothing() {
    run(async |stage| {
        let [_, mia, _, omar] = Browser::everybody(stage, &client()).await;
        let foreign = [
            (
                "another site",
                &["https://evil.example"][..],
                Some("cross-site"),
            ),
            ("a page that hides its origin", &["null"][..], None),
            ("no page at all", &[][..], None),
            (
                "another port",
                &["https://latchkey.example:8443"][..],
                Some("same-site"),
            ),
            ("without TLS", &["http://latchkey.example"][..], None),
            (
                "a name that begins alike",
                &["https://latchkey.example.evil.example"][..],
                None,
            ),
            ("two origins", &[ORIGIN, "https://evil.example"][..], None),
            (
                "our origin, from elsewhere",
                &[ORIGIN][..],
                Some("cross-site"),
            ),
            ("our origin, from a bookmark", &[ORIGIN][..], Some("none")),
        ];
        for row in all_routes().filter(|row| method_of(row) == Method::POST) {
            for (what, origins, site) in foreign {
                let sent = SentForm {
                    origins,
                    site,
                    ..SentForm::default()
                };
                let (status, page) = asks(stage, row, &omar, &sent).await;
                assert_eq!(status, 403, "{what} at {}", row.path);
                assert!(
                    page.contains("Nothing was changed"),
                    "{what} at {}",
                    row.path
                );
            }
            for token in ["", "wrong", mia.form_token.expose_secret()] {
                let sent = SentForm {
                    form_token: Some(token),
                    ..SentForm::default()
                };
                let (status, page) = asks(stage, row, &omar, &sent).await;
                assert_eq!(status, 409, "{} with {token:?}", row.path);
                let says = match token {
                    "" | "wrong" => "This form was opened before you signed in",
                    _ => "This form was opened by another account",
                };
                assert!(page.contains(says), "{} with {token:?}", row.path);
                // What was typed is there again.
                assert!(page.contains("typed-words"), "{}", row.path);
            }
            if row.takes_form {
                let sent = SentForm {
                    media_type: "application/json",
                    ..SentForm::default()
                };
                assert_eq!(asks(stage, row, &omar, &sent).await.0, 415, "{}", row.path);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_forms_address_and_a_slash_too_many_lead_to_a_page() {
    run(async |stage| {
        let client = client();
        let gets: Vec<&str> = all_routes()
            .filter(|row| method_of(row) == Method::GET)
            .map(|row| row.path)
            .collect();
        let gateway = stage.gateway().await;
        let leads = async |path: &str| {
            let answer = client.get(format!("{gateway}{path}")).send().await.unwrap();
            let to = answer.headers().get("location");
            let to = to.map(|to| to.to_str().unwrap().to_owned());
            (answer.status().as_u16(), to.unwrap_or_default())
        };
        for row in all_routes().filter(|row| !gets.contains(&row.path)) {
            let path = address(stage, row);
            let (status, to) = leads(&path).await;
            assert_eq!(status, 303, "{path}");
            assert!(path.starts_with(&to) && path != to, "{path}: {to}");
        }
        assert_eq!(leads("/keys/").await, (308, "/keys".to_owned()));
        let usage = leads("/usage/?period=7d").await;
        assert_eq!(usage, (308, "/usage?period=7d".to_owned()));
        assert_eq!(leads("/keys/import/store/").await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn a_page_takes_its_own_methods_alone() {
    run(async |stage| {
        let client = Client::builder().build().unwrap();
        let mut paths: Vec<&Row> = all_routes().collect();
        paths.dedup_by_key(|row| row.path);
        for row in paths {
            let url = format!("{}{}", stage.gateway().await, address(stage, row));
            for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
                let answer = client.request(method.clone(), &url).send().await.unwrap();
                assert_eq!(
                    answer.status(),
                    StatusCode::METHOD_NOT_ALLOWED,
                    "{method} {url}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_carry_the_headers_that_keep_them_to_themselves() {
    run(async |stage| {
        let [visitor, _, _, omar] = Browser::everybody(stage, &client()).await;
        for row in all_routes().filter(|row| method_of(row) == Method::GET) {
            for browser in [&visitor, &omar] {
                let url = format!("{}{}", stage.gateway().await, address(stage, row));
                let mut request = browser.http.get(url);
                if let Some(cookie) = &browser.cookie {
                    let cookie = format!("__Host-latchkey={}", cookie.expose_secret());
                    request = request.header("cookie", cookie);
                }
                let answer = request.send().await.unwrap();
                let header = |name: &str| answer.headers().get(name).map(|it| it.to_str().unwrap());
                let policy = header("content-security-policy").unwrap();
                for part in [
                    "default-src 'none'",
                    "script-src 'self'",
                    "frame-ancestors 'none'",
                ] {
                    assert!(policy.contains(part), "{}: {policy}", row.path);
                }
                assert!(!policy.contains("unsafe"), "{}", row.path);
                let kept = header("cache-control").unwrap();
                assert!(
                    kept.contains("no-store") || row.is_polled,
                    "{}: {kept}",
                    row.path
                );
                assert_eq!(
                    header("referrer-policy"),
                    Some("same-origin"),
                    "{}",
                    row.path
                );
                assert_eq!(
                    header("x-content-type-options"),
                    Some("nosniff"),
                    "{}",
                    row.path
                );
                let hsts = header("strict-transport-security").unwrap();
                assert!(hsts.starts_with("max-age=31536000"), "{}", row.path);
                let page = answer.text().await.unwrap();
                for inline in ["<style", " style=", " onclick=", "javascript:", "<script>"] {
                    assert!(!page.contains(inline), "{} holds {inline}", row.path);
                }
            }
        }
    })
    .await;
}

/// No address of a page is one of the gateway's, and no provider's name is a
/// page's.
#[test]
fn pages_and_programs_have_addresses_of_their_own() {
    let segments = crate::console::first_segments();
    for route in gateway::all_routes() {
        let first = route.path.split('/').nth(1).unwrap_or_default();
        assert!(!segments.contains(first), "{}", route.path);
    }
}
