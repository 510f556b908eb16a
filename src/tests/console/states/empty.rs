//! Pages of a place where nothing is there yet: no keys, no usage, no tokens, and
//! nobody who pays.

use super::{Gallery, Visitor, nothing};
use crate::tests::run_with;
use crate::tests::stage::Setup;

#[tokio::test]
async fn every_page_of_ones_own_says_what_to_do_where_nothing_is_there() {
    run_with(nothing(), async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        for (who, person) in [("mia", stage.scene.member), ("zoe", stage.scene.stranger)] {
            let visitor = Visitor::signed_in(stage, person).await;
            for page in [
                "/keys",
                "/keys/new",
                "/keys/new?provider=openai",
                "/keys/import",
                "/models",
                "/playground",
                "/playground?as=:picture",
                "/usage",
                "/usage?days=1",
                "/billing/2026-11",
                "/tokens",
                "/tokens/new",
                "/profile",
                "/profile/erase",
                "/servers",
            ] {
                let name = format!("{who}{}", page.replace(['/', '?', '='], "-"));
                gallery.shows_empty(&name, &visitor.opens(page).await).await;
            }
        }
        let visitor = Visitor::stranger(stage).await;
        for (name, page) in [("visitor-home", "/"), ("visitor-playground", "/playground")] {
            gallery.shows_empty(name, &visitor.opens(page).await).await;
        }
        gallery.closes();
    })
    .await;
}

#[tokio::test]
async fn every_page_of_a_server_and_the_operators_says_what_to_do_where_nothing_is_there() {
    run_with(nothing(), async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let server = format!("/servers/{}", stage.scene.server);
        for page in [
            "",
            "/keys",
            "/models",
            "/budgets",
            "/usage",
            "/rules",
            "/billing/2026-11",
        ] {
            let seen = omar.opens(&format!("{server}{page}")).await;
            let name = format!("server{}", page.replace('/', "-"));
            gallery.shows_empty(&name, &seen).await;
        }
        for page in [
            "/operator",
            "/operator/traffic",
            "/operator/people",
            "/operator/stop",
            "/operator/keys",
            "/operator/keys/new",
        ] {
            gallery
                .shows_empty(
                    &page.trim_start_matches('/').replace('/', "-"),
                    &omar.opens(page).await,
                )
                .await;
        }
        gallery.closes();
    })
    .await;
}

#[tokio::test]
async fn where_keys_of_ones_own_are_off_pages_say_so() {
    let setup = Setup {
        byok: false,
        ..nothing()
    };
    run_with(setup, async |stage| {
        let mut gallery = Gallery::opens(stage).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        gallery
            .shows_empty("off-keys", &mia.opens("/keys").await)
            .await;
        for (name, page) in [
            ("off-keys-new", "/keys/new"),
            ("off-keys-import", "/keys/import"),
        ] {
            let seen = mia.opens(page).await;
            gallery.shows_refusal(name, (seen.status, &seen)).await;
        }
        gallery
            .shows_empty("off-models", &mia.opens("/models").await)
            .await;
        gallery
            .shows_empty("off-playground", &mia.opens("/playground").await)
            .await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let keys = format!("/servers/{}/keys", stage.scene.server);
        let seen = omar.opens(&keys).await;
        gallery
            .shows_refusal("off-server-keys", (seen.status, &seen))
            .await;
        gallery.closes();
    })
    .await;
}
