//! What each vendor calls a kind of failure: one table for all dialects.
//! `docs/providers.md` §4.6 has the sources.

use crate::model::{FailureClass, ProviderFailure};

/// A kind of failure of a provider's, for which every dialect has words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    BadKey,
    NoCredit,
    Forbidden,
    NoModel,
    BadRequest,
    TooLong,
    TooLarge,
    RateLimited,
    Declined,
    Overloaded,
    Internal,
    TimedOut,
    Conflict,
}

/// The words of one dialect for a kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Naming {
    /// None where the provider's own status is kept.
    pub status: Option<u16>,
    /// OpenAI's and Anthropic's `type`, Google's `status`.
    pub kind: &'static str,
    /// OpenAI's `code`; none where ours is told.
    pub code: Option<&'static str>,
}

impl FailureKind {
    /// The kind of a failure; none where no vendor has a word for it, such as
    /// an answer that broke off on its way.
    pub fn from_failure(failure: &ProviderFailure) -> Option<Self> {
        Some(match (failure.class, failure.status) {
            (FailureClass::AuthInvalid, _) => Self::BadKey,
            (FailureClass::Billing, _) => Self::NoCredit,
            (FailureClass::AuthForbidden(_), _) => Self::Forbidden,
            (FailureClass::ModelNotFound, _) => Self::NoModel,
            (FailureClass::ContextTooLong, _) => Self::TooLong,
            (FailureClass::RateLimited, _) => Self::RateLimited,
            (FailureClass::ContentBlocked, _) => Self::Declined,
            (FailureClass::Overloaded, _) => Self::Overloaded,
            (FailureClass::TimedOut, _) | (FailureClass::Upstream, Some(504 | 524)) => {
                Self::TimedOut
            }
            (FailureClass::BadRequest, Some(409)) => Self::Conflict,
            (FailureClass::BadRequest, Some(413)) => Self::TooLarge,
            (FailureClass::BadRequest | FailureClass::PictureRefused, _) => Self::BadRequest,
            (FailureClass::Upstream, _) => Self::Internal,
            _ => return None,
        })
    }

    /// The failure's status and words in OpenAI's dialect.
    pub fn openai(self) -> Naming {
        const CALL: &str = "invalid_request_error";
        const SERVER: &str = "server_error";
        let (status, kind, code) = match self {
            Self::BadKey => (Some(401), CALL, Some("invalid_api_key")),
            Self::NoCredit => (Some(429), "insufficient_quota", Some("insufficient_quota")),
            Self::Forbidden => (Some(403), CALL, None),
            Self::NoModel => (Some(404), CALL, Some("model_not_found")),
            Self::BadRequest => (None, CALL, None),
            Self::TooLong => (Some(400), CALL, Some("context_length_exceeded")),
            Self::TooLarge => (Some(413), CALL, None),
            Self::RateLimited => (Some(429), "rate_limit_error", Some("rate_limit_exceeded")),
            Self::Declined => (Some(400), CALL, Some("content_policy_violation")),
            Self::Overloaded => (Some(503), SERVER, Some("server_is_overloaded")),
            Self::Internal => (None, SERVER, None),
            Self::TimedOut => (Some(504), SERVER, None),
            Self::Conflict => (Some(409), CALL, None),
        };
        Naming { status, kind, code }
    }

    /// The failure's status and words in Anthropic's dialect.
    pub fn anthropic(self) -> Naming {
        let (status, kind) = match self {
            Self::BadKey => (Some(401), "authentication_error"),
            Self::NoCredit => (Some(402), "billing_error"),
            Self::Forbidden => (Some(403), "permission_error"),
            Self::NoModel => (Some(404), "not_found_error"),
            Self::BadRequest => (None, "invalid_request_error"),
            Self::TooLong | Self::Declined => (Some(400), "invalid_request_error"),
            Self::TooLarge => (Some(413), "request_too_large"),
            Self::RateLimited => (Some(429), "rate_limit_error"),
            Self::Overloaded => (Some(529), "overloaded_error"),
            Self::Internal => (None, "api_error"),
            Self::TimedOut => (Some(504), "timeout_error"),
            Self::Conflict => (Some(409), "conflict_error"),
        };
        Naming {
            status,
            kind,
            code: None,
        }
    }

    /// The failure's status and words in Google's dialect.
    pub fn google(self) -> Naming {
        let (status, kind) = match self {
            Self::BadKey | Self::TooLong | Self::Declined => (Some(400), "INVALID_ARGUMENT"),
            Self::NoCredit => (Some(402), "RESOURCE_EXHAUSTED"),
            Self::Forbidden => (Some(403), "PERMISSION_DENIED"),
            Self::NoModel => (Some(404), "NOT_FOUND"),
            Self::BadRequest => (None, "INVALID_ARGUMENT"),
            Self::TooLarge => (Some(413), "INVALID_ARGUMENT"),
            Self::RateLimited => (Some(429), "RESOURCE_EXHAUSTED"),
            Self::Overloaded => (Some(503), "UNAVAILABLE"),
            Self::Internal => (None, "INTERNAL"),
            Self::TimedOut => (Some(504), "DEADLINE_EXCEEDED"),
            Self::Conflict => (Some(409), "ABORTED"),
        };
        Naming {
            status,
            kind,
            code: None,
        }
    }

    /// Whether the same call may be answered later. Where it may not, clients
    /// are told not to send it again by themselves.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Overloaded | Self::Internal | Self::TimedOut | Self::Conflict
        )
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::gateway::replies::problem::{ApiDialect, Problem};

    const DOCS: &str = include_str!("../../../docs/providers.md");

    /// Every kind, with the name of its row in the document.
    const ROWS: [(FailureKind, &str); 13] = [
        (FailureKind::BadKey, "bad key"),
        (FailureKind::NoCredit, "no credit"),
        (FailureKind::Forbidden, "forbidden"),
        (FailureKind::NoModel, "no such model"),
        (FailureKind::BadRequest, "bad request"),
        (FailureKind::TooLong, "too long"),
        (FailureKind::TooLarge, "too large"),
        (FailureKind::RateLimited, "rate"),
        (FailureKind::Declined, "declined"),
        (FailureKind::Overloaded, "overloaded"),
        (FailureKind::Internal, "internal"),
        (FailureKind::TimedOut, "timed out"),
        (FailureKind::Conflict, "conflict"),
    ];

    #[test]
    fn every_kind_is_told_as_the_document_says() {
        let id = HeaderValue::from_static("req_1");
        for (kind, name) in ROWS {
            let row = DOCS
                .lines()
                .find(|line| line.starts_with(&format!("| {name} |")));
            let cells: Vec<&str> = row.unwrap().split('|').skip(2).collect();
            let problem = Problem {
                kind: Some(kind),
                retry_after_ms: (kind == FailureKind::RateLimited).then_some(1_500),
                ..Problem::new(418, "ours", "What happened.")
            };
            for (place, dialect) in [
                (0, ApiDialect::OpenAi),
                (0, ApiDialect::Responses),
                (1, ApiDialect::Anthropic),
                (2, ApiDialect::Google),
            ] {
                let cell = cells[place];
                let body = dialect.error_body(&problem, &id);
                let status = dialect.status_of(&problem);
                let naming = match dialect {
                    ApiDialect::Anthropic => kind.anthropic(),
                    ApiDialect::Google => kind.google(),
                    _ => kind.openai(),
                };
                let told = match dialect {
                    ApiDialect::Google => &body["error"]["status"],
                    _ => &body["error"]["type"],
                };
                assert_eq!(told, naming.kind, "{name}");
                let said = body["error"]["message"].as_str().unwrap();
                let own = said.strip_suffix("What happened.").unwrap();
                // The dialect's own words, where there are any, come first.
                assert!(own.is_empty() || kind == FailureKind::TooLong, "{said}");
                let words = own.trim_end_matches([':', ' ']);
                assert!(cell.contains(words), "{words}: {cell}");
                let is_said = cell.contains(&format!("`{}`", naming.kind));
                // A row that has a code alone means the usual type.
                assert!(is_said || naming.code.is_some(), "{name}: {cell}");
                match naming.status {
                    Some(named) => assert!(
                        named == status && cell.contains(&named.to_string()),
                        "{name}: {status}, {cell}"
                    ),
                    None => assert_eq!(status, 418, "{name}"),
                }
                if let Some(code) = naming.code {
                    assert_eq!(body["error"]["code"], code);
                    assert!(cell.contains(&format!("`{code}`")), "{name}: {cell}");
                }
                if dialect == ApiDialect::Google && kind == FailureKind::RateLimited {
                    assert_eq!(body["error"]["details"][1]["retryDelay"], "1.500s");
                }
            }
        }
    }
}
