//! `latchkey ask`: asks a model through a gateway.

use std::io::{self, IsTerminal, Read, Write};

use anyhow::{Context, bail, ensure};
use clap::Args;
use reqwest::Method;
use serde_json::json;

use crate::model::is_blank;

use super::gateway::{EventReader, Gateway, GatewayEvent, json as whole, parse_data, send};

/// How much is read from a pipe at the most, in bytes.
const PIPED_BYTES_MAX: u64 = 1_000_000;

/// A question.
#[derive(Debug, Args)]
pub struct Question {
    /// What to ask; left out, standard input.
    prompt: Vec<String>,
    #[arg(long)]
    provider: Option<String>,
    #[arg(long)]
    model: Option<String>,
    #[arg(long)]
    persona: Option<String>,
    /// The longest answer, in tokens.
    #[arg(long)]
    max_tokens: Option<u32>,
    /// The whole answer as JSON.
    #[arg(long)]
    json: bool,
}

/// Asks, and prints the answer as it comes.
pub async fn ask(question: Question) -> anyhow::Result<()> {
    let body = json!({
        "prompt": read_prompt(&question.prompt)?, "provider": question.provider, "model": question.model,
        "persona": question.persona, "max_tokens": question.max_tokens, "stream": !question.json,
    });
    let gateway = Gateway::open()?;
    let response = send(gateway.call(Method::POST, "/api/v1/unified").json(&body)).await?;
    if question.json {
        println!("{}", whole(response).await?);
        return Ok(());
    }
    let mut events = EventReader::new(response);
    while let Some(event) = events.next().await? {
        if let GatewayEvent::Data(data) = event
            && print_event(&data)?
        {
            return Ok(());
        }
    }
    bail!("the answer broke off")
}

/// Prints the data of one event of an answer; whether it is the last.
fn print_event(data: &[u8]) -> anyhow::Result<bool> {
    let data = parse_data(data).inspect_err(|_| println!())?;
    if let Some(text) = data["text"].as_str() {
        print!("{text}");
        io::stdout().flush()?;
        return Ok(false);
    }
    println!(
        "{}",
        if data["mode"] == "demo" {
            data["response"].as_str().unwrap_or_default()
        } else {
            ""
        }
    );
    if io::stderr().is_terminal() {
        let word = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let used = &data["usage"];
        eprintln!(
            "— {} {} · {} · {} tokens in, {} out",
            word("provider"),
            word("model"),
            word("mode"),
            used["input_tokens"],
            used["output_tokens"]
        );
    }
    Ok(true)
}

/// The prompt: the words of the command line, and what is piped in.
pub fn read_prompt(words: &[String]) -> anyhow::Result<String> {
    let mut prompt = words.join(" ");
    let input = io::stdin();
    if !input.is_terminal() {
        let mut piped = String::new();
        let read = input
            .lock()
            .take(PIPED_BYTES_MAX)
            .read_to_string(&mut piped);
        read.context("standard input is no text")?;
        if !piped.trim().is_empty() {
            if !prompt.is_empty() {
                prompt.push_str("\n\n");
            }
            prompt.push_str(piped.trim_end());
        }
    }
    ensure!(
        !is_blank(&prompt),
        "there is nothing to ask; write a prompt, or pipe one in"
    );
    Ok(prompt)
}
