//! Forms that are refused: those of other pages, those that are too long or came
//! before, and whatever a field does not take.

use super::{Gallery, NOBODYS, ORIGIN, Visitor, patient};
use crate::tests::run_with;

#[tokio::test]
async fn every_refusal_of_a_form_says_what_happened_and_what_to_do() {
    run_with(patient(), async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let form = mia.opens("/tokens/new").await;
        let fields = form.form("/tokens").fill(&[("name", "My laptop")]);
        let bare = mia.sends_once(mia.bare_post("/tokens", &fields)).await;
        let foreign = mia
            .bare_post("/tokens", &fields)
            .header("origin", "https://other.example");
        let foreign = mia.sends_once(foreign).await;
        gallery
            .shows_refusal("403-form-without-origin", (403, &bare))
            .await;
        gallery
            .shows_refusal("403-form-of-others", (403, &foreign))
            .await;
        let json = mia.call("POST", "/tokens").header("origin", ORIGIN);
        let json = json.header("sec-fetch-site", "same-origin");
        let json = mia.sends_once(json.header("content-type", "application/json").body("{}"));
        gallery.shows_refusal("415-json", (415, &json.await)).await;
        let long = "x".repeat(600 * 1024);
        let long = mia.sends(&form, "/tokens", &[("name", &long)]).await;
        gallery.shows_refusal("413-form", (413, &long)).await;
        let wrong = mia.sends_once(mia.post("/keys/new", &fields)).await;
        gallery.shows_refusal("405-form", (405, &wrong)).await;
        let nobody = mia.post(&format!("/keys/{NOBODYS}/check"), &fields);
        gallery
            .shows_refusal("404-form", (404, &mia.sends_once(nobody).await))
            .await;
        let made = mia.sends(&form, "/tokens", &[("name", "My laptop")]).await;
        gallery.shows_empty("token-made", &made).await;
        let again = mia.sends(&form, "/tokens", &[("name", "My laptop")]).await;
        gallery
            .shows_refusal("409-sent-before", (again.status, &again))
            .await;
        mia.loses("__Host-latchkey");
        let ended = mia.sends(&form, "/tokens", &[("name", "My laptop")]).await;
        gallery.shows_refusal("401-form", (401, &ended)).await;
        gallery.closes();
    })
    .await;
}

/// Every form of every page, with nothing in it, and with what no field takes.
#[tokio::test]
async fn whatever_is_typed_into_a_form_is_answered_with_words_that_help() {
    run_with(patient(), async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let server = format!("/servers/{}", stage.scene.server);
        let of_server = ["/keys?provider=openai", "/models", "/budgets", "/rules"];
        let of_server = of_server.map(|page| format!("{server}{page}"));
        let own = [
            "/keys/new?provider=openai",
            "/keys/new?provider=runpod",
            "/keys/import",
            "/tokens/new",
            "/profile",
            "/operator",
            "/operator/people",
            "/operator/keys/new?provider=openai",
            "/profile/erase",
        ];
        let pages = own.into_iter().map(str::to_owned).chain(of_server);
        for page in pages {
            let shown = omar.opens(&page).await;
            for (at, form) in shown.forms().into_iter().enumerate() {
                if form.method != "post" || form.action.contains("sign-out") {
                    continue;
                }
                for (how, typed) in [("empty", ""), ("nonsense", "☂ nonsense\u{0}")] {
                    let mut fields = form.fill(&[]);
                    for (name, value) in &mut fields {
                        if !["form_token", "once", "provider"].contains(&name.as_str()) {
                            typed.clone_into(value);
                        }
                    }
                    let seen = omar.sends_once(omar.post(&form.action, &fields)).await;
                    if seen.status < 400 {
                        continue;
                    }
                    let name = form.action.replace(&server, "server").replace('/', "-");
                    let name = format!("form{name}-{at}-{how}");
                    gallery.shows_refusal(&name, (seen.status, &seen)).await;
                }
            }
        }
        assert!(gallery.hung > 20, "{}", gallery.hung);
        gallery.closes();
    })
    .await;
}
