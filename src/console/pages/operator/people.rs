//! People and servers: found by name or id, with what the operator may do to
//! them.

use crate::app::{FoundPerson, FoundServer, SearchResult};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::operator::operator;
use crate::console::pages::sign_in::require_fresh;
use crate::console::parts::{form, icon, money, note, when};
use crate::console::reply::Page;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::model::{Blocked, PersonId, SetBlock};

const PATH: &str = "/operator/people";
/// The longest text that is looked for, in characters.
const TEXT_CHARACTERS_MAX: usize = 80;

/// The card in which one looks for somebody, on a page about other things.
pub fn show_search() -> Markup {
    html! {
        section.card aria-labelledby="people-h" {
            header { h2 #people-h { "People and servers" } }
            (show_field(None))
        }
    }
}

fn show_field(text: Option<&str>) -> Markup {
    html! {
        div.body {
            form.search method="get" action=(PATH) role="search" {
                (icon::plain("search"))
                label.hidden for="q" { "Name or id" }
                input #q name="q" type="search" value=[text] placeholder="Name or id of a person or server";
            }
            p.dim.small {
                "People are found by name while they are signed in here, servers while they have keys; both by id always."
            }
        }
    }
}

/// Whoever was looked for.
pub async fn show(visit: Visit, person: SignedIn) -> HandlerResult {
    let text = visit.query("q").unwrap_or_default();
    let text: String = text.chars().take(TEXT_CHARACTERS_MAX).collect();
    let people = &visit.app().people;
    let found = people.find_anybody(&operator(&person), &text).await?;
    let body = html! {
        div.head {
            div { h1 { "People and servers" } }
            div.acts { a.btn href="/operator" { "Back to Operator" } }
        }
        section.card aria-label="Search" {
            (show_field(Some(&text).filter(|text| !text.is_empty()).map(String::as_str)))
        }
        @if !text.is_empty() { (show_found(&visit, &found)) }
    };
    Ok(Page::new(Section::Operator, "People and servers", body).into())
}

fn show_found(visit: &Visit, found: &SearchResult) -> Markup {
    if found.people.is_empty() && found.servers.is_empty() {
        let words = "Nobody here is called so. Somebody who is not signed in is found by their id: turn on Developer Mode in Discord’s settings, and choose Copy User ID.";
        return note::empty("search", words, html! {});
    }
    html! {
        section.card aria-label="Found" {
            table.table.folds {
                caption.hidden { "People and servers that were found" }
                thead {
                    tr {
                        th scope="col" { "Who" }
                        th scope="col" { "Tier" }
                        th.num scope="col" { "Keys" }
                        th.num scope="col" { "30 days" }
                        th scope="col" { "State" }
                        th { span.hidden { "Actions" } }
                    }
                }
                tbody {
                    @for person in &found.people { (show_person(visit, person)) }
                    @for server in &found.servers { (show_server(visit, server)) }
                }
            }
            p.foot {
                "“Stop” lasts until you let them go on: no key pays for them, and what is being \
                 answered is finished. A person is signed out of this console; once they sign in \
                 again, each page says that the operator stopped them, and since when. “End \
                 sessions” signs a person out alone."
            }
        }
    }
}

fn show_person(visit: &Visit, found: &FoundPerson) -> Markup {
    let id = found.person.to_string();
    let name = found.name.as_deref().unwrap_or("Name not known");
    let token = &visit.form_token;
    html! {
        tr {
            th scope="row" { (name) span.sub { code { (id) } } }
            td data-label="Tier" { (found.tier) }
            td.num data-label="Keys" { (found.keys) }
            td.num data-label="30 days" { (money::count(found.requests, "request")) }
            td data-label="State" { (show_state(visit, found.stopped)) }
            td {
                div.acts {
                    (stop_button(visit, &StopSubject { kind: "user", id: &id, name, is_stopped: is_stopped_by_name(found.stopped) }))
                    @if found.sessions > 0 {
                        (form::button(token, &format!("{PATH}/{id}/end-sessions"), "End sessions", name))
                    }
                }
            }
        }
    }
}

fn show_server(visit: &Visit, found: &FoundServer) -> Markup {
    let id = found.server.to_string();
    let name = found.name.as_deref().unwrap_or("Name not known");
    html! {
        tr {
            th scope="row" {
                (name)
                span.sub { code { (id) } }
            }
            td data-label="Tier" { "server" }
            td.num data-label="Keys" { (found.keys) }
            td.num data-label="30 days" { (money::count(found.requests, "request")) }
            td data-label="State" { (show_state(visit, found.stopped)) }
            td { div.acts { (stop_button(visit, &StopSubject { kind: "server", id: &id, name, is_stopped: is_stopped_by_name(found.stopped) })) } }
        }
    }
}

fn show_state(visit: &Visit, stopped: Option<SetBlock>) -> Markup {
    let now_ms = visit.app().now_ms();
    html! {
        @match stopped {
            None => "may ask",
            Some(SetBlock { whom: Blocked::Everyone, .. }) => span.health.bad {
                (icon::small("alert")) "Stopped, as everybody is"
            },
            Some(block) => span.health.bad {
                (icon::small("alert")) "Stopped " (when::relative(block.since_ms, now_ms))
                @if let Some(until_ms) = block.until_ms { ", " (when::ending(until_ms, now_ms)) }
            },
        }
    }
}

/// Whether a block is of somebody alone, so that they can be let go on alone.
fn is_stopped_by_name(stopped: Option<SetBlock>) -> bool {
    stopped.is_some_and(|block| block.whom != Blocked::Everyone)
}

/// Somebody who can be stopped, or is.
struct StopSubject<'a> {
    kind: &'static str,
    id: &'a str,
    name: &'a str,
    is_stopped: bool,
}

/// Stops somebody, or lets them go on.
fn stop_button(visit: &Visit, subject: &StopSubject<'_>) -> Markup {
    let StopSubject { kind, id, name, .. } = *subject;
    let (action, label) = if subject.is_stopped {
        ("/operator/unblock", "Let go on")
    } else {
        ("/operator/block", "Stop")
    };
    html! {
        form method="post" action=(action) {
            (form::token(&visit.form_token))
            input type="hidden" name="kind" value=(kind);
            input type="hidden" name="id" value=(id);
            button.btn.plain.s { (label) span.hidden { " " (name) } }
        }
    }
}

/// Ends all sessions of somebody in the console.
pub async fn end_sessions(visit: Visit, person: SignedIn) -> HandlerResult {
    let whom = visit.path_value(0).parse().map(PersonId);
    let whom = whom.map_err(|_| Trouble::nothing_here())?;
    let back = format!("{PATH}?q={whom}");
    require_fresh(&visit, &person, &back)?;
    let people = &visit.app().people;
    let ended = people.end_sessions_of(&operator(&person), whom).await?;
    let name = people.find_person_name(whom).await;
    let whose = name.map_or_else(|| whom.to_string(), |name| format!("{name} ({whom})"));
    let are = if ended == 1 { "is" } else { "are" };
    let words = format!("{} of {whose} {are} ended.", money::count(ended, "session"));
    person.say_at(&visit, back, &words).await
}
