//! The operator's first page: figures, health, keys, errors, and what is set.

use crate::app::{Finding, Wellness};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::operator::{keys, operator, people, rules, traffic};
use crate::console::parts::{icon, when};
use crate::console::reply::Page;
use crate::console::visit::{HandlerResult, SignedIn, Visit};

/// Everything at a glance. Health first: where nothing else can be read, it
/// says why.
pub async fn show(visit: Visit, person: SignedIn) -> HandlerResult {
    let (app, caller) = (visit.app(), operator(&person));
    let (findings, seen) = tokio::join!(app.check_up(&caller), app.watch_traffic(&caller));
    let (findings, seen) = (findings?, seen?);
    let uptime = when::duration(app.uptime().as_secs());
    let body = html! {
        div.head {
            div {
                h1 { "Operator" }
                p {
                    "Latchkey " (env!("CARGO_PKG_VERSION")) ", up for " (uptime) ". You can see what runs, never a key or what was said."
                }
            }
        }
        (traffic::show_figures(&seen))
        (show_health(&findings))
        div.columns.two {
            (traffic::show_chart(&seen.traffic))
            (people::show_search())
        }
        @match keys::show_list(&visit, &caller).await {
            Ok(list) => (list),
            Err(trouble) => (unread("System keys", &trouble.words)),
        }
        (traffic::show_errors(&seen.traffic, app.providers()))
        @match rules::show_all(&visit, &caller).await {
            Ok(all) => (all),
            Err(trouble) => (unread("What is set", &trouble.words)),
        }
    };
    Ok(Page::new(Section::Operator, "Operator", body).into())
}

/// What stands in the place of a part that could not be read.
fn unread(title: &str, words: &str) -> Markup {
    html! {
        section.card aria-label=(title) {
            header { h2 { (title) } }
            p.body.dim { "Could not be read. " (words) }
        }
    }
}

fn show_health(findings: &[Finding]) -> Markup {
    html! {
        section.card aria-labelledby="health-h" {
            header { h2 #health-h { "Health" } p { "Checked now, as " code { "latchkey doctor" } " does" } }
            table.table.tight.folds {
                caption.hidden { "Health" }
                thead.hidden {
                    tr { th scope="col" { "What" } th scope="col" { "State" } th scope="col" { "Seen" } }
                }
                tbody { @for finding in findings { (show_finding(finding)) } }
            }
        }
    }
}

fn show_finding(finding: &Finding) -> Markup {
    let (image, words, is_bad) = match finding.wellness {
        Wellness::Good => ("check", "Good", false),
        Wellness::Note => ("minus", "To know", false),
        Wellness::Bad => ("alert", "Look at it", true),
    };
    html! {
        tr {
            th scope="row" { (begin_large(&finding.what)) }
            td data-label="State" {
                span.health.bad[is_bad] { (icon::small(image)) (words) }
            }
            td.two data-label="Seen" { (finding.words) }
        }
    }
}

/// A text that begins with a capital letter.
fn begin_large(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(characters).collect()
}
