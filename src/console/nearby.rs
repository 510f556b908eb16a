//! Where an address leads that is no page and stands beside one: the address of
//! a form, which somebody opens after a reload or a sign-in, and a page's with a
//! slash behind it.

use axum::routing::MethodFilter;

use super::routes::{Row, all_routes};

/// The rows to which Discord and OpenRouter send browsers back.
const WAYS_BACK: [&str; 2] = ["/sign-in/back", "/keys/openrouter/back/{state}"];

/// The page that a form's address belongs to: the longest part of its path that
/// is a page's.
pub fn page_of_form(path: &str) -> &str {
    let mut part = path;
    while let Some((before, _)) = part.rsplit_once('/') {
        part = before;
        if !part.is_empty() && is_page(part) {
            return part;
        }
    }
    "/"
}

/// The first page of the part of the console that a path is in.
pub fn first_page(path: &str) -> &str {
    let second = path.match_indices('/').nth(1);
    let first = second.and_then(|(at, _)| path.get(..at)).unwrap_or(path);
    if is_page(first) { first } else { "/" }
}

/// The path without slashes behind it, if that is a page's.
pub fn without_slash(path: &str) -> Option<&str> {
    let bare = path.trim_end_matches('/');
    // Browsers take what begins with two slashes for another site.
    let is_ours = bare != path && !bare.is_empty() && !bare.starts_with("//");
    (is_ours && is_page(bare)).then_some(bare)
}

/// Whether a path is that of a page to look at.
pub fn is_page(path: &str) -> bool {
    let is_looked_at = |row: &&Row| row.method == MethodFilter::GET && !row.is_polled;
    let mut rows = all_routes().filter(is_looked_at);
    // Signing in is a way, and no page.
    let is_sign_in = path == "/sign-in" || path.starts_with("/sign-in/");
    !is_sign_in && rows.any(|row| has_path(row.path, path))
}

/// Whether others send browsers back to a path, with what they and we drew at
/// random.
pub fn is_way_back(path: &str) -> bool {
    WAYS_BACK.iter().any(|row| has_path(row, path))
}

/// Whether a path is one of a row's.
fn has_path(row: &str, path: &str) -> bool {
    let (mut rows, mut given) = (row.split('/'), path.split('/'));
    loop {
        match (rows.next(), given.next()) {
            (None, None) => return true,
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => {}
            (Some(name), Some(value)) if name == value => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_address_leads_to_its_page() {
        for (form, page) in [
            ("/keys/0a/check", "/keys/0a"),
            ("/keys/import/store", "/keys/import"),
            ("/playground/ask", "/playground"),
            ("/servers/7/rules/block", "/servers/7/rules"),
            ("/servers/7/keys/0a/pause", "/servers/7/keys"),
            ("/profile/sessions/0a/end", "/profile"),
            ("/operator/stop", "/operator"),
            ("/sign-out", "/"),
            ("//evil.example/x", "/"),
        ] {
            assert_eq!(page_of_form(form), page, "{form}");
        }
        for (path, page) in [
            ("/keys", "/keys"),
            ("/keys/0a/check", "/keys"),
            ("/playground/now", "/playground"),
            ("/sign-out", "/"),
            ("//evil.example/x", "/"),
        ] {
            assert_eq!(first_page(path), page, "{path}");
        }
        // Whatever the table has leads to a page.
        let posts = all_routes().filter(|row| row.method == MethodFilter::POST);
        for row in posts {
            let path = row.path.replace(['{', '}'], "");
            let page = page_of_form(&path);
            assert!(page == "/" || is_page(page), "{path}: {page}");
        }
    }

    #[test]
    fn ways_back_are_rows() {
        for way in WAYS_BACK {
            assert!(all_routes().any(|row| row.path == way), "{way}");
            assert!(is_way_back(way));
        }
        for other in ["/sign-in", "/sign-in/back/x", "/keys/openrouter", "/"] {
            assert!(!is_way_back(other), "{other}");
        }
    }

    #[test]
    fn a_slash_behind_a_page_is_left_out() {
        assert_eq!(without_slash("/keys/"), Some("/keys"));
        assert_eq!(
            without_slash("/servers/7/rules//"),
            Some("/servers/7/rules")
        );
        for other in [
            "/",
            "/keys",
            "//",
            "//evil.example/",
            "/nowhere/",
            "/sign-in/",
        ] {
            assert_eq!(without_slash(other), None, "{other}");
        }
    }

    #[test]
    fn paths_with_parameters_are_pages_too() {
        for (row, path, has) in [
            ("/keys/{key}", "/keys/07", true),
            ("/keys/{key}", "/keys/", false),
            ("/keys/{key}", "/keys/07/remove", false),
            ("/keys/{key}/remove", "/keys/07/remove", true),
            ("/keys", "/keys", true),
        ] {
            assert_eq!(has_path(row, path), has, "{row} {path}");
        }
    }
}
