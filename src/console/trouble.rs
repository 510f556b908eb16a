//! What keeps a page from being shown, and the page that says it: what
//! happened, and what to do.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use url::form_urlencoded;

use crate::app::Error;
use crate::model::{AccessRefusal, KeyRefusal, Refusal};

use super::form::Form;
use super::frame::{self, Reader, Section};
use super::markup::{Markup, html};
use super::nearby;
use super::parts::{link, note};
use super::reply::Page;
use super::trouble_format::{self, TroubleFormat};
use super::typed_fields::{self, TypedFields};
use super::words::{self, Names};

/// What keeps a page from being shown.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub status: StatusCode,
    /// What happened, in a few words.
    pub title: String,
    /// What happened and what to do, in sentences.
    pub words: String,
    /// Where its reader can go, with what that is called.
    pub ways: Vec<(String, String)>,
    pub retry_after_s: Option<u64>,
    /// What had been typed, if a form is the trouble.
    typed: Option<Box<TypedFields>>,
    /// The refusal that it is, which is told anew once it is known what
    /// providers are called.
    refusal: Option<Box<Refusal>>,
    for_script: Option<Box<(&'static str, String)>>,
}

impl Trouble {
    /// Trouble with a status, a title and sentences.
    pub fn new(status: StatusCode, title: impl Into<String>, words: impl Into<String>) -> Self {
        Self {
            status,
            title: title.into(),
            words: words.into(),
            ways: Vec::new(),
            retry_after_s: None,
            typed: None,
            refusal: None,
            for_script: None,
        }
    }

    /// With how long to wait until it is tried again.
    pub fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// This trouble, with providers called by their names.
    pub fn named(mut self, names: Names<'_>) -> Self {
        let Some(refusal) = &self.refusal else {
            return self;
        };
        let told = words::describe_refusal(names, refusal);
        let before = words::describe_refusal(Names::unknown(), refusal);
        let added = self.ways.split_off(before.ways.len().min(self.ways.len()));
        self.title = told.title;
        self.words = told.words;
        self.ways = told.ways.into_iter().chain(added).collect();
        self
    }

    /// With a place where its reader can go.
    pub fn way(mut self, address: impl Into<String>, label: impl Into<String>) -> Self {
        self.ways.push((address.into(), label.into()));
        self
    }

    /// With what had been typed, so that it need not be typed again. A form that is
    /// a button alone has nothing of that.
    pub fn typed(mut self, form: &Form) -> Self {
        if let Some(typed) = TypedFields::of(form) {
            self.typed = Some(Box::new(typed));
        }
        self
    }

    /// The same of a form in whose fields something stands that its sender chose or
    /// typed there, and sees.
    pub fn typed_by_hand(self, form: &Form) -> Self {
        if self.typed.is_some() || !typed_fields::are_seen(form) {
            return self;
        }
        self.typed(form)
    }

    /// A title and sentences for the playground's script, where they are others.
    pub fn words_for_script(&self) -> Option<&(&'static str, String)> {
        self.for_script.as_deref()
    }

    /// Whether the same form may go through in a while.
    pub fn passes(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// Nobody is signed in, and the page is for whoever is.
    pub fn sign_in_first(uri: &Uri) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Sign in first",
            "This page is for people who are signed in. Sign in with Discord, and it opens.",
        )
        .way(sign_in_address(uri), "Sign in with Discord")
    }

    /// Nothing has this address, or nothing that its reader may see.
    pub fn nothing_here() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Nothing is here",
            "There is no such page, or it is somebody else’s.",
        )
        .way("/", "Go to the start")
    }

    /// No page has this address.
    pub fn no_page(is_signed_in: bool) -> Self {
        let trouble = Self::new(
            StatusCode::NOT_FOUND,
            "There is no page here",
            "The address leads nowhere. A letter may be wrong, or the link may be an old one. \
             Programs find what there is for them at /openapi.json.",
        );
        if is_signed_in {
            return trouble
                .way("/keys", "Go to your keys")
                .way("/playground", "Ask a model")
                .way("/usage", "See what was used");
        }
        trouble
            .way("/", "Go to the start")
            .way("/playground", "Try it")
            .way("/sign-in", "Sign in with Discord")
    }

    /// The address takes other methods.
    pub fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "That is not how this page is used",
            "The address exists, and takes another method. Go back and use the page’s own buttons.",
        )
        .way("/", "Go to the start")
    }

    /// The page is the operator's.
    pub fn operators_only() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "This is for the operator",
            "Only people whom the operator lists in discord.operators may see this page.",
        )
        .way("/keys", "Go to your keys")
    }

    /// A form about a server came from somebody who does not manage it, or no
    /// longer.
    pub fn not_managing() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "You do not manage this server",
            "Discord says that you may not manage this server at the moment, so nothing was \
             changed. Somebody who manages it can give you the Manage Server permission.",
        )
        .way("/servers", "Servers that you manage")
    }

    /// A form came from a page that is not ours.
    pub fn foreign_form(origins: &[String]) -> Self {
        let at = origins.first().map_or("", String::as_str);
        let words = format!(
            "The form came from a page that is not this console, so nothing was changed. Open \
             the console at {at}, and do it there."
        );
        Self::new(StatusCode::FORBIDDEN, "Nothing was changed", words).way("/", "Go to the start")
    }

    /// A body is no form.
    pub fn not_a_form() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "That is no form",
            "This address takes forms of the console’s pages. Programs use /api/v1 instead; \
             /openapi.json describes it.",
        )
    }

    /// A form is longer than any of ours, or did not come to its end.
    pub fn form_too_long() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "That is too long",
            "A form may hold 64 kB. Nothing was changed; shorten what you typed.",
        )
    }

    /// A form with files is longer than any may be, or did not come to its
    /// end.
    pub fn files_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Those files are too large",
            "What is sent at once may hold 16 MB, files and all. Nobody was asked; send fewer \
             files, or smaller ones.",
        )
        .for_script(
            "Those files are too large",
            "What is sent at once may hold 16 MB, files and all. Nobody was asked. Take a file \
             out above, and press Again.",
        )
    }

    /// The same of a form with files of which it is known what was typed, apart from
    /// keys. Where that is nothing, nothing is shown again.
    pub fn beside_files(self, form: &Form) -> Self {
        if !typed_fields::are_any(form) {
            return self;
        }
        let words = format!(
            "{} What you typed stands below, without its files: send it so, or go back and choose \
             them again.",
            self.words
        );
        let mut trouble = Self { words, ..self }.typed(form);
        if let Some(typed) = &mut trouble.typed {
            typed.had_files = true;
        }
        trouble
    }

    /// What is shown again of what was typed into a field.
    #[cfg(test)]
    pub fn typed_text(&self, name: &str) -> Option<&str> {
        self.typed.as_ref()?.text(name)
    }

    /// Too many large forms come at once.
    pub fn no_memory() -> Self {
        let (title, words) = (
            "Too much comes at once",
            "The files of others take all the memory that there is for files. Nobody was asked; \
             send it again in a few seconds.",
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, title, words)
            .for_script(title, words)
            .retry_after(5)
    }

    /// With other words for the playground's script, whose page stays as it is.
    pub fn for_script(self, title: &'static str, words: impl Into<String>) -> Self {
        Self {
            for_script: Some(Box::new((title, words.into()))),
            ..self
        }
    }

    /// The response that says it, in the format that its reader takes.
    pub async fn respond(self, reader: &Reader) -> Response {
        let this = self.named(Names::of(reader.console.app.providers()));
        let mut response = match reader.trouble_format {
            TroubleFormat::Json => trouble_format::as_json(&this, &reader.request_id),
            TroubleFormat::Text => trouble_format::as_text(&this),
            TroubleFormat::Line => {
                // Whose page it is stands in the form alone, which may be unread.
                let typed = this.typed.as_ref();
                let token = typed.map(|typed| reader.form_token(typed.owner));
                trouble_format::as_line(&this, token.as_ref())
            }
            TroubleFormat::Page => {
                let body = this.show(reader);
                let page = Page::new(Section::None, this.title, body).status(this.status);
                frame::finish(page.into(), reader).await
            }
        };
        if let Some(seconds) = this.retry_after_s {
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// Where its reader can go. Trouble that names nothing leads back to the page
    /// that it is about, unless what was typed can be sent again from here.
    fn ways(&self, reader: &Reader) -> Vec<(String, String)> {
        if !self.ways.is_empty() || self.typed.is_some() {
            return self.ways.clone();
        }
        let path = reader.uri.path();
        let again = reader.uri.path_and_query().map_or("/", |it| it.as_str());
        let (address, label) = match (nearby::is_page(path), reader.sent_form) {
            (true, true) => (path, "Open the page again"),
            (false, true) => (nearby::page_of_form(path), "Open the page again"),
            (true, false) if self.passes() => (again, "Try again"),
            (true, false) if reader.uri.query().is_some() => (path, "Open the page again"),
            (_, false) => ("/", "Go to the start"),
        };
        vec![(address.to_owned(), label.to_owned())]
    }

    fn show(&self, reader: &Reader) -> Markup {
        html! {
            div.head { div { h1 { (self.title) } } }
            (note::plain(&self.words, html! {
                @for (address, label) in self.ways(reader) {
                    // What was typed stays here while its reader goes elsewhere.
                    @if self.typed.is_some() {
                        (link::button_beside(&address, &label))
                    } @else {
                        (link::button(&address, &label))
                    }
                }
            }))
            @if let Some(typed) = &self.typed {
                (typed.show(reader))
            }
            @if !reader.request_id.is_empty() {
                p.small.faint { "Request " code { (reader.request_id) } }
            }
        }
    }
}

/// Where signing in begins that comes back to an address.
pub fn sign_in_address(next: &Uri) -> String {
    let next = next.path_and_query().map_or("/", |it| it.as_str());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    format!("/sign-in?{}", query.finish())
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::from(refusal),
            Error::Troubled(trouble, error) => {
                tracing::warn!("a page could not be shown: {error:#}");
                let seconds = trouble.retry_after().as_secs();
                let words = format!(
                    "At the moment {}. Nothing was changed. Try again in {seconds} s; if it \
                     stays so, tell the operator, whose log says more.",
                    words::describe_trouble(trouble)
                );
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let mut trouble = Self::new(status, "The database does not answer", words);
                trouble.retry_after_s = Some(seconds);
                trouble
            }
            Error::Failed(failure) => {
                tracing::error!("a page could not be shown: {failure:#}");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something went wrong here",
                    "The operator’s log says what. Try again in a minute; if it stays so, tell \
                     the operator the number of the request.",
                )
            }
        }
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        let trouble = words::describe_refusal(Names::unknown(), &refusal);
        Self {
            refusal: Some(Box::new(refusal)),
            ..trouble
        }
    }
}

impl From<AccessRefusal> for Trouble {
    fn from(refusal: AccessRefusal) -> Self {
        Refusal::from(refusal).into()
    }
}

impl From<KeyRefusal> for Trouble {
    fn from(refusal: KeyRefusal) -> Self {
        Refusal::from(refusal).into()
    }
}

impl From<anyhow::Error> for Trouble {
    fn from(failure: anyhow::Error) -> Self {
        Error::from(failure).into()
    }
}
