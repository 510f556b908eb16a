//! In which format trouble is told: as a page to whoever looks with a browser,
//! and to programs in the format of the file that they asked for.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::form::{TOKEN_FIELD, written_token};
use super::trouble::Trouble;

/// Lines of JSON, as the playground's script takes them.
pub const LINES: &str = "application/x-ndjson";

/// The format that trouble is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleFormat {
    Page,
    Json,
    /// Plain sentences, where a table was asked for, which has no errors.
    Text,
    /// A line of the stream that the playground's script asked for.
    Line,
}

impl TroubleFormat {
    /// The format for a request of a path. Browsers name HTML first where
    /// somebody follows a link, and programs do not
    /// (<https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1>).
    pub fn for_request(path: &str, headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT).and_then(|it| it.to_str().ok());
        if accepted.is_some_and(|it| it.contains("text/html")) {
            return Self::Page;
        }
        if accepted == Some(LINES) {
            return Self::Line;
        }
        let file = path.rsplit('/').next().unwrap_or_default();
        match file.rsplit_once('.').map_or(file, |(_, kind)| kind) {
            "json" | "now" => Self::Json,
            "csv" => Self::Text,
            _ => Self::Page,
        }
    }
}

/// Trouble as an object, in the shape of the API's errors.
pub fn as_json(trouble: &Trouble, request_id: &str) -> Response {
    let (title, words) = words_of(trouble);
    let error = json!({"title": title, "message": words, "request_id": request_id});
    let body = json!({"error": error}).to_string();
    (trouble.status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// The title and the sentences for scripts, which leave their page as it is.
fn words_of(trouble: &Trouble) -> (&str, &str) {
    match trouble.words_for_script() {
        Some((title, words)) => (title, words),
        None => (&trouble.title, &trouble.words),
    }
}

/// Trouble as the playground's script reads it.
pub fn line_of(trouble: &Trouble) -> Value {
    let (title, words) = words_of(trouble);
    json!({
        "kind": "trouble",
        "title": title,
        "words": words,
        "ways": trouble.ways,
    })
}

/// Trouble as the last line of an answer, with the token that the page's form
/// carries from now on, if that is another.
pub fn as_line(trouble: &Trouble, form_token: Option<&SecretString>) -> Response {
    let mut line = line_of(trouble);
    if let Some(token) = form_token {
        line[TOKEN_FIELD] = json!(written_token(token));
    }
    let body = format!("{line}\n");
    (trouble.status, [(CONTENT_TYPE, LINES)], body).into_response()
}

/// Trouble as sentences.
pub fn as_text(trouble: &Trouble) -> Response {
    let body = format!("{}\n{}\n", trouble.title, trouble.words);
    let media_type = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    (trouble.status, media_type, body).into_response()
}
