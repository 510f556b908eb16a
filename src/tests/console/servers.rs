//! A server's pages in a browser.

use latchkey_emulator::MEMBER;

use super::Visitor;
use crate::tests::{Stage, good, run};

pub fn server(stage: &Stage, page: &str) -> String {
    format!("/servers/{}{page}", stage.scene.server)
}

#[tokio::test]
async fn a_providers_further_fields_are_in_the_form_of_the_servers_key() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let keys = server(stage, "/keys");
        let page = omar.opens(&format!("{keys}?provider=runpod")).await;
        assert!(page.holds("Endpoint ID"), "{}", page.says());
        let typed = [("key", &*good("runpod")), ("extra-endpoint", "made-up-id")];
        let page = omar.sends(&page, &keys, &typed).await;
        assert!(
            page.holds("The RunPod key is added. Works."),
            "{}",
            page.says()
        );
        assert!(!page.html.contains(&good("runpod")));
        let unknown = omar.opens(&format!("{keys}?provider=nonsense")).await;
        assert_ne!(unknown.status, 200);
        assert!(unknown.holds("nonsense"), "{}", unknown.says());
    })
    .await;
}

#[tokio::test]
async fn a_manager_adds_checks_pauses_and_removes_a_key_of_the_server() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        assert!(omar.opens("/servers").await.holds("Lantern Club"));
        let keys = server(stage, "/keys");
        let page = omar.opens(&keys).await;
        assert!(page.holds("No key yet. Members pay themselves."));
        // The form is that of the provider that is chosen.
        let page = omar.sends(&page, &keys, &[("provider", "anthropic")]).await;
        assert!(page.holds("Starts with sk-ant-"), "{}", page.says());
        let typed = [("key", &*good("anthropic")), ("name", "Club")];
        let page = omar.sends(&page, &keys, &typed).await;
        assert!(
            page.holds("The Anthropic key is added. Works."),
            "{}",
            page.says()
        );
        assert!(page.holds("Club, ends in") && !page.holds(&good("anthropic")));
        let pause = page.action(&keys, "/pause").unwrap();
        let page = omar.sends(&page, &pause, &[]).await;
        assert!(page.holds("It pays for nobody until it is resumed."));
        let page = omar
            .sends(&page, &pause.replace("/pause", "/resume"), &[])
            .await;
        assert!(page.holds("The Anthropic key pays again."));
        let page = omar
            .sends(&page, &pause.replace("/pause", "/check"), &[])
            .await;
        assert!(
            page.holds("The Anthropic key was checked. Works."),
            "{}",
            page.says()
        );
        let page = omar
            .sends(
                &page,
                &pause.replace("/pause", "/rename"),
                &[("name", "Trips")],
            )
            .await;
        assert!(page.holds("Trips, ends in"));
        // It is asked first whether it is to be removed.
        let remove = pause.replace("/pause", "/remove");
        let sure = omar.opens(&remove).await;
        assert!(sure.holds("is deleted and cannot be had back"));
        let page = omar.sends(&sure, &remove, &[]).await;
        assert!(page.holds("The Anthropic key is removed.") && page.holds("No key yet."));
        // What is not there, or another owner's, is nothing.
        assert_eq!(omar.opens(&remove).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_manager_stops_somebody_and_chooses_how_the_bot_answers() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let rules = server(stage, "/rules");
        let page = omar.opens(&rules).await;
        assert!(page.holds("Everybody may ask."));
        let mia = stage.scene.member.to_string();
        let block = format!("{rules}/block");
        let wrong = omar.sends(&page, &block, &[("id", "mia")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.holds("That is no id of Discord’s"));
        let typed = [("kind", "person"), ("id", &*mia), ("during", "7d")];
        let page = omar.sends(&page, &block, &typed).await;
        assert!(
            page.holds("They may no longer ask in this server."),
            "{}",
            page.says()
        );
        assert!(page.holds(&format!("mia (id {mia})")), "{}", page.says());
        assert!(
            stage
                .mia()
                .runs("/ask prompt:hello")
                .await
                .contains("manage")
        );
        let page = omar.sends(&page, &format!("{rules}/unblock"), &[]).await;
        assert!(page.holds("They may ask in this server again."));
        let models = server(stage, "/models");
        let page = omar.opens(&models).await;
        let unlisted = [("model", "groq/made-up")];
        let warned = omar.sends(&page, &models, &unlisted).await;
        assert!(
            warned.holds("Groq does not list such a model, so questions may fail."),
            "{}",
            warned.says()
        );
        let ending = [("model", "google/gemini-2.5-pro")];
        let warned = omar.sends(&page, &models, &ending).await;
        let end = "Google ends this model on 2026-12-01. google/gemini-3.8-flash comes after it.";
        assert!(warned.holds(end), "{}", warned.says());
        let typed = [("model", "groq/openai/gpt-oss-20b")];
        let page = omar.sends(&page, &models, &typed).await;
        assert!(
            page.holds("groq/openai/gpt-oss-20b answers here now."),
            "{}",
            page.says()
        );
        let page = omar
            .sends(&page, &format!("{models}/persona"), &[("persona", "code")])
            .await;
        assert!(page.holds("Code answers here now."), "{}", page.says());
        let page = omar.sends(&page, &format!("{models}/previews"), &[]).await;
        assert!(page.holds("Previews are shown."));
        let budgets = server(stage, "/budgets");
        let page = omar.opens(&budgets).await;
        let role = stage.world().look(|state| {
            let all = state.servers.iter().flat_map(|server| &server.roles);
            let found = all.into_iter().find(|role| role.name == "regulars");
            found.unwrap().id.to_string()
        });
        let exempt = format!("{budgets}/exempt");
        let page = omar.sends(&page, &exempt, &[("role", &role)]).await;
        assert!(page.holds("Limits on members no longer bind that role."));
        assert!(page.holds("“regulars”"), "{}", page.says());
    })
    .await;
}

#[tokio::test]
async fn who_lost_the_role_between_page_and_form_changes_nothing() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let (budgets, rules) = (server(stage, "/budgets"), server(stage, "/rules"));
        let (first, second) = (omar.opens(&budgets).await, omar.opens(&rules).await);
        stage
            .world()
            .join(stage.scene.server, stage.scene.manager, MEMBER);
        let refused = omar.sends(&first, &budgets, &[("amount", "5")]).await;
        assert_eq!(refused.status, 403);
        assert!(
            refused.holds("You do not manage this server"),
            "{}",
            refused.says()
        );
        let mia = stage.scene.member.to_string();
        let typed = [("kind", "person"), ("id", &*mia)];
        let refused = omar.sends(&second, &format!("{rules}/block"), &typed).await;
        assert_eq!(refused.status, 403);
        // Once Discord's word of a minute ago is old, there is nothing to see.
        stage.clock.advance_ms(61_000);
        assert_eq!(omar.opens(&budgets).await.status, 404);
        stage.world().join(
            stage.scene.server,
            stage.scene.manager,
            latchkey_emulator::MANAGER,
        );
        stage.clock.advance_ms(61_000);
        assert!(omar.opens(&budgets).await.holds("No limit yet."));
        assert!(omar.opens(&rules).await.holds("Everybody may ask."));
    })
    .await;
}

#[tokio::test]
async fn a_server_is_nothing_to_whoever_does_not_manage_it() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        let zoe = Visitor::signed_in(stage, stage.scene.stranger).await;
        // She is shown who pays for her there, and nothing to manage.
        let hers = mia.opens("/servers").await;
        assert!(!hers.holds("That you manage") && !hers.holds("/servers/1"));
        assert!(
            zoe.opens("/servers")
                .await
                .holds("You are in no server that has the bot.")
        );
        for page in [
            "",
            "/usage",
            "/usage.csv",
            "/usage.json",
            "/usage/now",
            "/keys",
            "/budgets",
            "/rules",
            "/models",
            "/billing/2026-11",
        ] {
            for visitor in [&mia, &zoe] {
                let seen = visitor.opens(&server(stage, page)).await;
                assert_eq!(seen.status, 404, "{page}");
                assert!(!seen.holds("Lantern Club"), "{page}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_member_sees_every_server_that_they_share_with_the_bot() {
    run(async |stage| {
        let (member, club) = (stage.scene.member, stage.scene.server);
        let world = stage.world();
        let [own, _] = ["Book Circle", "Without It"].map(|name| {
            let server = world.add_server(name, false, &["general"]);
            world.join(server, member, MEMBER);
            server
        });
        world.add_bot(own);
        stage.mia().directly().runs("/keys list").await;
        let mia = Visitor::stranger(stage).await;
        mia.signs_in_with_discord(member).await;
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let keys = server(stage, "/keys");
        let form = omar.opens(&format!("{keys}?provider=openai")).await;
        omar.sends(&form, &keys, &[("key", &*good("openai"))]).await;
        let all = mia.opens("/servers").await;
        let says = all.says();
        assert!(says.contains("That you are a member of"), "{says}");
        assert!(says.contains(&format!("Lantern Club [/keys?in={club}#who] | server key")));
        assert!(says.contains(&format!("Book Circle [/keys?in={own}#who] | ")));
        assert!(!says.contains("Without It"), "the bot is not there");
        for page in ["/keys", "/models", "/playground", "/tokens/new"] {
            let shown = mia.opens(page).await;
            assert!(
                shown.holds("Lantern Club") && shown.holds("Book Circle"),
                "{page}"
            );
            assert!(!shown.holds("Without It"), "{page}");
        }
        let here = mia.opens(&format!("/keys?in={club}")).await;
        assert!(
            here.says().contains("OpenAI | server key"),
            "{}",
            here.says()
        );
        // Whoever left is in it no longer, whatever was true at the sign-in.
        world.with(|state| {
            let club = state.servers.iter_mut().find(|it| it.id == club);
            club.expect("the club").members.remove(&member);
        });
        stage.clock.advance_ms(61_000);
        let left = mia.opens(&format!("/keys?in={club}")).await;
        assert!(
            left.status >= 400 && !left.says().contains("server key"),
            "{}",
            left.says()
        );
        let all = mia.opens("/servers").await;
        assert!(
            !all.holds("Lantern Club") && all.holds("Book Circle"),
            "{}",
            all.says()
        );
    })
    .await;
}

/// Fields with other values in some of them.
fn with_values(fields: Vec<(String, String)>, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let fields = fields.into_iter().map(|(name, value)| {
        let typed = typed.iter().find(|(its, _)| *its == name);
        let value = typed.map_or(value, |(_, typed)| (*typed).to_owned());
        (name, value)
    });
    fields.collect()
}

#[tokio::test]
async fn who_may_not_ask_is_named() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let rules = server(stage, "/rules");
        let block = format!("{rules}/block");
        let page = omar.opens(&rules).await;
        let id = stage.scene.member.to_string();
        let typed = [("kind", "person"), ("id", &*id), ("during", "7d")];
        let fields = page.form(&block).fill(&typed);
        let sent = omar.sends_once(omar.post(&block, &fields)).await;
        assert_eq!(sent.status, 303, "{}", sent.html);
        stage.clock.advance_ms(60_000);
        let shown = omar.opens(&rules).await;
        assert!(
            shown.holds(&format!("mia (id {id})")) && shown.holds("ends in 6 days"),
            "{}",
            shown.says()
        );
        let regulars = stage.world().look(|state| {
            let mut all = state.servers.iter().flat_map(|server| &server.roles);
            all.find(|role| role.name == "regulars").map(|role| role.id)
        });
        let regulars = regulars.expect("the role").to_string();
        let typed = [("kind", "role"), ("id", &*regulars), ("during", "")];
        let fields = with_values(fields, &typed);
        omar.sends_once(omar.post(&block, &fields)).await;
        let shown = omar.opens(&rules).await;
        assert!(shown.holds("The role “regulars”"), "{}", shown.says());
        // A role of one's own, and everybody's, would stop oneself.
        let own = stage.world().look(|state| {
            let mut all = state.servers.iter().flat_map(|server| &server.roles);
            all.find(|role| role.name == "Moderators")
                .map(|role| role.id)
        });
        let own = own.expect("the role").to_string();
        let everybody = stage.scene.server.to_string();
        for (id, title) in [
            (&own, "You have that role"),
            (&everybody, "That is everybody"),
        ] {
            let fields = with_values(
                fields.clone(),
                &[("kind", "role"), ("id", id), ("during", "")],
            );
            let refused = omar.sends_once(omar.post(&block, &fields)).await;
            assert_eq!(refused.status, 422, "{title}");
            assert!(refused.holds(title), "{}", refused.says());
        }
        // The last minute is none of "until now".
        stage.clock.advance_ms(7 * 24 * 60 * 60_000 - 90_000);
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let shown = omar.opens(&rules).await;
        assert!(shown.holds("ends within a minute"), "{}", shown.says());
    })
    .await;
}
