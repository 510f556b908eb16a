//! Where somebody goes after they have signed in: to a page of ours, whatever
//! an address says.

use axum::http::Uri;
use url::form_urlencoded;

use crate::console::nearby;

/// Where everybody goes whose address is none of ours.
const DEFAULT: &str = "/keys";
/// Says that a browser was sent on to the right name already.
const SENT_HERE: &str = "here=yes";
/// The longest address, in bytes.
const BYTES_MAX: usize = 1_000;

/// The address if it is that of a page, else that of one's keys.
pub fn safe_next(next: Option<&str>) -> String {
    let next = next.filter(|next| is_page(next));
    next.unwrap_or(DEFAULT).to_owned()
}

/// Where signing in must begin instead. A browser on this machine knows
/// several names of it and keeps cookies for each apart, and Discord sends it
/// back to one of them. None where it is right already, or was sent here.
pub fn own_name(console_url: Option<&str>, host: Option<&str>, uri: &Uri) -> Option<String> {
    let url = console_url?;
    let own = url.strip_prefix("http://")?;
    let query = uri.query().unwrap_or_default();
    let was_sent = query.split('&').any(|pair| pair == SENT_HERE);
    let is_other = host.is_some_and(|host| host != own);
    (is_other && !was_sent).then(|| format!("{url}/sign-in?{SENT_HERE}&{query}"))
}

/// Where signing in again begins, after which an address is shown.
pub fn step_up_address(back: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("again", "yes").append_pair("next", back);
    format!("/sign-in?{}", query.finish())
}

/// Whether an address is that of a page to look at. Browsers take `//host` and
/// `/\host` for other sites, and leave tabs and line breaks out.
fn is_page(address: &str) -> bool {
    let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic());
    let is_local =
        address.starts_with('/') && !matches!(address.as_bytes().get(1), Some(b'/' | b'\\'));
    if !is_plain || !is_local || address.len() > BYTES_MAX || address.contains(['#', '\\']) {
        return false;
    }
    let path = address.split('?').next().unwrap_or_default();
    nearby::is_page(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_come_next() {
        for page in ["/", "/signed-in", "/signed-in?x=1", "/?next=//evil.example"] {
            assert_eq!(safe_next(Some(page)), page);
        }
        let long = format!("/signed-in?{}", "x".repeat(2_000));
        for other in [
            "",
            "signed-in",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/%09/evil.example",
            "/\t/evil.example",
            "/signed-in\r\nSet-Cookie: x",
            "https://evil.example/signed-in",
            "https:evil.example",
            "javascript:alert(1)",
            "/sign-in",
            "/sign-in?next=/sign-in",
            "/sign-in/back?code=1&state=2",
            "/sign-out",
            "/signed-in/",
            "//signed-in",
            "/v1/models",
            "/signed-in#x",
            "/signed-in?é",
            &long,
        ] {
            assert_eq!(safe_next(Some(other)), DEFAULT, "{other:?}");
        }
        assert_eq!(safe_next(None), DEFAULT);
    }

    #[test]
    fn signing_in_begins_at_the_name_that_it_comes_back_to() {
        let here = Some("http://127.0.0.1:8787");
        let own = |url, host, path: &'static str| own_name(url, host, &Uri::from_static(path));
        assert_eq!(
            own(here, Some("localhost:8787"), "/sign-in?next=/usage").as_deref(),
            Some("http://127.0.0.1:8787/sign-in?here=yes&next=/usage")
        );
        assert_eq!(own(here, Some("127.0.0.1:8787"), "/sign-in"), None);
        // Whatever stands in between says another name each time.
        assert_eq!(own(here, Some("proxy"), "/sign-in?here=yes&"), None);
        let public = Some("https://latchkey.example");
        assert_eq!(own(public, Some("proxy"), "/sign-in"), None);
        assert_eq!(own(None, Some("proxy"), "/sign-in"), None);
    }
}
