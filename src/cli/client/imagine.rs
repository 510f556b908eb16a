//! `latchkey imagine`.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::ask::prompt;
use super::gateway::{Gateway, json as whole, send};

const TICK: Duration = Duration::from_millis(250);
/// How wide the bar is.
const BAR: usize = 20;

/// A picture.
#[derive(Debug, Args)]
pub struct Picture {
    /// What it shows; left out, standard input.
    prompt: Vec<String>,
    /// As provider/model.
    #[arg(long, default_value = "openai/gpt-image-2")]
    model: String,
    /// Such as 1024x1024.
    #[arg(long)]
    size: Option<String>,
    /// Where to write it; `-` is standard output.
    #[arg(long, short, default_value = "picture.png")]
    output: PathBuf,
    /// The whole answer as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes a picture, and writes it down.
pub async fn imagine(picture: Picture) -> anyhow::Result<()> {
    let mut body = json!({"model": picture.model, "prompt": prompt(&picture.prompt)?});
    if let Some(size) = &picture.size {
        body["size"] = json!(size);
    }
    let gateway = Gateway::open()?;
    let made = send(
        gateway
            .call(Method::POST, "/v1/images/generations")
            .json(&body),
    );
    let answer = whole(waited_for(made).await?).await?;
    if picture.json {
        println!("{answer}");
        return Ok(());
    }
    let encoded = answer.pointer("/data/0/b64_json").and_then(Value::as_str);
    let Some(encoded) = encoded else {
        let url = answer.pointer("/data/0/url").and_then(Value::as_str);
        println!("{}", url.context("the answer has no picture")?);
        return Ok(());
    };
    let bytes = STANDARD.decode(encoded).context("the picture is damaged")?;
    if picture.output.as_os_str() == "-" {
        io::stdout().write_all(&bytes)?;
        return Ok(());
    }
    std::fs::write(&picture.output, bytes)
        .with_context(|| format!("could not write {}", picture.output.display()))?;
    eprintln!("Wrote {}.", picture.output.display());
    Ok(())
}

/// Shows that something is being worked on. How far it is, no provider that
/// answers at once says.
async fn waited_for<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let (began, mut at) = (Instant::now(), 0);
    if !io::stderr().is_terminal() {
        return work.await;
    }
    loop {
        if let Ok(done) = tokio::time::timeout(TICK, work.as_mut()).await {
            eprint!("\r\x1b[K");
            return done;
        }
        at = (at + 1) % BAR;
        let bar: String = (0..BAR)
            .map(|place| if place == at { '#' } else { '.' })
            .collect();
        eprint!("\r[{bar}] {} s", began.elapsed().as_secs());
    }
}
