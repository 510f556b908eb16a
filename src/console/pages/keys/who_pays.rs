//! Who pays for what in one place: the steps of the trace that `/keys status`
//! tells, as a ladder and as a table.

use crate::app::{ProviderStatus, QuotaStatus, Status};
use crate::console::markup::{Markup, html};
use crate::console::pages::stopped;
use crate::console::parts::ladder::{self, Outcome, Step as LadderStep};
use crate::console::parts::{form, key, limits, link, note, payer};
use crate::console::trouble::Trouble;
use crate::console::visit::{SignedIn, Visit};
use crate::console::words::limits::{bare_amount, describe_limit};
use crate::console::words::{add_address, capitalized, skip_clause};
use crate::model::{LimitUse, Metric, ProviderId, Source, Step, Trace, Verdict};

/// Who pays in one place; none where Discord does not say who asks.
#[derive(Default)]
pub struct WhoPays {
    status: Option<Status>,
    quota: Option<QuotaStatus>,
    /// What stops somebody there.
    pub stopped: Option<Trouble>,
}

impl WhoPays {
    /// Whether somebody is stopped there, whoever would pay.
    pub fn is_blocked(&self) -> bool {
        let quota = self.quota.as_ref();
        quota.is_some_and(|quota| quota.blocked.is_some())
    }

    /// What was looked at for one provider.
    pub fn trace_of(&self, provider: &ProviderId) -> Option<&Trace> {
        let mut all = self.status.as_ref()?.providers.iter();
        let found = all.find(|status| status.provider == *provider)?;
        Some(&found.trace)
    }
}

/// Finds out who pays in the place that the address names.
pub async fn read(visit: &Visit, person: &SignedIn) -> Result<WhoPays, Trouble> {
    let app = visit.app();
    let caller = match person.caller_in(visit, visit.place()).await {
        Ok(caller) => caller,
        Err(trouble) if trouble.status.is_server_error() => {
            return Ok(WhoPays::default());
        }
        Err(trouble) => return Err(trouble),
    };
    let (status, quota, stopped) = tokio::join!(
        app.asks.read_status(&caller, None),
        app.quotas.read_status(&caller),
        stopped::find(visit, &caller),
    );
    Ok(WhoPays {
        status: Some(status?),
        quota: quota.ok(),
        stopped: stopped?,
    })
}

/// The card that shows it.
pub async fn show(visit: &Visit, who_pays: &WhoPays) -> Markup {
    let places = list_places(visit, who_pays).await;
    let places: Vec<form::Choice<'_>> = places
        .iter()
        .map(|(value, words)| form::Choice { value, words })
        .collect();
    let chosen = visit.place().map(|server| server.to_string());
    html! {
        section.card #who aria-labelledby="who-h" {
            header {
                h2 #who-h { "Who pays for what here" }
                form.acts method="get" action="/keys" {
                    (form::place("in", "Where", &places, chosen.as_deref().unwrap_or_default()))
                }
            }
            @match &who_pays.status {
                None => div.body {
                    (note::plain(
                        "Discord does not say who you are there right now. Open the page again \
                         in a minute.",
                        html! { a.btn.s href="/keys" { "See it outside of servers" } },
                    ))
                },
                Some(status) => (show_status(visit, status, who_pays)),
            }
        }
    }
}

/// Where somebody can look: no server, those that they share with the bot, and
/// the one that they look at.
async fn list_places(visit: &Visit, who_pays: &WhoPays) -> Vec<(String, String)> {
    let outside = "Direct message or program".to_owned();
    let at = visit.place().filter(|_| who_pays.status.is_some());
    let shared = visit.list_shared_servers(at).await.into_iter();
    let shared = shared.map(|(server, name)| (server.to_string(), format!("In {name}")));
    std::iter::once((String::new(), outside))
        .chain(shared)
        .collect()
}

fn show_status(visit: &Visit, status: &Status, who_pays: &WhoPays) -> Markup {
    let quota = who_pays.quota.as_ref();
    let providers = visit.app().providers();
    let unnamed = status.unnamed.as_ref().map(|it| &it.provider);
    let trace = unnamed.and_then(|id| status.providers.iter().find(|it| it.provider == *id));
    html! {
        div.body {
            @match trace {
                Some(it) => {
                    p.dim {
                        "Ask without naming a provider, and "
                        (key::provider_name(providers, &it.provider)) " answers:"
                    }
                    (ladder::show(&ladder_of(visit, it, quota)))
                }
                None if who_pays.stopped.is_some() => p.dim {
                    "Ask without naming a provider, and nobody answers: what stops you stands \
                     above."
                },
                None => p.dim {
                    "Ask without naming a provider, and "
                    @if visit.app().asks.replies_in_demo() {
                        "a fixed reply answers that says so: nobody can pay. "
                    } @else {
                        "nobody can pay. "
                    }
                    @if visit.app().keys.byok_enabled() {
                        "Add a key of your own, and a model answers."
                    } @else {
                        "A key that you type for one question does, in the "
                        a href="/playground" { "playground" } "."
                    }
                },
            }
        }
        @if !status.providers.is_empty() {
            table.table.tight.folds {
                caption.hidden { "Who pays, by provider" }
                thead {
                    tr {
                        th scope="col" { "Provider" }
                        th scope="col" { "Paid by" }
                        th scope="col" { "Because" }
                    }
                }
                tbody { @for it in &status.providers {
                        (show_provider(visit, it, who_pays.is_blocked()))
                    } }
            }
        }
    }
}

/// The steps of one provider, before them that no key came along.
fn ladder_of(
    visit: &Visit,
    status: &ProviderStatus,
    quota: Option<&QuotaStatus>,
) -> Vec<LadderStep> {
    let name = key::provider_name(visit.app().providers(), &status.provider);
    let first = LadderStep {
        source: Source::Request,
        title: "This request".to_owned(),
        words: "No key comes along".to_owned(),
        outcome: Outcome::Skipped,
    };
    let gives_demo = visit.app().asks.replies_in_demo();
    let last = gives_demo.then(|| LadderStep {
        source: Source::Demo,
        title: "Demo".to_owned(),
        words: "A fixed reply, marked as one".to_owned(),
        outcome: match status.trace.taken() {
            Some(_) => Outcome::NotReached,
            None => Outcome::Pays,
        },
    });
    let here = steps_here(visit, &status.trace);
    let steps = here.map(|step| {
        let (words, outcome) = match step.verdict {
            Verdict::Taken => (describe_left(step, quota, &name), Outcome::Pays),
            Verdict::Behind => (describe_left(step, quota, &name), Outcome::NotReached),
            Verdict::Absent => (format!("No key for {name}"), Outcome::Skipped),
            Verdict::Skipped(skip) => (capitalized(skip_clause(skip)), Outcome::Skipped),
        };
        LadderStep {
            source: step.source,
            title: capitalized(title_of(step.source)),
            words,
            outcome,
        }
    });
    std::iter::once(first).chain(steps).chain(last).collect()
}

/// The steps that mean something in the place that is looked at: outside of
/// servers none is about a server's key.
fn steps_here<'t>(visit: &Visit, trace: &'t Trace) -> impl Iterator<Item = &'t Step> {
    let is_in_server = visit.place().is_some();
    let steps = trace.0.iter();
    steps.filter(move |step| is_in_server || step.source != Source::Server)
}

fn title_of(source: Source) -> &'static str {
    match source {
        Source::Request => "this request",
        Source::Personal => "your key",
        Source::Server => "the server’s key",
        Source::BotDefault => "bot default",
        Source::Demo => "demo",
    }
}

/// What a payer may still pay for words, as far as a limit says it: the one of
/// which most is used.
fn describe_left(step: &Step, quota: Option<&QuotaStatus>, name: &str) -> String {
    let mut limits = quota.into_iter().flat_map(|quota| &quota.limits);
    let Some((_, uses)) = limits.find(|(source, _)| *source == step.source) else {
        return name.to_owned();
    };
    // The first of those of which most is used.
    let most_used =
        |one: &&LimitUse, other: &&LimitUse| limits::share(other).total_cmp(&limits::share(one));
    let words = uses.iter().filter(|it| it.limit.metric != Metric::Images);
    match words.min_by(most_used) {
        Some(LimitUse { limit, used, .. }) => {
            let left = limit.max.saturating_sub(*used);
            format!(
                "{} left of {}",
                bare_amount(limit.metric, left),
                describe_limit(*limit)
            )
        }
        None => format!("{name}, without a limit"),
    }
}

fn show_provider(visit: &Visit, status: &ProviderStatus, is_blocked: bool) -> Markup {
    let name = key::provider_name(visit.app().providers(), &status.provider);
    let taken = status.trace.taken();
    let has_own = status
        .trace
        .0
        .iter()
        .any(|step| step.source == Source::Personal && step.verdict != Verdict::Absent);
    html! {
        tr {
            th scope="row" { (name) }
            td data-label="Paid by" {
                @match taken {
                    Some(step) => (payer::badge(step.source)),
                    None => (payer::nobody()),
                }
            }
            td.two data-label="Because" {
                (describe_because(visit, &status.trace))
                @if taken.is_none() && !has_own && !is_blocked {
                    " " (link::plain(&add_address(&status.provider), "Add one"))
                }
            }
        }
    }
}

/// Why the one pays who does, and not those before.
fn describe_because(visit: &Visit, trace: &Trace) -> String {
    let here = steps_here(visit, trace);
    let before = here.take_while(|step| step.verdict != Verdict::Taken);
    let whys: Vec<String> = before.filter_map(why_not).collect();
    let taken = trace.taken().map(|step| step.source);
    match (whys.is_empty(), taken) {
        (true, Some(Source::Personal)) => "Yours comes first".to_owned(),
        (true, Some(_)) => "It comes first".to_owned(),
        (true, None) => "No key anywhere.".to_owned(),
        (false, Some(_)) => capitalized(&whys.join("; ")),
        (false, None) => format!("{}.", capitalized(&whys.join("; "))),
    }
}

fn why_not(step: &Step) -> Option<String> {
    let whose = match step.source {
        Source::Personal => "yours",
        Source::Server => "the server’s",
        Source::BotDefault => "the bot default",
        Source::Request | Source::Demo => return None,
    };
    match (step.verdict, step.source) {
        (Verdict::Skipped(skip), _) => Some(format!("{whose} {}", skip_clause(skip))),
        (Verdict::Absent, Source::Personal) => Some("you have none".to_owned()),
        (Verdict::Absent, Source::Server) => Some("the server has none".to_owned()),
        (Verdict::Absent, _) => Some("the bot has none".to_owned()),
        (Verdict::Taken | Verdict::Behind, _) => None,
    }
}
