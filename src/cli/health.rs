//! `latchkey health`: asks the running bot whether it is well. It is for a
//! container's health check, which has no other program to ask with.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{Config, Environment};
use crate::gateway::HEALTH_PATH;

/// How long the bot may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Succeeds if the running bot says that it is well.
pub async fn health(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = Config::load(file, &Environment::of_process()?)?;
    let address = config.gateway.listen;
    anyhow::ensure!(
        !address.is_empty(),
        "`gateway.listen` is empty, so there is no health page to ask"
    );
    let well = is_well(&address).await;
    println!(
        "{}",
        if well {
            "ok".to_owned()
        } else {
            format!(
                "not well: nothing good answers at {address} (`gateway.listen`); look whether `latchkey serve` runs"
            )
        }
    );
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether a bot that is well answers at an address.
pub async fn is_well(address: &str) -> bool {
    let answer = timeout(TIMEOUT, get_health(address)).await;
    matches!(&answer, Ok(Ok(text)) if text.starts_with("HTTP/1.1 200"))
}

async fn get_health(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request =
        format!("GET {HEALTH_PATH} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(4_096).read_to_string(&mut answer).await?;
    Ok(answer)
}
