//! What a handler answers with, and the headers that go with it.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::frame::Section;
use super::markup::Markup;

/// How much of a hash tells two states of a page apart, in bytes.
const TAG_BYTES: usize = 12;

/// What a handler answers with.
pub enum Reply {
    /// A page, which is put into the layout of all.
    Page(Page),
    /// What a page's script asks for to bring the page up to date: an object
    /// of texts, each by the name of its place.
    Now(Value),
    /// Another address, which the browser is to show instead.
    Redirection(Redirection),
    /// A file to be kept.
    File(File),
    /// Anything else, such as a stream.
    Raw(Response),
}

/// A page without its layout.
pub struct Page {
    pub status: StatusCode,
    pub title: String,
    pub section: Section,
    pub body: Markup,
    pub headers: HeaderMap,
    /// Whether it shows a secret, once.
    pub shows_secret: bool,
}

/// Where the browser goes next.
pub struct Redirection {
    pub address: String,
    pub headers: HeaderMap,
}

/// A file to be kept.
pub struct File {
    pub name: String,
    pub media_type: &'static str,
    pub body: Body,
}

/// Marks a response that must not be compressed: whoever sees its length and
/// can put something into it could guess a secret that stands in it.
#[derive(Clone, Copy)]
pub struct NotCompressed;

impl Page {
    /// A page of status 200.
    pub fn new(section: Section, title: impl Into<String>, body: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.into(),
            section,
            body,
            headers: HeaderMap::new(),
            shows_secret: false,
        }
    }

    /// The same page with another status.
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same page, which shows a secret.
    pub fn showing_secret(self) -> Self {
        Self {
            shows_secret: true,
            ..self
        }
    }
}

impl From<Page> for Reply {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}

impl From<File> for Reply {
    fn from(file: File) -> Self {
        Self::File(file)
    }
}

impl Redirection {
    /// Another address of ours, or one that the program made.
    pub fn at(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            headers: HeaderMap::new(),
        }
    }

    /// With a cookie that the browser is to set.
    pub fn cookie(mut self, cookie: Option<HeaderValue>) -> Self {
        if let Some(cookie) = cookie {
            self.headers.append(SET_COOKIE, cookie);
        }
        self
    }
}

impl From<Redirection> for Reply {
    fn from(elsewhere: Redirection) -> Self {
        Self::Redirection(elsewhere)
    }
}

impl IntoResponse for Redirection {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        headers.extend(self.headers);
        match HeaderValue::try_from(self.address) {
            Ok(address) => headers.insert(LOCATION, address),
            Err(_) => headers.insert(LOCATION, HeaderValue::from_static("/")),
        };
        response
    }
}

impl IntoResponse for File {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        if let Ok(disposition) = HeaderValue::try_from(disposition) {
            headers.insert(CONTENT_DISPOSITION, disposition);
        }
        response
    }
}

/// Answers with what a page says now, or, where the browser has that
/// already, that it is the same.
pub fn send_now(now: &Value, request: &HeaderMap) -> Response {
    let body = now.to_string();
    let hash = Sha256::digest(body.as_bytes());
    let hash = hash.iter().take(TAG_BYTES);
    let tag = hash.fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}")) + "\"";
    let known = request.get(IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| known == tag.as_str()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let media_type = HeaderValue::from_static("application/json");
        ([(CONTENT_TYPE, media_type)], body).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
