//! Erasing all that is stored of somebody, which cannot be undone.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use secrecy::SecretString;

use crate::console::cookies;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::sign_in::require_fresh;
use crate::console::parts::{form, note};
use crate::console::reply::{Page, Redirection};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};

const PATH: &str = "/profile/erase";
/// Says to whom that was done what was erased.
const ERASED: &str = "/erased";
/// For how long that is said to the browser, in seconds.
const ERASED_SECONDS: u64 = 10 * 60;

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
    let mut elsewhere = Redirection::at(ERASED).cookie(gone);
    elsewhere.headers.extend(
        cookies::set(cookies::ERASED, &"yes".into(), ERASED_SECONDS).map(|it| (SET_COOKIE, it)),
    );
    elsewhere.headers.insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\""),
    );
    Ok(elsewhere.into())
}

/// Says what was erased, what stays and why. To a browser that has erased nothing
/// there is nothing to say.
pub async fn show_erased(visit: Visit) -> HandlerResult {
    if cookies::find(&visit.headers, cookies::ERASED).is_none() {
        return Ok(Redirection::at("/").into());
    }
    let stays = [
        (
            "Sums of servers and of the bot",
            "without you in them: their owners keep them as books of what was paid.",
        ),
        (
            "Keys that you added to servers",
            "without your name: they are the servers’, and whoever manages those removes them.",
        ),
        (
            "What limits have counted, and a block",
            "until they end, so that nobody erases themselves to begin anew.",
        ),
        (
            "Backups of the operator’s",
            "until they are replaced. They may hold your keys, sealed: revoke them at their \
             providers too.",
        ),
        (
            "Answers in Discord",
            "which are Discord’s: delete them there.",
        ),
    ];
    let body = html! {
        div.head { div { h1 { "Everything about you is erased" } } }
        (note::done(
            "Your keys, tokens, choices, usage and a tier that was given to you by hand are gone, \
             and you are signed out of every browser.",
        ))
        section.card aria-labelledby="stays-h" {
            header { h2 #stays-h { "What stays, and why" } }
            div.body {
                ul.stack { @for (what, why) in stays { li { b { (what) } ", " (why) } } }
                div.acts { a.btn href="/" { "Go to the start" } }
            }
        }
    };
    Ok(Page::new(Section::None, "Everything about you is erased", body).into())
}
