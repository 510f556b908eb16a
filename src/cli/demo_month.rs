//! A month of the demo before it began: keys of its people, a budget, and what
//! they used. The same at every start, but for the day.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use latchkey_emulator::providers::{Standing, sample};

use super::Scene;
use crate::app::{App, KeyDraft, PastUse, TypedKey, nobody_else};
use crate::model::{
    Bound, Caller, DAY_MS, Lifetime, Limit, Metric, Period, PersonId, Place, ProviderId, Scope,
    ServerId, Source, Span, Usage, UsageDetails, Window,
};

/// How many days are told of, today included.
const DAYS: i64 = 31;
const HOUR_MS: i64 = 3_600_000;
/// Where the sequence of chance begins.
const SEED: u64 = 0x1a7c_4b3e_5eed_0022;

/// A key that somebody has: whose, for which provider, and what the provider
/// thinks of it.
struct DemoKey {
    scope: Scope,
    provider: &'static str,
    name: &'static str,
    standing: Standing,
}

/// Something that somebody does again and again.
struct Habit {
    /// How many times in ten days.
    in_ten_days: u64,
    is_manager: bool,
    in_server: bool,
    source: Source,
    provider: &'static str,
    model: &'static str,
    /// The longest question and the longest answer, in tokens.
    tokens: (u64, u64),
    images: u64,
}

const MIAS_KEYS: &[DemoKey] = &[
    own("openai", "Personal", Standing::Good),
    own("anthropic", "Work", Standing::Good),
    own("openrouter", "Spare", Standing::Empty),
];
const OMARS_KEYS: &[DemoKey] = &[
    own("openai", "Projects", Standing::Good),
    shared("anthropic", "Club", Standing::Good),
    shared("mistral", "Trial", Standing::Restricted),
];

const HABITS: &[Habit] = &[
    habit(62, Source::Personal, "openai", "gpt-6-luna").of(36_000, 5_400),
    habit(24, Source::Personal, "anthropic", "claude-haiku-5-5").of(52_000, 7_000),
    habit(5, Source::Personal, "openai", "gpt-image-2")
        .of(120, 1_400)
        .a_picture(),
    habit(38, Source::Server, "anthropic", "claude-haiku-5-5").of(42_000, 6_000),
    habit(12, Source::Server, "mistral", "mistral-small-latest").of(18_000, 3_500),
    habit(16, Source::BotDefault, "groq", "openai/gpt-oss-20b").of(3_000, 900),
    // A model that no list of prices knows.
    habit(2, Source::Personal, "openai", "club-tuned-luna").of(2_000, 700),
    habit(18, Source::Personal, "openai", "gpt-6-luna")
        .of(6_000, 1_800)
        .of_manager(),
    habit(47, Source::Server, "anthropic", "claude-haiku-5-5")
        .of(44_000, 6_400)
        .of_manager(),
    habit(9, Source::BotDefault, "groq", "openai/gpt-oss-20b")
        .of(2_500, 800)
        .of_manager(),
];

const fn own(provider: &'static str, name: &'static str, standing: Standing) -> DemoKey {
    DemoKey {
        scope: Scope::User,
        provider,
        name,
        standing,
    }
}

const fn shared(provider: &'static str, name: &'static str, standing: Standing) -> DemoKey {
    DemoKey {
        scope: Scope::Guild,
        ..own(provider, name, standing)
    }
}

const fn habit(
    in_ten_days: u64,
    source: Source,
    provider: &'static str,
    model: &'static str,
) -> Habit {
    Habit {
        in_ten_days,
        is_manager: false,
        in_server: !matches!(source, Source::Personal),
        source,
        provider,
        model,
        tokens: (0, 0),
        images: 0,
    }
}

impl Habit {
    const fn of(self, question: u64, answer: u64) -> Self {
        Self {
            tokens: (question, answer),
            ..self
        }
    }

    const fn a_picture(self) -> Self {
        Self { images: 1, ..self }
    }

    const fn of_manager(self) -> Self {
        Self {
            is_manager: true,
            ..self
        }
    }
}

/// Gives the people of the demo their keys, the server its budget, and all of
/// them a month in which they used these.
pub async fn tell_month(app: &Arc<App>, scene: &Scene) -> anyhow::Result<()> {
    let mia = member(scene.member, scene, false);
    let omar = member(scene.manager, scene, true);
    let adding = async |caller: &Caller, keys: &[DemoKey]| {
        for key in keys {
            add_key(app, caller, key).await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(adding(&mia, MIAS_KEYS), adding(&omar, OMARS_KEYS))?;
    app.keys.pause(&omar, "openai", Scope::User).await?;
    for (bound, metric, max) in [
        (Bound::ServerKey, Metric::Cost, 2_000_000_000),
        (Bound::Member, Metric::Cost, 750_000_000),
        (Bound::Member, Metric::Requests, 400),
    ] {
        let span = Span {
            period: Period::Month,
            window: Window::Calendar,
        };
        let limit = Limit { metric, span, max };
        app.quotas.set_budget(&omar, bound, limit).await?;
    }
    let uses = recall(&mia, &omar, app.now_ms());
    app.quotas.book_past(uses).await
}

fn member(person: u64, scene: &Scene, manages_server: bool) -> Caller {
    let mut caller = nobody_else(PersonId(person));
    caller.place = Place::Server(ServerId(scene.server));
    caller.manages_server = manages_server;
    caller
}

async fn add_key(app: &App, caller: &Caller, key: &DemoKey) -> anyhow::Result<()> {
    let draft = KeyDraft {
        lifetime: Lifetime::AsBefore,
        keep_refused: false,
        scope: key.scope,
        provider: ProviderId::from(key.provider),
        name: Some(key.name.to_owned()),
        typed: TypedKey {
            secret: sample(key.provider, key.standing).into(),
            extras: BTreeMap::new(),
        },
    };
    let added = app.keys.put(caller, draft).await;
    added.map(drop).context("could not add a key of the demo")
}

/// What they used in the days before now.
fn recall(mia: &Caller, omar: &Caller, now_ms: i64) -> Vec<PastUse> {
    let mut chance = Chance(SEED);
    let today_ms = now_ms - now_ms.rem_euclid(DAY_MS);
    let mut uses = Vec::new();
    for day in (0..DAYS).rev() {
        let midnight_ms = today_ms - day * DAY_MS;
        for habit in HABITS {
            let caller = if habit.is_manager { omar } else { mia };
            for _ in 0..chance.draw_times(habit.in_ten_days) {
                let at_ms = midnight_ms + chance.draw_hour() * HOUR_MS + chance.draw_ms(HOUR_MS);
                let past = remember(habit, caller, at_ms, &mut chance);
                if at_ms < now_ms {
                    uses.push(past);
                }
            }
        }
    }
    uses
}

fn remember(habit: &Habit, caller: &Caller, at_ms: i64, chance: &mut Chance) -> PastUse {
    let (input, output) = habit.tokens;
    let input_tokens = input / 10 + chance.draw_below(input);
    let output_tokens = output / 10 + chance.draw_below(output);
    let is_picture = habit.images > 0;
    let cached = if chance.draw_below(3) == 0 {
        input_tokens / 2
    } else {
        0
    };
    let usage = Usage {
        input_tokens,
        output_tokens,
        cached_tokens: if is_picture { 0 } else { cached },
        reasoning_tokens: if is_picture { 0 } else { output_tokens / 4 },
        details: UsageDetails {
            output_image: if is_picture { output_tokens } else { 0 },
            ..UsageDetails::default()
        },
        ..Usage::default()
    };
    let mut caller = caller.clone();
    if !habit.in_server {
        caller.place = Place::Direct;
    }
    PastUse {
        at_ms,
        caller,
        source: habit.source,
        provider: ProviderId::from(habit.provider),
        model: habit.model.to_owned(),
        usage,
        images: habit.images,
        duration_ms: 600 + output_tokens * 9,
    }
}

/// A sequence of numbers that looks like chance and is always the same:
/// splitmix64 (Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn draw_below(&mut self, end: u64) -> u64 {
        self.draw() % end.max(1)
    }

    fn draw_ms(&mut self, end: i64) -> i64 {
        self.draw_below(end.unsigned_abs()).cast_signed()
    }

    /// How many times something happens on a day that happens so many times in
    /// ten.
    fn draw_times(&mut self, in_ten_days: u64) -> u64 {
        // Some days are busy, and on some next to nothing happens.
        let busy = 2 + self.draw_below(17);
        let tenths = in_ten_days * busy / 10;
        tenths / 10 + u64::from(self.draw_below(10) < tenths % 10)
    }

    /// An hour of the day, from 7 to 23, most often in the middle.
    fn draw_hour(&mut self) -> i64 {
        7 + (self.draw_below(9) + self.draw_below(9)).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use crate::app::{PeriodChoice, UsageScope};
    use crate::tests::{Visitor, run};

    use super::*;

    #[tokio::test]
    async fn the_month_is_a_ledger_like_any_other() {
        run(async |stage| {
            let app = stage.app().await;
            tell_month(&app, &stage.scene).await.unwrap();
            let mia = member(stage.scene.member, &stage.scene, false);
            let omar = member(stage.scene.manager, &stage.scene, true);
            let of_mia = app.keys.list_owned(&mia, Scope::User).await.unwrap();
            assert!(of_mia.iter().any(|key| key.last_used_at_ms.is_some()));
            let (mut requests, mut cost) = (0, 0);
            for caller in [&mia, &omar] {
                let period = app.quotas.period(PeriodChoice::LastDays(31), None).unwrap();
                let report = app.quotas.report_usage(caller, UsageScope::User, period);
                let total = report.await.unwrap().total;
                assert!(total.unpriced < total.requests && total.cost_nano > 0);
                requests += total.requests;
                cost += total.cost_nano;
            }
            let rows = app.audit().await;
            assert_eq!(rows.len() as u64, requests);
            let used = rows.iter().filter_map(|row| row.used.cost);
            assert_eq!(used.map(|cost| cost.0).sum::<u64>(), cost);
            assert!(requests > 400, "{requests}");
            // The budget has counted what the server's keys paid this month.
            let budget = app.quotas.read_budget(&omar).await.unwrap();
            let period = app.quotas.period(PeriodChoice::ThisMonth, None).unwrap();
            let paid = app.quotas.report_usage(&omar, UsageScope::Guild, period);
            let paid = paid.await.unwrap();
            assert_eq!(budget.whole[0].used, paid.total.cost_nano);
            assert!((1..budget.whole[0].limit.max).contains(&paid.total.cost_nano));
            assert_eq!(paid.members.len(), 2);
            let browser = Visitor::signed_in(stage, stage.scene.member).await;
            let page = browser.opens("/usage").await;
            for part in [
                "claude-haiku-5-5",
                "Lantern Club",
                "without a price",
                "Server keys",
            ] {
                assert!(page.holds(part), "{part}: {}", page.says());
            }
            // A page weighs what a phone takes.
            assert!(page.html.len() < 60_000, "{}", page.html.len());
        })
        .await;
    }
}
