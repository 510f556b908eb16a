//! Reads the form that a request carries, as far as there is room for it. What
//! was typed into one that is not taken can be shown again, keys and files
//! apart.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Limited};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::model::{BodyBuffer, BodyOwner, MemoryBudget, MemoryPermit, PersonId};

use super::form::{ENCODED_BYTES_MAX, FILES_BYTES_MAX, Form};
use super::routes::Row;
use super::trouble::Trouble;

const FORM_TYPE: &str = "application/x-www-form-urlencoded";
/// How long a body with files may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);

/// A body that was not read yet.
pub struct IncomingBody<'a> {
    pub memory: &'a MemoryBudget,
    pub headers: &'a HeaderMap,
    pub body: Body,
    /// Who sends it; unknown where nobody is signed in.
    pub sender: PersonId,
}

/// Reads a form of a type that its row takes.
pub async fn read_form(row: &'static Row, body: IncomingBody<'_>) -> Result<Form, Trouble> {
    let media_type = body.headers.get(CONTENT_TYPE);
    let media_type = media_type.and_then(|it| it.to_str().ok()).unwrap_or("");
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(FORM_TYPE) {
        let form = Form::read(&read_text(body.body).await?);
        // Whoever takes files says for itself how long a text may be.
        if form.is_too_long() && !row.takes_files {
            return Err(Trouble::form_too_long().typed(&form));
        }
        return Ok(form);
    }
    let boundary = multer::parse_boundary(media_type);
    let boundary = boundary.ok().filter(|_| row.takes_files);
    let boundary = boundary.ok_or_else(Trouble::not_a_form)?;
    let reading = read_with_files(body, boundary);
    let read = timeout(BODY_TIMEOUT, reading).await;
    read.map_err(|_| Trouble::files_too_large())?
}

async fn read_text(body: Body) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let collected = Limited::new(body, ENCODED_BYTES_MAX).collect().await;
    let bytes = collected.map_err(|_| Trouble::form_too_long())?.to_bytes();
    Ok(Zeroizing::new(bytes.to_vec()))
}

async fn read_with_files(body: IncomingBody<'_>, boundary: String) -> Result<Form, Trouble> {
    if announced_bytes(body.headers).is_some_and(|length| length > FILES_BYTES_MAX) {
        let trouble = Trouble::files_too_large();
        return Err(refuse(body.body, boundary, trouble).await);
    }
    let (bytes, memory) = match read_large(body).await {
        Ok(read) => read,
        Err(NoRoom::Broken) => return Err(Trouble::files_too_large()),
        Err(NoRoom::For(rest, trouble)) => return Err(refuse(rest, boundary, *trouble).await),
    };
    let form = Form::read_with_files(bytes, boundary, memory).await;
    form.ok_or_else(Trouble::not_a_form)
}

/// Why a form with files was not read to its end.
enum NoRoom {
    /// Its sender left.
    Broken,
    /// There is no room for it: the whole of it, and what its sender is told.
    For(Body, Box<Trouble>),
}

/// Reads the body of a form with files, as far as there is memory for it.
async fn read_large(body: IncomingBody<'_>) -> Result<(Bytes, Option<MemoryPermit>), NoRoom> {
    let owner = BodyOwner::Caller(body.sender);
    let mut buffer = BodyBuffer::new(body.memory, owner, announced_bytes(body.headers));
    let mut pieces = body.body;
    while let Some(frame) = pieces.frame().await {
        let Ok(piece) = frame.map_err(|_| NoRoom::Broken)?.into_data() else {
            continue;
        };
        let trouble = if buffer.len() + piece.len() > FILES_BYTES_MAX {
            Trouble::files_too_large()
        } else if buffer.push(piece.clone()).await.is_err() {
            Trouble::no_memory()
        } else {
            continue;
        };
        let (read, _) = buffer.finish();
        let read = stream::iter([read, piece].map(Ok));
        let whole = Body::from_stream(read.chain(pieces.into_data_stream()));
        return Err(NoRoom::For(whole, Box::new(trouble)));
    }
    Ok(buffer.finish())
}

/// The trouble with a form, with what was typed into it beside its files.
async fn refuse(body: Body, boundary: String, trouble: Trouble) -> Trouble {
    match Form::read_without_files(body, boundary).await {
        Some(form) => trouble.beside_files(&form),
        None => trouble,
    }
}

/// How long a body is, as its sender says.
fn announced_bytes(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDARY: &str = "made-up";
    const MIB: usize = 1_024 * 1_024;

    /// A form with a question and a file of so many bytes, in pieces.
    fn form(file_bytes: usize) -> Body {
        let part = |head: &str, body: &[u8]| {
            let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
            [head.as_bytes(), body, b"\r\n"].concat()
        };
        let mut whole = part("name=\"ask\"", b"what is in it?");
        whole.extend(part(
            "name=\"file\"; filename=\"a.txt\"",
            &vec![b'x'; file_bytes],
        ));
        whole.extend(part("name=\"model\"", b"made/up"));
        whole.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let pieces: Vec<Result<Bytes, std::io::Error>> = whole
            .chunks(10_000)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        Body::from_stream(stream::iter(pieces))
    }

    async fn read(memory: &MemoryBudget, file_bytes: usize) -> Result<Form, Trouble> {
        let body = IncomingBody {
            memory,
            headers: &HeaderMap::new(),
            body: form(file_bytes),
            sender: PersonId(7),
        };
        read_with_files(body, BOUNDARY.to_owned()).await
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_typed_beside_files_stays_where_there_is_no_room_for_them() {
        let memory = MemoryBudget::new(1_024 * MIB);
        let taken = read(&memory, 500_000).await.unwrap();
        assert_eq!(taken.text("ask"), "what is in it?");
        drop(taken);
        let all = memory.reserve_for(PersonId(7), 1_024 * MIB).await;
        let refused = read(&memory, 500_000).await.err().unwrap();
        assert_eq!(
            (refused.status.as_u16(), refused.retry_after_s),
            (503, Some(5))
        );
        assert_eq!(refused.typed_text("ask"), Some("what is in it?"));
        // What stands behind the files, too.
        assert_eq!(refused.typed_text("model"), Some("made/up"));
        drop(all);
        // Nobody announced how long it is.
        let refused = read(&memory, FILES_BYTES_MAX).await.err().unwrap();
        assert_eq!(refused.status.as_u16(), 413);
        assert_eq!(refused.typed_text("model"), Some("made/up"));
    }
}
