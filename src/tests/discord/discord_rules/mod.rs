//! The rules of Discord's that the emulator enforces: each stands in one
//! table, with the words of `docs/discord.md` that it is, and a probe that
//! sees the emulator refuse.
//!
//! A new rule is a sentence in the document with its source, a row of what is
//! refused (`docs/discord.md` §9.1), and a row in [`calls`],
//! [`forms`], [`frames`], [`panels`] or [`sign_ins`]; one
//! that is not enforced is a row of what is not (`docs/discord.md` §9.2).

mod calls;
mod forms;
mod frames;
mod panels;
mod sign_ins;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::LazyLock;

use latchkey_emulator::WorldState;
use regex::Regex;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::cli::Scene;

/// A rule, by words that stand in the document, their section there, and what
/// the emulator answers to whoever breaks it.
struct Rule {
    says: &'static str,
    section: &'static str,
    refusal: &'static str,
    probe: Probe,
}

type Probe = fn(Desk) -> Pin<Box<dyn Future<Output = String>>>;

/// A row of the table.
const fn rule(
    says: &'static str,
    section: &'static str,
    refusal: &'static str,
    probe: Probe,
) -> Rule {
    Rule {
        says,
        section,
        refusal,
        probe,
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    let rules = calls::RULES.iter().chain(frames::RULES);
    let rules = rules.chain(forms::RULES);
    rules.chain(panels::RULES).chain(sign_ins::RULES)
}

/// A world of a probe's own, and the calls to it.
struct Desk {
    scene: Scene,
    client: Client,
}

impl Desk {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scene = Scene::start(listener).unwrap();
        let commands = json!([
            {"name": "ask", "description": "Ask", "type": 1,
             "options": [{"name": "prompt", "description": "What", "type": 3, "autocomplete": true}]},
        ]);
        scene.emulator.world.with(|state| state.commands = commands);
        Self {
            scene,
            client: Client::builder().build().unwrap(),
        }
    }

    fn look<T>(&self, work: impl FnOnce(&WorldState) -> T) -> T {
        self.scene.emulator.world.look(work)
    }

    fn with<T>(&self, work: impl FnOnce(&mut WorldState) -> T) -> T {
        self.scene.emulator.world.with(work)
    }

    fn channel(&self, name: &str) -> u64 {
        self.look(|state| state.channels.iter().find(|it| it.name == name).unwrap().id)
    }

    /// Calls REST with the bot's token. Returns the status, and the code if
    /// there is one.
    async fn calls(&self, method: Method, path: &str, body: Value) -> String {
        let token = self.look(|state| state.bot_token.clone());
        self.calls_as(&token, (method, path), body).await
    }

    async fn calls_as(&self, token: &str, (method, path): (Method, &str), body: Value) -> String {
        let url = format!("{}{path}", self.scene.emulator.discord_api());
        let call = self.client.request(method, url);
        answered(
            call.header("authorization", format!("Bot {token}"))
                .json(&body),
        )
        .await
    }

    /// Posts a file of so many bytes.
    async fn posts_file(&self, path: &str, bytes: usize) -> String {
        let token = self.look(|state| state.bot_token.clone());
        let url = format!("{}{path}", self.scene.emulator.discord_api());
        let file = Part::bytes(vec![0; bytes]).file_name("made-up.bin");
        let form = Form::new()
            .text("payload_json", "{}")
            .part("files[0]", file);
        let call = self.client.post(url).multipart(form);
        answered(call.header("authorization", format!("Bot {token}"))).await
    }

    /// Mia types a command. Returns the addresses of its callback and of its
    /// messages.
    fn runs(&self) -> (String, String) {
        let (member, channel) = (self.scene.member, self.channel("general"));
        self.runs_in(member, channel)
    }

    fn runs_in(&self, person: u64, channel: u64) -> (String, String) {
        let world = &self.scene.emulator.world;
        let id = world.run(person, channel, "/ask prompt:hello").unwrap();
        self.addresses(id)
    }

    fn addresses(&self, id: u64) -> (String, String) {
        self.look(|state| {
            let found = state.interactions.iter().find(|it| it.id == id).unwrap();
            let (application, token) = (state.application, &found.token);
            (
                format!("/interactions/{id}/{token}/callback"),
                format!("/webhooks/{application}/{token}"),
            )
        })
    }

    /// Lets interactions be so old.
    fn age(&self, seconds: u64) {
        self.with(|state| {
            for interaction in &mut state.interactions {
                let age = std::time::Duration::from_secs(seconds);
                interaction.created = interaction.created.checked_sub(age).unwrap();
            }
        });
    }
}

#[tokio::test]
async fn the_emulator_refuses_what_the_document_says_that_discord_refuses() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let refusal = (rule.probe)(Desk::open().await).await;
        if refusal != rule.refusal {
            wrong.push(format!("{} (§{}): {refusal}", rule.says, rule.section));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The status of an answer, and the code if there is one.
async fn answered(call: RequestBuilder) -> String {
    let answer = call.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    match body["code"].as_u64() {
        Some(code) => format!("{status} {code}"),
        None => status.to_string(),
    }
}

const DOCUMENT: &str = include_str!("../../../../docs/discord.md");

/// The document's sections, by number.
fn sections() -> &'static [(&'static str, &'static str)] {
    static SECTIONS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let heading = Regex::new(r"(?m)^#{2,4} ([0-9]+(?:\.[0-9]+)*)\.? ").unwrap();
        let found: Vec<(usize, &str)> = heading
            .captures_iter(DOCUMENT)
            .filter_map(|it| Some((it.get(0)?.start(), it.get(1)?.as_str())))
            .collect();
        let ends = found.iter().skip(1).map(|(start, _)| *start);
        let ends = ends.chain([DOCUMENT.len()]);
        found
            .iter()
            .zip(ends)
            .filter_map(|((start, number), end)| Some((*number, DOCUMENT.get(*start..end)?)))
            .collect()
    });
    &SECTIONS
}

fn section(number: &str) -> &'static str {
    let mut found = sections().iter().filter(|(it, _)| *it == number);
    found.next().map_or("", |(_, text)| text)
}

/// The rows of a table in a section: words, their section, and what becomes
/// of them.
fn rows(number: &str) -> BTreeSet<(&'static str, &'static str, &'static str)> {
    let row = Regex::new(r"(?m)^\| (.+) \| §([0-9.]+) \| (.+) \|$").unwrap();
    let found = row.captures_iter(section(number));
    found
        .map(|it| it.extract::<3>().1)
        .map(|[says, section, then]| (says, section, then))
        .collect()
}

#[test]
fn every_rule_that_is_enforced_is_a_row_of_the_document() {
    let known: BTreeSet<_> = rules()
        .map(|it| (it.says, it.section, it.refusal))
        .collect();
    let written = rows("9.1");
    let unproven: Vec<_> = written.difference(&known).collect();
    assert!(unproven.is_empty(), "no probe for {unproven:#?}");
    let unwritten: Vec<_> = known.difference(&written).collect();
    assert!(
        unwritten.is_empty(),
        "no row of the document for {unwritten:#?}"
    );
}

#[test]
fn every_statement_with_a_source_is_enforced_or_listed_as_not() {
    let rows: Vec<_> = rows("9.1").into_iter().chain(rows("9.2")).collect();
    let strayed = rows
        .iter()
        .filter(|(says, number, _)| !section(number).contains(says));
    let strayed: Vec<_> = strayed.collect();
    assert!(
        strayed.is_empty(),
        "these words are not in their section: {strayed:#?}"
    );
    let sourced = Regex::new(r"\((?:[DCS?](?:, )?)+\)").unwrap();
    let of_discord = |number: &str| {
        let top = number.split('.').next().and_then(|top| top.parse().ok());
        matches!(top, Some(2..=7 | 11))
    };
    let lines = sections().iter().filter(|(number, _)| of_discord(number));
    let lines = lines.flat_map(|(_, text)| text.lines());
    let untold: Vec<&str> = lines
        .filter(|line| sourced.is_match(line))
        .filter(|line| !rows.iter().any(|(says, _, _)| line.contains(says)))
        .collect();
    assert!(untold.is_empty(), "no row of the document for {untold:#?}");
}
