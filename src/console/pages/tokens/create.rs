//! Making a token: what it may do, for how long, with whose keys.

use std::time::Duration;

use axum::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};

use crate::app::random_id;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::sign_in::require_fresh;
use crate::console::parts::form::Choice;
use crate::console::parts::{form, icon, when};
use crate::console::reply::Page;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::model::{Refusal, Right, Scopes, ServerId, Token, TokenRefusal};

use super::snippets::{self, SnippetModels};

const FORM: &str = "/tokens/new";
/// How long a token lasts, in days; the first is what is chosen at first.
const LASTS: [(&str, &str); 4] = [
    ("90", "90 days"),
    ("30", "30 days"),
    ("365", "1 year"),
    ("1", "1 day"),
];
const DAY: Duration = Duration::from_hours(24);

/// The form, empty.
pub async fn show_form(visit: Visit, _: SignedIn) -> HandlerResult {
    let once = random_id()?;
    let mut servers = vec![(String::new(), "Mine only".to_owned())];
    for (server, name) in visit.list_shared_servers(None).await {
        servers.push((server.to_string(), format!("Mine and those of {name}")));
    }
    let choices = |all: &'_ [(String, String)]| -> Markup {
        let choices: Vec<Choice<'_>> = all
            .iter()
            .map(|(value, words)| Choice { value, words })
            .collect();
        form::select("server", "With the keys of", &choices, "")
    };
    let lasts = LASTS.map(|(value, words)| Choice { value, words });
    let body = html! {
        div.head { div { h1 { "Create a token" } } }
        section.card aria-label="Create a token" {
            form.body.stack method="post" action="/tokens" {
                (form::token(&visit.form_token))
                input type="hidden" name="once" value=(once);
                div.fields {
                    (form::text("name", "Name", "", "Such as Laptop, or Claude Code. Nobody else sees it."))
                    (form::select("days", "Ends after", &lasts, LASTS[0].0))
                    (choices(&servers))
                }
                (show_rights())
                div.acts {
                    button.btn.strong { "Create" }
                    a.btn.plain href="/tokens" { "Cancel" }
                }
            }
        }
    };
    Ok(Page::new(Section::Tokens, "Create a token", body).into())
}

fn show_rights() -> Markup {
    html! {
        fieldset.stack {
            legend { "It may" }
            @for right in Right::ALL {
                label.check {
                    input type="checkbox" name="may" value=(right.as_str())
                        checked[right == Right::Chat];
                    span { (describe(right)) " " span.sub { code { (right.as_str()) } } }
                }
            }
        }
    }
}

fn describe(right: Right) -> &'static str {
    match right {
        Right::Chat => "Ask models, for words and for pictures",
        Right::KeysRead => "See which keys there are",
        Right::KeysWrite => "Add, change and remove keys",
        Right::UsageRead => "See what was used",
    }
}

/// Makes the token, and shows it: this once, in the answer to the form. The
/// same form sent again makes no second one.
pub async fn create(visit: Visit, person: SignedIn) -> HandlerResult {
    let words: Vec<&str> = visit.form.all("may").collect();
    let mut scopes =
        Scopes::parse(&words.join(" ")).ok_or(Refusal::Token(TokenRefusal::BadScopes))?;
    if scopes.has(Right::KeysWrite) {
        require_fresh(&visit, &person, FORM)?;
    }
    let server = visit
        .form
        .typed("server")
        .map(|id| id.parse().map(ServerId));
    scopes.server = server.transpose().map_err(|_| no_such_server())?;
    let caller = person.caller_in(&visit, scopes.server).await;
    let caller = caller.map_err(|trouble| match trouble.status {
        StatusCode::NOT_FOUND => no_such_server(),
        _ => trouble,
    })?;
    let days = read_days(&visit)?;
    let once = (
        person.session.session.id,
        visit.form.text("once").to_owned(),
    );
    let sent_once = &visit.console.sent_once;
    if !sent_once.take(&once, visit.app().now_ms()) {
        return Err(sent_before());
    }
    let people = &visit.app().people;
    let name = visit.form.typed("name");
    let made = people.create_token(&caller, name, Some(DAY * days), scopes);
    let made = made.await.inspect_err(|_| sent_once.give_back(&once));
    let (token, secret) = made.map_err(|error| Trouble::from(error).typed(&visit.form))?;
    // A token is shown whatever keeps the models from being known.
    let known = visit.app().asks.list_known_models(&caller).await;
    let models = SnippetModels::choose(&known.unwrap_or_default());
    Ok(show_created(&visit, &token, &secret, &models).into())
}

/// For how many days: one of the list, and the first where nothing was chosen.
fn read_days(visit: &Visit) -> Result<u32, Trouble> {
    let typed = visit.form.typed("days").unwrap_or(LASTS[0].0);
    let offered = LASTS.iter().find(|(days, _)| *days == typed);
    let days = offered.and_then(|(days, _)| days.parse().ok());
    days.ok_or_else(|| {
        let words = LASTS.map(|(_, words)| words).join(", ");
        Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "That is not offered",
            format!("A token lasts for one of these: {words}. None was made; choose one."),
        )
        .way(FORM, "Choose again")
        .typed(&visit.form)
    })
}

/// No server of the list was chosen.
fn no_such_server() -> Trouble {
    Trouble::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "That is not offered",
        "You are in no such server, or it is not known here. None was made; choose one of the \
         list, or none.",
    )
    .way(FORM, "Choose again")
}

fn sent_before() -> Trouble {
    Trouble::new(
        StatusCode::CONFLICT,
        "This form made its token already",
        "A token is shown once, and no second one was made. If it got lost, revoke it and make \
         another.",
    )
    .way("/tokens", "Go to your tokens")
}

fn show_created(
    visit: &Visit,
    token: &Token,
    secret: &SecretString,
    models: &SnippetModels,
) -> Page {
    let name = token.name.as_deref().unwrap_or("Your token");
    let now_ms = visit.app().now_ms();
    let url = visit.app().gateway_url();
    let snippets = url.map_or_else(
        || html! {},
        |url| snippets::show(url, token.scopes, secret, models),
    );
    let body = html! {
        div.head { div { h1 { "“" (name) "” is ready" } } }
        section.card.tabbed aria-labelledby="token-h" {
            header { h2 #token-h { "Copy it now" } p { "Shown this once" } }
            div.body {
                div {
                    h3.small { "Token" }
                    div.code {
                        button.btn.s type="button" data-copy="token" hidden {
                            (icon::small("copy")) "Copy"
                        }
                        pre.wraps #token tabindex="0" { (secret.expose_secret()) }
                    }
                }
                (snippets)
            }
            p.foot {
                "It ends " (when::relative(token.expires_at_ms, now_ms))
                ". Leave this page, and nobody can look it up any more. If it gets lost, revoke \
                 it and make another."
            }
        }
        p { a.btn href="/tokens" { "Go to your tokens" } }
    };
    Page::new(Section::Tokens, "Your new token", body).showing_secret()
}
