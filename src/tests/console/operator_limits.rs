//! Limits on the bot default, cleared one by one.

use super::operator_rules::{limit, omar, sends};
use crate::tests::run;

#[tokio::test]
async fn a_limit_is_cleared_and_those_over_other_times_stay() {
    run(async |stage| {
        let omar = omar(stage).await;
        let page = omar.opens("/operator").await;
        for period in ["day", "week", "month"] {
            let set = limit("everyone", "", "requests", period);
            sends(&omar, &page, "/operator/limit", &set).await;
        }
        let calendar = "/admin limit what:requests amount:1 per:day window:rolling";
        stage.omar().runs(calendar).await;
        let mut forms = omar.opens("/operator").await.forms();
        forms.retain(|form| form.action == "/operator/unlimit");
        let left = async || {
            let says = omar.opens("/operator").await.says();
            let limits = says
                .lines()
                .filter(|line| line.contains("on the bot default"));
            limits.count()
        };
        assert_eq!((forms.len(), left().await), (4, 4));
        for (at, form) in forms.iter().enumerate() {
            let sent = omar
                .sends_once(omar.post(&form.action, &form.fill(&[])))
                .await;
            let said = omar.follows(sent).await;
            assert!(said.holds("Cleared 1 limit."), "{}", said.shown());
            assert_eq!(left().await, 3 - at, "{}", said.shown());
        }
        // What was never set was not cleared before either.
        let never = [("kind", "everyone"), ("metric", "images")];
        let told = sends(&omar, &page, "/operator/unlimit", &never).await;
        let says = "No such limit is set, so none was cleared.";
        assert!(told.holds(says), "{}", told.shown());
    })
    .await;
}
