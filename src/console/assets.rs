//! The files that pages refer to: style, script, font and pictures, built in.
//! Their address holds a hash of them all, so that browsers may keep them for
//! ever and never show new pages with old ones.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// A file, its media type and its bytes.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        Asset {
            name: $name,
            media_type: $media_type,
            bytes: include_bytes!(concat!("../../assets/console/", $name)),
        }
    };
}

const ASSETS: [Asset; 5] = [
    asset!("console.css", "text/css; charset=utf-8"),
    asset!("console.js", "text/javascript; charset=utf-8"),
    asset!("playground.js", "text/javascript; charset=utf-8"),
    asset!("inter.woff2", "font/woff2"),
    asset!("chevron.svg", "image/svg+xml"),
];

/// The symbols that icons use. They stand in each page, because a page's
/// policy lets nothing refer to another file.
pub const ICONS: &str = include_str!("../../assets/console/icons.svg");

/// How many bytes of the hash stand in addresses.
const HASH_BYTES: usize = 8;

/// What stands in addresses for the contents of all files.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = Sha256::new();
    for asset in &ASSETS {
        hasher.update(asset.bytes);
    }
    let mut version = String::new();
    for byte in hasher.finalize().iter().take(HASH_BYTES) {
        // Writing to a string does not fail.
        let _ = write!(version, "{byte:02x}");
    }
    version
});

/// The address of a file.
pub fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// Responds with a file; status 404 for whatever is none, or is of another
/// version.
pub async fn respond(named: Result<Path<(String, String)>, PathRejection>) -> Response {
    let (version, name) = named.map_or_else(|_| Default::default(), |Path(named)| named);
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    match asset {
        Some(asset) if version == *VERSION => {
            let media_type = HeaderValue::from_static(asset.media_type);
            ([(CONTENT_TYPE, media_type)], asset.bytes).into_response()
        }
        _ => {
            let no_store = HeaderValue::from_static("no-store");
            (StatusCode::NOT_FOUND, [(CACHE_CONTROL, no_store)]).into_response()
        }
    }
}
