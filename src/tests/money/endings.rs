//! Every surface in every way in which a call ends: what is held, what it is
//! settled at, and whether that is marked as an estimate.

use std::collections::BTreeMap;
use std::time::Duration;

use latchkey_emulator::providers::ProviderFault;
use serde_json::{Value, json};

use crate::store::AuditedAttempt;
use crate::tests::http::leaving::{leave, limited, surfaces};
use crate::tests::program::Program;
use crate::tests::{Setup, Stage, good, run_with};

/// How a call ends.
struct Ending {
    what: &'static str,
    fault: Option<ProviderFault>,
    /// Its caller leaves as soon as the provider has it.
    is_left: bool,
}

fn endings() -> Vec<Ending> {
    let ending = |what, fault| Ending {
        what,
        fault: Some(fault),
        is_left: false,
    };
    let slow = ProviderFault::SlowFirstByte(Duration::from_mins(1));
    vec![
        Ending {
            fault: None,
            ..ending("answered", ProviderFault::Cut)
        },
        ending("answered without usage", ProviderFault::NoUsage),
        ending("cut in mid-answer", ProviderFault::Cut),
        ending("a page in its place", ProviderFault::Html(200)),
        ending(
            "no JSON in its place",
            ProviderFault::Says(200, "no".into()),
        ),
        ending("a call that is wrong", ProviderFault::Status(400)),
        ending("a provider that is down", ProviderFault::Status(500)),
        ending("a machine that waits no longer", ProviderFault::Html(504)),
        Ending {
            is_left: true,
            ..ending("left before the first word", slow)
        },
    ]
}

/// The surfaces of [`surfaces`], and those that have no answer in words.
fn all_surfaces() -> Vec<(&'static str, &'static str, Value)> {
    let mut all = surfaces();
    all.extend([
        (
            "openai",
            "/v1/embeddings",
            json!({"model": "openai/text-embedding-3-small", "input": "count"}),
        ),
        (
            "openai",
            "/v1/completions",
            json!({"model": "openai/gpt-3.5-turbo-instruct", "prompt": "count", "max_tokens": 700}),
        ),
        (
            "openai",
            "/v1/responses",
            json!({"model": "openai/gpt-6-luna", "input": "count", "max_output_tokens": 700,
                "stream": true}),
        ),
    ]);
    all
}

/// What became of a call, without its numbers.
fn describe(row: &AuditedAttempt) -> String {
    let (held, used) = (row.held, row.used);
    let is_hold =
        (used.input_tokens, used.output_tokens) == (held.input_tokens, held.output_tokens);
    let settled = match (row.state.as_str(), row.estimated) {
        ("released", _) => "given back",
        ("settled", true) if is_hold => "the hold",
        ("settled", true) if used.output_tokens == held.output_tokens => "the longest answer",
        ("settled", true) if used.output_tokens == 0 => "the prompt, estimated",
        ("settled", true) => "an estimate",
        ("settled", false) => "as reported",
        _ => row.state.as_str(),
    };
    let outcome = row.outcome.as_deref().unwrap_or("running");
    let flagged = if row.overshoot { ", flagged" } else { "" };
    let clamped = if row.clamped { ", cut" } else { "" };
    format!("{settled} ({outcome}{flagged}{clamped})")
}

/// Ends calls on every surface in one way: what became of them, with the
/// surfaces of each.
async fn end_everywhere(stage: &Stage, program: &Program, ending: &Ending) -> String {
    let mut seen = BTreeMap::<String, Vec<String>>::new();
    for (provider, path, body) in all_surfaces() {
        match &ending.fault {
            Some(fault) => stage.fails(provider, fault.clone()),
            None => stage.recovers(provider),
        }
        stage.clock.advance_ms(1);
        if ending.is_left {
            leave(stage, program.token(), path, &body).await;
        } else {
            program.posts(path, &body).await;
            stage.app().await.idle().await;
        }
        let rows = stage.app().await.audit().await;
        let row = rows.last().expect("there is a row");
        // No limit is ever charged more than was held of what nobody reports.
        if row.estimated && row.state == "settled" {
            assert!(row.used.output_tokens <= row.held.output_tokens, "{row:?}");
        }
        let streamed = if body["stream"] == true {
            " streamed"
        } else {
            ""
        };
        let of = seen.entry(describe(row)).or_default();
        of.push(format!("{provider} {path}{streamed}"));
    }
    let lines = seen
        .iter()
        .map(|(what, of)| format!("  {what}: {}", of.join(", ")));
    let lines: Vec<_> = lines.collect();
    format!("{}\n{}", ending.what, lines.join("\n"))
}

async fn end_in_all_ways(stage: &Stage) -> String {
    let mia = stage.mia();
    for provider in ["openai", "anthropic", "google"] {
        mia.adds(provider, "user", &good(provider)).await;
    }
    let program = Program::of(stage, &mia, "").await;
    let mut told = Vec::new();
    for ending in endings() {
        told.push(end_everywhere(stage, &program, &ending).await);
    }
    told.join("\n")
}

#[tokio::test]
async fn every_surface_ends_in_every_way_where_limits_bind() {
    run_with(limited(), async |stage| {
        insta::assert_snapshot!(end_in_all_ways(stage).await, @"
        answered
          as reported (answered): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        answered without usage
          an estimate (answered): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/chat/completions streamed, openai /api/v1/unified, openai /v1/responses streamed
          as reported (answered): openai /v1/images/generations, google /v1/images/generations, anthropic /anthropic/v1/messages streamed
          given back (failed): openai /v1/embeddings, openai /v1/completions
        cut in mid-answer
          an estimate (cut_off): openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/responses streamed
          as reported (answered): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations
          given back (failed): openai /v1/embeddings, openai /v1/completions
        a page in its place
          an estimate (cut_off): openai /api/v1/unified
          the hold (cut_off): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        no JSON in its place
          an estimate (cut_off): openai /api/v1/unified
          the hold (cut_off): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        a call that is wrong
          given back (failed): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        a provider that is down
          given back (failed): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        a machine that waits no longer
          an estimate (cut_off): openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/responses streamed
          the hold (cut_off): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/embeddings, openai /v1/completions
        left before the first word
          an estimate (abandoned): openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/responses streamed
          the hold (abandoned): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/embeddings, openai /v1/completions
        ");
    })
    .await;
}

#[tokio::test]
async fn every_surface_ends_in_every_way_with_ones_own_key() {
    run_with(Setup::default(), async |stage| {
        insta::assert_snapshot!(end_in_all_ways(stage).await, @"
        answered
          as reported (answered): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        answered without usage
          an estimate (answered): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/chat/completions streamed, openai /api/v1/unified, openai /v1/responses streamed
          as reported (answered): openai /v1/images/generations, google /v1/images/generations, anthropic /anthropic/v1/messages streamed
          given back (failed): openai /v1/embeddings, openai /v1/completions
        cut in mid-answer
          an estimate (cut_off): openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/responses streamed
          as reported (answered): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations
          given back (failed): openai /v1/embeddings, openai /v1/completions
        a page in its place
          the prompt, estimated (cut_off): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        no JSON in its place
          the prompt, estimated (cut_off): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        a call that is wrong
          given back (failed): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        a provider that is down
          given back (failed): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        a machine that waits no longer
          the prompt, estimated (cut_off): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        left before the first word
          the prompt, estimated (abandoned): openai /v1/chat/completions, anthropic /v1/chat/completions, anthropic /anthropic/v1/messages, openai /openai/v1/chat/completions, google /google/v1beta/models/gemini-4-flash:generateContent, openai /v1/responses, openai /v1/images/generations, google /v1/images/generations, openai /v1/chat/completions streamed, anthropic /anthropic/v1/messages streamed, openai /api/v1/unified, openai /v1/embeddings, openai /v1/completions, openai /v1/responses streamed
        ");
    })
    .await;
}
