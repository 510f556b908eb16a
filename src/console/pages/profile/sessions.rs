//! Where somebody is signed in.

use crate::app::Error;
use crate::console::markup::{Markup, html};
use crate::console::parts::{form, when};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::model::{BrowserSession, BrowserSessionId};

/// The list, this session first.
pub async fn show(visit: &Visit, person: &SignedIn) -> Result<Markup, Error> {
    let own = person.session.session.id;
    let mut all = visit.app().people.list_sessions(person.id()).await?;
    all.sort_by_key(|session| session.id != own);
    Ok(html! {
        section.card aria-labelledby="sessions-h" {
            header {
                h2 #sessions-h { "Where you are signed in" }
                @if all.len() > 1 {
                    form method="post" action="/profile/sessions/end-others" {
                        (form::token(&visit.form_token))
                        button.btn.s { "End all others" }
                    }
                }
            }
            table.table.folds {
                caption.hidden { "Where you are signed in" }
                thead {
                    tr {
                        th scope="col" { "Browser" }
                        th scope="col" { "Since" }
                        th scope="col" { "Last seen" }
                        th { span.hidden { "Actions" } }
                    }
                }
                tbody {
                    @for session in &all { (show_row(visit, session, session.id == own)) }
                }
            }
            p.foot {
                "A session ends after 30 minutes without use, and after 12 hours in any case."
            }
        }
    })
}

fn show_row(visit: &Visit, session: &BrowserSession, is_this: bool) -> Markup {
    let now_ms = visit.app().now_ms();
    let (action, label) = if is_this {
        ("/sign-out".to_owned(), "Sign out")
    } else {
        (format!("/profile/sessions/{}/end", session.id), "End")
    };
    html! {
        tr {
            th scope="row" {
                (session.browser)
                @if is_this { span.sub { "this one" } }
            }
            td data-label="Since" { (when::relative(session.signed_in_at_ms, now_ms)) }
            td data-label="Last seen" { (when::relative(session.seen_at_ms, now_ms)) }
            td { div.acts { (form::button(&visit.form_token, &action, label, &session.browser)) } }
        }
    }
}

/// Ends one session; somebody else's, and one that has ended, is nothing here.
pub async fn end(visit: Visit, person: SignedIn) -> HandlerResult {
    let people = &visit.app().people;
    let id = BrowserSessionId::parse(visit.path_value(0));
    let all = people.list_sessions(person.id()).await?;
    let ended = all.into_iter().find(|session| Some(session.id) == id);
    let ended = ended.ok_or_else(Trouble::nothing_here)?;
    people.end_session(person.id(), ended.id).await?;
    let words = format!("{} is signed out.", ended.browser);
    person.say_at(&visit, "/profile", &words).await
}

/// Ends all sessions but this one.
pub async fn end_others(visit: Visit, person: SignedIn) -> HandlerResult {
    let people = &visit.app().people;
    let ended = people.end_other_sessions(&person.session.session).await?;
    let words = match ended {
        0 => "You are signed in nowhere else.".to_owned(),
        1 => "One other browser is signed out.".to_owned(),
        count => format!("{count} other browsers are signed out."),
    };
    person.say_at(&visit, "/profile", &words).await
}
