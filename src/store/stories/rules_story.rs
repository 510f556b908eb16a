//! The story of rules: limits, exemptions, tiers and blocks are set, read and
//! cleared.

use super::story::{CLUB, MIA, NOW_MS};
use crate::model::{
    Blocked, Bound, ChosenLimits, Limit, Metric, Period, PersonId, ServerId, SetLimit, Span, Window,
};
use crate::store::{GivenTier, Store};

#[expect(
    clippy::too_many_lines,
    reason = "one story, from what is set to what is cleared"
)]
pub async fn rules_are_set_read_and_cleared(store: &Store) {
    let limit = |max| Limit {
        metric: Metric::Cost,
        span: Span {
            period: Period::Month,
            window: Window::Calendar,
        },
        max,
    };
    let set = |bound, max| SetLimit {
        bound,
        limit: limit(max),
        set_by: MIA,
    };
    let other = ServerId(10);
    for (server, subject, rule) in [
        (Some(CLUB), 0, set(Bound::ServerKey, 5)),
        (Some(CLUB), 0, set(Bound::ServerKey, 6)),
        (Some(CLUB), 55, set(Bound::Role(55), 7)),
        (Some(other), 0, set(Bound::Member, 8)),
        (None, 0, set(Bound::Bot, 9)),
        (None, CLUB.0, set(Bound::BotInServer, 10)),
        (None, 8, set(Bound::BotForPerson, 11)),
    ] {
        store
            .set_limit(server, subject, &rule, NOW_MS)
            .await
            .unwrap();
    }
    store.exempt_role(CLUB, 55, true).await.unwrap();
    store.exempt_role(CLUB, 55, true).await.unwrap();
    let given = GivenTier {
        tier: "premium",
        until_ms: Some(NOW_MS + 5),
        by: MIA,
    };
    store.give_tier(MIA, given, NOW_MS).await.unwrap();
    for (whom, until) in [
        (Blocked::Everyone, Some(NOW_MS + 5)),
        (Blocked::Person(PersonId(8)), None),
        (Blocked::Server(CLUB), None),
    ] {
        store.set_block(whom, until, MIA, NOW_MS).await.unwrap();
    }
    only_rules_that_belong_here_are_read(store).await;
    store.expire_rules(NOW_MS + 5).await.unwrap();
    let rules = store.rules(MIA, None, None).await.unwrap();
    assert_eq!((rules.tier, rules.blocks.len()), (None, 0));
    assert!(store.lift_block(Blocked::Server(CLUB)).await.unwrap());
    assert!(!store.lift_block(Blocked::Server(CLUB)).await.unwrap());
    let clear = async |server, subject, chosen| {
        let cleared = store.clear_limits(server, subject, chosen).await;
        cleared.map(|cleared| cleared.len())
    };
    let of = |bound| ChosenLimits {
        bound: Some(bound),
        ..ChosenLimits::default()
    };
    let images = ChosenLimits {
        metric: Some(Metric::Images),
        ..ChosenLimits::default()
    };
    assert_eq!(clear(Some(CLUB), 0, images).await.unwrap(), 0);
    let stale = set(Bound::Role(55), 8);
    assert!(!store.clear_unchanged(CLUB, 55, &stale).await.unwrap());
    let role = of(Bound::Role(55));
    let role_over = |period, window| ChosenLimits {
        period: Some(period),
        window: Some(window),
        ..role
    };
    let Span { period, window } = stale.limit.span;
    let others = Period::ALL.iter().filter(|it| **it != period);
    for period in others {
        let chosen = role_over(*period, window);
        assert_eq!(clear(Some(CLUB), 55, chosen).await.unwrap(), 0);
    }
    let chosen = role_over(period, window);
    assert_eq!(clear(Some(CLUB), 55, chosen).await.unwrap(), 1);
    let unchanged = set(Bound::ServerKey, 6);
    assert!(store.clear_unchanged(CLUB, 0, &unchanged).await.unwrap());
    assert_eq!(store.operators_rules(10).await.unwrap().limits.len(), 3);
    assert_eq!(clear(None, 0, of(Bound::Bot)).await.unwrap(), 1);
}

async fn only_rules_that_belong_here_are_read(store: &Store) {
    let rules = store.rules(MIA, Some(CLUB), None).await.unwrap();
    let mut limits: Vec<(Bound, u64)> = rules
        .limits
        .iter()
        .map(|l| (l.bound, l.limit.max))
        .collect();
    limits.sort_unstable();
    let expected = [
        (Bound::Bot, 9),
        (Bound::BotInServer, 10),
        (Bound::ServerKey, 6),
        (Bound::Role(55), 7),
    ];
    assert_eq!(limits, expected);
    assert_eq!(rules.exempt_roles, [55]);
    assert_eq!(rules.tier, Some(("premium".into(), Some(NOW_MS + 5))));
    assert_eq!(rules.blocks.len(), 2);
    let nowhere = store.rules(PersonId(8), None, None).await.unwrap();
    let bounds: Vec<Bound> = nowhere.limits.iter().map(|l| l.bound).collect();
    assert_eq!(bounds.len(), 2, "{bounds:?}");
    assert_eq!(nowhere.blocks.len(), 2);
}
