//! Files that people send: text and pictures, downloaded once, checked, and
//! never larger than allowed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use serenity::all::Attachment;
use tokio::time::Instant;
use url::Url;

use crate::model::{LeftOut, Picture, PictureKind};

/// Where Discord keeps files.
const HOSTS: &[&str] = &["cdn.discordapp.com", "media.discordapp.net"];
/// How long a download may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long all downloads of a conversation may take together.
const PATIENCE_FOR_ALL: Duration = Duration::from_secs(20);
/// How many text files of a conversation are read.
const TEXTS_MAX: usize = 8;

/// How much of people's files is read.
#[derive(Clone, Debug)]
pub struct FileLimits {
    /// The largest picture, in bytes.
    pub picture_bytes: usize,
    /// The most pictures of a conversation; the newest count.
    pub pictures: usize,
    /// The largest text file, in bytes.
    pub text_bytes: usize,
}

/// What a file turned out to be.
pub enum Content {
    Text(String),
    Picture(Picture),
}

/// A file that was read.
pub struct ReadFile {
    pub name: String,
    pub content: Content,
}

/// The files that were read, by the message that they came with.
pub type FilesByMessage = HashMap<u64, Vec<ReadFile>>;

/// Reads the files of one conversation.
pub struct FileReader<'a> {
    client: Client,
    /// The address of Discord's API. Where that is not Discord itself but a
    /// proxy, files are there too.
    api: &'a str,
    limits: &'a FileLimits,
    pictures: usize,
    texts: usize,
    until: Instant,
}

impl<'a> FileReader<'a> {
    /// Reads over a client that follows no redirects; has read nothing yet.
    pub fn new(client: Client, api: &'a str, limits: &'a FileLimits) -> Self {
        Self {
            client,
            api,
            limits,
            pictures: 0,
            texts: 0,
            until: Instant::now() + PATIENCE_FOR_ALL,
        }
    }

    /// Reads a file, or says why it is left out.
    pub async fn read_file(&mut self, file: &Attachment) -> Result<Content, LeftOut> {
        let picture = file
            .content_type
            .as_deref()
            .is_some_and(|kind| kind.starts_with("image/"));
        let (count, count_max, bytes_max) = if picture {
            (
                &mut self.pictures,
                self.limits.pictures,
                self.limits.picture_bytes,
            )
        } else {
            (&mut self.texts, TEXTS_MAX, self.limits.text_bytes)
        };
        if *count >= count_max || usize::try_from(file.size).is_ok_and(|size| size > bytes_max) {
            return Err(LeftOut::TooLarge);
        }
        *count += 1;
        let bytes = self.download(&file.url, bytes_max).await?;
        if let Some(kind) = PictureKind::of(&bytes) {
            let bytes = Arc::from(bytes);
            return Ok(Content::Picture(Picture { kind, bytes }));
        }
        let text = String::from_utf8(bytes).ok().filter(|text| is_text(text));
        text.map(Content::Text).ok_or(LeftOut::Unreadable)
    }

    /// Downloads from Discord and from nowhere else: the client follows no
    /// redirects.
    async fn download(&self, url: &str, bytes_max: usize) -> Result<Vec<u8>, LeftOut> {
        let url = Url::parse(url).map_err(|_| LeftOut::Unreadable)?;
        if !is_at_discord(self.api, &url) {
            return Err(LeftOut::Unreadable);
        }
        let fetching = async {
            let mut response = self.client.get(url).send().await.ok()?;
            if !response.status().is_success() {
                return None;
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.ok()? {
                if bytes.len() + chunk.len() > bytes_max {
                    return Some(Err(LeftOut::TooLarge));
                }
                bytes.extend_from_slice(&chunk);
            }
            Some(Ok(bytes))
        };
        let until = self.until.min(Instant::now() + PATIENCE);
        let fetched = tokio::time::timeout_at(until, fetching).await;
        fetched.ok().flatten().unwrap_or(Err(LeftOut::Unreadable))
    }
}

/// Whether an address is one of Discord's for files, or the API's own.
fn is_at_discord(api: &str, url: &Url) -> bool {
    let known = url.scheme() == "https" && url.host_str().is_some_and(|h| HOSTS.contains(&h));
    known || Url::parse(api).is_ok_and(|api| api.origin() == url.origin())
}

/// Whether a text is for people to read.
fn is_text(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() && !c.is_whitespace() && c != '\u{1b}')
}

/// Writes a text file as the model is told it: fenced, under its name.
pub fn fence(name: &str, text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let name: String = name.chars().filter(plain).take(60).collect();
    // A fence that the text itself cannot close.
    let longest = text
        .lines()
        .map(|line| line.chars().take_while(|c| *c == '`').count())
        .max();
    let fence = "`".repeat(longest.unwrap_or(0).max(2) + 1);
    format!("\n\n{name}:\n{fence}\n{}\n{fence}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_from_discord_alone() {
        let (discord, proxy) = (
            "https://discord.com/api/v10",
            "http://10.0.0.1:8080/api/v10",
        );
        for (url, direct, through) in [
            (
                "https://cdn.discordapp.com/attachments/1/2/x.png",
                true,
                true,
            ),
            (
                "https://media.discordapp.net/attachments/1/2/x.png",
                true,
                true,
            ),
            (
                "http://cdn.discordapp.com/attachments/1/2/x.png",
                false,
                false,
            ),
            (
                "https://cdn.discordapp.com.evil.example/x.png",
                false,
                false,
            ),
            ("https://user@evil.example/cdn.discordapp.com", false, false),
            ("http://127.0.0.1/x.png", false, false),
            ("http://10.0.0.1:8080/attachments/x.png", false, true),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(is_at_discord(discord, &url), direct, "{url}");
            assert_eq!(is_at_discord(proxy, &url), through, "{url}");
        }
    }

    #[test]
    fn a_file_cannot_close_its_own_fence() {
        assert_eq!(fence("a b.rs", "x"), "\n\nab.rs:\n```\nx\n```");
        assert!(fence("a", "````\n").starts_with("\n\na:\n`````\n"));
        assert!(is_text("tabs\tand lines\n"));
        assert!(!is_text("nul\0"));
    }
}
