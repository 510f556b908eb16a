//! A form with a sound, as a provider reads it.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

/// Reads a form into JSON: texts as they are, those of one name as a list, and
/// of a file what it is. None where the body is no form.
pub fn read_form(headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let boundary = media_type
        .strip_prefix("multipart/form-data")?
        .split_once("boundary=")?
        .1
        .trim_matches('"');
    let (mark, mut rest) = (format!("\r\n--{boundary}"), body);
    rest = rest.strip_prefix(format!("--{boundary}\r\n").as_bytes())?;
    let mut fields = Map::new();
    loop {
        let end = find(rest, mark.as_bytes())?;
        let (part, after) = rest.split_at(end);
        let (name, value) = read_part(part)?;
        add(&mut fields, name, value);
        rest = after.get(mark.len()..)?;
        if rest.starts_with(b"--") {
            return Some(Value::Object(fields));
        }
        rest = rest.strip_prefix(b"\r\n")?;
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|it| it == what)
}

fn add(fields: &mut Map<String, Value>, name: String, value: Value) {
    match fields.get_mut(&name) {
        None => {
            fields.insert(name, value);
        }
        Some(Value::Array(all)) => all.push(value),
        Some(first) => *first = json!([first, value]),
    }
}

/// The name of a part, and what is in it.
fn read_part(part: &[u8]) -> Option<(String, Value)> {
    let end = find(part, b"\r\n\r\n")?;
    let head = str::from_utf8(part.get(..end)?).ok()?;
    let bytes = part.get(end + 4..)?;
    let parameter = |name: &str| {
        let (_, rest) = head.split_once(&format!("; {name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let value = match parameter("filename") {
        None => json!(str::from_utf8(bytes).ok()?),
        Some(file) => json!({"name": file, "bytes": bytes.len(), "seconds": seconds(bytes)}),
    };
    Some((parameter("name")?, value))
}

/// How long a sound lasts; none where it is none that plays.
pub fn seconds(bytes: &[u8]) -> Option<f64> {
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?;
        Some(f64::from(u32::from_le_bytes(four.try_into().ok()?)))
    };
    match bytes {
        [b'R', b'I', b'F', b'F', ..] => {
            let left = u32::try_from(bytes.len().checked_sub(44)?).ok()?;
            Some(f64::from(left) / number(28)?)
        }
        [b'O', b'g', b'g', b'S', ..] => {
            let last = bytes.windows(4).rposition(|it| it == b"OggS")?;
            Some(number(last + 6)? / 48_000.0)
        }
        // MP3, MP4, WebM and FLAC, of which all last as long here.
        [0xff | b'I', ..] | [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(3.0),
        [0x1a, 0x45, ..] | [b'f', b'L', ..] => Some(3.0),
        _ => None,
    }
}
