//! Words for whoever could not sign in: at which step, and what to do.

use axum::http::StatusCode;

use crate::app::SignInTrouble;

use crate::console::trouble::Trouble;

use super::next::step_up_address;

/// What to wait where Discord does not say it, in seconds.
const WAIT_S: u64 = 10;
const AGAIN: &str = "Sign in again";

fn start_again(next: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    format!("/sign-in?{}", query.finish())
}

/// The sign-in is none that this browser began a moment ago. Which of its
/// parts is wrong is said to nobody.
pub fn has_ended() -> Trouble {
    Trouble::new(
        StatusCode::BAD_REQUEST,
        "That sign-in has ended",
        "It was used before, took longer than ten minutes, or began in another browser. Nobody \
         was signed in by it. Start again.",
    )
    .way("/sign-in", AGAIN)
}

/// The person pressed *Cancel* in Discord.
pub fn declined(next: &str) -> Trouble {
    Trouble::new(
        StatusCode::OK,
        "You are not signed in",
        "You did not agree in Discord, so nothing was read there and nothing is stored here. \
         The playground works without.",
    )
    .way(start_again(next), "Sign in with Discord")
    .way("/playground", "Go to the playground")
}

/// A browser fetches the page before anybody wants to see it.
pub fn nobody_looks() -> Trouble {
    Trouble::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "Signing in begins with a click",
        "The browser asked for this page by itself. Open it yourself to sign in.",
    )
    .way("/sign-in", "Sign in with Discord")
}

/// Too many sign-ins began at one address.
pub fn too_often(wait_s: u64) -> Trouble {
    let words = format!(
        "Ten sign-ins began at your address within a minute. Nothing is wrong with your \
         account; try again in {wait_s} s."
    );
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut trouble = Trouble::new(status, "Too many sign-ins", words).way("/", "Go to the start");
    trouble.retry_after_s = Some(wait_s);
    trouble
}

/// Something that can't be undone wants a sign-in that is fresh.
pub fn sign_in_once_more(back: &str) -> Trouble {
    Trouble::new(
        StatusCode::FORBIDDEN,
        "Sign in once more for this",
        "It cannot be undone, so it needs a sign-in of the last ten minutes. Nothing was \
         changed. Sign in again, and you come back here.",
    )
    .way(step_up_address(back), "Sign in again with Discord")
}

/// What Discord said, or did not say.
pub fn describe(why: SignInTrouble, next: &str) -> Trouble {
    let again = start_again(next);
    let new =
        |title: &str, words: &str| Trouble::new(StatusCode::SERVICE_UNAVAILABLE, title, words);
    let operators =
        |words: &str| new("Nobody can sign in here yet", words).way("/", "Go to the start");
    let mut wait_s = None;
    let mut trouble = match why {
        SignInTrouble::NoSecret => operators(
            "The operator has not set DISCORD_CLIENT_SECRET. Whoever runs this: `latchkey \
             doctor` says what is missing. Everything else works in Discord meanwhile.",
        ),
        SignInTrouble::WrongSecret => operators(
            "Discord refuses the client secret of this service. Whoever runs this: `latchkey \
             doctor` says what to do. Everything else works in Discord meanwhile.",
        ),
        SignInTrouble::NotYet => {
            wait_s = Some(WAIT_S);
            new(
                "Not connected to Discord yet",
                "This service has started a moment ago and waits for Discord. Try again in ten \
                 seconds.",
            )
        }
        SignInTrouble::Away => {
            wait_s = Some(WAIT_S);
            new(
                "Discord does not answer",
                "Discord could not say who you are: it is out of order, or out of reach. Nobody \
                 was signed in. Try again in a minute.",
            )
        }
        SignInTrouble::Slow => {
            wait_s = Some(WAIT_S);
            new(
                "Discord takes too long",
                "Discord did not say within five seconds who you are. Nobody was signed in. Try \
                 again in a minute.",
            )
        }
        SignInTrouble::Busy(seconds) => {
            let seconds = seconds.unwrap_or(60);
            wait_s = Some(seconds);
            let words = format!(
                "Discord has too much to do and asks to wait. Nobody was signed in. Try again \
                 in {seconds} s."
            );
            new("Discord asks to wait", &words)
        }
        SignInTrouble::CodeRefused => return has_ended(),
        SignInTrouble::WrongIssuer => Trouble::new(
            StatusCode::BAD_REQUEST,
            "Somebody else sent you here",
            "What came back says that it is not from Discord, so nobody was signed in. Start \
             again from this page.",
        ),
        SignInTrouble::Refused => Trouble::new(
            StatusCode::BAD_GATEWAY,
            "Discord refused",
            "Discord did not let this service read who you are. Nobody was signed in. Start \
             again; if it stays so, tell the operator the number of the request.",
        ),
    };
    trouble.retry_after_s = wait_s;
    match why {
        SignInTrouble::NoSecret | SignInTrouble::WrongSecret => trouble,
        _ => trouble.way(again, AGAIN),
    }
}
