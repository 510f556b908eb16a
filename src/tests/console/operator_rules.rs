//! What the operator types is done to whom it is meant for, or refused.

use latchkey_emulator::{Channel, RestTrouble};

use super::{SeenPage, Visitor};
use crate::model::{BlockTarget, Caller, PersonId, Place, ServerId};
use crate::tests::stage::Setup;
use crate::tests::{Stage, rest_fault, run, run_with};

/// Sends fields to one of the operator's forms, whether a page offers them or
/// not.
pub async fn sends(
    omar: &Visitor<'_>,
    page: &SeenPage,
    action: &str,
    fields: &[(&str, &str)],
) -> SeenPage {
    let mut all = page.form("/operator/limit").fill(&[]);
    all.retain(|(name, _)| name == "form_token");
    let fields = fields.iter();
    all.extend(fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let sent = omar.sends_once(omar.post(action, &all)).await;
    omar.follows(sent).await
}

pub fn limit<'a>(
    kind: &'a str,
    id: &'a str,
    metric: &'a str,
    period: &'a str,
) -> [(&'a str, &'a str); 5] {
    [
        ("kind", kind),
        ("id", id),
        ("amount", "1"),
        ("metric", metric),
        ("period", period),
    ]
}

pub async fn omar(stage: &Stage) -> Visitor<'_> {
    Visitor::signed_in(stage, stage.scene.manager).await
}

#[tokio::test]
async fn a_limit_for_one_never_becomes_one_for_everybody() {
    run(async |stage| {
        let omar = omar(stage).await;
        let page = omar.opens("/operator").await;
        let id = stage.scene.member.to_string();
        // The list says everybody, and somebody’s id is typed.
        let typed = [("id", &*id), ("amount", "1")];
        let refused = omar.sends(&page, "/operator/limit", &typed).await;
        assert_eq!(refused.status, 422);
        assert!(refused.holds("Everybody, or the one with that id?"));
        for fields in [
            limit("person", &id, "requests", "day"),
            limit("", &id, "requests", "day"),
            limit("user", "mia", "requests", "day"),
            limit("user", &id, "questions", "day"),
            limit("user", &id, "requests", "fortnight"),
        ] {
            let refused = sends(&omar, &page, "/operator/limit", &fields).await;
            assert_eq!(refused.status, 422, "{fields:?}");
        }
        assert!(omar.opens("/operator").await.holds("Nothing is set."));
        for typed in ["1,000", "1.000"] {
            let refused = omar
                .sends(
                    &page,
                    "/operator/limit",
                    &[("amount", typed), ("metric", "dollars")],
                )
                .await;
            assert_eq!(refused.status, 422, "{typed}");
            let says = "The amount may mean 1, or 1000.";
            assert!(refused.holds(says), "{}", refused.shown());
        }
        let set = omar
            .sends(&page, "/operator/limit", &[("amount", "1000")])
            .await;
        let says = "The limit is set: 1,000 requests a day for everybody together, on what the bot \
                    default pays. Nothing of it is used: counting begins now.";
        assert!(set.holds(says), "{}", set.shown());
        // What is not understood clears nothing either.
        for fields in [
            &[("kind", "zzz")][..],
            &[("kind", "everyone"), ("id", &*id)][..],
            &[("kind", "everyone"), ("metric", "questions")][..],
        ] {
            let refused = sends(&omar, &page, "/operator/unlimit", fields).await;
            assert_eq!(refused.status, 422, "{fields:?}");
        }
        let page = omar.opens("/operator").await;
        assert!(page.holds("0 of 1,000 requests a day"), "{}", page.shown());
        let cleared = omar.sends(&page, "/operator/unlimit", &[]).await;
        assert!(cleared.holds("Cleared 1 limit."), "{}", cleared.shown());
    })
    .await;
}

#[tokio::test]
async fn a_block_is_for_whom_it_names_and_never_for_oneself() {
    run(async |stage| {
        let omar = omar(stage).await;
        let page = omar.opens("/operator").await;
        let (id, own) = (
            stage.scene.member.to_string(),
            stage.scene.manager.to_string(),
        );
        let fields = [("kind", "user"), ("id", &*own)];
        let refused = sends(&omar, &page, "/operator/block", &fields).await;
        assert_eq!(refused.status, 422);
        assert!(refused.holds("That is you"), "{}", refused.shown());
        for kind in ["", "person", "zzz"] {
            for action in ["/operator/block", "/operator/unblock"] {
                let refused = sends(&omar, &page, action, &[("kind", kind), ("id", &id)]).await;
                assert_eq!(refused.status, 422, "{action} {kind:?}");
            }
        }
        let fields = [("kind", "user"), ("id", &*id)];
        let let_go = sends(&omar, &page, "/operator/unblock", &fields).await;
        assert!(let_go.holds("was not stopped."), "{}", let_go.shown());
        // What a server’s managers stopped is lifted there, and nowhere else.
        let people = &stage.app().await.people;
        let manager = Caller {
            place: Place::Server(ServerId(stage.scene.server)),
            manages_server: true,
            ..crate::app::nobody_else(PersonId(stage.scene.manager))
        };
        let target = BlockTarget::Person(PersonId(stage.scene.member));
        people.block_here(&manager, target, None).await.unwrap();
        let inside = stage.scene.server.to_string();
        let fields = [("kind", "user"), ("id", &*id)];
        let elsewhere = sends(&omar, &page, "/operator/unblock", &fields).await;
        assert!(elsewhere.holds("was not stopped."), "{}", elsewhere.shown());
        let fields = [("kind", "user"), ("id", &*id), ("inside", &*inside)];
        let lifted = sends(&omar, &page, "/operator/unblock", &fields).await;
        assert!(lifted.holds("can ask again."), "{}", lifted.shown());
        // A server has its name beside its id.
        let fields = [("kind", "server"), ("id", &*inside)];
        let stopped = sends(&omar, &page, "/operator/block", &fields).await;
        let named = format!("Lantern Club (server {inside})");
        assert!(stopped.holds(&named), "{}", stopped.shown());
        sends(&omar, &page, "/operator/unblock", &fields).await;
        assert!(stage.is_answering().await);
    })
    .await;
}

/// The ids of a person, a server, a role and a channel.
fn ids(stage: &Stage) -> [String; 4] {
    let (role, channel) = stage.world().look(|state| {
        let mut roles = state.servers.iter().flat_map(|server| &server.roles);
        let role = roles.find(|role| role.name == "regulars").unwrap();
        let mut channels = state.channels.iter();
        let channel = channels.find(|channel| channel.server == Some(stage.scene.server));
        (role.id, channel.unwrap().id)
    });
    let (person, server) = (stage.scene.member, stage.scene.server);
    [person, server, role, channel].map(|id| id.to_string())
}

#[tokio::test]
async fn an_id_of_another_kind_is_refused_by_name() {
    run(async |stage| {
        let omar = omar(stage).await;
        let [person, server, _, channel] = ids(stage);
        let page = omar.opens("/operator").await;
        for (kind, id, is) in [
            ("server", &person, "a person"),
            ("server", &channel, "a channel"),
            ("user", &server, "a server"),
            ("user", &channel, "a channel"),
        ] {
            let refused = sends(
                &omar,
                &page,
                "/operator/limit",
                &limit(kind, id, "dollars", "month"),
            )
            .await;
            assert_eq!(refused.status, 422, "{kind} {id}");
            assert!(
                refused.holds(&format!("{id} is the id of {is}, and one of")),
                "{}",
                refused.shown()
            );
            let fields = [("kind", kind), ("id", &**id)];
            let refused = sends(&omar, &page, "/operator/block", &fields).await;
            assert_eq!(refused.status, 422, "{kind} {id}");
        }
        let tier = [("id", &*server), ("tier", "basic")];
        let refused = sends(&omar, &page, "/operator/tier", &tier).await;
        assert!(refused.holds("the id of a server"), "{}", refused.shown());
        assert!(omar.opens("/operator").await.holds("Nothing is set."));
    })
    .await;
}

#[tokio::test]
async fn an_id_of_another_kind_is_refused_on_a_servers_pages_too() {
    run(async |stage| {
        let omar = omar(stage).await;
        let [person, server, role, channel] = ids(stage);
        let page = omar.opens("/operator").await;
        let (rules, budgets) = (
            format!("/servers/{server}/rules"),
            format!("/servers/{server}/budgets"),
        );
        for (kind, id, is) in [
            ("person", &role, "a role"),
            ("person", &channel, "a channel"),
            ("person", &server, "a server"),
            ("channel", &person, "a person"),
            ("channel", &role, "a role"),
            ("role", &person, "a person"),
        ] {
            let fields = [("kind", kind), ("id", &**id)];
            let refused = sends(&omar, &page, &format!("{rules}/block"), &fields).await;
            assert_eq!(refused.status, 422, "{kind} {id}");
            assert!(
                refused.holds(&format!("{id} is the id of {is}")),
                "{}",
                refused.shown()
            );
        }
        let exempt = [("role", &*person), ("exempt", "yes")];
        let refused = sends(&omar, &page, &format!("{budgets}/exempt"), &exempt).await;
        assert!(refused.holds("the id of a person"), "{}", refused.shown());
        let fields = [
            ("what", "requests"),
            ("amount", "5"),
            ("per", "day"),
            ("who", &*channel),
        ];
        let refused = sends(&omar, &page, &budgets, &fields).await;
        assert!(refused.holds("the id of a channel"), "{}", refused.shown());
        assert!(omar.opens(&rules).await.holds("Everybody may ask."));
        // Whom Discord knows is named.
        let stopped = sends(
            &omar,
            &page,
            &format!("{rules}/block"),
            &[("kind", "person"), ("id", &*person)],
        )
        .await;
        assert!(
            stopped.holds("They may no longer ask in this server. That is mia."),
            "{}",
            stopped.shown()
        );
    })
    .await;
}

/// A channel that is found so.
fn channel_where(stage: &Stage, is_it: impl Fn(&Channel) -> bool) -> String {
    stage.world().look(|state| {
        let found = state.channels.iter().find(|channel| is_it(channel));
        found.unwrap().id.to_string()
    })
}

#[tokio::test]
async fn a_server_stops_its_own_channels_and_nobody_stops_themselves() {
    run(async |stage| {
        // A channel of a server without the bot.
        stage.expects_refusals();
        let omar = omar(stage).await;
        let [_, server, _, channel] = ids(stage);
        let page = omar.opens("/operator").await;
        let block = format!("/servers/{server}/rules/block");
        let (home, second) = (
            stage.scene.server,
            stage.world().add_server("Second", true, &["hall"]),
        );
        let foreign = channel_where(stage, |it| it.server == Some(second));
        let unseen = channel_where(stage, |it| {
            it.server.is_some_and(|id| id != home && id != second)
        });
        stage.mia().directly();
        let direct = channel_where(stage, |it| it.person.is_some());
        for (id, says) in [
            (&*foreign, "That channel is not in this server"),
            (&*unseen, "No channel with that id is seen in this server"),
            (&*direct, "That channel is not in this server"),
            (
                "223456789012345670",
                "No channel with that id is seen in this server",
            ),
        ] {
            let fields = [("kind", "channel"), ("id", id)];
            let refused = sends(&omar, &page, &block, &fields).await;
            assert_eq!(refused.status, 422, "{id}: {}", refused.shown());
            assert!(refused.holds(says), "{id}: {}", refused.shown());
            // What it is called is for those who see it.
            assert!(!refused.holds("hall"), "{id}: {}", refused.shown());
        }
        let role = [("kind", "role"), ("id", "223456789012345670")];
        let refused = sends(&omar, &page, &block, &role).await;
        assert!(
            refused.holds("That role is not in this server"),
            "{}",
            refused.shown()
        );
        let own = stage.scene.manager.to_string();
        let refused = sends(&omar, &page, &block, &[("kind", "person"), ("id", &own)]).await;
        assert!(refused.holds("That is you"), "{}", refused.shown());
        let rules = omar.opens(&format!("/servers/{server}/rules")).await;
        assert!(rules.holds("Everybody may ask."), "{}", rules.shown());
        let fields = [("kind", "channel"), ("id", &*channel)];
        // What Discord fails to say for a moment may be right.
        let fault = rest_fault(("GET", "/channels/"), RestTrouble::Page(503), 3);
        stage.world().with(|state| state.rest_faults.push(fault));
        let stopped = sends(&omar, &page, &block, &fields).await;
        assert!(
            stopped.holds("They may no longer ask"),
            "{}",
            stopped.shown()
        );
    })
    .await;
}

#[tokio::test]
async fn a_limit_is_for_a_server_that_the_bot_is_in() {
    run(async |stage| {
        let omar = omar(stage).await;
        let page = omar.opens("/operator").await;
        let fields = limit("server", "123456789012345678", "requests", "day");
        let refused = sends(&omar, &page, "/operator/limit", &fields).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.holds("The bot is not in that server"),
            "{}",
            refused.shown()
        );
        assert!(refused.holds("123456789012345678"));
        assert!(omar.opens("/operator").await.holds("Nothing is set."));
    })
    .await;
}

/// What is no id, or nobody's, stops nobody, and nobody is told that it does.
#[tokio::test]
async fn a_mistyped_id_is_refused_wherever_it_is_typed() {
    run(async |stage| {
        let omar = omar(stage).await;
        let [person, server, ..] = ids(stage);
        let page = omar.opens("/operator").await;
        let rules = format!("/servers/{server}/rules");
        let block = format!("{rules}/block");
        for id in ["1", "123", "18446744073709551615", "0", "-5"] {
            let limit = [
                ("kind", "server"),
                ("id", id),
                ("amount", "5"),
                ("metric", "requests"),
                ("period", "day"),
            ];
            for (address, fields) in [
                (&*block, &[("kind", "person"), ("id", id)][..]),
                (&*block, &[("kind", "channel"), ("id", id)][..]),
                ("/operator/block", &[("kind", "user"), ("id", id)][..]),
                ("/operator/block", &[("kind", "server"), ("id", id)][..]),
                ("/operator/tier", &[("id", id), ("tier", "basic")][..]),
                ("/operator/limit", &limit[..]),
            ] {
                let refused = sends(&omar, &page, address, fields).await;
                assert_eq!(refused.status, 422, "{address} {fields:?}");
                let says = "That is no id of Discord’s";
                assert!(refused.holds(says), "{address}: {}", refused.shown());
            }
        }
        // One digit is wrong, and nobody has it.
        let nobody = "123456789012345678";
        for (address, kind) in [(&*block, "person"), ("/operator/block", "user")] {
            let fields = [("kind", kind), ("id", nobody)];
            let refused = sends(&omar, &page, address, &fields).await;
            assert_eq!(refused.status, 422, "{address}");
            assert!(refused.holds("Nobody has that id"), "{}", refused.shown());
        }
        let bot = stage.world().look(|state| state.application).to_string();
        let fields = [("kind", "user"), ("id", &*bot)];
        let refused = sends(&omar, &page, "/operator/block", &fields).await;
        assert!(
            refused.holds("That is the id of a bot"),
            "{}",
            refused.shown()
        );
        assert!(omar.opens("/operator").await.holds("Nothing is set."));
        assert!(omar.opens(&rules).await.holds("Everybody may ask."));
        let fields = limit("user", &person, "requests", "day");
        let set = sends(&omar, &page, "/operator/limit", &fields).await;
        assert!(set.holds(&format!("mia (id {person})")), "{}", set.shown());
        // Discord is away: what can be an id may be right.
        stage.expects_refusals();
        let trouble = RestTrouble::Refused(400, 50_035);
        stage.world().with(|state| {
            let fault = rest_fault(("GET", "/users/"), trouble, 1);
            state.rest_faults.push(fault);
        });
        let fields = [("kind", "user"), ("id", nobody)];
        let stopped = sends(&omar, &page, "/operator/block", &fields).await;
        assert!(stopped.holds("is stopped"), "{}", stopped.shown());
    })
    .await;
}

/// What the card of limits, its forms and a confirmation say of payers.
#[tokio::test]
async fn a_limit_names_the_payers_that_it_binds() {
    let setup = |config: &str| Setup {
        config: config.to_owned(),
        ..Setup::default()
    };
    for (config, binds) in [
        ("", "the bot default"),
        (
            "[quota]\napplies_to = ['bot_default', 'personal', 'server']\n",
            "the bot default, people’s own keys and servers’ keys",
        ),
    ] {
        run_with(setup(config), async |stage| {
            let omar = omar(stage).await;
            let page = omar.opens("/operator").await;
            let says = format!(
                "Limits bind the bot default; those of the configuration’s tiers bind {binds}"
            );
            assert!(page.holds(&says), "{}", page.shown());
            let says = format!("The limits of tiers bind {binds}.");
            assert!(page.holds(&says), "{}", page.shown());
            assert!(
                page.holds("It binds what the bot default pays, and nothing else"),
                "{}",
                page.shown()
            );
            let id = stage.scene.member.to_string();
            let fields = limit("user", &id, "requests", "day");
            let set = sends(&omar, &page, "/operator/limit", &fields).await;
            let says = format!(
                "The limit is set: 1 request a day for mia (id {id}), on what the bot default pays."
            );
            assert!(set.holds(&says), "{}", set.shown());
            // Whoever it is for is called by their name, and so is whoever is stopped.
            let row = format!("mia (person {id}) | 0 of 1 request a day on the bot default");
            assert!(set.says().contains(&row), "{}", set.shown());
            let fields = [("kind", "user"), ("id", &*id)];
            let stopped = sends(&omar, &page, "/operator/block", &fields).await;
            let row = format!("mia (person {id}) | stopped");
            assert!(stopped.says().contains(&row), "{}", stopped.shown());
            let fields = [("id", &*id), ("tier", "community")];
            let given = sends(&omar, &page, "/operator/tier", &fields).await;
            let row = format!("mia (person {id}) | tier “community”");
            assert!(given.says().contains(&row), "{}", given.shown());
        })
        .await;
    }
}
