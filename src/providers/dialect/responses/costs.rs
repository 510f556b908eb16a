//! What an answer says that it cost, and which tools of the provider's own it
//! used.

use serde_json::Value;

use crate::providers::dialect::reported_usage::{Field, ReportedUsage};

/// How xAI counts calls of its own tools that have a class here. Those of servers
/// that the caller names cost nothing but their tokens
/// (<https://docs.x.ai/developers/models>).
const COUNTED_TOOLS: [(&str, Option<Field>); 4] = [
    ("web_search_calls", Some(Field::WebSearches)),
    ("file_search_calls", Some(Field::FileSearches)),
    ("document_search_calls", Some(Field::FileSearches)),
    ("mcp_calls", None),
];

/// Takes over how often the provider's own tools were called, as xAI and
/// Perplexity say it.
pub fn take_tool_details(usage: &Value, reported: &mut ReportedUsage) {
    take_invocations(usage, reported);
    let Some(counts) = usage["server_side_tool_usage_details"].as_object() else {
        return;
    };
    let mut sums = [
        (Field::WebSearches, 0),
        (Field::FileSearches, 0),
        (Field::ToolCalls, 0),
    ];
    for (name, count) in counts {
        let known = COUNTED_TOOLS.iter().find(|(tool, _)| tool == name);
        let field = known.map_or(Some(Field::ToolCalls), |(_, field)| *field);
        let sum = sums.iter_mut().find(|(of, _)| Some(*of) == field);
        if let Some((_, sum)) = sum {
            *sum = u64::saturating_add(*sum, count.as_u64().unwrap_or(0));
        }
    }
    for (field, sum) in sums {
        reported.set(field, Some(sum));
    }
}

/// Takes over how often Perplexity's tools were called, each under its name
/// (S: `perplexityai` for Python, `types/responses_usage.py`).
fn take_invocations(usage: &Value, reported: &mut ReportedUsage) {
    let Some(tools) = usage["tool_calls_details"].as_object() else {
        return;
    };
    let (mut searches, mut others) = (0_u64, 0_u64);
    for (name, calls) in tools {
        let sum = match name.as_str() {
            "web_search" => &mut searches,
            _ => &mut others,
        };
        let calls = calls["invocation"].as_u64().unwrap_or(0);
        *sum = sum.saturating_add(calls);
    }
    reported.set(Field::WebSearches, Some(searches));
    reported.set(Field::ToolCalls, Some(others));
}

/// How many of the ticks in which xAI states costs are a dollar.
const TICKS_IN_A_DOLLAR: f64 = 1e10;

/// Takes over what a call cost, as OpenRouter says it in dollars, xAI in ticks
/// and Perplexity part by part. Where the key behind OpenRouter is one's own,
/// that is OpenRouter's fee alone, and what the provider behind it charges
/// stands beside it.
pub fn take_cost(usage: &Value, reported: &mut ReportedUsage) {
    let ticks = usage.get("cost_in_usd_ticks").and_then(Value::as_f64);
    reported.set_cost(ticks.map(|ticks| ticks / TICKS_IN_A_DOLLAR));
    if usage["cost"].is_object() {
        return reported.set_cost(sum_in_dollars(&usage["cost"]));
    }
    let Some(cost) = read_dollars(&usage["cost"]) else {
        return;
    };
    if usage["is_byok"] != true {
        return reported.set_cost(Some(cost));
    }
    // The cost is OpenRouter's fee then. Where nobody says what the provider
    // behind it takes, the list does, which is a guess.
    let upstream = upstream_dollars(&usage["cost_details"]);
    reported.set_cost(upstream.map(|upstream| cost + upstream));
    reported.note_untold_cost();
}

/// What all parts of a cost come to, as Perplexity says it. While an answer
/// comes, it says 0.
fn sum_in_dollars(cost: &Value) -> Option<f64> {
    let is_in_dollars = cost.get("currency").is_none_or(|it| it == "USD");
    let total = read_dollars(&cost["total_cost"]);
    total.filter(|total| *total > 0.0 && is_in_dollars)
}

/// What the provider behind OpenRouter takes: in all, or for what went in and
/// what came out. A chat and Messages name these as `CostDetails` does
/// (<https://openrouter.ai/docs/client-sdks/python/components/costdetails>), the
/// Responses as `UsageCostDetails` does
/// (<https://openrouter.ai/docs/client-sdks/python/api-reference/components/usagecostdetails>).
fn upstream_dollars(details: &Value) -> Option<f64> {
    let part = |name: &str| read_dollars(&details[name]);
    let both = |prompt: &str, completion: &str| Some(part(prompt)? + part(completion)?);
    part("upstream_inference_cost")
        .or_else(|| {
            both(
                "upstream_inference_prompt_cost",
                "upstream_inference_completions_cost",
            )
        })
        .or_else(|| {
            both(
                "upstream_inference_input_cost",
                "upstream_inference_output_cost",
            )
        })
}

/// Reads dollars, also where they are written as a text.
fn read_dollars(dollars: &Value) -> Option<f64> {
    let written = || dollars.as_str()?.parse().ok();
    dollars
        .as_f64()
        .or_else(written)
        .filter(|it| it.is_finite())
}
