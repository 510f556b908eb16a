//! `/token`: tokens for programs.

use regex::Regex;
use secrecy::{ExposeSecret, SecretString};

use super::{Actor, run};
use crate::model::DAY_MS;

/// The token in what was shown.
pub fn token_in(shown: &str) -> SecretString {
    let token = Regex::new("latchkey_[0-9A-Za-z]{36}").unwrap();
    SecretString::from(token.find(shown).expect("a token is shown").as_str())
}

/// Makes a token by hand, and hides it in what was seen.
async fn made(mia: &Actor<'_>, line: &str) -> String {
    let shown = mia.runs(line).await;
    let token = Regex::new("latchkey_[0-9A-Za-z]{36}").unwrap();
    let id = Regex::new("token:[0-9a-f]{16}").unwrap();
    let hidden = token.replace(&shown, "latchkey_…");
    id.replace(&hidden, "token:<id>").into_owned()
}

#[tokio::test]
async fn a_token_is_shown_once_listed_and_revoked() {
    run(async |stage| {
        let mia = stage.mia();
        insta::assert_snapshot!(mia.runs("/token list").await, @"(only you) You have no tokens. `/token create` makes one, for programs that use your keys.");
        insta::assert_snapshot!(made(&mia, "/token create name:laptop").await, @"
        (only you) Your new token. Copy it now: it is shown this once, and nobody can look it up.
        ```
        latchkey_…
        ```
        It may: ask models. It works until <t:1802995200:D>; `/token revoke token:<id>` ends it at once.
        Any program that speaks OpenAI's API uses your keys with:
        ```sh
        export OPENAI_BASE_URL=https://latchkey.example/v1
        export OPENAI_API_KEY=…  # the token
        ```
        Anthropic's clients, Claude Code too: `ANTHROPIC_BASE_URL=https://latchkey.example`; Google's: base URL `https://latchkey.example`. With `/anthropic` or `/google` behind it, a call reaches that vendor's own models alone, untouched.
        ");
        stage.clock.advance_ms(1);
        insta::assert_snapshot!(made(&mia, "/token create expires:2d scopes:keys:read,usage:read").await, @"
        (only you) Your new token. Copy it now: it is shown this once, and nobody can look it up.
        ```
        latchkey_…
        ```
        It may: see keys, see usage. It works until <t:1795392000:D>; `/token revoke token:<id>` ends it at once.
        The API is at https://latchkey.example/api/v1.
        ");
        stage.clock.advance_ms(1);
        insta::assert_snapshot!(made(&mia, "/token create name:bot here:true").await, @"
        (only you) Your new token. Copy it now: it is shown this once, and nobody can look it up.
        ```
        latchkey_…
        ```
        It may: ask models, with one server's keys. It works until <t:1802995200:D>; `/token revoke token:<id>` ends it at once.
        Any program that speaks OpenAI's API uses your keys with:
        ```sh
        export OPENAI_BASE_URL=https://latchkey.example/v1
        export OPENAI_API_KEY=…  # the token
        ```
        Anthropic's clients, Claude Code too: `ANTHROPIC_BASE_URL=https://latchkey.example`; Google's: base URL `https://latchkey.example`. With `/anthropic` or `/google` behind it, a call reaches that vendor's own models alone, untouched.
        ");
        let listed = mia.runs("/token list").await;
        let id = Regex::new("`[0-9a-f]{16}`").unwrap();
        insta::assert_snapshot!(id.replace_all(&listed, "`<id>`"), @"
        (only you) **Your tokens**
        - **laptop** (`<id>`) · ask models · works until <t:1802995200:D> · never used
        - `<id>` · see keys, see usage · works until <t:1795392000:D> · never used
        - **bot** (`<id>`) · ask models, with one server's keys · works until <t:1802995200:D> · never used
        ");
        let revoked = mia.runs("/token revoke token:laptop").await;
        insta::assert_snapshot!(id.replace_all(&revoked, "`<id>`"), @"(only you) Revoked the token **laptop** (`<id>`). Programs that use it are turned away within half a minute.");
        insta::assert_snapshot!(mia.runs("/token revoke token:laptop").await, @"(only you) You have no such token. Pick one from the list that appears while you type `token:`.");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_cannot_be_made_says_why() {
    run(async |stage| {
        let mia = stage.mia();
        insta::assert_snapshot!(mia.runs("/token create scopes:everything").await, @"(only you) A token's scopes are one or more of `chat`, `keys:read`, `keys:write` and `usage:read`, with commas between. No token was made.");
        insta::assert_snapshot!(mia.runs("/token create expires:2y").await, @"(only you) I can't read that as a time. Write a number and a unit: `m` for minutes, `h` for hours, `d` for days or `w` for weeks, such as `expires:30d`. Without it the token works for 90 days. No token was made.");
        insta::assert_snapshot!(mia.runs("/token create expires:53w").await, @"(only you) A token works for 366 days at the most. No token was made. Give a shorter time, such as `expires:90d`.");
        insta::assert_snapshot!(mia.runs("/token create scopes:chat,guild:5").await, @"(only you) A token can carry the server that it is made in, if that server has added me. No token was made. Run `/token create here:True` in that server.");
        insta::assert_snapshot!(stage.zoe().runs("/token create here:true").await, @"(only you) A token can carry the server that it is made in, if that server has added me. No token was made. Run `/token create here:True` in that server.");
        for _ in 0..20 {
            mia.runs("/token create name:same").await;
        }
        insta::assert_snapshot!(mia.runs("/token create").await, @"(only you) You have 20 tokens, which is the most. End one first with `/token revoke`.");
        insta::assert_snapshot!(mia.runs("/token revoke token:same").await, @"(only you) Several of your tokens have that name, so none was revoked. Give the token's id: `/token list` shows it.");
    })
    .await;
}

#[tokio::test]
async fn a_token_dies_when_it_is_revoked_ends_or_is_erased() {
    run(async |stage| {
        let (mia, app) = (stage.mia(), stage.app().await);
        let short = token_in(&mia.runs("/token create name:short expires:1d").await);
        let long = token_in(&mia.runs("/token create name:long").await);
        let gone = token_in(&mia.runs("/token create name:gone").await);
        assert_eq!(
            app.people
                .authenticate(&short, None)
                .await
                .unwrap()
                .person
                .0,
            stage.scene.member
        );
        app.people.authenticate(&gone, None).await.unwrap();
        mia.runs("/token revoke token:gone").await;
        app.people.authenticate(&gone, None).await.unwrap_err();
        stage.clock.advance_ms(DAY_MS);
        app.people.authenticate(&short, None).await.unwrap_err();
        app.people.authenticate(&long, None).await.unwrap();
        // Its use is noted behind the answer's back.
        app.idle().await;
        assert!(mia.runs("/token list").await.contains("last used"));
        stage.clock.advance_ms(8 * DAY_MS);
        app.sweep().await.unwrap();
        assert!(!mia.runs("/token list").await.contains("short"));
        mia.runs("/privacy erase").await;
        mia.submits(&[("confirm", "ERASE")]).await;
        app.people.authenticate(&long, None).await.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn nothing_of_a_token_is_stored() {
    run(async |stage| {
        let token = token_in(&stage.mia().runs("/token create").await);
        stage.stop().await;
        for file in ["test.db", "test.db-wal"] {
            let bytes = std::fs::read(stage.database().with_file_name(file)).unwrap_or_default();
            assert!(!super::secrets::holds(&bytes, token.expose_secret()));
        }
    })
    .await;
}

/// A made-up token is turned away before anything is read: a database that
/// is gone makes no difference.
#[tokio::test]
async fn a_mistyped_token_costs_no_look_into_the_database() {
    run(async |stage| {
        let app = stage.app().await;
        stage.stop().await;
        let typed = SecretString::from("latchkey_madeupmadeupmadeupmadeupmadeup012345");
        let answer = app.people.authenticate(&typed, None).await;
        assert!(answer.unwrap_err().to_string().contains("mistyped"));
        stage.start().await;
    })
    .await;
}
