//! Downloads a picture that a host has stored somewhere; `docs/providers.md`
//! §14.9.
//!
//! Pictures come only from the addresses at which the host stores them, only
//! over https (but for the operator's own addresses), never after a redirect,
//! and never larger than Discord takes. What comes must be a picture by its
//! first bytes.

use reqwest::Method;
use tokio::time::Instant;
use url::Url;

use crate::model::{Credential, FailureClass, Picture, PictureKind};
use crate::providers::catalogue::origin;
use crate::providers::http::address_of;
use crate::providers::outbound::Call;

use super::host::{Host, TALKING};
use super::job::Result;

/// The largest picture that is taken: Discord's limit for a file.
const PICTURE_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Downloads a picture from an address that the host named.
pub async fn fetch_stored(host: &Host<'_>, url: &str) -> Result<Picture> {
    let url = Url::parse(url).map_err(|_| host.failed(FailureClass::NoPicture))?;
    if !may_come_from(host, &url) {
        return Err(host.failed(FailureClass::UntrustedResult));
    }
    download(host, url, None).await
}

/// Downloads a picture from the host's own interface.
pub async fn fetch_own(
    host: &Host<'_>,
    url: Url,
    credential: Option<&Credential>,
) -> Result<Picture> {
    download(host, url, credential).await
}

async fn download(host: &Host<'_>, url: Url, credential: Option<&Credential>) -> Result<Picture> {
    let deadline = Instant::now() + TALKING;
    let call = Call {
        provider: host.provider,
        method: Method::GET,
        to: address_of(&url),
        forwarded: &[],
        body: None,
        deadline,
        departure: None,
    };
    let mut incoming = host.outbound.send(call, credential).await?;
    match incoming.status {
        200 => {}
        404 | 410 | 403 => return Err(host.failed(FailureClass::Expired)),
        300..=399 => return Err(host.failed(FailureClass::UntrustedResult)),
        _ => return Err(host.failed(FailureClass::Upstream)),
    }
    let body = incoming.read_body(PICTURE_BYTES_MAX, deadline).await;
    checked_picture(host, &body.map_err(|class| host.failed(class))?)
}

/// Checks that bytes are a picture, and not too many.
pub fn checked_picture(host: &Host<'_>, bytes: &[u8]) -> Result<Picture> {
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(host.failed(FailureClass::TooLarge));
    }
    let kind = PictureKind::of(bytes).ok_or_else(|| host.failed(FailureClass::NoPicture))?;
    Ok(Picture {
        kind,
        bytes: bytes.into(),
    })
}

/// Whether the host keeps pictures there: at its own address, which is the
/// operator's to choose, or on one of the names that are known for it.
pub fn may_come_from(host: &Host<'_>, url: &Url) -> bool {
    if origin(url) == origin(host.base()) {
        return true;
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let Some(url::Host::Domain(name)) = url.host() else {
        return false;
    };
    let is_known = |known: &String| match known.strip_prefix('*') {
        Some(end) => name.ends_with(end),
        None => name == known,
    };
    url.scheme() == "https" && plain && host.provider.images.hosts.iter().any(is_known)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use std::sync::Arc;

    use super::*;
    use crate::model::MemoryBudget;
    use crate::providers::outbound::Outbound;
    use crate::providers::{Catalogue, Clients, Timeouts};

    #[test]
    fn pictures_come_from_known_names_over_https_alone() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let clients = Clients::new(Duration::from_secs(1)).unwrap();
        let memory = Arc::new(MemoryBudget::new(0));
        let outbound = Outbound::new(clients, Timeouts::default(), memory);
        let host = Host {
            outbound: &outbound,
            provider: catalogue.find("runcomfy-serverless").unwrap(),
            credential: None,
        };
        for (url, may) in [
            (
                "https://serverless-api-storage.runcomfy.net/output/a.png",
                true,
            ),
            ("https://api.runcomfy.net/view", true),
            (
                "http://serverless-api-storage.runcomfy.net/output/a.png",
                false,
            ),
            ("https://runcomfy.net.evil.example/a.png", false),
            ("https://evilruncomfy.net/a.png", false),
            ("https://runcomfy.net/a.png", false),
            ("https://x@serverless-api-storage.runcomfy.net/a.png", false),
            (
                "https://serverless-api-storage.runcomfy.net:8443/a.png",
                false,
            ),
            ("https://127.0.0.1/a.png", false),
            ("https://[::1]/a.png", false),
            ("https://169.254.169.254/latest", false),
            ("https://2130706433/a.png", false),
            ("file:///etc/passwd", false),
            ("data:image/png;base64,AA", false),
        ] {
            assert_eq!(
                may_come_from(&host, &Url::parse(url).unwrap()),
                may,
                "{url}"
            );
        }
    }
}
