//! A bucket for pictures that Discord does not take, and links to what is in
//! it. Calls and links are signed in their addresses (`docs/providers.md`
//! §14.10); no address is ever logged.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, Response, StatusCode};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::app::pending::random_id;
use crate::model::{Clock, Picture};

/// What the names of all files begin with, by which a bucket's own rules can
/// delete them.
const FOLDER: &str = "latchkey";
/// How long a call to the bucket may take.
const WITHIN: Duration = Duration::from_secs(30);
/// How long the signature of a call counts.
const CALL_SIGNED_FOR: Duration = Duration::from_mins(5);
/// The most that is read of what a bucket says no with.
const COMPLAINT_BYTES_MAX: usize = 16 * 1024;
/// What is put into the bucket to see whether it takes files.
const SAMPLE: &[u8] = b"Latchkey was here to see whether this bucket takes files.\n";
const TEXT: &str = "text/plain";

/// Where the bucket is, and what its calls are signed with.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    pub endpoint: Url,
    pub bucket: String,
    pub region: String,
    pub key_id: SecretString,
    pub secret: SecretString,
    /// Below which everybody can read what is in the bucket; none where links
    /// are signed.
    pub public_url: Option<Url>,
    pub link_hours: u32,
}

impl StorageSettings {
    /// The bucket's address; none where its name and the endpoint make none.
    pub fn bucket_address(&self) -> Option<Bucket> {
        let host = self.endpoint.host_str().unwrap_or_default();
        let in_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        // Others than Amazon's own take every bucket's name in the path.
        let is_amazons = host == "amazonaws.com" || host.ends_with(".amazonaws.com");
        let style = if is_amazons && self.bucket.chars().all(in_host) {
            UrlStyle::VirtualHost
        } else {
            UrlStyle::Path
        };
        let (endpoint, region) = (self.endpoint.clone(), self.region.clone());
        Bucket::new(endpoint, style, self.bucket.clone(), region).ok()
    }
}

/// A link to a picture in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureLink {
    pub url: String,
    /// Until when it works, in seconds since 1970. None where it always does.
    pub until_s: Option<i64>,
}

/// Why a bucket did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageTrouble {
    /// It was not reached, or did not answer in time.
    Unreachable,
    /// It said no, with a status and a code of S3's.
    Refused { status: u16, code: String },
    /// It gave out something else than what was put into it.
    Changed,
    /// What was put there for a moment could not be deleted.
    NotDeleted,
}

/// The bucket.
pub struct Storage {
    settings: StorageSettings,
    bucket: Bucket,
    http: Client,
    clock: Clock,
}

impl Storage {
    /// A bucket that is called with a client that follows nobody. None where
    /// the settings make no address.
    pub fn new(settings: StorageSettings, http: Client, clock: Clock) -> Option<Self> {
        Some(Self {
            bucket: settings.bucket_address()?,
            settings,
            http,
            clock,
        })
    }

    /// Puts pictures into the bucket; links to them, in the same order.
    pub async fn store(&self, pictures: &[Picture]) -> Result<Vec<PictureLink>, StorageTrouble> {
        let mut links = Vec::new();
        for picture in pictures {
            let name = new_name(picture.kind.extension())?;
            let (kind, bytes) = (picture.kind.media_type(), picture.bytes.to_vec());
            self.put(&name, kind, bytes).await?;
            links.push(self.link(&name));
        }
        Ok(links)
    }

    /// Checks that files can be put into the bucket, and that links to them
    /// work. What was put there is deleted, where that is allowed.
    pub async fn check(&self) -> Result<(), StorageTrouble> {
        let name = new_name("txt")?;
        self.put(&name, TEXT, SAMPLE.to_vec()).await?;
        let url = Url::parse(&self.link(&name).url).map_err(|_| StorageTrouble::Unreachable)?;
        let mut given = self.send(Method::GET, url, None).await?;
        let read = read_start(&mut given).await;
        let credentials = self.credentials();
        let action = self.bucket.delete_object(Some(&credentials), &name);
        let deleted = self.send(Method::DELETE, self.sign(&action), None).await;
        if read != SAMPLE {
            return Err(StorageTrouble::Changed);
        }
        deleted.map(drop).map_err(|_| StorageTrouble::NotDeleted)
    }

    async fn put(
        &self,
        name: &str,
        kind: &'static str,
        bytes: Vec<u8>,
    ) -> Result<(), StorageTrouble> {
        let credentials = self.credentials();
        let mut action = self.bucket.put_object(Some(&credentials), name);
        action.headers_mut().insert("content-type", kind);
        let url = self.sign(&action);
        let body = Some((kind, bytes));
        self.send(Method::PUT, url, body).await.map(drop)
    }

    /// A link to what has a name in the bucket.
    fn link(&self, name: &str) -> PictureLink {
        if let Some(public) = &self.settings.public_url {
            let below = public.as_str().trim_end_matches('/');
            return PictureLink {
                url: format!("{below}/{name}"),
                until_s: None,
            };
        }
        let credentials = self.credentials();
        let lasts = Duration::from_hours(u64::from(self.settings.link_hours));
        let action = self.bucket.get_object(Some(&credentials), name);
        let url = action.sign_with_time(lasts, &self.now());
        let lasts_s = i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX);
        PictureLink {
            url: url.into(),
            until_s: Some(self.now().as_second().saturating_add(lasts_s)),
        }
    }

    /// Opens the key for one signature.
    fn credentials(&self) -> Credentials {
        let StorageSettings { key_id, secret, .. } = &self.settings;
        Credentials::new(key_id.expose_secret(), secret.expose_secret())
    }

    fn sign<'a>(&self, action: &impl S3Action<'a>) -> Url {
        action.sign_with_time(CALL_SIGNED_FOR, &self.now())
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.clock.now_ms()).unwrap_or_default()
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<(&'static str, Vec<u8>)>,
    ) -> Result<Response, StorageTrouble> {
        let mut request = self.http.request(method, url).timeout(WITHIN);
        if let Some((kind, bytes)) = body {
            request = request.header(CONTENT_TYPE, kind).body(bytes);
        }
        // The error would name the signed address.
        let sent = request.send().await;
        let mut response = sent.map_err(|_| StorageTrouble::Unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let said = read_start(&mut response).await;
        Err(StorageTrouble::Refused {
            status: status.as_u16(),
            code: code_in(&said, status),
        })
    }
}

/// The beginning of what a bucket says.
async fn read_start(response: &mut Response) -> Vec<u8> {
    let mut read = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        read.extend_from_slice(&piece);
        if read.len() >= COMPLAINT_BYTES_MAX {
            break;
        }
    }
    read.truncate(COMPLAINT_BYTES_MAX);
    read
}

/// The code in S3's complaint, which is one word; or else what the status is
/// called.
fn code_in(said: &[u8], status: StatusCode) -> String {
    let text = String::from_utf8_lossy(said);
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    let is_word = |code: &&str| code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric());
    let code = code.map(|(code, _)| code).filter(is_word);
    let reason = status.canonical_reason().unwrap_or("no reason");
    code.unwrap_or(reason).to_owned()
}

/// A name that nobody can guess.
fn new_name(extension: &str) -> Result<String, StorageTrouble> {
    let id = random_id().map_err(|_| StorageTrouble::Unreachable)?;
    Ok(format!("{FOLDER}/{id}.{extension}"))
}
