//! What stands in an address behind its question mark: a page takes it, or
//! says that it does not.

use axum::routing::MethodFilter;

use super::Visitor;
use crate::console::all_routes;
use crate::tests::run;

#[tokio::test]
async fn no_page_leaves_out_in_silence_what_its_address_says() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let server = stage.scene.server.to_string();
        let asked = all_routes().filter(|row| row.method == MethodFilter::GET);
        let mut let_be = Vec::new();
        for row in asked {
            let path = row.path.replace("{server}", &server);
            let path = path.replace("{month}", "2026-11").replace("{key}", "0");
            let address = format!("{path}?dais=7");
            if row.parameters.is_none() {
                let_be.push(row.path);
                continue;
            }
            let page = omar.opens_once(&address).await;
            assert_eq!(page.status, 400, "{address}");
            assert!(
                page.holds("“dais” behind its question mark"),
                "{address}: {}",
                page.shown()
            );
        }
        // Others lead here.
        insta::assert_snapshot!(let_be.join("\n"), @"
        /
        /keys/openrouter/back/{state}
        /settings/api-keys
        /settings/api-keys/usage
        /language-models
        /language-models/billing
        /sign-in
        /sign-in/back
        /signed-in
        ");
    })
    .await;
}

#[tokio::test]
async fn a_choice_that_there_is_not_is_refused_with_those_that_there_are() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        for (address, words) in [
            ("/models?can=sing", "“can” in the address can be text, sees"),
            ("/models?paid=me", "“paid” in the address can be personal"),
            ("/models?in=here", "“in” takes the id of a server"),
            (
                "/models?provider=zork",
                "“provider” in the address can be groq",
            ),
            ("/keys?in=here", "“in” takes the id of a server"),
            ("/playground?in=here", "“in” takes the id of a server"),
            (
                "/playground?as=picture",
                "“as” in the address can be prompt-crafter, code",
            ),
        ] {
            let page = mia.opens(address).await;
            assert_eq!(page.status, 400, "{address}");
            assert!(page.holds(words), "{address}: {}", page.shown());
        }
        for address in [
            "/models?can=&paid=&in=&q=",
            "/models?can=text&paid=personal",
            "/models?provider=groq",
        ] {
            assert_eq!(mia.opens(address).await.status, 200, "{address}");
        }
        // One that nobody pays for is said to be so.
        let page = mia.opens("/models?provider=xai").await;
        let says = "Nobody pays for xAI here, so none of its models can be used.";
        assert!(page.holds(says), "{}", page.shown());
        assert!(page.holds("/keys/new?provider=xai"), "{}", page.shown());
    })
    .await;
}

/// The libraries below have words of their own for it.
#[tokio::test]
async fn an_address_that_is_no_text_leads_nowhere_in_our_words() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        for address in ["/keys/%FF", "/servers/%C3%28/keys"] {
            let page = mia.opens_once(address).await;
            assert_eq!(page.status, 404, "{}", page.shown());
            assert!(page.holds("There is no page here"), "{}", page.shown());
        }
        let asset = mia.opens_once("/assets/%FF/%FF").await;
        assert_eq!((asset.status, &*asset.html), (404, ""));
    })
    .await;
}
