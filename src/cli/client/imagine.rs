//! `latchkey imagine`: has pictures made through a gateway.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::ask::{describe_cost, describe_source, read_prompt};
use crate::cli::output::print_bytes;

use super::gateway::{EventReader, Gateway, GatewayEvent, json as whole, parse_data, send};
use super::numbers::read_count;

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(250);
/// How many files of one name are numbered.
const NUMBER_MAX: usize = 10_000;
/// How wide the bar is, in characters.
const BAR_WIDTH: usize = 20;

/// A picture.
#[derive(Debug, Args)]
pub struct Picture {
    /// What it shows; left out, standard input.
    prompt: Vec<String>,
    /// As provider/model, or provider/workflow; left out, the first that
    /// somebody can pay for.
    #[arg(long)]
    model: Option<String>,
    /// Such as 1024x1024.
    #[arg(long)]
    size: Option<String>,
    /// How many, 1 to 4, or as many as a model takes that is named with its
    /// provider; those after the first are numbered.
    #[arg(long, short = 'n', value_parser = read_count)]
    count: Option<u8>,
    /// The same seed, the same picture; for hosts of workflows.
    #[arg(long, allow_hyphen_values = true)]
    seed: Option<String>,
    /// What should not be in it; for hosts of workflows.
    #[arg(long)]
    negative: Option<String>,
    /// Where to write it; `-` is standard output. A file that is there stays as
    /// it is: this one is numbered then.
    #[arg(long, short, default_value = "picture.png")]
    output: PathBuf,
    /// The whole answer as JSON, and no file.
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

impl Picture {
    fn body(&self) -> anyhow::Result<Value> {
        let mut body = json!({"prompt": read_prompt(&self.prompt)?});
        let wanted = [
            ("model", json!(self.model)),
            ("size", json!(self.size)),
            ("n", json!(self.count)),
            ("seed", json!(self.seed)),
            ("negative_prompt", json!(self.negative)),
            ("stream", json!((!self.json).then_some(true))),
        ];
        for (name, value) in wanted {
            if !value.is_null() {
                body[name] = value;
            }
        }
        Ok(body)
    }
}

/// Has pictures made, and writes them to files.
pub async fn imagine(picture: Picture) -> anyhow::Result<()> {
    let body = picture.body()?;
    if !picture.json {
        announce(&picture.output, &try_output(&picture.output)?);
    }
    let gateway = Gateway::open()?;
    let call = gateway.call(Method::POST, "/v1/images/generations");
    let mut bar = Bar::new();
    let response = bar.during(send(call.json(&body))).await;
    let response = response?;
    let named = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let source = named("x-latchkey-source").unwrap_or_default();
    let source = describe_source(&source);
    let maker = ["x-latchkey-provider", "x-latchkey-model"];
    let maker = maker.into_iter().filter_map(named).collect::<Vec<_>>();
    let maker = maker.join(" ");
    if picture.json {
        let answer = bar.during(whole(response)).await?;
        let cost = describe_cost(&answer["cost_nano_dollars"]);
        eprintln!("— {maker} · key source: {source} · {cost}");
        println!("{answer}");
        return Ok(());
    }
    // It is said before, since a picture may take minutes.
    eprintln!("{maker} · key source: {source}");
    let made = collect(response, &mut bar).await?;
    for bytes in &made.pictures {
        write_picture(&picture.output, bytes)?;
    }
    eprintln!("— {}", describe_cost(&made.cost));
    Ok(())
}

/// Pictures, and what they cost; null where nobody knows that.
struct MadePictures {
    pictures: Vec<Vec<u8>>,
    cost: Value,
}

/// Collects the pictures of an answer that comes in events.
async fn collect(response: Response, bar: &mut Bar) -> anyhow::Result<MadePictures> {
    let (mut events, mut pictures) = (EventReader::new(response), Vec::new());
    let mut cost = Value::Null;
    while let Some(event) = bar.during(events.next()).await? {
        let data = match event {
            GatewayEvent::Comment(comment) => {
                bar.update_stage(&comment);
                continue;
            }
            GatewayEvent::Data(data) => parse_data(&data)?,
        };
        if let Some(known) = data.get("cost_nano_dollars") {
            cost = known.clone();
        }
        let done = data["type"] == "image_generation.completed";
        let encoded = data["b64_json"].as_str().filter(|_| done);
        let decoded = encoded.map(|encoded| STANDARD.decode(encoded)).transpose();
        pictures.extend(decoded.context("a picture is damaged")?);
    }
    ensure!(!pictures.is_empty(), "the answer has no picture");
    Ok(MadePictures { pictures, cost })
}

/// Tries whether a picture can be written, before anybody pays for it, and
/// leaves nothing there. Returns the path that it would have.
fn try_output(output: &Path) -> anyhow::Result<PathBuf> {
    if output.as_os_str() == "-" {
        return Ok(output.to_owned());
    }
    let words = || {
        format!(
            "{} can't be written, so nothing was asked",
            output.display()
        )
    };
    let (path, _) = open_output(output).with_context(words)?;
    if is_in_a_file(&path) {
        std::fs::remove_file(&path).with_context(words)?;
    }
    Ok(path)
}

/// Says where a picture goes if not where it was to go.
fn announce(output: &Path, path: &Path) {
    if path != output {
        eprintln!(
            "{} is there already and stays as it is; this goes to {}.",
            output.display(),
            path.display()
        );
    }
}

fn write_picture(output: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if output.as_os_str() == "-" {
        print_bytes(bytes);
        return Ok(());
    }
    let failed = |path: &Path| format!("could not write {}", path.display());
    let (path, mut file) = open_output(output).with_context(|| failed(output))?;
    file.write_all(bytes).with_context(|| failed(&path))?;
    eprintln!("Wrote {}.", path.display());
    Ok(())
}

/// Makes the first file of a path's numbers that is not there, so that no
/// picture takes the place of another. What is no file, such as a pipe, is
/// opened as it is.
fn open_output(output: &Path) -> io::Result<(PathBuf, File)> {
    for number in 1..=NUMBER_MAX {
        let path = numbered_path(output, number);
        match File::create_new(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (path, file)),
        }
        if !is_in_a_file(&path) {
            let opened = OpenOptions::new().append(true).open(&path);
            return opened.map(|file| (path, file));
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Whether a file stands at a path, or a link that leads to one or nowhere.
fn is_in_a_file(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |found| found.is_file())
}

/// The path of a picture by its number: `a.png` as it was chosen, then
/// `a-2.png`.
fn numbered_path(output: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return output.to_owned();
    }
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let name = match output.extension() {
        Some(kind) => format!("{stem}-{number}.{}", kind.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    output.with_file_name(name)
}

/// A bar that moves while a picture is made, with its stage where the host
/// reports one. Not drawn where standard error is no terminal.
struct Bar {
    began: Instant,
    at: usize,
    stage: String,
    is_terminal: bool,
}

impl Bar {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            at: 0,
            stage: "asked for".to_owned(),
            is_terminal: io::stderr().is_terminal(),
        }
    }

    /// Draws the bar until some work is done, and removes it.
    async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            if let Ok(done) = timeout(TICK, work.as_mut()).await {
                self.clear();
                return done;
            }
            self.draw();
        }
    }

    /// Takes the stage from a comment in the answer.
    fn update_stage(&mut self, comment: &str) {
        let Ok(progress) = serde_json::from_str::<Value>(comment.trim()) else {
            return;
        };
        self.stage = match (progress["stage"].as_str(), progress["ahead"].as_u64()) {
            (Some("queued"), Some(0)) => "next in line".to_owned(),
            (Some("queued"), Some(ahead)) => format!("in line, {ahead} before it"),
            (Some("queued"), None) => "in line".to_owned(),
            (Some("starting"), _) => "a machine starts".to_owned(),
            (Some("running"), _) => match (progress["step"].as_u64(), progress["steps"].as_u64()) {
                (Some(done), Some(all)) => format!("being made, step {done} of {all}"),
                _ => "being made".to_owned(),
            },
            _ => return,
        };
        self.draw();
    }

    fn draw(&mut self) {
        if !self.is_terminal {
            return;
        }
        self.at = (self.at + 1) % BAR_WIDTH;
        let bar: String = (0..BAR_WIDTH)
            .map(|place| if place == self.at { '#' } else { '.' })
            .collect();
        let waited_s = self.began.elapsed().as_secs();
        eprint!("\r\x1b[K[{bar}] {waited_s} s, {}", self.stage);
    }

    fn clear(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}
