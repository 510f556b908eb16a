//! A server's budgets in a browser: what is limited, who used it, and how limits
//! end.

use insta::assert_snapshot;

use super::servers::server;
use super::{SeenPage, Visitor};
use crate::tests::{good, run};

#[tokio::test]
async fn an_amount_is_of_what_is_limited_and_is_shown_as_it_holds() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let budgets = server(stage, "/budgets");
        let page = omar.opens(&budgets).await;
        // Dollars are no number of requests.
        for typed in ["$5", "5 USD"] {
            let typed = [("what", "requests"), ("amount", typed), ("per", "month")];
            let wrong = omar.sends(&page, &budgets, &typed).await;
            assert_eq!(wrong.status, 422);
            let says = "The amount is one of dollars, and something else is limited.";
            assert!(wrong.holds(says), "{}", wrong.says());
        }
        // A limit is shown as it holds.
        for (typed, shown) in [("1.0000000001", "$1.00"), ("0.0005", "$0.0005")] {
            let typed = [("what", "dollars"), ("amount", typed), ("per", "month")];
            let set = omar.sends(&page, &budgets, &typed).await;
            let says = format!("The limit is set: {shown} a month");
            assert!(set.holds(&says), "{}", set.says());
        }
    })
    .await;
}

#[tokio::test]
async fn a_manager_sets_a_budget_and_sees_who_used_it() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let budgets = server(stage, "/budgets");
        let page = omar.opens(&budgets).await;
        assert!(page.holds("No limit yet."));
        let typed = [
            ("what", "dollars"),
            ("amount", "4.50"),
            ("per", "month"),
            ("who", "together"),
        ];
        let page = omar.sends(&page, &budgets, &typed).await;
        assert!(
            page.holds(
                "The limit is set: $4.50 a month for everybody together. Nothing of it is used: \
                 counting begins now."
            ) && page.holds("$0.00 of $4.50"),
            "{}",
            page.says()
        );
        // What was typed wrongly is there again.
        let typed = [("what", "requests"), ("amount", "many")];
        let wrong = omar.sends(&page, &budgets, &typed).await;
        assert_eq!(wrong.status, 422, "{}", wrong.shown());
        stage.omar().adds("openai", "guild", &good("openai")).await;
        stage.mia().runs("/ask prompt:count").await;
        stage.app().await.idle().await;
        let page = omar.opens(&budgets).await;
        assert!(page.holds("< $0.0001 of $4.50"), "{}", page.says());
        // A limit in the place of one under which something was used.
        let typed = [("what", "dollars"), ("amount", "3.50"), ("per", "month")];
        let page = omar.sends(&page, &budgets, &typed).await;
        let says = "The limit is set: $3.50 a month for everybody together. < $0.0001 of it is \
                    used already, as it was counted before.";
        assert!(page.holds(says), "{}", page.says());
        for typed in ["1.000", "1,000"] {
            let wrong = omar.sends(&page, &budgets, &[("amount", typed)]).await;
            assert_eq!(wrong.status, 422);
            let says = "It may mean 1, or 1000.";
            assert!(wrong.holds(says), "{}", wrong.says());
        }
        let back = [("what", "dollars"), ("amount", "4.50"), ("per", "month")];
        let page = omar.sends(&page, &budgets, &back).await;
        assert!(page.holds("< $0.0001 of $4.50"), "{}", page.says());
        let overview = omar.opens(&server(stage, "")).await;
        for part in ["Spent this month", "< $0.0001", "mia", "Members who asked"] {
            assert!(overview.holds(part), "{part}: {}", overview.says());
        }
        let usage = omar.opens(&server(stage, "/usage?period=7d")).await;
        assert!(usage.says().contains("mia"), "{}", usage.says());
        let json = omar.opens(&server(stage, "/usage.json?period=7d")).await;
        let json: serde_json::Value = serde_json::from_str(&json.html).unwrap();
        assert_eq!(json["members"][0]["member"], stage.scene.member.to_string());
        assert_eq!(json["members"][0]["requests"], json["total"]["requests"]);
        let bill = omar.opens(&server(stage, "/billing/2026-11")).await;
        assert!(bill.holds("What this server’s keys paid.") && bill.holds("gpt-6-luna"));
    })
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one walk")]
async fn limits_are_cleared_after_a_page_that_says_which() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let budgets = server(stage, "/budgets");
        let clear = format!("{budgets}/clear");
        // Nothing to clear.
        let none = omar.opens(&clear).await;
        assert_eq!(none.status, 404, "{}", none.shown());
        let mut page = omar.opens(&budgets).await;
        let regulars = stage.world().look(|state| {
            let mut roles = state.servers.iter().flat_map(|server| &server.roles);
            let regulars = roles.find(|role| role.name == "regulars");
            regulars.expect("there is such a role").id.to_string()
        });
        let limits = [
            ("member", "requests"),
            (&*regulars, "requests"),
            ("together", "dollars"),
        ];
        for (who, what) in limits {
            let typed = [
                ("who", who),
                ("what", what),
                ("amount", "20"),
                ("per", "month"),
            ];
            page = omar.sends(&page, &budgets, &typed).await;
            assert!(page.holds("The limit is set"), "{}", page.says());
        }
        // Discord's own chooser has everybody's role too.
        stage
            .omar()
            .runs("/server budget set what:images amount:9 per:day role:@everyone")
            .await;
        page = omar.opens(&budgets).await;
        assert!(page.holds("Each member with role “@everyone”"));
        // The form as it opens asks, and clears nothing.
        let asked = omar.sends(&page, &clear, &[]).await;
        let says = |page: &SeenPage| page.says().replace(&budgets, "<budgets>");
        assert_snapshot!(says(&asked), @"
        # Clear these 4 limits?
        Every member may then use the server’s keys without them.
        ## What goes
        - Each member20 requestsa month
        - Each member with role “@everyone”9 picturesa day
        - Each member with role “regulars”20 requestsa month
        - Everybody together$20.00a month
        Keep them [<budgets>] (Clear them)
        ");
        assert!(omar.opens(&budgets).await.holds("20 requests"));
        // Those over a time, or counted in a way, can be chosen.
        for (typed, status) in [
            ([("per", "day"), ("window", "")], 200),
            ([("per", ""), ("window", "rolling")], 404),
        ] {
            let asked = omar.sends(&page, &clear, &typed).await;
            assert_eq!(asked.status, status, "{}", asked.shown());
        }
        // A role can be named.
        let of_role = omar.sends(&page, &clear, &[("who", &regulars)]).await;
        assert_snapshot!(says(&of_role), @"
        # Clear this limit?
        Every member may then use the server’s keys without it.
        ## What goes
        - Each member with role “regulars”20 requestsa month
        Keep it [<budgets>] (Clear it)
        ");
        let cleared = omar.sends(&of_role, &clear, &[]).await;
        assert!(cleared.holds("1 limit is cleared."), "{}", cleared.says());
        // What was shown before is not what there is now.
        let again = omar.sends(&asked, &clear, &[]).await;
        assert!(
            again.holds("The limits were changed since you were asked"),
            "{}",
            again.says()
        );
        let cleared = omar.sends(&again, &clear, &[]).await;
        assert!(cleared.holds("3 limits are cleared."), "{}", cleared.says());
        assert!(cleared.holds("No limit yet."));
    })
    .await;
}

#[tokio::test]
async fn a_full_budget_takes_changes_and_counts_none_of_the_operators_limits() {
    run(async |stage| {
        let omar = stage.omar();
        omar.runs("/admin limit what:requests amount:1000 per:day")
            .await;
        let mut set = 0;
        for what in ["requests", "output tokens", "images", "dollars"] {
            for per in ["day", "week", "month"] {
                for window in ["calendar", "rolling"] {
                    let limit = format!("what:{what} amount:5 per:{per} window:{window}");
                    let said = omar.runs(&format!("/server budget set {limit}")).await;
                    set += usize::from(said.contains("may now be used"));
                }
            }
        }
        assert_eq!(set, 20);
        let again = "/server budget set what:requests amount:7 per:day window:rolling";
        let said = omar.runs(again).await;
        assert!(said.contains("7 requests"), "{said}");
    })
    .await;
}
