//! Tokens for programs: listed, made and shown once, revoked.

mod create;
mod snippets;

use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::stopped;
use crate::console::parts::{form, icon, note, when};
use crate::console::reply::Page;
use crate::console::routes::{Row, row};
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::model::{Right, Token};

pub const ROWS: &[Row] = &[
    row!(GET "/tokens" SignedIn show_tokens),
    row!(GET "/tokens/new" SignedIn create::show_form),
    row!(POST "/tokens" SignedIn create::create),
    row!(POST "/tokens/{token}/revoke" SignedIn revoke),
];

/// How many tokens a person can have, as the list says it.
const TOKENS_MAX: usize = 20;

async fn show_tokens(visit: Visit, person: SignedIn) -> HandlerResult {
    let body = html! {
        div.head {
            div {
                h1 { "Tokens" }
                p {
                    "A program with a token speaks for you: your keys pay, your limits hold. \
                     Your keys themselves never leave."
                }
            }
            div.acts {
                a.btn.strong href="/tokens/new" { (icon::plain("plus")) "Create a token" }
            }
        }
        (stopped::show_outside(&visit, &person).await?)
        (show_list(&visit, &person).await?)
    };
    Ok(Page::new(Section::Tokens, "Tokens", body).into())
}

/// Everybody's own tokens; what stands in the place of none.
async fn show_list(visit: &Visit, person: &SignedIn) -> Result<Markup, crate::app::Error> {
    let caller = crate::app::nobody_else(person.id());
    let tokens = visit.app().people.list_tokens(&caller).await?;
    let now_ms = visit.app().now_ms();
    let working = tokens.iter().filter(|token| token.expires_at_ms > now_ms);
    let count = working.count();
    if tokens.is_empty() {
        return Ok(note::empty(
            "token",
            "No tokens yet. One lets Claude Code, Codex, or any library for OpenAI or Anthropic \
             use your keys.",
            html! { a.btn href="/tokens/new" { "Create a token" } },
        ));
    }
    let mut rows = Vec::new();
    for token in &tokens {
        rows.push(show_row(visit, token, now_ms).await);
    }
    Ok(html! {
        section.card aria-labelledby="tokens-h" {
            header {
                h2 #tokens-h { "Your tokens" }
                p { (count) " of " (TOKENS_MAX) }
            }
            table.table.folds {
                caption.hidden { "Your tokens" }
                thead {
                    tr {
                        th scope="col" { "Token" }
                        th scope="col" { "May" }
                        th scope="col" { "Server" }
                        th scope="col" { "Ends" }
                        th scope="col" { "Last use" }
                        th { span.hidden { "Actions" } }
                    }
                }
                tbody { @for row in rows { (row) } }
            }
        }
    })
}

async fn show_row(visit: &Visit, token: &Token, now_ms: i64) -> Markup {
    let id = token.id.to_string();
    let name = token.name.as_deref().unwrap_or("Without a name");
    let server = match token.scopes.server {
        None => "None".to_owned(),
        Some(server) => {
            let found = visit.app().people.find_server_name(server).await;
            found.unwrap_or_else(|| server.to_string())
        }
    };
    let rights = Right::ALL.into_iter().filter(|it| token.scopes.has(*it));
    let has_ended = token.expires_at_ms <= now_ms;
    html! {
        tr {
            th scope="row" { (name) span.sub { code { (id) } } }
            td data-label="May" {
                span.tags { @for right in rights { span.tag { (right.as_str()) } } }
            }
            td data-label="Server" { (server) }
            td.nowrap data-label="Ends" {
                @if has_ended { "ended " }
                (when::relative(token.expires_at_ms, now_ms))
            }
            td.nowrap data-label="Last use" {
                (when::relative_or_never(token.last_used_at_ms, now_ms))
            }
            td {
                @if !has_ended {
                    div.acts {
                        (form::button(
                            &visit.form_token, &format!("/tokens/{id}/revoke"), "Revoke", name,
                        ))
                    }
                }
            }
        }
    }
}

async fn revoke(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = crate::app::nobody_else(person.id());
    let id = visit.path_value(0);
    let people = &visit.app().people;
    let revoked = people.revoke_token(&caller, id).await?;
    let name = revoked.name.unwrap_or_else(|| revoked.id.to_string());
    let words =
        format!("Revoked “{name}”. Programs that use it are turned away within half a minute.");
    person.say_at(&visit, "/tokens", &words).await
}
