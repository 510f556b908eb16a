//! Files that people send: text and pictures, downloaded once and checked,
//! and never larger than allowed. What cannot be read is kept by its name,
//! with the reason.

mod names;
mod proxy;
mod voice_messages;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serenity::all::Attachment;
use tokio::time::Instant;
use url::Url;

use crate::app::{
    FileContent, FileCount, FileLabel, FileLimits, FileNature, MessageFile, can_be_heard, read_text,
};
use crate::model::{FileKind, Picture, PictureKind, WhyUnread};

pub use names::{kept_name, refresh_files, restore_names};

/// Where Discord keeps files, and where it hands out copies of them.
const HOSTS: &[&str] = &["cdn.discordapp.com", "media.discordapp.net"];
/// How long a download may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long all downloads of a conversation may take together.
const PATIENCE_FOR_ALL: Duration = Duration::from_secs(20);
/// How often Discord is asked for one file.
const TRIES_MAX: usize = 2;
/// The largest sound that is written down, in bytes: an hour and a half of a
/// voice message, and no more than providers take.
const SOUND_BYTES_MAX: usize = 24 * 1024 * 1024;
/// How many bytes of a file show what it is.
const HEAD_BYTES: usize = 4_096;

/// The files of a conversation, by the message that they came with.
pub type FilesByMessage = HashMap<u64, Vec<MessageFile>>;

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
    count: FileCount<'a>,
    until: Instant,
}

impl<'a> FileReader<'a> {
    /// Reads over a client that follows no redirects; has read nothing yet.
    pub fn new(client: Client, api: &'a str, limits: &'a FileLimits) -> Self {
        Self {
            client,
            api,
            count: FileCount::new(limits),
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
            content: read.unwrap_or_else(FileContent::Unread),
        }
    }

    /// Downloads a picture as it was sent, whatever its size in pixels; none
    /// if it is no picture that every model sees, or too large.
    pub async fn read_picture(&self, file: &Attachment) -> Option<Picture> {
        let until = self.until.min(Instant::now() + PATIENCE);
        let fetched = tokio::time::timeout_at(until, self.fetch_picture(&file.url)).await;
        fetched.ok().flatten()
    }

    /// Downloads a sound as it was sent, or says why it can't be heard.
    pub async fn read_sound(&self, file: &Attachment) -> Result<Vec<u8>, WhyUnread> {
        let fetching = async {
            let download = self.open(&file.url).await?;
            let is_sound = can_be_heard(&download.bytes, label_of(file));
            if !is_sound && voice_message(file).is_none() {
                return Err(WhyUnread::Kind(FileKind::Audio));
            }
            let bytes = download.read_up_to(SOUND_BYTES_MAX).await;
            let bytes = bytes.ok_or(WhyUnread::NotFetched)?;
            bytes.map_err(|()| sound_too_large(file))
        };
        let until = self.until.min(Instant::now() + PATIENCE);
        let fetched = tokio::time::timeout_at(until, fetching).await;
        fetched.unwrap_or(Err(WhyUnread::NotFetched))
    }

    /// Downloads a picture that every model sees; none if it is no such
    /// picture, or too large.
    async fn fetch_picture(&self, url: &str) -> Option<Picture> {
        let download = self.open(url).await.ok()?;
        let kind = PictureKind::of(&download.bytes)?;
        let bytes = download
            .read_up_to(self.count.limits().picture_bytes)
            .await?
            .ok()?;
        let bytes = Arc::from(bytes);
        Some(Picture { kind, bytes })
    }

    async fn read(&mut self, file: &Attachment) -> Result<FileContent, WhyUnread> {
        if file.size == 0 {
            return Err(WhyUnread::Empty);
        }
        let download = self.open(&file.url).await?;
        match FileNature::of(&download.bytes, label_of(file)) {
            FileNature::Picture(kind) => self.picture(file, kind, download).await,
            FileNature::Text => self.text(file, download).await,
            FileNature::Other(kind @ FileKind::Picture(_)) if voice_message(file).is_none() => {
                drop(download);
                self.copied_picture(file, WhyUnread::Kind(kind)).await
            }
            FileNature::Other(FileKind::Audio)
                if voice_message(file).is_none()
                    && may_be_sound(file)
                    && can_be_heard(&download.bytes, label_of(file)) =>
            {
                refuse_large_sound(file)?;
                Err(WhyUnread::NotTried)
            }
            FileNature::Other(kind) => Err(WhyUnread::Kind(voice_message(file).unwrap_or(kind))),
        }
    }

    /// Reads a picture that every model sees, or a smaller copy of it.
    async fn picture(
        &mut self,
        file: &Attachment,
        kind: PictureKind,
        download: Download,
    ) -> Result<FileContent, WhyUnread> {
        let bytes_max = self.count.limits().picture_bytes;
        let too_large = WhyUnread::PictureTooLarge {
            bytes: u64::from(file.size),
            bytes_max: bytes_max as u64,
        };
        if u64::from(file.size) > bytes_max as u64 {
            drop(download);
            return self.copied_picture(file, too_large).await;
        }
        self.count.add_picture()?;
        let bytes = download.read_up_to(bytes_max).await;
        let bytes = bytes
            .ok_or(WhyUnread::NotFetched)?
            .map_err(|()| too_large)?;
        let bytes = Arc::from(bytes);
        Ok(FileContent::Picture(Picture { kind, bytes }))
    }

    /// Reads Discord's copy of a picture that cannot be shown as it is.
    async fn copied_picture(
        &mut self,
        file: &Attachment,
        why: WhyUnread,
    ) -> Result<FileContent, WhyUnread> {
        let Some(url) = proxy::smaller_copy(file) else {
            return Err(why);
        };
        self.count.add_picture()?;
        let copy = self.fetch_picture(url.as_str()).await;
        copy.map(FileContent::Picture).ok_or(why)
    }

    async fn text(
        &mut self,
        file: &Attachment,
        download: Download,
    ) -> Result<FileContent, WhyUnread> {
        let announced = u64::from(file.size);
        self.count.text_too_large(announced).map_or(Ok(()), Err)?;
        let size = usize::try_from(file.size).unwrap_or(usize::MAX);
        self.count.add_text(size)?;
        let bytes_max = self.count.limits().text_bytes;
        let bytes = download.read_up_to(bytes_max).await;
        let bytes = bytes
            .ok_or(WhyUnread::NotFetched)?
            .map_err(|()| WhyUnread::TextTooLarge {
                bytes: announced,
                bytes_max: bytes_max as u64,
            })?;
        read_text(label_of(file), &bytes).map_err(|why| match (why, voice_message(file)) {
            (WhyUnread::Kind(_), Some(voice)) => WhyUnread::Kind(voice),
            (why, _) => why,
        })
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

/// Whether a file may be a sound, by its name and by what Discord says of it.
pub fn may_be_sound(file: &Attachment) -> bool {
    label_of(file).may_be_sound()
}

/// Refuses a sound that is too large to be written down.
pub fn refuse_large_sound(file: &Attachment) -> Result<(), WhyUnread> {
    if u64::from(file.size) > SOUND_BYTES_MAX as u64 {
        return Err(sound_too_large(file));
    }
    Ok(())
}

fn sound_too_large(file: &Attachment) -> WhyUnread {
    WhyUnread::SoundTooLarge {
        bytes: u64::from(file.size),
        bytes_max: SOUND_BYTES_MAX as u64,
    }
}

/// A voice message, if a file is one.
fn voice_message(file: &Attachment) -> Option<FileKind> {
    let seconds = voice_messages::seconds_of(file)?;
    Some(FileKind::VoiceMessage { seconds })
}

/// What Discord says of a file.
fn label_of(file: &Attachment) -> FileLabel<'_> {
    FileLabel {
        name: &file.filename,
        media_type: file.content_type.as_deref(),
    }
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
