//! What a caller may still use by our own limits, under the names that the
//! dialect's vendor has for its limits: `docs/providers.md` §5.1.

use std::cmp::Reverse;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::model::{LimitLeft, Metric};

use crate::gateway::rest::format_time;
use crate::gateway::routing::api_dialect::ApiDialect;

const MS_IN_A_SECOND: i64 = 1_000;

/// Three headers that tell of one limit.
struct Names {
    limit: &'static str,
    remaining: &'static str,
    reset: &'static str,
}

const REQUESTS_OF_OPENAI: Names = Names {
    limit: "x-ratelimit-limit-requests",
    remaining: "x-ratelimit-remaining-requests",
    reset: "x-ratelimit-reset-requests",
};
const REQUESTS_OF_ANTHROPIC: Names = Names {
    limit: "anthropic-ratelimit-requests-limit",
    remaining: "anthropic-ratelimit-requests-remaining",
    reset: "anthropic-ratelimit-requests-reset",
};
const OUTPUT_OF_ANTHROPIC: Names = Names {
    limit: "anthropic-ratelimit-output-tokens-limit",
    remaining: "anthropic-ratelimit-output-tokens-remaining",
    reset: "anthropic-ratelimit-output-tokens-reset",
};

/// What the dialect calls a limit; none where it has no word for what is
/// limited. OpenAI's limits of tokens count what goes in too, which ours do not.
fn names_in(dialect: ApiDialect, metric: Metric) -> Option<Names> {
    match (dialect, metric) {
        (ApiDialect::OpenAi | ApiDialect::Responses, Metric::Requests) => Some(REQUESTS_OF_OPENAI),
        (ApiDialect::Anthropic, Metric::Requests) => Some(REQUESTS_OF_ANTHROPIC),
        (ApiDialect::Anthropic, Metric::OutputTokens) => Some(OUTPUT_OF_ANTHROPIC),
        _ => None,
    }
}

/// Writes what limits leave into a response's headers: of several limits the
/// tightest. Where the provider's own limit, which its key's owner is told,
/// leaves less, that stays.
pub fn write_limits_left(
    headers: &mut HeaderMap,
    dialect: ApiDialect,
    left: &[LimitLeft],
    now_ms: i64,
) {
    for metric in [Metric::Requests, Metric::OutputTokens] {
        let Some(names) = names_in(dialect, metric) else {
            continue;
        };
        let of_metric = left.iter().filter(|it| it.limit.metric == metric);
        let tightest = of_metric.min_by_key(|it| (it.left, Reverse(it.full_at_ms)));
        let Some(tightest) = tightest.filter(|it| !leaves_less(headers, &names, it.left)) else {
            continue;
        };
        let mut write = |name, value| headers.insert(HeaderName::from_static(name), value);
        write(names.limit, tightest.limit.max.into());
        write(names.remaining, tightest.left.into());
        if let Ok(reset) = HeaderValue::try_from(write_reset(dialect, tightest.full_at_ms, now_ms))
        {
            write(names.reset, reset);
        }
    }
}

/// Whether the headers tell of a provider's limit that leaves less.
fn leaves_less(headers: &HeaderMap, names: &Names, left: u64) -> bool {
    let told = headers.get(names.remaining);
    let told = told.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    told.is_some_and(|told| told < left)
}

/// When a limit is whole again: OpenAI says how long that takes, Anthropic when
/// it is.
fn write_reset(dialect: ApiDialect, full_at_ms: i64, now_ms: i64) -> String {
    if dialect == ApiDialect::Anthropic {
        let whole_seconds = full_at_ms.div_euclid(MS_IN_A_SECOND) * MS_IN_A_SECOND;
        return format_time(whole_seconds);
    }
    let wait_s = (full_at_ms - now_ms).max(0).unsigned_abs().div_ceil(1_000);
    let (hours, minutes, seconds) = (wait_s / 3_600, wait_s / 60 % 60, wait_s % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Limit, Period, Span, Window};

    /// 2026-11-21T00:00:00Z.
    const NOW_MS: i64 = 1_795_219_200_000;

    fn left(metric: Metric, left: u64, seconds: i64) -> LimitLeft {
        let span = Span {
            period: Period::Day,
            window: Window::Rolling,
        };
        LimitLeft {
            limit: Limit {
                metric,
                span,
                max: 100,
            },
            left,
            full_at_ms: NOW_MS + seconds * 1_000,
        }
    }

    fn told(
        dialect: ApiDialect,
        provider: &[(&'static str, &'static str)],
        all: &[LimitLeft],
    ) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in provider {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        write_limits_left(&mut headers, dialect, all, NOW_MS);
        let written = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let mut written: Vec<String> = written.collect();
        written.sort_unstable();
        written.join("\n")
    }

    #[test]
    fn the_tightest_limit_is_told_in_the_words_of_the_dialect() {
        let all = [
            left(Metric::Requests, 7, 3_600),
            left(Metric::Requests, 3, 59),
            left(Metric::Requests, 3, 86_399),
            left(Metric::OutputTokens, 900, 61),
            left(Metric::Cost, 5, 60),
        ];
        insta::assert_snapshot!(told(ApiDialect::OpenAi, &[], &all), @r"
        x-ratelimit-limit-requests: 100
        x-ratelimit-remaining-requests: 3
        x-ratelimit-reset-requests: 23h59m59s
        ");
        insta::assert_snapshot!(told(ApiDialect::Anthropic, &[], &all), @r"
        anthropic-ratelimit-output-tokens-limit: 100
        anthropic-ratelimit-output-tokens-remaining: 900
        anthropic-ratelimit-output-tokens-reset: 2026-11-21T00:01:01Z
        anthropic-ratelimit-requests-limit: 100
        anthropic-ratelimit-requests-remaining: 3
        anthropic-ratelimit-requests-reset: 2026-11-21T23:59:59Z
        ");
        for dialect in [ApiDialect::Google, ApiDialect::Latchkey] {
            assert_eq!(told(dialect, &[], &all), "");
        }
        assert_eq!(told(ApiDialect::OpenAi, &[], &[]), "");
    }

    #[test]
    fn what_leaves_less_is_told() {
        let remaining = "x-ratelimit-remaining-requests";
        let ours = [left(Metric::Requests, 3, 60)];
        assert_eq!(
            told(ApiDialect::OpenAi, &[(remaining, "2")], &ours),
            "x-ratelimit-remaining-requests: 2"
        );
        let tighter = told(ApiDialect::OpenAi, &[(remaining, "9999")], &ours);
        assert!(tighter.contains("remaining-requests: 3"), "{tighter}");
        assert!(tighter.ends_with("reset-requests: 1m0s"), "{tighter}");
    }
}
