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
