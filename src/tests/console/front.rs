//! Pages for everybody, and what the browser of this test makes of them.

use super::html::{forms, read};
use super::{ORIGIN, Visitor};
use crate::tests::run;

#[tokio::test]
async fn the_front_page_leads_to_where_the_bot_is_added_to_a_server() {
    run(async |stage| {
        let page = Visitor::stranger(stage).await.opens("/").await;
        let says = page.says();
        let link = says.split("Add to your server [").nth(1).unwrap();
        let (link, _) = link.split_once(']').unwrap();
        let (_, asked) = link.split_once("/oauth2/authorize?").unwrap();
        // The same as the README says.
        let (_, asked) = asked.split_once('&').unwrap();
        assert!(
            include_str!("../../../README.md").contains(asked),
            "{asked}"
        );
        let answer = reqwest::get(link).await.unwrap();
        assert_eq!(answer.status(), 200, "{link}");
        let shown = answer.text().await.unwrap();
        assert!(shown.contains("Add Latchkey to a server"), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn the_front_page_says_what_this_is() {
    run(async |stage| {
        let visitor = Visitor::stranger(stage).await;
        let page = visitor.opens("/").await;
        assert_eq!(page.status, 200);
        let says = page.says();
        assert!(
            says.starts_with("# Bring your keys. See who pays.\n"),
            "{says}"
        );
        assert!(says.contains("Sign in with Discord [/sign-in]"), "{says}");
        assert!(
            says.contains("- Your key (pays)OpenAI, ends in 4f2A"),
            "{says}"
        );
        assert!(visitor.cookie("__Host-latchkey-visitor").is_some());
        assert_eq!(page.header("cache-control"), "no-store");
        let nothing = visitor.opens("/keys-of-others").await;
        assert_ne!(nothing.status, 200);
        assert!(nothing.forms().is_empty() && !nothing.holds(ORIGIN));
    })
    .await;
}

/// An address that leads nowhere, as a browser asks for it.
async fn follows(visitor: &Visitor<'_>, address: &str) -> super::SeenPage {
    let call = visitor.call("GET", address);
    let call = call.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    visitor.sends_once(call).await
}

/// What a page that is not there says, but for the number of the request.
async fn nowhere(visitor: &Visitor<'_>) -> String {
    let says = follows(visitor, "/kyes").await.says();
    let (says, _) = says.split_once("\nRequest ").expect("it has a number");
    says.to_owned()
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_so_to_people_on_a_page() {
    const NOWHERE: [&str; 5] = [
        "/kyes",
        "/keys/new/more/and/more",
        "/settings/anything/else",
        "/v1/nothing",
        "/api/v1/nothing",
    ];
    run(async |stage| {
        let visitor = Visitor::stranger(stage).await;
        for address in NOWHERE {
            let page = follows(&visitor, address).await;
            assert_eq!(page.status, 404, "{address}");
            assert!(page.header("content-type").starts_with("text/html"));
        }
        insta::assert_snapshot!(nowhere(&visitor).await, @"
        # There is no page here
        The address leads nowhere. A letter may be wrong, or the link may be an old one. Programs find what there is for them at /openapi.json.
        Go to the start [/]Try it [/playground]Sign in with Discord [/sign-in]
        ");
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        insta::assert_snapshot!(nowhere(&mia).await, @"
        # There is no page here
        The address leads nowhere. A letter may be wrong, or the link may be an old one. Programs find what there is for them at /openapi.json.
        Go to your keys [/keys]Ask a model [/playground]See what was used [/usage]
        ");
        // Programs hear it as before: whoever asks for no page, brings a
        // token, or asks for what is there.
        for address in ["/kyes", "/nobody/anything/else"] {
            let json = visitor.opens(address).await;
            assert!(json.html.starts_with('{'), "{address}: {}", json.html);
            let call = visitor.call("GET", address).header("accept", "text/html");
            let call = call.header("authorization", "Bearer lk_nobody");
            let json = visitor.sends_once(call).await;
            assert!(json.html.starts_with('{'), "{address}: {}", json.html);
        }
        for address in ["/api/v1/usage", "/openai/v1/models"] {
            let json = follows(&visitor, address).await;
            assert_eq!(json.status, 401, "{address}");
            assert!(json.html.starts_with('{'), "{address}: {}", json.html);
        }
    })
    .await;
}

/// The browser of these tests fills in forms as a person can.
#[test]
fn a_form_is_found_filled_in_and_read() {
    let page = r#"<nav><a href="/x">Away</a></nav><main id="main"><h1>Add &amp; go</h1>
        <form method="post" action="/keys"><input type="hidden" name="form_token" value="t">
        <select name="provider"><option value="a">A</option><option value="b" selected>B</option></select>
        <label>Key</label><input name="key" type="password"><textarea name="note">x &lt; y</textarea>
        <input type="checkbox" name="keep" value="1" checked> One <button name="go" value="now">Go</button>
        </form><svg><text>1</text></svg><table><tr><th>a</th><td>b <a href="/c?d=1&amp;e=2">c</a></td></tr></table></main>"#;
    let found = forms(page, "/here");
    let form = &found[0];
    assert_eq!(
        (form.action.as_str(), form.method.as_str()),
        ("/keys", "post")
    );
    let filled = form.fill(&[("key", "k"), ("provider", "a"), ("keep", ""), ("go", "now")]);
    let filled: Vec<_> = filled
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        filled,
        [
            "form_token=t",
            "note=x < y",
            "key=k",
            "provider=a",
            "go=now"
        ]
    );
    insta::assert_snapshot!(read(page), @"
    # Add & go
    {provider: b of 2}
    Key
    {key: masked}
    {note} x < y [x] One (Go)
    a | b c [/c?d=1&e=2]
    ");
}
