//! What was typed is not lost: when a session has ended, when somebody lost a
//! right, and when Discord does not answer.

use latchkey_emulator::RestTrouble;

use super::{SeenPage, Visitor};
use crate::tests::{Stage, good, rest_fault, run};

/// What stands in a field of the form that is shown again.
fn typed_again(page: &SeenPage, action: &str, name: &str) -> String {
    let fields = page.form(action).fill(&[]);
    let field = fields.into_iter().find(|(its_name, _)| its_name == name);
    field.map_or_else(String::new, |(_, value)| value)
}

#[tokio::test]
async fn a_form_of_an_ended_session_goes_through_once_its_sender_signed_in_beside_it() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/tokens/new").await;
        mia.loses("__Host-latchkey");
        let typed = [("name", "My laptop"), ("days", "30")];
        let ended = mia.sends(&form, "/tokens", &typed).await;
        assert_eq!(ended.status, 401);
        assert!(ended.holds("Sign in again, then send"), "{}", ended.shown());
        let link = "target=\"_blank\" rel=\"noopener\">Sign in with Discord";
        assert!(ended.holds(link), "{}", ended.html);
        assert_eq!(typed_again(&ended, "/tokens", "name"), "My laptop");
        // Fields are called as people know them; what the page keeps is hidden.
        let says = ended.says();
        assert!(says.contains("Ends after so many days"), "{says}");
        assert!(says.contains("{name: My laptop}"), "{says}");
        assert!(!says.contains("{once:"), "{says}");
        assert!(!typed_again(&ended, "/tokens", "once").is_empty());
        // Sent before its sender signed in, it is there again as well.
        let early = mia.sends(&ended, "/tokens", &[]).await;
        assert_eq!(early.status, 401);
        assert!(early.holds("Sign in again, then send"), "{}", early.shown());
        assert_eq!(typed_again(&early, "/tokens", "name"), "My laptop");
        mia.signs_in(stage.scene.member).await;
        let made = mia.sends(&early, "/tokens", &[]).await;
        assert!(made.holds("“My laptop” is ready"), "{}", made.shown());
        assert!(mia.opens("/tokens").await.holds("My laptop"));
    })
    .await;
}

#[tokio::test]
async fn a_form_of_before_a_sign_in_is_nobody_elses() {
    run(async |stage| {
        // Whose browser holds no such cookie has been shown no such form.
        let theirs = Visitor::stranger(stage).await.opens("/playground").await;
        let forms = theirs.forms().into_iter().flat_map(|form| form.fields);
        let mut tokens = forms.filter(|(name, _)| name == "form_token");
        let (_, token) = tokens.next().unwrap();
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let fields = [("form_token".to_owned(), token)];
        let refused = mia.sends_once(mia.post("/tokens", &fields)).await;
        assert_eq!(refused.status, 409);
        assert!(refused.holds("Send it once more"), "{}", refused.shown());
    })
    .await;
}

/// Signs in with another account, in the browser in which mia has a form open.
async fn omar_comes(browser: &Visitor<'_>, stage: &Stage) {
    browser.loses("__Host-latchkey");
    browser.signs_in(stage.scene.manager).await;
}

#[tokio::test]
async fn what_was_typed_for_one_account_never_goes_to_another_that_signed_in_beside_it() {
    run(async |stage| {
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let form = browser.opens("/keys/new?provider=openai").await;
        omar_comes(&browser, stage).await;
        let key = good("openai");
        let typed = [("key", key.as_str()), ("name", "My laptop")];
        let refused = browser.sends(&form, "/keys", &typed).await;
        assert_eq!(refused.status, 409);
        let says = refused.says();
        let says: Vec<&str> = says.lines().take(3).collect();
        insta::assert_snapshot!(says.join("\n"), @"
        # Another account is signed in
        This form was opened by another account, and omar is signed in now. Nothing was changed, and nothing of it goes to omar. Sign in again as who opened it, in a new tab, and then send it from here; or go on as omar.
        Sign in as another account [/sign-in?next=%2Fsigned-in&again=1]Go on as omar [/keys]
        ");
        assert!(!refused.holds(&key));
        assert_eq!(typed_again(&refused, "/keys", "name"), "My laptop");
        // Typed once more below that, it is nobody's either.
        let typed = [("key", key.as_str())];
        let refused = browser.sends(&refused, "/keys", &typed).await;
        assert_eq!(refused.status, 409);
        assert!(!browser.opens("/keys").await.holds("My laptop"));
        // Who opened the form comes back, and sends it.
        browser.signs_in(stage.scene.member).await;
        let anew = browser.sends(&refused, "/keys", &typed).await;
        assert!(anew.holds("You are signed in as mia"), "{}", anew.shown());
        let stored = browser.sends(&anew, "/keys", &typed).await;
        assert!(stored.holds("My laptop"), "{}", stored.shown());
    })
    .await;
}

/// A form that was shown again while nobody was signed in is no other's either.
#[tokio::test]
async fn what_was_typed_before_a_sign_in_ended_waits_for_the_same_account() {
    run(async |stage| {
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        let form = browser.opens("/keys/new?provider=openai").await;
        browser.loses("__Host-latchkey");
        let key = good("openai");
        let typed = [("key", key.as_str()), ("name", "My laptop")];
        let ended = browser.sends(&form, "/keys", &typed).await;
        assert_eq!(ended.status, 401);
        browser.signs_in(stage.scene.manager).await;
        let typed = [("key", key.as_str())];
        let refused = browser.sends(&ended, "/keys", &typed).await;
        assert_eq!(refused.status, 409);
        assert!(refused.holds("Another account is signed in"));
        assert!(!browser.opens("/keys").await.holds("My laptop"));
        browser.signs_in(stage.scene.member).await;
        let stored = browser.sends(&ended, "/keys", &typed).await;
        assert!(stored.holds("My laptop"), "{}", stored.shown());
    })
    .await;
}

#[tokio::test]
async fn a_page_that_asks_by_itself_is_told_nothing_of_another_account() {
    run(async |stage| {
        let browser = Visitor::signed_in(stage, stage.scene.member).await;
        omar_comes(&browser, stage).await;
        let asks = async |address: &str, account: u64| {
            let call = browser.call("GET", address);
            let call = call.header("latchkey-account", account.to_string());
            browser.sends_once(call).await
        };
        for address in ["/playground/now", "/usage/now", "/operator/now"] {
            let refused = asks(address, stage.scene.member).await;
            assert_eq!(refused.status, 409, "{address}");
            assert!(refused.holds("omar is signed in now"), "{address}");
            let told = asks(address, stage.scene.manager).await;
            assert_eq!(told.status, 200, "{address}: {}", told.html);
        }
        let visitors = asks("/playground/now", 0).await;
        assert_eq!(visitors.status, 409);
        assert!(visitors.holds("You signed in meanwhile"));
        browser.loses("__Host-latchkey");
        let ended = asks("/playground/now", stage.scene.member).await;
        assert_eq!(ended.status, 401);
        assert!(ended.holds("You are signed out"));
    })
    .await;
}

/// Who is there can't be found out, before anything of the form was read.
#[tokio::test]
async fn what_was_typed_stays_while_no_session_can_be_looked_up() {
    run(async |stage| {
        stage.expects_refusals();
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/tokens/new").await;
        let rename = |from: &str, to: &str| {
            let database = rusqlite::Connection::open(stage.database()).unwrap();
            let sql = format!("alter table {from} rename to {to}");
            database.execute(&sql, []).unwrap();
        };
        rename("session", "elsewhere");
        let refused = mia.sends(&form, "/tokens", &[("name", "My laptop")]).await;
        assert!(refused.status >= 500, "{}", refused.shown());
        assert_eq!(typed_again(&refused, "/tokens", "name"), "My laptop");
        // A page of somebody else's has its form back from nobody.
        let fields = form.form("/tokens").fill(&[("name", "Theirs")]);
        let foreign = mia.bare_post("/tokens", &fields);
        let foreign = foreign.header("origin", "https://elsewhere.example");
        assert!(!mia.sends_once(foreign).await.holds("Theirs"));
        rename("elsewhere", "session");
        let made = mia.sends(&refused, "/tokens", &[]).await;
        assert!(made.holds("“My laptop” is ready"), "{}", made.shown());
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_too_long_is_there_again_to_be_shortened() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/keys/new?provider=openai").await;
        let long = "w".repeat(70_000);
        let typed = [("key", &*good("openai")), ("name", &*long)];
        let refused = mia.sends(&form, "/keys", &typed).await;
        assert_eq!(refused.status, 413);
        assert_eq!(typed_again(&refused, "/keys", "name"), long);
        assert!(!refused.holds(&good("openai")));
        let again = [("key", &*good("openai")), ("name", "Short")];
        let stored = mia.sends(&refused, "/keys", &again).await;
        assert!(stored.holds("Stored your OpenAI key."), "{}", stored.status);
    })
    .await;
}

/// The form of a server's budgets, sent after something happened.
async fn sends_budget(stage: &Stage, happens: impl FnOnce(&Stage)) -> SeenPage {
    let omar = Visitor::signed_in(stage, stage.scene.manager).await;
    let budgets = format!("/servers/{}/budgets", stage.scene.server);
    let form = omar.opens(&budgets).await;
    happens(stage);
    let refused = omar.sends(&form, &budgets, &[("amount", "7")]).await;
    assert_eq!(typed_again(&refused, &budgets, "amount"), "7");
    refused
}

/// Discord says nothing else of members.
fn fails_members(stage: &Stage, trouble: RestTrouble) {
    stage.expects_refusals();
    let fault = rest_fault(("GET", "/members/"), trouble, 1_000);
    stage.world().with(|state| state.rest_faults.push(fault));
}

#[tokio::test]
async fn who_left_the_server_is_told_that_they_do_not_manage_it() {
    run(async |stage| {
        let gone = |stage: &Stage| fails_members(stage, RestTrouble::Refused(404, 10_007));
        let refused = sends_budget(stage, gone).await;
        assert_eq!(refused.status, 403);
        let says = "You do not manage this server";
        assert!(refused.holds(says), "{}", refused.shown());
    })
    .await;
}

#[tokio::test]
async fn while_discord_is_away_the_form_stays() {
    run(async |stage| {
        let away = |stage: &Stage| fails_members(stage, RestTrouble::Page(503));
        let refused = sends_budget(stage, away).await;
        assert_eq!(refused.status, 503);
        let says = "Discord does not answer";
        assert!(refused.holds(says), "{}", refused.shown());
    })
    .await;
}

#[tokio::test]
async fn a_token_that_lasts_longer_than_offered_is_refused_with_words() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/tokens/new").await;
        let mut fields = form.form("/tokens").fill(&[("name", "For ever")]);
        for (name, value) in &mut fields {
            if name == "days" {
                *value = "9000".to_owned();
            }
        }
        let refused = mia.sends_once(mia.post("/tokens", &fields)).await;
        assert_eq!(refused.status, 422);
        assert!(refused.holds("1 year"), "{}", refused.shown());
        assert!(!mia.opens("/tokens").await.holds("For ever"));
    })
    .await;
}

/// What a page does not offer is refused, and what was chosen beside it stays.
#[tokio::test]
async fn a_choice_that_is_not_offered_costs_nobody_the_rest() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let budgets = format!("/servers/{}/budgets", stage.scene.server);
        let keys = format!("/servers/{}/keys", stage.scene.server);
        for (page, action, wrong, kept) in [
            (&*budgets, &*budgets, ("window", "x"), ("amount", "7")),
            (&budgets, &budgets, ("what", "x"), ("amount", "7")),
            (&budgets, &budgets, ("who", "x"), ("amount", "7")),
            ("/tokens/new", "/tokens", ("may", "x"), ("name", "Laptop")),
            (
                "/tokens/new",
                "/tokens",
                ("server", "x"),
                ("name", "Laptop"),
            ),
            (
                "/tokens/new",
                "/tokens",
                ("server", "123456789012345678"),
                ("name", "Laptop"),
            ),
            (
                "/keys/new",
                "/keys",
                ("provider", "nobody"),
                ("name", "Laptop"),
            ),
            (&keys, &keys, ("provider", "nobody"), ("name", "Laptop")),
            (
                "/operator/stop",
                "/operator/stop",
                ("sure", "go"),
                ("during", "2h"),
            ),
        ] {
            let form = omar.opens(page).await.form_with(action, &[kept]);
            let mut fields = form.fill(&[kept]);
            fields.retain(|(name, _)| name != wrong.0);
            fields.push((wrong.0.to_owned(), wrong.1.to_owned()));
            let refused = omar.sends_once(omar.post(action, &fields)).await;
            assert!(
                refused.status == 422 || refused.status == 404,
                "{}",
                refused.shown()
            );
            let again = typed_again(&refused, action, kept.0);
            assert_eq!(again, kept.1, "{action} {wrong:?}: {}", refused.shown());
        }
        let page = omar.opens(&budgets).await;
        assert!(page.holds("No limit yet."), "{}", page.shown());
        // A key is never sent back, whatever it was typed into.
        let form = omar.opens("/keys/new?provider=openai").await;
        let typed = [("key", "made up"), ("name", &*good("anthropic"))];
        let refused = omar.sends(&form, "/keys", &typed).await;
        assert!(!refused.holds(&good("anthropic")), "{}", refused.shown());
        let tokens = omar.opens("/tokens/new").await;
        let typed = [("name", &*good("anthropic"))];
        let refused = omar.sends(&tokens, "/tokens", &typed).await;
        assert_eq!(refused.status, 422);
        assert!(!refused.holds(&good("anthropic")), "{}", refused.shown());
    })
    .await;
}
