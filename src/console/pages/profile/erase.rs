//! Erasing all that is stored of somebody, which cannot be undone.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use secrecy::SecretString;

use crate::console::cookies;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::sign_in::require_fresh;
use crate::console::parts::form;
use crate::console::reply::{Page, Redirection};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};

const PATH: &str = "/profile/erase";

/// What leads to the confirmation.
pub fn show_card() -> Markup {
    html! {
        section.card aria-labelledby="erase-h" {
            header { h2 #erase-h { "Erase everything" } }
            div.body {
                (show_what())
                a.btn.danger href=(PATH) { "Erase" }
            }
        }
    }
}

fn show_what() -> Markup {
    html! {
        p.dim {
            "Deletes your keys, tokens, choices, sessions and what you asked. Sums without a name \
             stay in servers’ budgets, and keys that you added to servers stay theirs. Revoke \
             your keys at their providers too: backups may still hold them, sealed."
        }
    }
}

/// What must be typed to erase.
fn confirmation(person: &SignedIn) -> String {
    format!("erase {}", person.session.session.name)
}

/// Asks for the words that confirm it, of whoever signed in a moment ago.
pub async fn show_confirmation(visit: Visit, person: SignedIn) -> HandlerResult {
    require_fresh(&visit, &person, PATH)?;
    let words = confirmation(&person);
    let label = format!("Type “{words}” to confirm");
    let body = html! {
        div.head { div { h1 { "Erase everything about you" } } }
        section.card aria-label="Erase everything" {
            form.body.stack method="post" action=(PATH) autocomplete="off" {
                (form::token(&visit.form_token))
                (show_what())
                (form::text("confirm", &label, "", "It cannot be undone."))
                div.acts {
                    a.btn href="/profile" { "Keep everything" }
                    button.btn.danger { "Erase" }
                }
            }
        }
    };
    Ok(Page::new(Section::Profile, "Erase everything", body).into())
}

/// Erases everything, the session too.
pub async fn erase(visit: Visit, person: SignedIn) -> HandlerResult {
    require_fresh(&visit, &person, PATH)?;
    let words = confirmation(&person);
    if visit.form.text("confirm") != words.trim() {
        return Err(Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Nothing was erased",
            format!("You did not type “{words}”, so everything is still there."),
        )
        .way(PATH, "Try again")
        .way("/profile", "Keep everything"));
    }
    let caller = person.caller(&visit).await?;
    visit.app().people.erase(&caller).await?;
    let gone = cookies::set(cookies::SESSION, &SecretString::default(), 0);
    let mut elsewhere = Redirection::at("/").cookie(gone);
    elsewhere.headers.insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\""),
    );
    Ok(elsewhere.into())
}
