//! Batches of calls, and models that are trained: what goes on at a provider for
//! hours, and what it used in the end; `docs/providers.md` §15.3.

use serde_json::Value;

use crate::model::{NanoDollars, Usage, UsageDetails};

use super::parsed_answer::ParsedAnswer;
use super::{anthropic, google, responses};

/// The word for the terms on which batches are served.
const BATCH_TIER: &str = "batch";
/// From so many answers in one on, some may have been left out where a large one was
/// read as it passed.
const ANSWERS_MAX: usize = 64;
/// How `OpenAI`'s, Groq's and Mistral's batches end, and `OpenAI`'s trained models.
const ENDS: [&str; 7] = [
    "completed",
    "expired",
    "cancelled",
    "failed",
    "success",
    "succeeded",
    "timeout_exceeded",
];
/// How Google's batches end.
const GOOGLES_ENDS: [&str; 4] = ["SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"];

/// What an answer tells of one.
#[derive(Debug, PartialEq)]
pub struct ToldBatch {
    /// What its provider calls it.
    pub id: String,
    /// What came of it; none while it goes on.
    pub end: Option<BatchEnd>,
}

/// What came of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchEnd {
    pub usage: Usage,
    /// The model that all of it was made with, if that is told.
    pub model: Option<String>,
}

impl BatchEnd {
    /// Nothing was made.
    fn of_nothing() -> Self {
        Self {
            usage: Usage {
                cost: Some(NanoDollars(0)),
                ..Usage::default()
            },
            model: None,
        }
    }

    /// Nobody says what was used, so that nobody knows what it costs.
    fn of_unknown_cost() -> Self {
        Self {
            usage: unknown_cost(),
            model: None,
        }
    }
}

fn unknown_cost() -> Usage {
    Usage {
        details: UsageDetails {
            jobs: 1,
            ..UsageDetails::default()
        },
        ..Usage::default()
    }
}

/// Reads an answer that tells of one; none where it tells of something else.
pub fn read(answer: &Value) -> Option<ToldBatch> {
    let told = |id: &Value, end| {
        let id = id.as_str()?.to_owned();
        Some(ToldBatch { id, end })
    };
    match (answer["object"].as_str(), answer["type"].as_str()) {
        (Some("batch"), _) => told(&answer["id"], read_openais(answer)),
        (Some("fine_tuning.job"), _) => {
            let end = has_ended(answer).then(BatchEnd::of_unknown_cost);
            told(&answer["id"], end)
        }
        (_, Some("message_batch")) => told(&answer["id"], read_anthropics(answer)),
        _ => {
            let name = answer["name"].as_str()?;
            let id = name.strip_prefix("batches/")?;
            let is_batch = answer.get("metadata").or(answer.get("state")).is_some();
            is_batch.then(|| ToldBatch {
                id: id.to_owned(),
                end: read_googles(answer),
            })
        }
    }
}

fn has_ended(answer: &Value) -> bool {
    let status = answer["status"].as_str().unwrap_or_default();
    ENDS.contains(&status.to_ascii_lowercase().as_str())
}

/// `OpenAI` tells the usage of all calls together, and so do others who speak its
/// dialect, or nothing.
fn read_openais(batch: &Value) -> Option<BatchEnd> {
    if !has_ended(batch) {
        return None;
    }
    let counts = batch["request_counts"].get("completed");
    let made = counts.or(batch.get("succeeded_requests"));
    if made.and_then(Value::as_u64) == Some(0) {
        return Some(BatchEnd::of_nothing());
    }
    let mut answer = of_batch();
    responses::take_usage(&batch["usage"], &mut answer);
    Some(match answer.usage {
        Some(usage) if usage.input_tokens > 0 => BatchEnd {
            usage,
            model: batch["model"].as_str().map(str::to_owned),
        },
        _ => BatchEnd::of_unknown_cost(),
    })
}

/// Anthropic tells the usage with the result of each call, in a file of their own.
fn read_anthropics(batch: &Value) -> Option<BatchEnd> {
    let is_empty = batch["request_counts"]["succeeded"] == 0;
    let has_ended = batch["processing_status"] == "ended";
    (has_ended && is_empty).then(BatchEnd::of_nothing)
}

/// Google tells the usage with each answer, unless these are in a file.
fn read_googles(batch: &Value) -> Option<BatchEnd> {
    let told = batch.get("metadata").unwrap_or(batch);
    let state = told["state"].as_str().unwrap_or_default();
    let has_ended = GOOGLES_ENDS.iter().any(|end| state.ends_with(end));
    if !has_ended && batch["done"] != true {
        return None;
    }
    let successful = &told["batchStats"]["successfulRequestCount"];
    let made = successful
        .as_u64()
        .or(successful.as_str().and_then(|it| it.parse().ok()));
    let output = batch.get("response").or(told.get("output"));
    let inlined = output.and_then(|it| it.pointer("/inlinedResponses/inlinedResponses"));
    let answers = inlined.and_then(Value::as_array);
    let Some(answers) = answers else {
        let is_nothing = made == Some(0);
        let end = if is_nothing {
            BatchEnd::of_nothing()
        } else {
            BatchEnd::of_unknown_cost()
        };
        return Some(end);
    };
    let mut all = BatchSum::default();
    for answer in answers.iter().filter_map(|it| it.get("response")) {
        let mut read = of_batch();
        google::read_event(answer, &mut read);
        all.add(read);
    }
    let is_whole = made.map_or(answers.len() < ANSWERS_MAX, |made| made == all.calls);
    if !is_whole {
        all.note_gap();
    }
    Some(all.end())
}

/// An answer of a batch that is read.
fn of_batch() -> ParsedAnswer {
    let mut answer = ParsedAnswer::default();
    answer.reported.set_tier(Some(BATCH_TIER));
    answer
}

/// What the calls of a batch used together.
#[derive(Debug, Default)]
pub struct BatchSum {
    usage: Option<Usage>,
    /// The model of all of them; an empty name where they are of several.
    model: Option<String>,
    calls: u64,
    /// Whether nobody knows of some of it what it used.
    has_gap: bool,
}

impl BatchSum {
    /// Adds what a line of Anthropic's results tells.
    pub fn add_line(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        let Ok(told) = serde_json::from_slice::<Value>(line) else {
            self.has_gap = true;
            return;
        };
        if told["result"]["type"] == "succeeded" {
            let mut read = of_batch();
            anthropic::read_event(&told["result"]["message"], &mut read);
            self.add(read);
        }
    }

    /// Notes that something could not be read.
    pub fn note_gap(&mut self) {
        self.has_gap = true;
    }

    fn add(&mut self, answer: ParsedAnswer) {
        self.calls += 1;
        let Some(usage) = answer.usage else {
            self.has_gap = true;
            return;
        };
        self.usage = Some(self.usage.map_or(usage, |sum| sum.plus(usage)));
        let model = answer.model.unwrap_or_default();
        let is_another = self.model.as_ref().is_some_and(|it| *it != model);
        self.model = Some(if is_another { String::new() } else { model });
    }

    /// What the batch came to. Where several models made it, or something is not
    /// told, nobody knows what it costs.
    pub fn end(self) -> BatchEnd {
        let Some(usage) = self.usage else {
            return if self.has_gap {
                BatchEnd::of_unknown_cost()
            } else {
                BatchEnd::of_nothing()
            };
        };
        let model = self.model.filter(|model| !model.is_empty());
        let is_known = model.is_some() && !self.has_gap;
        let usage = if is_known {
            usage
        } else {
            usage.plus(unknown_cost())
        };
        BatchEnd { usage, model }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(answer: &Value) -> String {
        let Some(told) = read(answer) else {
            return "something else".to_owned();
        };
        let Some(end) = told.end else {
            return format!("{} goes on", told.id);
        };
        show(&told.id, &end)
    }

    fn show(id: &str, end: &BatchEnd) -> String {
        let usage = &end.usage;
        let is_known = usage.details.jobs == 0;
        format!(
            "{id}: {} in, {} out of {:?}, on {:?}, known: {is_known}, cost {:?}",
            usage.input_tokens, usage.output_tokens, end.model, usage.terms, usage.cost
        )
    }

    #[test]
    fn what_a_batch_used_is_read_as_each_vendor_tells_it() {
        let usage = json!({"input_tokens": 1500, "input_tokens_details": {"cached_tokens": 1024},
            "output_tokens": 500, "output_tokens_details": {"reasoning_tokens": 300}, "total_tokens": 2000});
        let openai = |status: &str, usage: &Value, completed: u64| {
            json!({"id": "batch_1", "object": "batch", "status": status, "model": "gpt-6-luna",
                "usage": usage, "request_counts": {"total": 2, "completed": completed, "failed": 0}})
        };
        let google = |state: &str, count: &Value| {
            let told = json!({"modelVersion": "gemini-3.5-flash", "candidates": [],
                "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7}});
            let answers = json!([{"response": told}, {"response": told}, {"error": {"code": 3}}]);
            json!({"name": "batches/b1", "done": true,
                "metadata": {"state": state, "batchStats": {"successfulRequestCount": count}},
                "response": {"inlinedResponses": {"inlinedResponses": answers}}})
        };
        let mut seen = Vec::new();
        for answer in [
            openai("validating", &Value::Null, 0),
            openai("in_progress", &usage, 1),
            openai("completed", &usage, 2),
            openai("cancelled", &usage, 1),
            openai("failed", &Value::Null, 0),
            openai("expired", &Value::Null, 1),
            json!({"id": "ftjob-1", "object": "fine_tuning.job", "status": "running"}),
            json!({"id": "ftjob-1", "object": "fine_tuning.job", "status": "succeeded", "trained_tokens": 5768}),
            json!({"id": "msgbatch_1", "type": "message_batch", "processing_status": "in_progress",
                "request_counts": {"processing": 2, "succeeded": 0}}),
            json!({"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended",
                "request_counts": {"processing": 0, "succeeded": 2}}),
            json!({"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended",
                "request_counts": {"errored": 2, "succeeded": 0}}),
            json!({"name": "batches/b1", "metadata": {"state": "BATCH_STATE_PENDING"}}),
            google("BATCH_STATE_SUCCEEDED", &json!("2")),
            google("BATCH_STATE_SUCCEEDED", &json!("3")),
            json!({"name": "batches/b1", "state": "BATCH_STATE_SUCCEEDED",
                "output": {"responsesFile": "files/b1"}}),
            json!({"name": "batches/b1", "state": "BATCH_STATE_CANCELLED",
                "batchStats": {"successfulRequestCount": "0"}}),
            json!({"name": "files/f1", "state": "ACTIVE"}),
            json!({"id": "resp_1", "object": "response", "status": "completed"}),
        ] {
            seen.push(shown(&answer));
        }
        insta::assert_snapshot!(seen.join("\n"), @r#"
        batch_1 goes on
        batch_1 goes on
        batch_1: 1500 in, 500 out of Some("gpt-6-luna"), on ServiceTerms(4), known: true, cost None
        batch_1: 1500 in, 500 out of Some("gpt-6-luna"), on ServiceTerms(4), known: true, cost None
        batch_1: 0 in, 0 out of None, on ServiceTerms(0), known: true, cost Some(NanoDollars(0))
        batch_1: 0 in, 0 out of None, on ServiceTerms(0), known: false, cost None
        ftjob-1 goes on
        ftjob-1: 0 in, 0 out of None, on ServiceTerms(0), known: false, cost None
        msgbatch_1 goes on
        msgbatch_1 goes on
        msgbatch_1: 0 in, 0 out of None, on ServiceTerms(0), known: true, cost Some(NanoDollars(0))
        b1 goes on
        b1: 10 in, 4 out of Some("gemini-3.5-flash"), on ServiceTerms(4), known: true, cost None
        b1: 10 in, 4 out of Some("gemini-3.5-flash"), on ServiceTerms(4), known: false, cost None
        b1: 0 in, 0 out of None, on ServiceTerms(0), known: false, cost None
        b1: 0 in, 0 out of None, on ServiceTerms(0), known: true, cost Some(NanoDollars(0))
        something else
        something else
        "#);
    }

    #[test]
    fn what_anthropics_results_tell_is_summed_up() {
        let line = |model: &str, output: u64| {
            let usage =
                json!({"input_tokens": 10, "output_tokens": output, "service_tier": "batch"});
            let message = json!({"type": "message", "model": model, "content": [], "usage": usage});
            json!({"custom_id": "a", "result": {"type": "succeeded", "message": message}})
                .to_string()
        };
        let errored = r#"{"custom_id":"b","result":{"type":"errored","error":{}}}"#.to_owned();
        let (one, other) = (line("claude-haiku-5-5", 3), line("claude-opus-5", 4));
        let mut seen = Vec::new();
        for lines in [
            vec![one.clone(), errored.clone(), one.clone()],
            vec![one.clone(), other],
            vec![errored],
            vec![one, "{".to_owned()],
            vec!["{".to_owned()],
        ] {
            let mut sum = BatchSum::default();
            for line in lines {
                sum.add_line(line.as_bytes());
            }
            seen.push(show("results", &sum.end()));
        }
        insta::assert_snapshot!(seen.join("\n"), @r#"
        results: 20 in, 6 out of Some("claude-haiku-5-5"), on ServiceTerms(4), known: true, cost None
        results: 20 in, 7 out of None, on ServiceTerms(4), known: false, cost None
        results: 0 in, 0 out of None, on ServiceTerms(0), known: true, cost Some(NanoDollars(0))
        results: 10 in, 3 out of Some("claude-haiku-5-5"), on ServiceTerms(4), known: false, cost None
        results: 0 in, 0 out of None, on ServiceTerms(0), known: false, cost None
        "#);
    }
}
