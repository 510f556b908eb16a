//! Signing in with Discord: the way there and back, and whatever Discord says
//! to it.

use std::time::Duration;

use latchkey_emulator::{Issuer, RestFault, RestTrouble};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use secrecy::SecretString;
use url::Url;

use crate::app::{Consent, Identity, ReturnedCode, SignInTrouble};
use crate::model::{PersonId, ServerId};
use crate::tests::{Setup, Stage, run, run_with};

/// A browser that goes where it is sent by hand.
fn browser() -> Client {
    let built = Client::builder().redirect(Policy::none()).build();
    built.unwrap()
}

fn field(address: &Url, name: &str) -> Option<String> {
    let mut pairs = address.query_pairs();
    let found = pairs.find(|(it, _)| it == name);
    found.map(|(_, value)| value.into_owned())
}

/// Goes to Discord and comes back: the address that Discord sends the browser
/// to, and the verifier.
async fn comes_back(stage: &Stage) -> (Url, SecretString) {
    let people = &stage.app().await.people;
    let begun = people.begin_sign_in("/keys", None).await.unwrap();
    let there = people.sign_in_address(&begun, Consent::Once).unwrap();
    let answer = browser().get(there).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    let back: Url = answer.headers()["location"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(back.path(), "/sign-in/back");
    let carried = SecretString::from(field(&back, "state").unwrap());
    let returned = people.take_sign_in(&carried, &begun.cookie);
    let returned = returned.await.unwrap();
    (back, returned.unwrap().verifier)
}

async fn signs_in(stage: &Stage) -> Result<Identity, SignInTrouble> {
    let (back, verifier) = comes_back(stage).await;
    let returned = ReturnedCode {
        code: field(&back, "code").unwrap().into(),
        verifier,
        issuer: field(&back, "iss"),
    };
    stage.app().await.people.identify(returned).await
}

/// Whether all that Discord handed out was given back.
fn gave_all_back(stage: &Stage) -> bool {
    let given_back = |it: &latchkey_emulator::Authorization| it.is_revoked;
    stage
        .world()
        .look(|state| state.sign_ins.authorizations.iter().all(given_back))
}

#[tokio::test]
async fn discord_says_who_signs_in_and_gets_its_tokens_back() {
    run(async |stage| {
        stage.world().consents(stage.scene.manager);
        let omar = Identity {
            person: PersonId(stage.scene.manager),
            name: "omar".to_owned(),
            servers: vec![ServerId(stage.scene.server)],
            joined: Vec::new(),
        };
        assert_eq!(signs_in(stage).await, Ok(omar));
        assert!(gave_all_back(stage));
        stage.world().consents(stage.scene.member);
        let mia = signs_in(stage).await.unwrap();
        assert_eq!((mia.name.as_str(), mia.servers), ("mia", Vec::new()));
        assert!(mia.joined.contains(&ServerId(stage.scene.server)));
        stage
            .world()
            .with(|state| state.sign_ins.issuer = Issuer::Unsaid);
        assert_eq!(signs_in(stage).await.unwrap().name, "mia");
        assert!(gave_all_back(stage));
        let exchanges = stage.world().look(|state| state.sign_ins.exchanges);
        assert_eq!(exchanges, 3);
    })
    .await;
}

#[tokio::test]
async fn who_refuses_comes_back_without_a_code() {
    run(async |stage| {
        stage.world().declines();
        let (back, _) = comes_back(stage).await;
        assert_eq!(field(&back, "error").as_deref(), Some("access_denied"));
        assert_eq!(field(&back, "code"), None);
    })
    .await;
}

#[tokio::test]
async fn a_code_is_good_once_and_with_its_own_verifier() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let people = &stage.app().await.people;
        let identify = async |back: &Url, verifier, issuer| {
            let code = field(back, "code").unwrap().into();
            let returned = ReturnedCode {
                code,
                verifier,
                issuer,
            };
            people.identify(returned).await.map(|who| who.name)
        };
        let (first, verifier) = comes_back(stage).await;
        let (second, other) = comes_back(stage).await;
        // Somebody brings their own code into another's browser.
        let swapped = identify(&first, other.clone(), None).await;
        assert_eq!(swapped, Err(SignInTrouble::CodeRefused));
        // That attempt has used the code up.
        let again = identify(&first, verifier, None).await;
        assert_eq!(again, Err(SignInTrouble::CodeRefused));
        let evil = Some("https://evil.example".to_owned());
        let strange = identify(&second, other.clone(), evil).await;
        assert_eq!(strange, Err(SignInTrouble::WrongIssuer));
        // The code did not leave for that, and is still good.
        assert_eq!(
            identify(&second, other.clone(), None).await,
            Ok("mia".into())
        );
        let replayed = identify(&second, other, None).await;
        assert_eq!(replayed, Err(SignInTrouble::CodeRefused));
    })
    .await;
}

fn fault(path: &'static str, trouble: RestTrouble) -> RestFault {
    RestFault {
        method: "",
        path,
        content: "",
        trouble,
        after: 0,
        times: 1,
        delay: Duration::ZERO,
    }
}

#[tokio::test]
async fn each_trouble_of_discords_is_told_apart() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let busy = |seconds| RestTrouble::Limited {
            seconds,
            is_global: false,
        };
        for (path, trouble, expected) in [
            ("/oauth2/token", RestTrouble::Page(502), SignInTrouble::Away),
            (
                "/oauth2/token",
                RestTrouble::RequestCut,
                SignInTrouble::Away,
            ),
            (
                "/oauth2/token",
                RestTrouble::ResponseLost,
                SignInTrouble::Away,
            ),
            ("/oauth2/token", RestTrouble::Page(200), SignInTrouble::Away),
            ("/oauth2/token", RestTrouble::Page(400), SignInTrouble::Away),
            ("/oauth2/token", busy(7.0), SignInTrouble::Busy(Some(7))),
            (
                "/users/@me",
                RestTrouble::Refused(401, 0),
                SignInTrouble::Refused,
            ),
            ("/users/@me", RestTrouble::Page(503), SignInTrouble::Away),
            (
                "/users/@me/guilds",
                RestTrouble::Page(200),
                SignInTrouble::Away,
            ),
            (
                "/users/@me/guilds",
                busy(30.0),
                SignInTrouble::Busy(Some(30)),
            ),
            (
                "/users/@me/guilds",
                RestTrouble::Banned { seconds: None },
                SignInTrouble::Busy(None),
            ),
        ] {
            let shown = format!("{path} {trouble:?}");
            stage
                .world()
                .with(|state| state.rest_faults.push(fault(path, trouble)));
            assert_eq!(signs_in(stage).await, Err(expected), "{shown}");
            let left = stage
                .world()
                .look(|state| state.rest_faults.last().unwrap().times);
            assert_eq!(left, 0, "{shown}");
        }
        // A short wait is waited for, and a token that Discord does not take
        // back keeps nobody out.
        stage.world().with(|state| {
            state
                .rest_faults
                .push(fault("/users/@me/guilds", busy(0.0)));
            state
                .rest_faults
                .push(fault("/token/revoke", RestTrouble::Page(500)));
        });
        assert_eq!(signs_in(stage).await.unwrap().name, "mia");
        stage.world().with(|state| {
            "another-made-up-secret".clone_into(&mut state.sign_ins.client_secret);
        });
        assert_eq!(signs_in(stage).await, Err(SignInTrouble::WrongSecret));
    })
    .await;
}

#[tokio::test]
async fn discord_that_says_nothing_is_not_waited_for() {
    run(async |stage| {
        stage.world().consents(stage.scene.member);
        let silent = RestFault {
            delay: Duration::from_secs(30),
            ..fault("/users/@me", RestTrouble::Late)
        };
        stage.world().with(|state| state.rest_faults.push(silent));
        assert_eq!(signs_in(stage).await, Err(SignInTrouble::Slow));
        assert!(gave_all_back(stage));
    })
    .await;
}

#[tokio::test]
async fn without_a_secret_nobody_signs_in_and_it_is_said_why() {
    let setup = Setup {
        no_client_secret: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let people = &stage.app().await.people;
        assert_eq!(people.check_sign_in(), Err(SignInTrouble::NoSecret));
        let begun = people.begin_sign_in("/", None).await.unwrap();
        let there = people.sign_in_address(&begun, Consent::Again);
        assert_eq!(there, Err(SignInTrouble::NoSecret));
    })
    .await;
}

/// Somebody looks at the page for consent, and presses a button on it.
#[tokio::test]
async fn the_page_for_consent_is_a_form_of_its_own() {
    run(async |stage| {
        let people = &stage.app().await.people;
        let begun = people.begin_sign_in("/keys", None).await.unwrap();
        let there = people.sign_in_address(&begun, Consent::Once).unwrap();
        let page = browser().get(&there).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers().get("set-cookie").is_none());
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action 'self' https://latchkey.example"));
        let text = page.text().await.unwrap();
        for name in ["mia", "omar", "zoe", "Cancel"] {
            assert!(text.contains(name), "{text}");
        }
        let origin = Url::parse(&there).unwrap().origin().ascii_serialization();
        let press = async |body: String, origin: &str| {
            let call = browser().post(&there).body(body).header("origin", origin);
            let answer = call.send().await.unwrap();
            let back = answer.headers().get("location");
            back.map(|it| Url::parse(it.to_str().unwrap()).unwrap())
        };
        let omar = format!("person={}", stage.scene.manager);
        assert!(press(omar.clone(), "https://evil.example").await.is_none());
        let back = press(omar, &origin).await.unwrap();
        assert!(field(&back, "code").is_some());
        let back = press("cancel=1".to_owned(), &origin).await.unwrap();
        assert_eq!(field(&back, "error").as_deref(), Some("access_denied"));
    })
    .await;
}
