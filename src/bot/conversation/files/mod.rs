//! Files that people send: text and pictures, downloaded once and checked,
//! and never larger than allowed. What cannot be read is kept by its name,
//! with the reason.

mod kind;
mod names;
mod proxy;
mod text;
mod told;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serenity::all::Attachment;
use tokio::time::Instant;
use url::Url;

use crate::model::{FileKind, Picture, PictureKind, UnreadFile, WhyUnread};

pub use names::{refresh_files, restore_names};
pub use told::tell_files;

/// Where Discord keeps files, and where it hands out copies of them.
const HOSTS: &[&str] = &["cdn.discordapp.com", "media.discordapp.net"];
/// How long a download may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long all downloads of a conversation may take together.
const PATIENCE_FOR_ALL: Duration = Duration::from_secs(20);
/// How often Discord is asked for one file.
const TRIES_MAX: usize = 2;
/// How many text files of a conversation are read: two messages full.
const TEXTS_MAX: usize = 20;
/// How much the text files of a conversation may hold together, in files of
/// the largest size.
const TEXTS_OF_LARGEST_SIZE: usize = 8;
/// How many bytes of a file show what it is.
const HEAD_BYTES: usize = 4_096;

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
    Unread(WhyUnread),
}

/// A file that came with a message.
pub struct MessageFile {
    pub name: String,
    /// What its sender wrote for those who can't see it.
    pub description: Option<String>,
    pub content: Content,
}

impl MessageFile {
    /// Whether something of it can be told or shown.
    pub fn is_read(&self) -> bool {
        !matches!(self.content, Content::Unread(_))
    }

    /// Why it was not read, if it was not.
    pub fn unread(&self) -> Option<UnreadFile> {
        match &self.content {
            Content::Unread(why) => Some(UnreadFile {
                name: self.name.clone(),
                why: why.clone(),
            }),
            _ => None,
        }
    }
}

/// The files of a conversation, by the message that they came with.
pub type FilesByMessage = HashMap<u64, Vec<MessageFile>>;

/// What a file is by its first bytes.
enum Nature {
    Picture(PictureKind),
    Text,
    Other(FileKind),
}

/// A file that is being downloaded.
struct Download {
    response: Response,
    bytes: Vec<u8>,
}

/// Reads the files of one conversation.
pub struct FileReader<'a> {
    client: Client,
    /// The address of Discord's API. Where that is not Discord itself but a
    /// proxy, files are there too.
    api: &'a str,
    limits: &'a FileLimits,
    pictures: usize,
    texts: usize,
    text_bytes: usize,
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
            text_bytes: 0,
            until: Instant::now() + PATIENCE_FOR_ALL,
        }
    }

    /// Reads a file, or says why it cannot be read.
    pub async fn read_file(&mut self, file: &Attachment) -> MessageFile {
        let until = self.until.min(Instant::now() + PATIENCE);
        let read = tokio::time::timeout_at(until, self.read(file)).await;
        let read = read.unwrap_or(Err(WhyUnread::NotFetched));
        MessageFile {
            name: file.filename.clone(),
            description: file.description.clone(),
            content: read.unwrap_or_else(Content::Unread),
        }
    }

    /// Downloads a picture as it was sent, whatever its size in pixels; none
    /// if it is no picture that every model sees, or too large.
    pub async fn read_picture(&self, file: &Attachment) -> Option<Picture> {
        let until = self.until.min(Instant::now() + PATIENCE);
        let fetching = self.fetch_picture(&file.url);
        tokio::time::timeout_at(until, fetching)
            .await
            .ok()
            .flatten()
    }

    /// Downloads a picture that every model sees; none if it is no such
    /// picture, or too large.
    async fn fetch_picture(&self, url: &str) -> Option<Picture> {
        let download = self.open(url).await.ok()?;
        let kind = PictureKind::of(&download.bytes)?;
        let bytes = download.read_up_to(self.limits.picture_bytes).await?.ok()?;
        let bytes = Arc::from(bytes);
        Some(Picture { kind, bytes })
    }

    async fn read(&mut self, file: &Attachment) -> Result<Content, WhyUnread> {
        if file.size == 0 {
            return Err(WhyUnread::Empty);
        }
        let download = self.open(&file.url).await?;
        match nature_of(&download.bytes, file) {
            Nature::Picture(kind) => self.picture(file, kind, download).await,
            Nature::Text => self.text(file, download).await,
            Nature::Other(kind @ FileKind::Picture(_)) => {
                drop(download);
                self.copied_picture(file, WhyUnread::Kind(kind)).await
            }
            Nature::Other(kind) => Err(WhyUnread::Kind(kind)),
        }
    }

    /// Reads a picture that every model sees, or a smaller copy of it.
    async fn picture(
        &mut self,
        file: &Attachment,
        kind: PictureKind,
        download: Download,
    ) -> Result<Content, WhyUnread> {
        let bytes_max = self.limits.picture_bytes;
        let too_large = WhyUnread::PictureTooLarge {
            bytes: u64::from(file.size),
            bytes_max: bytes_max as u64,
        };
        if u64::from(file.size) > bytes_max as u64 {
            drop(download);
            return self.copied_picture(file, too_large).await;
        }
        self.count_picture()?;
        let bytes = download.read_up_to(bytes_max).await;
        let bytes = bytes
            .ok_or(WhyUnread::NotFetched)?
            .map_err(|()| too_large)?;
        let bytes = Arc::from(bytes);
        Ok(Content::Picture(Picture { kind, bytes }))
    }

    /// Reads Discord's copy of a picture that cannot be shown as it is.
    async fn copied_picture(
        &mut self,
        file: &Attachment,
        why: WhyUnread,
    ) -> Result<Content, WhyUnread> {
        let Some(url) = proxy::smaller_copy(file) else {
            return Err(why);
        };
        self.count_picture()?;
        let copy = self.fetch_picture(url.as_str()).await;
        copy.map(Content::Picture).ok_or(why)
    }

    fn count_picture(&mut self) -> Result<(), WhyUnread> {
        let most = self.limits.pictures;
        if self.pictures >= most {
            return Err(WhyUnread::TooManyPictures { most });
        }
        self.pictures += 1;
        Ok(())
    }

    async fn text(&mut self, file: &Attachment, download: Download) -> Result<Content, WhyUnread> {
        let bytes_max = self.limits.text_bytes;
        let too_large = WhyUnread::TextTooLarge {
            bytes: u64::from(file.size),
            bytes_max: bytes_max as u64,
        };
        if u64::from(file.size) > bytes_max as u64 {
            return Err(too_large);
        }
        let bytes_of_all = bytes_max * TEXTS_OF_LARGEST_SIZE;
        let size = usize::try_from(file.size).unwrap_or(usize::MAX);
        if self.texts >= TEXTS_MAX || self.text_bytes.saturating_add(size) > bytes_of_all {
            return Err(WhyUnread::TooManyTexts {
                most: TEXTS_MAX,
                bytes_max: bytes_of_all as u64,
            });
        }
        self.texts += 1;
        self.text_bytes += size;
        let bytes = download.read_up_to(bytes_max).await;
        let bytes = bytes
            .ok_or(WhyUnread::NotFetched)?
            .map_err(|()| too_large)?;
        match text::decode_text(&bytes) {
            Some(text) if text.trim().is_empty() => Err(WhyUnread::Empty),
            Some(text) => Ok(Content::Text(text)),
            None => Err(WhyUnread::Kind(kind::kind_of(&bytes, file))),
        }
    }

    /// Downloads the beginning of a file from Discord and from nowhere else:
    /// the client follows no redirects.
    async fn open(&self, url: &str) -> Result<Download, WhyUnread> {
        let url = Url::parse(url).map_err(|_| WhyUnread::NotFetched)?;
        if !is_at_discord(self.api, &url) {
            return Err(WhyUnread::NotFetched);
        }
        for _ in 0..TRIES_MAX {
            let Ok(response) = self.client.get(url.clone()).send().await else {
                continue;
            };
            let status = response.status();
            if matches!(
                status,
                StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::GONE
            ) {
                return Err(WhyUnread::Gone);
            }
            if !status.is_success() {
                continue;
            }
            let mut download = Download {
                response,
                bytes: Vec::new(),
            };
            if download.read_head().await.is_some() {
                return Ok(download);
            }
        }
        Err(WhyUnread::NotFetched)
    }
}

impl Download {
    /// Reads as much as shows what the file is; none if it breaks off.
    async fn read_head(&mut self) -> Option<()> {
        while self.bytes.len() < HEAD_BYTES {
            match self.response.chunk().await.ok()? {
                Some(chunk) => self.bytes.extend_from_slice(&chunk),
                None => break,
            }
        }
        Some(())
    }

    /// Reads the rest: nothing if it breaks off, an error if it is larger
    /// than allowed.
    async fn read_up_to(mut self, bytes_max: usize) -> Option<Result<Vec<u8>, ()>> {
        loop {
            if self.bytes.len() > bytes_max {
                return Some(Err(()));
            }
            match self.response.chunk().await.ok()? {
                Some(chunk) => self.bytes.extend_from_slice(&chunk),
                None => return Some(Ok(self.bytes)),
            }
        }
    }
}

fn nature_of(head: &[u8], file: &Attachment) -> Nature {
    if let Some(kind) = PictureKind::of(head) {
        return Nature::Picture(kind);
    }
    if !head.starts_with(b"%PDF-") && text::can_begin_text(head) {
        return Nature::Text;
    }
    Nature::Other(kind::kind_of(head, file))
}

/// Whether an address is one of Discord's for files, or the API's own.
fn is_at_discord(api: &str, url: &Url) -> bool {
    let known = url.scheme() == "https" && url.host_str().is_some_and(|h| HOSTS.contains(&h));
    known || Url::parse(api).is_ok_and(|api| api.origin() == url.origin())
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
}
