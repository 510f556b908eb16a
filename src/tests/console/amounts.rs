//! Amounts of limits, as people type them: which are taken, how they are read, and
//! what is said of others.

use insta::assert_snapshot;

use super::Visitor;
use crate::tests::run;

#[tokio::test]
async fn a_refused_amount_says_which_are_taken_and_stays_typed() {
    run(async |stage| {
        let omar = Visitor::signed_in(stage, stage.scene.manager).await;
        let page = omar.opens("/operator").await;
        let budgets = format!("/servers/{}/budgets", stage.scene.server);
        let budget = omar.opens(&budgets).await;
        let taken = "a whole number such as 1500, up to 1,000,000,000,000,000; or for dollars an \
                     amount such as 4.50, up to 1,000,000.";
        for (amount, metric, says) in [
            ("0", "requests", taken),
            ("1.5", "requests", taken),
            ("1000000000", "dollars", "$1,000,000.00 "),
        ] {
            let typed = [("amount", amount), ("metric", metric)];
            let theirs = [("amount", amount), ("what", metric)];
            for refused in [
                omar.sends(&page, "/operator/limit", &typed).await,
                omar.sends(&budget, &budgets, &theirs).await,
            ] {
                assert_eq!(refused.status, 422, "{}", refused.shown());
                assert!(refused.holds(says), "{}", refused.shown());
                let again = format!("{{amount: {amount}}}");
                assert!(refused.says().contains(&again), "{}", refused.shown());
            }
        }
        let typed = [("amount", "1,500"), ("what", "dollars")];
        let refused = omar.sends(&budget, &budgets, &typed).await;
        let says = "It may mean 1.5, or 1500. Write one of these two: a point stands before a \
                    fraction, and nothing between thousands.";
        assert!(refused.holds(says), "{}", refused.shown());
        assert!(
            refused.says().contains("{amount: 1,500}"),
            "{}",
            refused.shown()
        );
        // A count is whole, so that the same is read in one way, which is said.
        let mut told = Vec::new();
        for amount in ["1,500", "1 500", "1_500"] {
            let theirs = [("amount", amount), ("what", "requests")];
            let typed = [("amount", amount), ("metric", "requests")];
            for set in [
                omar.sends(&page, "/operator/limit", &typed).await,
                omar.sends(&budget, &budgets, &theirs).await,
            ] {
                let says = set.says();
                let line = says.lines().find(|line| line.contains("The limit is set"));
                told.push(line.unwrap_or_default().to_owned());
            }
        }
        told.sort_unstable();
        told.dedup();
        assert_snapshot!(told.join("\n"), @"
        The limit is set: 1,500 requests a day for everybody together, on what the bot default pays. Nothing of it is used: counting begins now.
        The limit is set: 1,500 requests a month for everybody together. Nothing of it is used: counting begins now.
        ");
    })
    .await;
}
