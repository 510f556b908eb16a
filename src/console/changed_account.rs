//! What keeps a form from going through whose page was made for somebody else
//! than who is signed in when it is sent, or before: nothing of one account's
//! goes to another that signed in beside it.

use axum::http::{StatusCode, Uri};

use super::nearby;
use super::trouble::{Trouble, sign_in_address};

impl Trouble {
    /// A sign-in has ended, by itself or by somebody.
    pub fn signed_out(uri: &Uri) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "You are signed out",
            "Your sign-in has ended: nobody used it for a while, or you or the operator ended it. \
             Sign in again; if the operator stopped you, each page then says since when, and \
             what you can do.",
        )
        .way(sign_in_address(uri), "Sign in with Discord")
    }

    /// A form was made for somebody whose sign-in has ended.
    pub fn form_of_ended_session() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Sign in again, then send",
            "Your sign-in ended while the form was open. Nothing was changed. Sign in again in \
             a new tab, and then send what you typed from here.",
        )
        .way(
            sign_in_address(&Uri::from_static("/signed-in")),
            "Sign in with Discord",
        )
        .for_script(
            "You are signed out",
            "Your sign-in ended while this page was open, and nobody was asked. Sign in again in \
             a new tab, then press Again here.",
        )
    }

    /// A form was made before the same account signed in anew.
    pub fn form_of_before(name: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "Send it once more",
            format!(
                "This form was opened before you signed in. Nothing was changed yet. You are \
                 signed in as {name}: look at what you typed, and send it again."
            ),
        )
        .for_script(
            "You signed in meanwhile",
            "This page was opened before, and nobody was asked yet. Press Again to ask.",
        )
    }

    /// A form was made while nobody was signed in.
    pub fn form_of_nobody(name: &str, uri: &Uri) -> Self {
        let words = format!(
            "This page was opened before, and nobody was asked yet. Press Again to ask as {name}, \
             whose keys can pay then."
        );
        Self::form_of_before(name)
            .for_script("You signed in meanwhile", words)
            .open_as(name, uri)
    }

    /// A form was made for another account than the one that is signed in.
    pub fn form_of_another(name: &str, uri: &Uri) -> Self {
        let back = Uri::from_static("/signed-in");
        let again = format!("{}&again=1", sign_in_address(&back));
        Self::new(
            StatusCode::CONFLICT,
            "Another account is signed in",
            format!(
                "This form was opened by another account, and {name} is signed in now. Nothing \
                 was changed, and nothing of it goes to {name}. Sign in again as who opened it, in \
                 a new tab, and then send it from here; or go on as {name}."
            ),
        )
        .way(again, "Sign in as another account")
        .open_as(name, uri)
        .for_script(
            "Another account is signed in",
            format!(
                "This page was opened by another account, and {name} is signed in now. Nobody was \
                 asked, and {name} pays nothing. Sign in again as who opened it, in a new tab, and \
                 press Again here; or go on as {name} on a page of theirs."
            ),
        )
    }

    /// A page that asks by itself was made for another account: nothing of
    /// whoever is signed in now comes into it.
    pub fn page_of_another(name: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "Another account is signed in",
            format!(
                "This page was opened by another account, and {name} is signed in now. Nothing of \
                 {name}’s is shown here. Open it anew, or sign in again as who opened it, in a new \
                 tab."
            ),
        )
    }

    /// A page that asks by itself was made while nobody was signed in.
    pub fn page_of_nobody(name: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "You signed in meanwhile",
            format!("This page was opened before. You are signed in as {name}; open it anew."),
        )
    }

    /// A page that asks by itself was made for somebody whose sign-in has ended.
    pub fn page_of_ended_session() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "You are signed out",
            "Your sign-in ended while this page was open. Sign in again in a new tab, and go on \
             here.",
        )
    }

    /// With the first page of where a form belongs, which whoever is signed in
    /// now can look at: its own page may be about something of another's.
    fn open_as(self, name: &str, uri: &Uri) -> Self {
        self.way(nearby::first_page(uri.path()), format!("Go on as {name}"))
    }
}
