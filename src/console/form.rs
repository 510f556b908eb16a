//! What somebody typed into a form. Keys come this way, so that all of it is
//! wiped afterwards.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Mutex;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use multer::{Constraints, Multipart, SizeLimit};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::app::form_owner;
use crate::model::{MemoryPermit, PersonId, has_secret, without_keys};

/// The field that carries the form's token.
pub const TOKEN_FIELD: &str = "form_token";
/// The field that a question is typed into.
const QUESTION_FIELD: &str = "ask";
/// The longest form, in bytes as they were typed.
pub const FORM_BYTES_MAX: usize = 64 * 1024;
/// The longest body of such a form. A line break of one byte is sent as six.
pub const ENCODED_BYTES_MAX: usize = 6 * FORM_BYTES_MAX + 4 * 1024;
/// The longest form with files, in bytes.
pub const FILES_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most of a form that is read and dropped for what was typed into it, and the
/// most that is kept of it, in bytes.
const DROPPED_BYTES_MAX: u64 = 64 * 1024 * 1024;
const TYPED_BYTES_MAX: usize = 1024 * 1024;
/// The most fields of a form.
const FIELDS_MAX: usize = 500;

/// A form's token, as pages and scripts of ours write it.
pub fn written_token(token: &SecretString) -> &str {
    token.expose_secret()
}

/// The fields of a form, in the order in which they came.
#[derive(Default)]
pub struct Form {
    fields: Vec<(String, Zeroizing<String>)>,
    files: Vec<FormFile>,
    /// The memory that a form with files takes.
    memory: Mutex<Option<MemoryPermit>>,
}

/// Why a text with files is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTrouble {
    /// Nothing was typed and no file chosen.
    Empty,
    /// A file is no text.
    NotText,
    /// It has so many bytes.
    TooLong(usize),
}

/// A file that was put into a form.
pub struct FormFile {
    /// The field that it was put into.
    pub field: String,
    pub name: String,
    /// What the browser says of it.
    pub media_type: Option<String>,
    pub bytes: Bytes,
}

impl Form {
    /// Reads a body of type `application/x-www-form-urlencoded`.
    pub fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body).take(FIELDS_MAX);
        let fields = pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into()));
        Self {
            fields: fields.collect(),
            ..Self::default()
        }
    }

    /// Reads a body of type `multipart/form-data`; none where it is no such
    /// form, or has too many fields.
    pub async fn read_with_files(
        body: Bytes,
        boundary: String,
        memory: Option<MemoryPermit>,
    ) -> Option<Self> {
        let body = stream::once(async { Ok::<_, Infallible>(body) });
        let mut parts = Multipart::new(body, boundary);
        let mut form = Self {
            memory: Mutex::new(memory),
            ..Self::default()
        };
        while let Some(part) = parts.next_field().await.ok()? {
            if form.fields.len() + form.files.len() >= FIELDS_MAX {
                return None;
            }
            form.add_part(part).await?;
        }
        Some(form)
    }

    /// Reads what was typed into a form whose files are too large, and drops these
    /// while they come; none where it does not end, or is no such form.
    pub async fn read_without_files(body: Body, boundary: String) -> Option<Self> {
        let size = SizeLimit::new().whole_stream(DROPPED_BYTES_MAX);
        let limits = Constraints::new().size_limit(size);
        let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, limits);
        let (mut form, mut length) = (Self::default(), 0);
        while let Some(mut part) = parts.next_field().await.ok()? {
            let name = part.name()?.to_owned();
            let is_file = part.file_name().is_some();
            let mut typed = Zeroizing::new(Vec::new());
            while let Some(piece) = part.chunk().await.ok()? {
                if is_file {
                    continue;
                }
                length += piece.len();
                if length > TYPED_BYTES_MAX {
                    return None;
                }
                typed.extend_from_slice(&piece);
            }
            if form.fields.len() >= FIELDS_MAX {
                return None;
            }
            if !is_file {
                let text = str::from_utf8(&typed).ok()?.to_owned();
                form.fields.push((name, text.into()));
            }
        }
        Some(form)
    }

    async fn add_part(&mut self, part: multer::Field<'_>) -> Option<()> {
        let field = part.name()?.to_owned();
        let file_name = part.file_name().map(ToOwned::to_owned);
        let media_type = part.content_type().map(ToString::to_string);
        let bytes = part.bytes().await.ok()?;
        match file_name {
            None => {
                let text = str::from_utf8(&bytes).ok()?.to_owned();
                self.fields.push((field, text.into()));
            }
            // Browsers send a field for files that is empty as a file
            // without a name.
            Some(name) if name.is_empty() && bytes.is_empty() => {}
            Some(name) => self.files.push(FormFile {
                field,
                name,
                media_type,
                bytes,
            }),
        }
        Some(())
    }

    /// The files, in the order in which they came.
    pub fn files(&self) -> &[FormFile] {
        &self.files
    }

    /// The memory that the form takes, to be held for as long as anything of
    /// it is.
    pub fn take_memory(&self) -> Option<MemoryPermit> {
        self.memory.lock().ok()?.take()
    }

    /// The text of a field without the space around it; empty where there is
    /// no such field.
    pub fn text<'a>(&'a self, name: &'a str) -> &'a str {
        let mut values = self.all(name);
        values.next().unwrap_or_default().trim()
    }

    /// The text of a field, if anything was typed.
    pub fn typed<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The text of a field as it was typed, if anything was, as a secret.
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        let value = self.all(name).next()?;
        (!value.trim().is_empty()).then(|| value.into())
    }

    /// A hash by which the same form is known that is sent again: of all that was
    /// typed, and of what stands in its files.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let fields = self.fields.iter();
        let fields = fields.flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let files = self.files.iter().map(|file| file.bytes.as_ref());
        for part in fields.chain(files) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// What was typed into a field, and below it what stands in the form's
    /// files. All of it may be as long as a form without files, counted as it
    /// was typed: browsers send two bytes for each line break.
    pub fn secret_with_files(&self, name: &str) -> Result<SecretString, TextTrouble> {
        let typed = self.all(name).next().unwrap_or_default();
        let files = self.files.iter().map(|file| file.bytes.len() + 1);
        let length = typed.len() + files.sum::<usize>();
        // Room for all of it, so that nothing of it is moved and left behind.
        let mut all = Zeroizing::new(String::with_capacity(length));
        for line in typed.split_inclusive("\r\n") {
            match line.strip_suffix("\r\n") {
                Some(line) => all.extend([line, "\n"]),
                None => all.push_str(line),
            }
        }
        for file in &self.files {
            if !all.is_empty() && !all.ends_with('\n') {
                all.push('\n');
            }
            all.push_str(str::from_utf8(&file.bytes).map_err(|_| TextTrouble::NotText)?);
        }
        if all.len() > FORM_BYTES_MAX {
            return Err(TextTrouble::TooLong(all.len()));
        }
        if all.trim().is_empty() {
            return Err(TextTrouble::Empty);
        }
        Ok(all.as_str().into())
    }

    /// Whether more was typed than a form may hold.
    pub fn is_too_long(&self) -> bool {
        let typed = |value: &str| value.len() - value.matches("\r\n").count();
        let fields = self.fields.iter();
        let length: usize = fields.map(|(name, value)| name.len() + typed(value)).sum();
        length > FORM_BYTES_MAX
    }

    /// Whether a box is ticked, or a button of this name was pressed.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Every value of a field, such as the ticked ones of several boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self
            .fields
            .iter()
            .filter(move |(its_name, _)| its_name == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Whether the form came from a page of ours that was made for the holder
    /// of this token.
    pub fn carries(&self, token: &SecretString) -> bool {
        let given = self.text(TOKEN_FIELD).as_bytes();
        given.ct_eq(token.expose_secret().as_bytes()).into()
    }

    /// Whose account the form was made for, by its token; unknown where nobody
    /// was signed in.
    pub fn owner(&self) -> Option<PersonId> {
        form_owner(self.text(TOKEN_FIELD))
    }

    /// What was typed, but for secrets and the form's token: what can be
    /// shown again. A key that stands where none belongs is taken out.
    pub fn shown_again(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let fields = self.fields.iter();
        let others = fields.filter(|(name, _)| name != TOKEN_FIELD && !is_secret(name));
        others.map(|(name, value)| {
            let value = value.as_str();
            let shown = match name.as_str() {
                QUESTION_FIELD => {
                    without_keys(value).map_or(Cow::Borrowed(value), |it| Cow::Owned(it.text))
                }
                _ => Cow::Borrowed(unless_key(value)),
            };
            (name.as_str(), shown)
        })
    }

    /// The text of a field as it can be shown again: nothing where it is a key.
    pub fn plain_text<'a>(&'a self, name: &'a str) -> &'a str {
        unless_key(self.text(name))
    }

    /// Whether a secret was typed.
    pub fn holds_secret(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(name, value)| is_secret(name) && !value.is_empty())
    }
}

/// A text, or nothing where it holds a key.
fn unless_key(text: &str) -> &str {
    if has_secret(text) { "" } else { text }
}

/// Whether a field takes secrets. Forms name such fields `key`, or something
/// that begins so.
fn is_secret(name: &str) -> bool {
    name.starts_with("key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_secrets_are_not_shown_again() {
        let form = Form::read(b"form_token=t&name=+My+key+&key=sk-made-up&keep=1&keep=2&empty=");
        assert_eq!(form.text("name"), "My key");
        assert_eq!(form.typed("empty"), None);
        assert!(form.has("empty") && !form.has("other"));
        assert_eq!(form.all("keep").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(form.secret("key").unwrap().expose_secret(), "sk-made-up");
        assert!(form.carries(&"t".into()) && !form.carries(&"x".into()));
        assert!(form.holds_secret());
        let again = |form: &Form| {
            let shown = form.shown_again();
            let shown = shown.map(|(name, value)| format!("{name}={value}"));
            shown.collect::<Vec<_>>().join("&")
        };
        assert_eq!(again(&form), "name= My key &keep=1&keep=2&empty=");
        // A key may be typed anywhere.
        let form = Form::read(
            b"name=sk-ant-api03-madeup0123456789&ask=hello+sk-ant-api03-q8w7e6r5t4y3u2i1o0p9&model=a",
        );
        assert_eq!(again(&form), "name=&ask=hello [key removed]&model=a");
        assert_eq!(
            (form.plain_text("name"), form.plain_text("model")),
            ("", "a")
        );
    }

    #[tokio::test]
    async fn a_form_with_files_is_read() {
        let body = [
            "--made-up\r\ncontent-disposition: form-data; name=\"key\"\r\n\r\nsk-made-up\r\n",
            "--made-up\r\ncontent-disposition: form-data; name=\"file\"; filename=\"\"\r\n",
            "content-type: application/octet-stream\r\n\r\n\r\n",
            "--made-up\r\ncontent-disposition: form-data; name=\"file\"; filename=\"отчёт.txt\"\r\n",
            "content-type: text/plain\r\n\r\nline\r\n\r\n--made-up--\r\n",
        ]
        .concat();
        let read = |body: String| Form::read_with_files(body.into(), "made-up".into(), None);
        let form = read(body.clone()).await.unwrap();
        assert_eq!(form.secret("key").unwrap().expose_secret(), "sk-made-up");
        let both = form.secret_with_files("key").unwrap();
        assert_eq!(both.expose_secret(), "sk-made-up\nline\r\n");
        let files = form.files().iter();
        let files = files.map(|it| (&*it.field, &*it.name, it.media_type.as_deref(), &*it.bytes));
        let expected = ("file", "отчёт.txt", Some("text/plain"), &b"line\r\n"[..]);
        assert_eq!(files.collect::<Vec<_>>(), [expected]);
        let cut = body.strip_suffix("--made-up--\r\n").unwrap();
        assert!(read(cut.to_owned()).await.is_none());
        assert!(read("no form".to_owned()).await.is_none());
        let part = "--made-up\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n\r\n";
        assert!(read(part.repeat(501) + "--made-up--").await.is_none());
    }

    #[test]
    fn a_form_without_a_token_carries_none() {
        assert!(!Form::default().carries(&"t".into()));
    }
}
