//! What the operator sets for everybody: limits, blocks, tiers, and the kill
//! switch.

use std::time::Duration;

use axum::http::StatusCode;

use crate::app::{IdKind, LimitSubject, make_limit, parse_duration, read_amount};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::ids;
use crate::console::pages::operator::known_names::KnownNames;
use crate::console::pages::operator::operator;
use crate::console::pages::operator::refusals::explain;
use crate::console::pages::operator::rule_forms::{describe_tiers_payers, show_forms};
use crate::console::pages::operator::rule_rows::{
    LimitRow, TierRow, show_block, show_limit, show_tier, small_form,
};
use crate::console::pages::sign_in::require_fresh;
use crate::console::parts::form;
use crate::console::reply::Page;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::console::words::limits::describe_set;
use crate::model::{
    BlockTarget, Blocked, Caller, ChosenLimits, DurationOf, Metric, Period, PersonId, ServerId,
    Window,
};

const HOME: &str = "/operator";
const STOP: &str = "/operator/stop";
/// What must be typed to stop everything.
const CONFIRMATION: &str = "stop";

/// Everything that is set, and the forms that set more.
pub async fn show_all(visit: &Visit, caller: &Caller) -> Result<Markup, Trouble> {
    let view = visit.app().people.operators_view(caller).await?;
    let is_stopped = view
        .rules
        .blocks
        .iter()
        .any(|block| block.whom == Blocked::Everyone);
    let limits = view.rules.limits.iter().zip(&view.uses);
    let names = KnownNames::find(visit, &view).await;
    Ok(html! {
        section.card aria-labelledby="set-h" {
            header { h2 #set-h { "Limits, tiers and blocks" } p {
                    "Limits bind the bot default; those of the configuration’s tiers bind "
                    (describe_tiers_payers(visit))
                } }
            @if limits.len() == 0 && view.rules.blocks.is_empty() && view.rules.tiers.is_empty() {
                p.body.dim { "Nothing is set." }
            } @else {
                table.table.folds {
                    caption.hidden { "What is set" }
                    thead { tr { th scope="col" { "For" } th scope="col" { "What" } th { span.hidden { "Actions" } } } }
                    tbody {
                        @for ((subject, set), used) in limits { (show_limit(visit, &names, &LimitRow { subject: *subject, bound: set.bound, used })) }
                        @for block in &view.rules.blocks { (show_block(visit, &names, block)) }
                        @for (person, tier, until_ms) in &view.rules.tiers {
                            (show_tier(visit, &names, &TierRow { person: *person, tier, until_ms: *until_ms }))
                        }
                    }
                }
            }
            (show_forms(visit))
        }
        (show_switch(visit, is_stopped))
    })
}

/// The kill switch.
fn show_switch(visit: &Visit, is_stopped: bool) -> Markup {
    html! {
        section.card aria-labelledby="stop-h" {
            header { h2 #stop-h { "Stop everything" } }
            div.body {
                @if is_stopped {
                    p.dim { "Every new question is refused, whoever would pay, also of visitors who bring a key. Everybody reads that you stopped it, and when." }
                    (small_form(visit, "/operator/start", "Let everybody go on", &[]))
                } @else {
                    p.dim { "Refuses every new question, whoever would pay, also of visitors who bring a key. What is being answered is finished." }
                    a.btn.danger href=(STOP) { "Stop all asks" }
                }
            }
        }
    }
}

/// Asks before everything stops.
pub async fn show_stop(visit: Visit, person: SignedIn) -> HandlerResult {
    require_fresh(&visit, &person, STOP)?;
    let label = format!("Type “{CONFIRMATION}” to confirm");
    let body = html! {
        div.head { div { h1 { "Stop all asks" } } }
        section.card aria-label="Stop all asks" {
            form.body.stack method="post" action=(STOP) {
                (form::token(&visit.form_token))
                p.dim { "Nobody is answered any more, here and in all processes, until you let everybody go on. What is being answered is finished." }
                (form::text("during", "For how long", "", "Such as 30m, 12h or 7d; empty: until you let everybody go on."))
                (form::text("sure", &label, "", "It begins at once."))
                div.acts { a.btn href=(HOME) { "Stop nothing" } button.btn.danger { "Stop all asks" } }
            }
        }
    };
    Ok(Page::new(Section::Operator, "Stop all asks", body).into())
}

/// Stops everybody.
pub async fn stop(visit: Visit, person: SignedIn) -> HandlerResult {
    require_fresh(&visit, &person, STOP)?;
    if visit.form.text("sure") != CONFIRMATION {
        let words = format!("You did not type “{CONFIRMATION}”, so everything goes on.");
        return Err(Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Nothing was stopped",
            words,
        )
        .way(STOP, "Try again")
        .way(HOME, "Stop nothing"));
    }
    let during = read_duration(&visit, DurationOf::Block)?;
    let people = &visit.app().people;
    people
        .block(&operator(&person), Blocked::Everyone, during)
        .await?;
    person.say_at(&visit, HOME, "All asks are stopped.").await
}

/// Lets everybody go on.
pub async fn start(visit: Visit, person: SignedIn) -> HandlerResult {
    let people = &visit.app().people;
    let was = people
        .unblock(&operator(&person), Blocked::Everyone)
        .await?;
    let words = if was {
        "Everybody can ask again."
    } else {
        "Nobody was stopped."
    };
    person.say_at(&visit, HOME, words).await
}

/// Stops a person, a server, a role or a channel.
pub async fn block(visit: Visit, person: SignedIn) -> HandlerResult {
    let whom = read_blocked(&visit)?;
    if whom == Blocked::Everyone {
        // That needs a sign-in of a moment ago, and a word that is typed.
        return Err(Trouble::nothing_here());
    }
    if whom == Blocked::Person(person.id()) {
        let words = "You would be signed out, and no key would pay for you. Another of the \
                     operator’s people can stop you. Nothing was changed.";
        return Err(refuse(&visit, "That is you", words));
    }
    let during = read_duration(&visit, DurationOf::Block)?;
    let (server, id) = ids::of_blocked(whom);
    let name = ids::require_kind(&visit, server, id).await?;
    let people = &visit.app().people;
    people.block(&operator(&person), whom, during).await?;
    let whom = ids::named(visit.form.text("id"), name.as_deref());
    let words = format!("{whom} is stopped. What is being answered is finished.");
    person.say_at(&visit, HOME, &words).await
}

/// Lets them go on.
pub async fn unblock(visit: Visit, person: SignedIn) -> HandlerResult {
    let whom = read_blocked(&visit)?;
    let people = &visit.app().people;
    let was = people.unblock(&operator(&person), whom).await?;
    let name = ids::find_name(&visit, whom).await;
    let name = ids::named(visit.form.text("id"), name.as_deref());
    let words = match whom {
        Blocked::Everyone if was => "Everybody can ask again.".to_owned(),
        Blocked::Everyone => "Nobody was stopped.".to_owned(),
        _ if was => format!("{name} can ask again."),
        _ => format!("{name} was not stopped."),
    };
    person.say_at(&visit, HOME, &words).await
}

/// Gives a person a tier, or takes it back where none is named.
pub async fn give_tier(visit: Visit, person: SignedIn) -> HandlerResult {
    let whom = PersonId(read_id(&visit)?);
    let tier = visit.form.typed("tier");
    let (name, during) = match tier {
        Some(_) => (
            ids::require_kind(&visit, None, Some((IdKind::Person, whom.0))).await?,
            read_duration(&visit, DurationOf::Tier)?,
        ),
        None => (None, None),
    };
    let people = &visit.app().people;
    people
        .give_tier(&operator(&person), whom, tier, during)
        .await
        .map_err(|error| explain(&visit, error))?;
    let words = match tier {
        Some(tier) => format!("{whom} has the tier “{tier}” now, unless a higher one applies."),
        None => format!("{whom} has no tier by hand any more."),
    };
    let words = ids::with_name(&words, name.as_deref());
    person.say_at(&visit, HOME, &words).await
}

/// Limits what the bot default pays.
pub async fn limit(visit: Visit, person: SignedIn) -> HandlerResult {
    let whom = read_subject(&visit)?;
    let (metric, period) = read_meter(&visit)?;
    let amount = read_amount(metric, visit.form.text("amount"));
    let limit = amount.and_then(|amount| make_limit(metric, amount, period, None));
    let limit = limit.map_err(|refusal| explain(&visit, refusal.into()).typed(&visit.form))?;
    let name = ids::require_kind(&visit, None, whom.id()).await?;
    let (people, caller) = (&visit.app().people, operator(&person));
    people
        .set_operators_limit(&caller, whom, limit)
        .await
        .map_err(|error| explain(&visit, error).typed(&visit.form))?;
    let view = people.operators_view(&caller).await?;
    let mut set = view.rules.limits.iter().zip(&view.uses);
    let used = set.find(|((subject, set), _)| {
        let is_its = whom.parts() == (set.bound, *subject);
        is_its && set.limit == limit
    });
    let whose = match whom {
        LimitSubject::Everyone => "everybody together".to_owned(),
        LimitSubject::Person(person) => match &name {
            Some(name) => format!("{name} (id {person})"),
            None => format!("person {person}"),
        },
        LimitSubject::Server(server) => {
            let name = people.find_server_name(server).await;
            name.unwrap_or_else(|| format!("server {server}"))
        }
    };
    let whose = format!("{whose}, on what the bot default pays");
    let words = describe_set(limit, &whose, used.map(|(_, used)| used.used));
    person.say_at(&visit, HOME, &words).await
}

/// Clears such limits.
pub async fn unlimit(visit: Visit, person: SignedIn) -> HandlerResult {
    let whom = read_subject(&visit)?;
    let chosen = ChosenLimits {
        bound: None,
        metric: read_chosen(&visit, "metric", Metric::parse)?,
        period: read_chosen(&visit, "period", Period::parse)?,
        window: read_chosen(&visit, "window", Window::parse)?,
    };
    let people = &visit.app().people;
    let cleared = people
        .clear_operators_limits(&operator(&person), whom, chosen)
        .await
        .map_err(|error| explain(&visit, error))?;
    let words = match cleared.len() {
        1 => "Cleared 1 limit.".to_owned(),
        cleared => format!("Cleared {cleared} limits."),
    };
    person.say_at(&visit, HOME, &words).await
}

/// For how long, as it was typed.
fn read_duration(visit: &Visit, of: DurationOf) -> Result<Option<Duration>, Trouble> {
    let read = parse_duration(visit.form.typed("during"), of);
    read.map_err(|refusal| explain(visit, refusal.into()).typed(&visit.form))
}

fn read_id(visit: &Visit) -> Result<u64, Trouble> {
    read_number(visit, "id")
}

fn read_number(visit: &Visit, field: &str) -> Result<u64, Trouble> {
    let id = visit.form.text(field).parse();
    id.map_err(|_| ids::no_id(visit))
}

/// Whom a limit is for: everybody only where nobody is named.
fn read_subject(visit: &Visit) -> Result<LimitSubject, Trouble> {
    Ok(match visit.form.text("kind") {
        "user" => LimitSubject::Person(PersonId(read_id(visit)?)),
        "server" => LimitSubject::Server(ServerId(read_id(visit)?)),
        "everyone" => {
            require_nobody(visit)?;
            LimitSubject::Everyone
        }
        _ => return Err(not_offered(visit)),
    })
}

fn read_blocked(visit: &Visit) -> Result<Blocked, Trouble> {
    let kind = visit.form.text("kind");
    if visit.form.typed("inside").is_some() {
        let server = ServerId(read_number(visit, "inside")?);
        let target = match kind {
            "user" => BlockTarget::Person(PersonId(read_id(visit)?)),
            "role" => BlockTarget::Role(read_id(visit)?),
            "channel" => BlockTarget::Channel(read_id(visit)?),
            _ => return Err(not_offered(visit)),
        };
        return Ok(Blocked::InServer(server, target));
    }
    Ok(match kind {
        "everyone" => {
            require_nobody(visit)?;
            Blocked::Everyone
        }
        "server" => Blocked::Server(ServerId(read_id(visit)?)),
        "role" => Blocked::Role(read_id(visit)?),
        "channel" => Blocked::Channel(read_id(visit)?),
        "user" => Blocked::Person(PersonId(read_id(visit)?)),
        _ => return Err(not_offered(visit)),
    })
}

/// Refuses an id beside the choice of everybody: one of the two is a mistake.
fn require_nobody(visit: &Visit) -> Result<(), Trouble> {
    if visit.form.typed("id").is_none() {
        return Ok(());
    }
    let words = "“Everybody together” is chosen, and an id is typed. Choose “A person” or “A \
                 server” for that id, or leave the id empty. Nothing was changed.";
    Err(refuse(visit, "Everybody, or the one with that id?", words))
}

fn read_meter(visit: &Visit) -> Result<(Metric, Period), Trouble> {
    let metric = Metric::parse(visit.form.text("metric"));
    let period = Period::parse(visit.form.text("period"));
    metric.zip(period).ok_or_else(|| not_offered(visit))
}

/// What was chosen in a field; none where all are meant.
fn read_chosen<T>(
    visit: &Visit,
    field: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Trouble> {
    let Some(name) = visit.form.typed(field) else {
        return Ok(None);
    };
    parse(name).map(Some).ok_or_else(|| not_offered(visit))
}

fn not_offered(visit: &Visit) -> Trouble {
    let words = "The form sent something that it does not offer, so nothing was changed. Open \
                 the page again, and choose from its lists.";
    refuse(visit, "That cannot be chosen", words)
}

fn refuse(visit: &Visit, title: &str, words: &str) -> Trouble {
    let trouble = Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, title, words);
    trouble.way(HOME, "Back to Operator").typed(&visit.form)
}
