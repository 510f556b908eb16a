//! The API whose rules a call follows, and what errors look like there.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use crate::model::{ErrorForm, PassedEvents, ProviderError};

use crate::gateway::replies::failure_kind::{FailureKind, Naming};
use crate::gateway::replies::problem::Problem;

/// The API whose rules a call follows. It decides the shape of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiDialect {
    OpenAi,
    /// OpenAI's Responses, whose streams have events of their own.
    Responses,
    Anthropic,
    Google,
    /// Latchkey's own API.
    Latchkey,
}

/// What Google's models can be asked to do, as it stands at the end of a path.
pub const GOOGLE_VERBS: [&str; 3] = ["generateContent", "streamGenerateContent", "countTokens"];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The request's id again, where Anthropic's libraries look for it.
const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// How a vendor says that a call is longer than its model reads, in words that
/// its clients look for: Claude Code then shortens its conversation.
/// `docs/providers.md` §4.6.
const TOO_LONG_FOR_ANTHROPIC: &str = "prompt is too long";
const TOO_LONG_FOR_GOOGLE: &str =
    "The input token count exceeds the maximum number of tokens allowed";
/// That a provider keeps no conversations, in Anthropic's word for it: its
/// libraries then send the whole of it each time. `docs/providers.md` §9.1.
pub const NO_THREAD: &str = "thread_unsupported_request";
/// Google's word for how long to wait.
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

impl ApiDialect {
    /// The dialect of an address.
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/api/")
            || path.starts_with("/v2/")
            || !path.get(1..).unwrap_or_default().contains('/')
        {
            Self::Latchkey
        } else if path.starts_with("/anthropic/") || path.starts_with("/v1/messages") {
            Self::Anthropic
        } else if path.starts_with("/google/")
            || path.starts_with("/v1beta/")
            || path.starts_with("/upload/")
            || path.starts_with("/v1alpha/")
            || (path.starts_with("/v1/models/") && ends_in_googles_verb(path))
        {
            Self::Google
        } else if path.ends_with("/responses") {
            Self::Responses
        } else {
            Self::OpenAi
        }
    }

    /// Writes the request's id into a response's headers.
    pub fn write_request_id(self, headers: &mut HeaderMap, id: HeaderValue) {
        if self == Self::Anthropic {
            headers.insert(ANTHROPIC_REQUEST_ID, id.clone());
        }
        headers.insert(REQUEST_ID, id);
    }

    /// The media type of every stream in this dialect, whatever the provider
    /// calls its own; none where the provider's is kept.
    pub fn stream_media_type(self) -> Option<&'static str> {
        self.is_openai().then_some("text/event-stream")
    }

    /// Whether clients of this dialect skip comments between events. Google's
    /// own libraries take every line for JSON: `docs/providers.md` §6.
    pub fn takes_comments(self) -> bool {
        self != Self::Google
    }

    /// Whether it is one of OpenAI's.
    pub fn is_openai(self) -> bool {
        matches!(self, Self::OpenAi | Self::Responses)
    }

    /// The form of errors in this dialect; none in our own.
    fn error_form(self) -> Option<ErrorForm> {
        match self {
            Self::OpenAi | Self::Responses => Some(ErrorForm::OpenAi),
            Self::Anthropic => Some(ErrorForm::Anthropic),
            Self::Google => Some(ErrorForm::Google),
            Self::Latchkey => None,
        }
    }

    /// What the provider said, where it has the form of this dialect, so that
    /// it can be told as it is.
    fn own_words(self, problem: &Problem) -> Option<&ProviderError> {
        let said = problem.said.as_deref()?;
        (self.error_form() == Some(said.form)).then_some(said)
    }

    /// What this dialect calls the kind of failure that a problem is.
    fn naming(self, problem: &Problem) -> Option<Naming> {
        let kind = problem.kind?;
        match self {
            Self::OpenAi | Self::Responses => Some(kind.openai()),
            Self::Anthropic => Some(kind.anthropic()),
            Self::Google => Some(kind.google()),
            Self::Latchkey => None,
        }
    }

    /// The status of the response to a call that ends in a problem.
    pub fn status_of(self, problem: &Problem) -> u16 {
        let own = self.own_words(problem).map(|said| said.status);
        let named = || self.naming(problem)?.status;
        own.filter(|status| (400..600).contains(status))
            .or_else(named)
            .unwrap_or(problem.status.as_u16())
    }

    /// The body of an error.
    pub fn error_body(self, problem: &Problem, request_id: &HeaderValue) -> Value {
        match self {
            Self::OpenAi | Self::Responses => json!({"error": self.openai_error(problem)}),
            Self::Anthropic => json!({
                "type": "error", "error": self.anthropic_error(problem),
                "request_id": request_id.to_str().unwrap_or_default(),
            }),
            Self::Google => json!({"error": self.google_error(problem)}),
            Self::Latchkey => {
                json!({"error": {"code": problem.code, "message": problem.message}})
            }
        }
    }

    fn openai_error(self, problem: &Problem) -> Map<String, Value> {
        let naming = self.naming(problem);
        let kind = naming.map_or(openai_type(self.status_of(problem)), |it| it.kind);
        let code = naming.and_then(|it| it.code).unwrap_or(problem.code);
        let own = self.own_words(problem);
        let mut error = own.map(|said| said.error.clone()).unwrap_or_default();
        error.insert("message".to_owned(), json!(problem.message));
        let mut fill = |field: &str, value: Value| {
            error.entry(field).or_insert(value);
        };
        fill("type", json!(kind));
        fill("param", Value::Null);
        // An error of a provider's may have no code at all.
        fill(
            "code",
            if own.is_some() && naming.is_none_or(|it| it.code.is_none()) {
                Value::Null
            } else {
                json!(code)
            },
        );
        error
    }

    fn anthropic_error(self, problem: &Problem) -> Map<String, Value> {
        if let Some(said) = self.own_words(problem) {
            let mut error = said.error.clone();
            error.insert("message".to_owned(), json!(problem.message));
            return error;
        }
        let kind = self.naming(problem).map(|it| it.kind);
        let kind = kind.unwrap_or_else(|| anthropic_type(self.status_of(problem)));
        let mut error = fields([
            ("type", json!(kind)),
            ("message", json!(told(problem, TOO_LONG_FOR_ANTHROPIC))),
            ("code", json!(problem.code)),
        ]);
        if problem.code == NO_THREAD {
            let details = json!({"error_code": NO_THREAD, "unsupported": ["thread"]});
            error.insert("details".to_owned(), details);
        }
        error
    }

    fn google_error(self, problem: &Problem) -> Map<String, Value> {
        let status = self.status_of(problem);
        let mut message = problem.message.clone();
        let mut error = if let Some(said) = self.own_words(problem) {
            said.error.clone()
        } else {
            message = told(problem, TOO_LONG_FOR_GOOGLE);
            let kind = self.naming(problem).map(|it| it.kind);
            let kind = kind.unwrap_or_else(|| google_status(status));
            fields([
                ("code", json!(status)),
                ("status", json!(kind)),
                (
                    "details",
                    json!([{
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "reason": problem.code, "domain": "latchkey",
                    }]),
                ),
            ])
        };
        error.insert("message".to_owned(), json!(message));
        if let Some(wait_ms) = problem.wait_ms() {
            let details = error.entry("details").or_insert_with(|| json!([]));
            let known = details.as_array().into_iter().flatten();
            let is_told = known.clone().any(|detail| detail["@type"] == RETRY_INFO);
            if let Some(details) = details.as_array_mut().filter(|_| !is_told) {
                details.push(json!({"@type": RETRY_INFO, "retryDelay": delay_of(wait_ms)}));
            }
        }
        error
    }

    /// An error as the last event of a stream, behind those that passed. A
    /// provider's own passes as it came, where it has the form of this dialect.
    pub fn error_event(
        self,
        problem: &Problem,
        request_id: &HeaderValue,
        passed: &PassedEvents,
    ) -> String {
        let own = self.own_words(problem).and_then(|said| said.event.as_ref());
        if let Some(event) = own.filter(|event| self.has_form_of(event)) {
            return match event["type"].as_str().filter(|_| self != Self::OpenAi) {
                Some(name) => format!("event: {name}\ndata: {event}\n\n"),
                None => format!("data: {event}\n\n"),
            };
        }
        let body = self.error_body(problem, request_id);
        match self {
            Self::Anthropic => format!("event: error\ndata: {body}\n\n"),
            Self::Responses => self.failed_events(problem, request_id, passed),
            Self::OpenAi | Self::Google | Self::Latchkey => format!("data: {body}\n\n"),
        }
    }

    /// Whether a provider's event is one of this dialect: OpenAI has two, with
    /// one form of errors.
    fn has_form_of(self, event: &Value) -> bool {
        match self {
            Self::Responses => event["type"].is_string(),
            Self::OpenAi => event["error"].is_object() && event["object"] != "response",
            Self::Anthropic | Self::Google | Self::Latchkey => true,
        }
    }

    /// The last events of a response that failed. Some clients read the one,
    /// some the other.
    fn failed_events(
        self,
        problem: &Problem,
        request_id: &HeaderValue,
        passed: &PassedEvents,
    ) -> String {
        let number = passed.count;
        // Its errors stand at the top, with the type of an event.
        let mut event = self.openai_error(problem);
        let code = event.get("code").filter(|code| code.is_string());
        let code = code.cloned().unwrap_or_else(|| json!("server_error"));
        event.insert("type".to_owned(), json!("error"));
        event.insert("sequence_number".to_owned(), json!(number));
        let begun = passed.response_id.clone();
        let id = begun.unwrap_or_else(|| {
            let id = request_id.to_str().unwrap_or_default();
            format!("resp_{id}")
        });
        let response = json!({"id": id, "object": "response", "status": "failed",
            "error": {"code": code, "message": problem.message}, "incomplete_details": null,
            "output": [], "usage": null});
        let failed =
            json!({"type": "response.failed", "sequence_number": number + 1, "response": response});
        let event = Value::from(event);
        format!("event: error\ndata: {event}\n\nevent: response.failed\ndata: {failed}\n\n")
    }
}

/// What a problem is told as: behind the dialect's own words where its clients
/// know those alone.
fn told(problem: &Problem, too_long: &str) -> String {
    match problem.kind {
        Some(FailureKind::TooLong) => format!("{too_long}: {}", problem.message),
        _ => problem.message.clone(),
    }
}

fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    pairs.collect()
}

/// A wait as Google writes it: `1.5s`.
fn delay_of(wait_ms: u64) -> String {
    match wait_ms % 1_000 {
        0 => format!("{}s", wait_ms / 1_000),
        ms => format!("{}.{ms:03}s", wait_ms / 1_000),
    }
}

fn openai_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        402 => "insufficient_quota",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 | 529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

fn google_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        402 | 429 => "RESOURCE_EXHAUSTED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        400..=499 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

/// Whether a path ends in what Google's models can be asked to do.
fn ends_in_googles_verb(path: &str) -> bool {
    path.rsplit_once(':')
        .is_some_and(|(_, verb)| GOOGLE_VERBS.contains(&verb))
}
