//! The front page: what this is, and how to begin.

use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::parts::ladder::{self, Outcome, Step};
use crate::console::parts::{icon, payer};
use crate::console::reply::{Page, Redirection};
use crate::console::routes::{Row, row};
use crate::console::visit::{HandlerResult, Visit};
use crate::model::Source;

pub const ROWS: &[Row] = &[row!(GET "/" Visitor show_home).taking_anything()];

/// What this is; whoever is signed in goes to their keys.
async fn show_home(visit: Visit) -> HandlerResult {
    if visit.session.is_some() {
        return Ok(Redirection::at("/keys").into());
    }
    let body = html! {
        section.hero {
            (show_offer(visit.app().people.invite_address().as_deref()))
            (show_order(visit.app().asks.replies_in_demo()))
        }
        (show_places())
        (show_promises())
    };
    Ok(Page::new(Section::Front, "Bring your keys, see who pays", body).into())
}

fn show_offer(invite: Option<&str>) -> Markup {
    html! {
        div {
            h1 { "Bring your keys. See who pays." }
            p {
                "Ask any model, in Discord or from your own programs, with the keys you already \
                 have. Each answer carries a receipt: whose key, which model, what it cost."
            }
            div.acts {
                a.btn.strong href="/sign-in" { (icon::plain("discord")) "Sign in with Discord" }
                a.btn href="/playground" { "Try it with your own key" }
                @if let Some(invite) = invite {
                    a.btn href=(invite) rel="noreferrer" { "Add to your server" }
                }
            }
        }
    }
}

/// The order in which somebody is found who pays.
fn show_order(replies_in_demo: bool) -> Markup {
    let step = |source, title: &str, words: &str, outcome| Step {
        source,
        title: title.to_owned(),
        words: words.to_owned(),
        outcome,
    };
    let steps = [
        step(
            Source::Request,
            "This request",
            "No key came along",
            Outcome::Skipped,
        ),
        step(
            Source::Personal,
            "Your key",
            "OpenAI, ends in 4f2A",
            Outcome::Pays,
        ),
        step(
            Source::Server,
            "Your server",
            "Its budget stays untouched",
            Outcome::NotReached,
        ),
        step(
            Source::BotDefault,
            "The bot",
            "Within your tier",
            Outcome::NotReached,
        ),
        step(
            Source::Demo,
            "Demo",
            "A template, marked as one",
            Outcome::NotReached,
        ),
    ];
    let steps = steps
        .into_iter()
        .filter(|step| replies_in_demo || step.source != Source::Demo);
    let steps: Vec<Step> = steps.collect();
    html! {
        section.card #how aria-labelledby="how-h" {
            header { h2 #how-h { "Who pays for a question" } }
            div.body { (ladder::show_tall(&steps)) }
            p.foot.receipt {
                span {
                    (payer::badge(Source::Personal))
                    span { "gpt-6-luna" } span { "$0.0006" } span { "1.9 s" }
                }
            }
        }
    }
}

fn show_places() -> Markup {
    html! {
        section.facts aria-label="What it does" {
            div {
                h3 { (icon::plain("chat")) "In Discord" }
                p {
                    "Mention it, or type " code { "/ask" } " and " code { "/imagine" }
                    ". It remembers what Discord remembers and stores nothing that is said."
                }
            }
            div {
                h3 { (icon::plain("token")) "In your programs" }
                p {
                    "Claude Code, Codex, any OpenAI or Anthropic library: one address, one \
                     token, your keys behind it."
                }
            }
            div {
                h3 { (icon::plain("server")) "For your server" }
                p {
                    "Share one key with members under a budget, by role, with exemptions, and \
                     see who used what."
                }
            }
        }
    }
}

fn show_promises() -> Markup {
    let promises = [
        (
            "Sealed at once",
            "AES-256-GCM under a key of its own, made for that one seal.",
        ),
        (
            "Sent to one place",
            "Only to the provider it belongs to, never in an address, never in a log.",
        ),
        (
            "Never shown again",
            "Not to you, not to the operator. Its last four characters are all that is left to \
             see.",
        ),
        (
            "Or not kept at all",
            "Type it for one question; it is forgotten with the answer.",
        ),
    ];
    html! {
        section.card #security aria-labelledby="security-h" {
            header { h2 #security-h { "What happens to a key" } }
            div.body {
                dl.facts.four {
                    @for (what, how) in promises {
                        div { dt { strong { (what) } } dd.dim { (how) } }
                    }
                }
            }
        }
    }
}
