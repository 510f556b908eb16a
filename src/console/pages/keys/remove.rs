//! Removing a key, after a page that says what stops.

use futures_util::future::join_all;

use crate::app::nobody_else;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::parts::{form, key, link, money, payer};
use crate::console::reply::Page;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::model::{Key, ServerId, Source, Trace, Verdict};

use super::one;
use super::used::MonthByKey;

/// How many servers are looked at for who pays there.
const SERVERS_MAX: usize = 12;

/// Where it is looked at who pays: a server, or outside of all.
struct Place {
    server: Option<ServerId>,
    name: String,
}

/// A place, and who pays there once the key is gone.
struct Afterwards {
    place: String,
    payer: Option<Source>,
}

/// Says what stops, and asks.
pub async fn ask_first(visit: Visit, person: SignedIn) -> HandlerResult {
    let one = one::find(&visit, &person).await?;
    let name = key::provider_name(visit.app().providers(), &one.provider);
    let caller = nobody_else(person.id());
    let (month, (afterwards, others), tokens) = tokio::join!(
        MonthByKey::read(&visit, &person),
        find_afterwards(&visit, &person, &one),
        visit.app().people.list_tokens(&caller),
    );
    let now_ms = visit.app().now_ms();
    let tokens = tokens.unwrap_or_default();
    let working = tokens.iter().filter(|it| it.expires_at_ms > now_ms).count();
    let body = html! {
        div.head {
            div {
                h1 { "Remove your " (name) " key?" }
                p { (key::label(&one)) }
            }
        }
        section.card aria-labelledby="stops-h" {
            header { h2 #stops-h { "What stops" } }
            div.body { (show_share(&one, &month, working)) }
            (show_afterwards(&afterwards, &name))
            @if others > 0 {
                p.foot {
                    "You share " (others) " more servers with the bot. "
                    (link::plain("/keys#who", "Who pays for what here")) " tells of each."
                }
            }
            form.foot.acts method="post" action={ "/keys/" (one.id) "/remove" } {
                (form::token(&visit.form_token))
                a.btn href={ "/keys/" (one.id) } { "Keep it" }
                button.btn.danger { "Remove it" }
            }
        }
    };
    let title = format!("Remove your {name} key?");
    Ok(Page::new(Section::Keys, title, body).into())
}

/// What the key did this month, and what uses it.
fn show_share(one: &Key, month: &MonthByKey, tokens: usize) -> Markup {
    html! {
        @match month.of(one.id) {
            Some(total) if total.requests > 0 => p {
                "This month it paid for " (money::count(total.requests, "request")) " and "
                (key::count_tokens(&total)) ". Cost: " (key::total_cost(&total)) "."
            },
            Some(_) => p { "This month it paid for nothing." },
            None => p { "What it paid for this month could not be read." },
        }
        @match tokens {
            0 => {},
            1 => p { "Programs with your token use it too." },
            some => p { "Programs with your " (some) " tokens use it too." },
        }
        p.dim { "It can’t be brought back. What was used stays in your reports." }
    }
}

fn show_afterwards(afterwards: &[Afterwards], name: &str) -> Markup {
    html! {
        table.table.tight.folds {
            caption.hidden { "Who pays for " (name) " once it is gone" }
            thead { tr { th scope="col" { "Where" } th scope="col" { "Then paid by" } } }
            tbody {
                @for one in afterwards {
                    tr {
                        th scope="row" { (one.place) }
                        td data-label="Then paid by" {
                            @match one.payer {
                                Some(source) => (payer::badge(source)),
                                None => (payer::nobody()),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Who pays in each place once the key is gone; and how many places more there
/// are than are looked at.
async fn find_afterwards(visit: &Visit, person: &SignedIn, one: &Key) -> (Vec<Afterwards>, usize) {
    let shared = visit.list_shared_servers(None).await;
    let others = shared.len().saturating_sub(SERVERS_MAX);
    let outside = Place {
        server: None,
        name: "In a direct message, and for programs".to_owned(),
    };
    let shared = shared.into_iter().take(SERVERS_MAX);
    let shared = shared.map(|(server, name)| Place {
        server: Some(server),
        name: format!("In {name}"),
    });
    let places = std::iter::once(outside).chain(shared);
    let found = places.map(|place| find_one_afterwards(visit, person, one, place));
    let found = join_all(found).await.into_iter().flatten().collect();
    (found, others)
}

/// The same in one place; none where Discord does not tell of it.
async fn find_one_afterwards(
    visit: &Visit,
    person: &SignedIn,
    one: &Key,
    place: Place,
) -> Option<Afterwards> {
    let app = visit.app();
    let caller = person.caller_in(visit, place.server).await.ok()?;
    let status = app
        .asks
        .read_status(&caller, Some(one.provider.as_str()))
        .await
        .ok()?;
    let trace = &status.providers.first()?.trace;
    Some(Afterwards {
        place: place.name,
        payer: next_payer(trace),
    })
}

/// The first who pays, if a person's own key does not.
fn next_payer(trace: &Trace) -> Option<Source> {
    let mut others = trace
        .0
        .iter()
        .filter(|step| step.source != Source::Personal);
    let next = others.find(|step| matches!(step.verdict, Verdict::Taken | Verdict::Behind));
    next.map(|step| step.source)
}

/// Removes the key.
pub async fn remove(visit: Visit, person: SignedIn) -> HandlerResult {
    let one = one::find(&visit, &person).await?;
    let caller = nobody_else(person.id());
    visit.app().keys.delete(&caller, &one).await?;
    let name = key::provider_name(visit.app().providers(), &one.provider);
    let words = format!("Removed your {name} key. To be thorough, delete it at {name} too.");
    person.say_at(&visit, "/keys", &words).await
}
