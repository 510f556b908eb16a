//! Pages that are refused: what is somebody else's, what is not there, what is
//! out of reach for now, and everything that goes wrong at a sign-in.

use latchkey_emulator::RestTrouble;

use super::{Gallery, NOBODYS, Visitor, patient};
use crate::tests::database_file::OtherProgram;
use crate::tests::stage::Setup;
use crate::tests::{good, rest_fault, run, run_with};

#[tokio::test]
async fn every_refusal_of_a_page_says_what_happened_and_what_to_do() {
    run_with(patient(), async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        let visitor = Visitor::stranger(stage).await;
        for (name, page) in [
            ("keys", "/keys"),
            ("operator", "/operator"),
            ("models", "/models"),
        ] {
            let seen = visitor.opens(page).await;
            gallery
                .shows_refusal(&format!("401-{name}"), (401, &seen))
                .await;
        }
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let server = format!("/servers/{}", stage.scene.server);
        for (name, status, page) in [
            ("404-page", 404, "/kyes".to_owned()),
            ("403-operator", 403, "/operator".to_owned()),
            ("403-operator-key", 403, "/operator/keys/new".to_owned()),
            ("404-server-of-others", 404, server.clone()),
            ("404-server-keys-of-others", 404, format!("{server}/keys")),
            ("404-server-unknown", 404, "/servers/7".to_owned()),
            ("404-server-nonsense", 404, "/servers/nonsense".to_owned()),
            ("404-key", 404, format!("/keys/{NOBODYS}")),
            ("404-key-nonsense", 404, "/keys/nonsense".to_owned()),
            ("404-key-remove", 404, format!("/keys/{NOBODYS}/remove")),
            (
                "422-key-provider",
                422,
                "/keys/new?provider=nobody".to_owned(),
            ),
            ("409-import", 409, format!("/keys/import?import={NOBODYS}")),
            ("404-picture", 404, "/playground/picture/1".to_owned()),
            ("404-month", 404, "/billing/2026-99".to_owned()),
            ("400-days", 400, "/usage?days=many".to_owned()),
        ] {
            let call = mia.call("GET", &page).header("accept", "text/html");
            let seen = mia.sends_once(call).await;
            gallery.shows_refusal(name, (status, &seen)).await;
        }
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        for (name, status, page) in [
            (
                "404-operator-key",
                404,
                format!("/operator/keys/{NOBODYS}/remove"),
            ),
            (
                "404-server-key",
                404,
                format!("{server}/keys/{NOBODYS}/remove"),
            ),
        ] {
            let seen = omar.opens(&page).await;
            gallery.shows_refusal(name, (status, &seen)).await;
        }
        gallery.closes();
    })
    .await;
}

#[tokio::test]
async fn what_goes_wrong_at_a_sign_in_leads_on() {
    run(async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        let browser = Visitor::stranger(stage).await;
        let nowhere = browser.opens_once("/sign-in/back?code=x&state=y").await;
        gallery
            .shows_refusal("sign-in-unknown", (nowhere.status, &nowhere))
            .await;
        let empty = browser.opens_once("/sign-in/back").await;
        gallery
            .shows_refusal("sign-in-empty", (empty.status, &empty))
            .await;
        stage.world().declines();
        let back = browser.goes_to_discord("/sign-in?next=/keys").await;
        let declined = browser.opens_once(&back).await;
        gallery
            .shows_refusal("sign-in-declined", (200, &declined))
            .await;
        stage.world().consents(stage.scene.member);
        for (name, path, trouble) in [
            ("sign-in-away", "/oauth2/token", RestTrouble::Page(502)),
            (
                "sign-in-refused",
                "/users/@me",
                RestTrouble::Refused(403, 50_026),
            ),
        ] {
            let back = browser.goes_to_discord("/sign-in").await;
            let fault = rest_fault(("", path), trouble, 1);
            stage.world().with(|state| state.rest_faults.push(fault));
            let seen = browser.opens_once(&back).await;
            gallery.shows_refusal(name, (seen.status, &seen)).await;
        }
        let mut last = browser.opens_once("/sign-in").await;
        for _ in 0..10 {
            last = browser.opens_once("/sign-in").await;
        }
        gallery.shows_refusal("sign-in-429", (429, &last)).await;
        gallery.closes();
    })
    .await;
    let setup = Setup {
        no_client_secret: true,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        let browser = Visitor::stranger(stage).await;
        let seen = browser.opens_once("/sign-in").await;
        gallery
            .shows_refusal("sign-in-not-set-up", (503, &seen))
            .await;
        gallery.closes();
    })
    .await;
}

#[tokio::test]
async fn while_discord_or_the_database_is_away_pages_say_when_to_try_again() {
    run_with(patient(), async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let budgets = format!("/servers/{}/budgets", stage.scene.server);
        let form = omar.opens(&budgets).await;
        let add = mia.opens("/keys/new?provider=openai").await;
        stage.expects_refusals();
        let fault = rest_fault(("GET", ""), RestTrouble::Page(503), 10_000);
        stage.world().with(|state| state.rest_faults.push(fault));
        let seen = omar.sends(&form, &budgets, &[("amount", "7")]).await;
        gallery
            .shows_refusal("503-discord-form", (503, &seen))
            .await;
        stage.clock.advance_ms(120_000);
        for (name, page) in [
            ("discord-server", format!("/servers/{}", stage.scene.server)),
            ("discord-servers", "/servers".to_owned()),
            ("discord-people", "/operator/people?id=7".to_owned()),
        ] {
            let seen = omar.opens(&page).await;
            gallery.shows_refusal(name, (seen.status, &seen)).await;
        }
        stage.world().with(|state| state.rest_faults.clear());
        let other = OtherProgram::open(&stage.database());
        other.runs("begin exclusive");
        let seen = mia.sends(&add, "/keys", &[("key", &good("openai"))]).await;
        gallery
            .shows_refusal("503-database-form", (503, &seen))
            .await;
        other.runs("rollback");
        gallery.closes();
    })
    .await;
}
