//! Files of messages: how Discord writes them, its CDN with signed addresses
//! that expire, and its media proxy, which hands out smaller copies of
//! pictures.
//!
//! Sources: for the object and signed addresses
//! <https://github.com/discord/discord-api-docs/blob/main/developers/resources/message.mdx>
//! and <https://github.com/discord/discord-api-docs/pull/6650>; for the proxy
//! <https://docs.discord.food/reference#media-proxy>.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::voice::record;
use crate::guard::FILE_POLICY;
use crate::world::{Attachment, Message, State, World};

/// The flag of a voice message.
const IS_VOICE_MESSAGE: u64 = 1 << 13;
/// A picture of one pixel in WebP. The proxy's copies look like this
/// whatever they are copies of: nobody here looks at them.
const COPY_IN_WEBP: &str = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==";
/// How long an address is valid, as far as it says: a day, in seconds.
const LIFETIME_SECS: u64 = 86_400;

/// Returns the routes of the CDN and of the media proxy.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route(
            "/attachments/{channel}/{message}/{number}/{name}",
            get(original),
        )
        .route(
            "/media/attachments/{channel}/{message}/{number}/{name}",
            get(copy),
        )
        .with_state(world)
}

/// The files of a message, with addresses that are signed now.
pub fn attachments(state: &State, message: &Message) -> Vec<Value> {
    let files = message.files.iter().enumerate();
    files
        .map(|(number, file)| attachment(state, message, (number, file)))
        .collect()
}

/// The flags that a message has for its files. A voice message has no words (D:
/// "Voice Messages" of Discord's documents).
pub fn file_flags(message: &Message) -> u64 {
    let is_silent = message.content.is_empty();
    match message.files.as_slice() {
        [file] if file.waveform.is_some() && is_silent => IS_VOICE_MESSAGE,
        _ => 0,
    }
}

fn attachment(state: &State, message: &Message, (number, file): (usize, &Attachment)) -> Value {
    let host = state.address.map(|address| address.to_string());
    let host = host.unwrap_or_default();
    let path = format!(
        "attachments/{}/{}/{number}/{}",
        message.channel,
        message.id,
        escape(&file.name)
    );
    let signed = format!("?{}", signature(state, message.id));
    let id = match file.id {
        0 => message.id + number as u64 + 1,
        id => id,
    };
    let mut shown = json!({
        "id": id.to_string(), "filename": file.name, "size": file.bytes.len(),
        "url": format!("http://{host}/{path}{signed}"),
        "proxy_url": format!("http://{host}/media/{path}{signed}"),
    });
    // Discord leaves out what it does not know.
    let known = [
        ("content_type", json!(file.kind), !file.kind.is_empty()),
        (
            "description",
            json!(file.description),
            !file.description.is_empty(),
        ),
        ("title", json!(file.title), file.title.is_some()),
        (
            "width",
            json!(file.pixels.map(|(width, _)| width)),
            file.pixels.is_some(),
        ),
        (
            "height",
            json!(file.pixels.map(|(_, height)| height)),
            file.pixels.is_some(),
        ),
        (
            "duration_secs",
            json!(file.duration_secs),
            file.duration_secs.is_some(),
        ),
        ("waveform", json!(file.waveform), file.waveform.is_some()),
    ];
    for (field, value, is_known) in known {
        if is_known {
            shown[field] = value;
        }
    }
    shown
}

/// A name as it stands in an address.
fn escape(name: &str) -> String {
    let bytes = name.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}

/// What makes an address valid: times in hexadecimal, and a signature of
/// them. Those that are handed out after [`World::expire_addresses`] differ
/// from those before.
fn signature(state: &State, message: u64) -> String {
    let issued = 0x6600_0000 + state.address_age * LIFETIME_SECS;
    let mix = message.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ issued;
    format!(
        "ex={:x}&is={issued:x}&hm={mix:016x}&",
        issued + LIFETIME_SECS
    )
}

#[derive(Deserialize)]
struct SignedQuery {
    ex: Option<String>,
    is: Option<String>,
    hm: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    format: Option<String>,
}

/// Where a file is: in a channel, under a message, by its number there.
type FilePath = Path<(u64, u64, usize, String)>;

/// Finds a file by an address that is signed and has not expired.
fn find(world: &World, path: &FilePath, signed: &SignedQuery) -> Option<Attachment> {
    let (channel, id, number, _) = path.0;
    world.look(|state| {
        let part = |value: &Option<String>| value.clone().unwrap_or_default();
        let (ex, is, hm) = (part(&signed.ex), part(&signed.is), part(&signed.hm));
        if format!("ex={ex}&is={is}&hm={hm}&") != signature(state, id) {
            return None;
        }
        let mut all = state.messages.iter();
        let message = all.find(|m| m.id == id && m.channel == channel)?;
        message.files.get(number).cloned()
    })
}

/// The answer where an address is not, or no longer, good.
fn gone() -> Response {
    let words = "This content is no longer available.";
    (StatusCode::NOT_FOUND, words).into_response()
}

/// Hands out a file as it was sent.
async fn original(
    Shared(world): Shared<Arc<World>>,
    path: FilePath,
    Query(signed): Query<SignedQuery>,
) -> Response {
    find(&world, &path, &signed).map_or_else(gone, hand_out)
}

/// Hands out a copy of a picture, of at most the size that is asked for.
/// What Discord could not measure has none, and none is in AVIF
/// (<https://github.com/discord/discord-api-docs/pull/8103>).
async fn copy(
    Shared(world): Shared<Arc<World>>,
    path: FilePath,
    Query(signed): Query<SignedQuery>,
) -> Response {
    let Some(file) = find(&world, &path, &signed) else {
        return gone();
    };
    let is_smaller = |(width, height): (u32, u32)| {
        signed.width.is_some_and(|asked| asked < width)
            || signed.height.is_some_and(|asked| asked < height)
    };
    match (file.pixels, signed.format.as_deref()) {
        (None, _) | (_, Some("avif")) => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
        (Some(pixels), None) if !is_smaller(pixels) => hand_out(file),
        _ => {
            let copy = STANDARD.decode(COPY_IN_WEBP).unwrap_or_default();
            ([(CONTENT_TYPE, "image/webp")], copy).into_response()
        }
    }
}

fn hand_out(file: Attachment) -> Response {
    let kind = if file.kind.is_empty() {
        "application/octet-stream".to_owned()
    } else {
        file.kind
    };
    // The demo's page is served from here, too.
    let policy = [(CONTENT_SECURITY_POLICY, FILE_POLICY)];
    (policy, [(CONTENT_TYPE, kind)], file.bytes).into_response()
}

impl World {
    /// Time passes, until every address of a file that was handed out so far
    /// has expired.
    pub fn expire_addresses(&self) {
        self.with(|state| state.address_age += 1);
    }
}

impl Attachment {
    /// A file as Discord keeps it when somebody sends it. Its name loses all
    /// but plain letters and then stands in its title; its type is guessed
    /// from its name; pictures are measured.
    /// <https://github.com/discord/discord-api-docs/pull/6945>
    /// <https://github.com/discord/discord-api-docs/issues/7754>
    pub fn uploaded(name: &str, bytes: &[u8]) -> Self {
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let plain = |c: char| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => c,
            _ => '_',
        };
        let kept: String = name.chars().map(plain).collect();
        let kept = match kept.trim_start_matches(['.', '_']) {
            // Discord makes one up.
            "" => "b1946ac9",
            kept => kept,
        };
        Self {
            title: (kept != name).then(|| stem.to_owned()),
            name: kept.to_owned(),
            kind: guess_type(ending).to_owned(),
            pixels: measure_png(bytes),
            bytes: bytes.to_vec(),
            ..Self::default()
        }
    }

    /// A voice message of so many seconds.
    pub fn voice(seconds: f64) -> Self {
        Self {
            duration_secs: Some(seconds),
            waveform: Some(STANDARD.encode([0, 40, 90, 12])),
            ..Self::uploaded("voice-message.ogg", &record(seconds))
        }
    }
}

/// What Discord takes a file for, by the end of its name. Text is said to be
/// in an encoding that it need not be in
/// (<https://github.com/discord/discord-api-docs/issues/2763>), and TypeScript
/// to be a video (<https://github.com/discord/discord-api-docs/issues/6785>
/// has more of these).
fn guess_type(ending: &str) -> &'static str {
    match ending.to_ascii_lowercase().as_str() {
        "txt" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=iso-8859-1",
        "md" => "text/markdown; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        "svg" => "image/svg+xml",
        "ts" => "video/mp2t",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "avif" => "image/avif",
        "tif" | "tiff" => "image/tiff",
        "ogg" => "audio/ogg",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "",
    }
}

/// Width and height, where they stand at the head of a PNG.
fn measure_png(bytes: &[u8]) -> Option<(u32, u32)> {
    let head = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let side = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
    (head.get(4..8)? == b"IHDR").then_some(())?;
    Some((side(8)?, side(12)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_as_discord_keeps_it() {
        for (name, kept, title) in [
            ("report.txt", "report.txt", None),
            (
                "my report (2).txt",
                "my_report__2_.txt",
                Some("my report (2)"),
            ),
            ("отчёт.txt", "txt", Some("отчёт")),
            ("_bug1.png", "bug1.png", Some("_bug1")),
        ] {
            let file = Attachment::uploaded(name, b"x");
            assert_eq!((file.name.as_str(), file.title.as_deref()), (kept, title));
        }
    }

    #[test]
    fn pictures_are_measured() {
        let picture = crate::providers::picture("x", 0);
        let file = Attachment::uploaded("x.png", &picture);
        assert!(
            file.pixels
                .is_some_and(|(width, height)| width > 1 && width == height)
        );
        assert_eq!(Attachment::uploaded("x.png", b"made up").pixels, None);
    }
}
