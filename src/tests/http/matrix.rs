//! What each client does at the gateway, by each way that it has to ask, with
//! models of each vendor that has a dialect of its own. `docs/clients.md` has
//! the tables, which these tests hold against what was tried.

use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use super::clients::{WRITE_TO, many_calls, packages, python, run_script};
use crate::tests::{Stage, run_with};

/// What is tried, in the order of the columns, and what they are called.
const DEEDS: [(&str, &str); 7] = [
    ("chat", "words"),
    ("stream", "a stream"),
    ("tool", "a tool and its result"),
    ("object", "an object by a schema"),
    ("picture", "a picture"),
    ("error", "refusals"),
    ("cancel", "breaking off"),
];

/// What a script prints for each deed of a client with a vendor's models.
#[derive(Deserialize)]
struct Cell {
    client: String,
    way: String,
    vendor: String,
    deed: String,
    /// Why the client itself can't do it.
    cannot: Option<String>,
}

/// Writes the table of a script: a row for each client and way, and below it
/// what a client can't do.
fn write_table(cells: &[Cell]) -> String {
    let titles: Vec<&str> = DEEDS.iter().map(|(_, title)| *title).collect();
    let mut table = format!(
        "| client | asks in | {} |\n|---|---|{}\n",
        titles.join(" | "),
        "---|".repeat(titles.len())
    );
    let mut notes = Vec::new();
    let rows = cells.chunk_by(|a, b| (&a.client, &a.way) == (&b.client, &b.way));
    for row in rows {
        let told: Vec<String> = DEEDS
            .iter()
            .map(|(deed, _)| write_cell(row, deed, &mut notes))
            .collect();
        let (client, way) = (&row[0].client, &row[0].way);
        writeln!(table, "| {client} | {way} | {} |", told.join(" | ")).unwrap();
    }
    for (at, note) in notes.iter().enumerate() {
        write!(table, "\n{}. {note}.", at + 1).unwrap();
    }
    table.trim_end().to_owned()
}

/// Tells whether a deed is done with the models of all vendors, and which notes
/// say of which it is not.
fn write_cell(row: &[Cell], deed: &str, notes: &mut Vec<String>) -> String {
    let tried: Vec<&Cell> = row.iter().filter(|cell| cell.deed == deed).collect();
    let missing: Vec<(&str, &str)> = tried
        .iter()
        .filter_map(|cell| Some((cell.vendor.as_str(), cell.cannot.as_deref()?)))
        .collect();
    let Some((_, why)) = missing.first() else {
        return "✓".to_owned();
    };
    let is_any = missing.len() < tried.len();
    let note = if is_any {
        let vendors: Vec<&str> = missing.iter().map(|(vendor, _)| *vendor).collect();
        format!("{}: {why}", vendors.join(" and "))
    } else {
        let mut rest = why.chars();
        let first = rest.next().unwrap_or_default();
        format!("{}{}", first.to_uppercase(), rest.as_str())
    };
    let at = notes.iter().position(|it| *it == note).unwrap_or_else(|| {
        notes.push(note);
        notes.len() - 1
    });
    format!("{} ({})", if is_any { "✓" } else { "–" }, at + 1)
}

/// Holds a script's table against the one in the recipes, or writes it there.
fn hold_table(script: &str, printed: &str) -> String {
    let cells: Vec<Cell> = serde_json::from_str(printed).unwrap();
    let table = write_table(&cells);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/clients.md");
    let recipes = std::fs::read_to_string(&path).unwrap();
    let begin = format!("<!-- {script} -->\n");
    let (before, rest) = recipes.split_once(&begin).expect(script);
    let (written, after) = rest.split_once("\n<!-- end -->").expect(script);
    let named = std::env::vars().find(|(name, _)| name == WRITE_TO);
    if let Some((_, path)) = named {
        let made = format!("{before}{begin}{table}\n<!-- end -->{after}");
        std::fs::write(path, made).unwrap();
    } else {
        assert_eq!(written, table, "`{WRITE_TO}=docs/clients.md` writes it");
    }
    let done = cells.iter().filter(|cell| cell.cannot.is_none()).count();
    format!("{done} of {} cells", cells.len())
}

async fn fill(stage: &Stage, runner: &str, script: &str, more: &[(&str, &str)]) -> String {
    hold_table(script, &run_script(stage, runner, script, more).await)
}

/// Whether what takes too long for every change is tried.
fn is_night() -> bool {
    std::env::vars().any(|(name, _)| name == "LATCHKEY_NIGHTLY")
}

#[tokio::test]
async fn every_deed_of_libraries_in_python_is_done_at_another_address() {
    let modules = "openai, anthropic, google.genai";
    let Some(python) = python("LATCHKEY_PYTHON", modules, "clients").await else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let done = fill(stage, &python, "tests/clients/matrix.py", &[]).await;
        insta::assert_snapshot!(done, @"84 of 84 cells");
    })
    .await;
}

#[tokio::test]
async fn every_deed_of_libraries_in_javascript_is_done_at_another_address() {
    let Some(installed) = packages("LATCHKEY_CLIENTS", "clients") else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let more = [("CLIENTS", installed.as_str())];
        let done = fill(stage, "node", "tests/clients/matrix.mjs", &more).await;
        insta::assert_snapshot!(done, @"271 of 273 cells");
    })
    .await;
}

#[tokio::test]
async fn every_deed_of_frameworks_in_python_is_done_at_another_address() {
    let modules = "langchain_openai, litellm, instructor, pydantic_ai";
    let Some(python) = python("LATCHKEY_FRAMEWORKS", modules, "frameworks").await else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let done = fill(stage, &python, "tests/frameworks/matrix.py", &[]).await;
        insta::assert_snapshot!(done, @"306 of 336 cells");
    })
    .await;
}

#[tokio::test]
async fn every_deed_of_coding_agents_is_done_at_another_address() {
    let Some(installed) = packages("LATCHKEY_AGENTS", "agents") else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let more = [("AGENTS", installed.as_str())];
        let done = fill(stage, "node", "tests/agents/matrix.mjs", &more).await;
        insta::assert_snapshot!(done, @"90 of 105 cells");
    })
    .await;
}

/// What takes too long for every change.
#[tokio::test]
async fn every_deed_of_slow_agents_is_done_at_another_address_at_night() {
    let Some(installed) = is_night()
        .then(|| packages("LATCHKEY_AGENTS", "agents"))
        .flatten()
    else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let more = [("AGENTS", installed.as_str())];
        // It fails where a deed does.
        let script = "tests/agents/matrix.mjs nightly";
        let printed = run_script(stage, "node", script, &more).await;
        assert!(printed.contains("opencode"), "{printed}");
    })
    .await;
}

/// It starts for every question, which takes long, and at times never comes to
/// ask.
#[tokio::test]
async fn every_deed_of_aider_is_done_at_another_address_at_night() {
    if !is_night() {
        return;
    }
    let Some(python) = python("LATCHKEY_AIDER", "aider", "aider").await else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let done = fill(stage, &python, "tests/aider/matrix.py", &[]).await;
        insta::assert_snapshot!(done, @"45 of 63 cells");
    })
    .await;
}

#[tokio::test]
async fn every_deed_of_llm_is_done_at_another_address() {
    let modules = "llm, llm_anthropic, llm_gemini";
    let Some(python) = python("LATCHKEY_LLM", modules, "llm").await else {
        return;
    };
    run_with(many_calls(), async |stage| {
        let done = fill(stage, &python, "tests/llm/matrix.py", &[]).await;
        insta::assert_snapshot!(done, @"49 of 84 cells");
    })
    .await;
}
