//! `latchkey ask`: asks a model through a gateway.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::SettingsFile;
use crate::cli::output::is_unread;
use crate::model::{NanoDollars, is_blank};

use super::gateway::{EventReader, Gateway, GatewayEvent, json as whole, parse_data, send};
use super::login::{is_logged_in, login};
use super::numbers::read_tokens;
use super::own_key::OwnKey;
use super::shown::number;

/// How much is read from a pipe at the most, in bytes.
const PIPED_BYTES_MAX: u64 = 1_000_000;

/// A question.
#[derive(Debug, Args)]
pub struct Question {
    /// What to ask; left out, standard input.
    prompt: Vec<String>,
    /// The provider that is to answer, such as openai; left out, the first that
    /// somebody can pay for.
    #[arg(long)]
    pub provider: Option<String>,
    /// The model, alone or as provider/model; left out, its provider's usual one.
    #[arg(long)]
    pub model: Option<String>,
    /// The persona as which it answers.
    #[arg(long)]
    pub persona: Option<String>,
    /// The longest answer, in tokens.
    #[arg(long, value_parser = read_tokens)]
    pub max_tokens: Option<u32>,
    /// The whole answer as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub settings: SettingsFile,
}

/// Asks, and prints the answer as it comes.
pub async fn ask(question: Question) -> anyhow::Result<()> {
    let prompt = read_prompt(&question.prompt)?;
    let body = json!({
        "prompt": prompt, "provider": question.provider, "model": question.model,
        "persona": question.persona, "max_tokens": question.max_tokens, "stream": !question.json,
    });
    let gateway = match find_gateway(question.settings.path(), &question).await? {
        Access::Gateway(gateway) => gateway,
        Access::OwnKey(own_key) => return own_key.ask(&question, &prompt).await,
    };
    let response = send(gateway.call(Method::POST, "/api/v1/unified").json(&body)).await?;
    if question.json {
        let answer = whole(response).await?;
        tell_source(&answer);
        println!("{answer}");
        return Ok(());
    }
    let mut events = EventReader::new(response);
    while let Some(event) = events.next().await? {
        if let GatewayEvent::Data(data) = event
            && (print_event(&data)? || is_unread())
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
        return Ok(false);
    }
    println!();
    tell_source(&data);
    Ok(true)
}

/// Tells on standard error whose key paid, and what for.
fn tell_source(answer: &Value) {
    let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let used = &answer["usage"];
    eprintln!(
        "— {} {} · key source: {} · {}{} tokens in, {} out · {}",
        word("provider"),
        word("model"),
        describe_source(&word("source")),
        if used["estimated"] == true {
            "about "
        } else {
            ""
        },
        number(&used["input_tokens"]),
        number(&used["output_tokens"]),
        describe_cost(&used["cost_nano_dollars"])
    );
}

/// A cost in words; null stands for one that nobody knows.
pub fn describe_cost(nano_dollars: &Value) -> String {
    let nano = nano_dollars.as_u64().map(NanoDollars);
    nano.map_or_else(|| "price unknown".to_owned(), |cost| cost.to_string())
}

/// Whose key paid, in words.
pub fn describe_source(source: &str) -> &str {
    match source {
        "request" => "one-time key",
        "personal" => "personal key",
        "server" => "server key",
        "bot_default" => "bot default",
        "demo" => "none, this is a demo reply",
        other => other,
    }
}

/// How a question reaches a model.
enum Access {
    Gateway(Gateway),
    /// Nobody is logged in, and the environment has a provider's own key.
    OwnKey(Box<OwnKey>),
}

/// The gateway that somebody has logged in to; where nobody has, a provider's
/// own key in this environment. On a terminal, whoever has neither is asked to
/// log in.
async fn find_gateway(file: Option<&Path>, question: &Question) -> anyhow::Result<Access> {
    if is_logged_in()? {
        return Ok(Access::Gateway(Gateway::open()?));
    }
    match OwnKey::find(file, question)? {
        Some(own_key) => Ok(Access::OwnKey(Box::new(own_key))),
        None if io::stdin().is_terminal() && io::stderr().is_terminal() => {
            log_in_now().await?;
            Ok(Access::Gateway(Gateway::open()?))
        }
        None => bail!(NOBODY),
    }
}

/// What is said where there is neither a login nor a key.
const NOBODY: &str = "No API key configured: nobody is logged in, and no variable of a provider's key, such as `OPENAI_API_KEY`, is set. Run `latchkey login <address>`, or set one";

/// Asks for a gateway's address, and logs in there.
async fn log_in_now() -> anyhow::Result<()> {
    eprintln!("{NOBODY}.");
    eprint!("Address of the gateway to log in to now (Enter for none): ");
    io::stderr().flush()?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    let typed = typed.trim();
    ensure!(
        !typed.is_empty(),
        "nobody is logged in, so nothing was asked"
    );
    login(typed).await
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
