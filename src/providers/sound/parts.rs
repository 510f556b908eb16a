//! Where the parts of a form stand in its body (RFC 7578, RFC 2046 section 5.1.1).
//! Nothing of them is copied: a sound is as large as a body may be.

use bytes::Bytes;
use memchr::memmem::{self, Finder};

/// What stands between the head of a part and its content.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A part of a form.
pub struct Part {
    /// Its headers, each behind the end of a line.
    pub head: Bytes,
    pub content: Bytes,
}

/// Splits a body at its boundary, into so many parts at the most; none where it
/// is no whole form.
pub fn split(body: &Bytes, boundary: &str, most: usize) -> Option<Vec<Part>> {
    let mark = format!("\r\n--{boundary}");
    let mark = Finder::new(&mark);
    // The first of them may stand at the beginning.
    let first = mark.needle().get(2..)?;
    let mut rest = body.slice(memmem::find(body, first)? + first.len()..);
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        if parts.len() == most || !rest.starts_with(b"\r\n") {
            return None;
        }
        let head_end = memmem::find(&rest, HEAD_END)?;
        let head = rest.slice(..head_end);
        rest = rest.slice(head_end + HEAD_END.len()..);
        let end = mark.find(&rest)?;
        let content = rest.slice(..end);
        rest = rest.slice(end + mark.needle().len()..);
        // Where a head has no end, this one is of the next part.
        if mark.find(&head).is_some() {
            return None;
        }
        parts.push(Part { head, content });
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_split_where_its_boundary_stands_and_nowhere_else() {
        let split = |body: &'static str| {
            let parts = split(&Bytes::from_static(body.as_bytes()), "b", 2)?;
            let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
            let shown =
                |part: &Part| format!("{}={}", text(&part.head).trim(), text(&part.content));
            Some(parts.iter().map(shown).collect::<Vec<_>>().join(" "))
        };
        for (body, expected) in [
            ("--b\r\nn\r\n\r\none\r\n--b--\r\n", Some("n=one")),
            ("--b\r\nn\r\n\r\none\r\n--b--", Some("n=one")),
            (
                "before\r\n--b\r\nn\r\n\r\none\r\n--b\r\nm\r\n\r\n\r\n--b--after",
                Some("n=one m="),
            ),
            ("--b\r\nn\r\n\r\n--b\n--bb\r\n--b--", Some("n=--b\n--bb")),
            ("--b--", Some("")),
            // Cut, of another boundary, without a head, or with too many parts.
            ("--b\r\nn\r\n\r\none\r\n--b", None),
            ("--b\r\nn\r\n\r\none", None),
            ("--c\r\nn\r\n\r\none\r\n--c--", None),
            ("--b\r\none\r\n--b--", None),
            ("--b\r\nn\r\n\r\none\r\n--bb\r\n--b--", None),
            ("--bnone", None),
            (
                "--b\r\nn\r\n\r\n1\r\n--b\r\nn\r\n\r\n2\r\n--b\r\nn\r\n\r\n3\r\n--b--",
                None,
            ),
            ("", None),
        ] {
            assert_eq!(split(body).as_deref(), expected, "{body:?}");
        }
    }
}
