//! A form with a file, as sound is sent to be written down: read where it is, and
//! written anew where something in it changes.

use std::convert::Infallible;
use std::fmt::Write;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use multer::{Multipart, parse_boundary};

use super::parts::{self, Part};
use super::{SoundKind, SoundLength, measure_sound};

/// The most fields of a form.
const FIELDS_MAX: usize = 50;
/// How many random bytes part the fields of a form that is written anew.
const BOUNDARY_BYTES: usize = 16;
/// The name of the file's field.
pub const FILE: &str = "file";

/// A field of a form.
#[derive(Clone)]
pub struct FormField {
    pub name: String,
    /// The name and the media type of a file.
    pub file_name: Option<String>,
    pub media_type: Option<String>,
    pub bytes: Bytes,
}

/// A form. It has no `Debug`: nobody may print what is in it.
#[derive(Clone)]
pub struct Form {
    fields: Vec<FormField>,
    /// How long the sound in its file lasts, where that is sure.
    length: Option<SoundLength>,
    /// What parts its fields where it is written anew. It is random, so that
    /// nothing that somebody has put into one of them can end it.
    boundary: String,
}

/// A form as it is sent.
pub struct WrittenForm {
    pub media_type: String,
    pub body: Bytes,
}

impl Form {
    /// Reads a body of this media type; none where it is no form.
    pub async fn read(media_type: &str, body: &Bytes) -> Option<Self> {
        let boundary = parse_boundary(media_type).ok()?;
        let mut fields = Vec::new();
        for part in parts::split(body, &boundary, FIELDS_MAX)? {
            fields.push(FormField::read(part).await?);
        }
        let mut form = Self::of(fields, None).ok()?;
        if let Some(file) = form.file() {
            form.length = measure(&file.bytes).await.ok()?;
        }
        Some(form)
    }

    /// A form of these fields.
    pub fn of(fields: Vec<FormField>, length: Option<SoundLength>) -> anyhow::Result<Self> {
        let mut random = [0_u8; BOUNDARY_BYTES];
        getrandom::fill(&mut random)?;
        Ok(Self {
            fields,
            length,
            boundary: format!("latchkey-{:032x}", u128::from_be_bytes(random)),
        })
    }

    /// A form with a sound that is at hand, to be written down.
    pub async fn of_sound(sound: Bytes) -> anyhow::Result<Self> {
        let length = measure(&sound).await?;
        let kind = length.map(|length| length.kind);
        let kind = kind.or_else(|| SoundKind::of_named_sound(&sound));
        let kind = kind.unwrap_or(SoundKind::Ogg);
        let file = FormField::text(FILE, sound).named_by(kind);
        Self::of(vec![file], length)
    }

    /// The same form with other fields.
    #[must_use]
    pub fn with_fields(&self, fields: Vec<FormField>) -> Self {
        Self {
            fields,
            ..self.clone()
        }
    }

    /// The fields, in their order.
    pub fn fields(&self) -> &[FormField] {
        &self.fields
    }

    /// How long the sound in its file lasts, where that is sure.
    pub fn length(&self) -> Option<SoundLength> {
        self.length
    }

    /// The text of a field; none where there is no such field.
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let field = fields.find(|it| it.name == name && it.file_name.is_none())?;
        str::from_utf8(&field.bytes).ok()
    }

    /// The file.
    pub fn file(&self) -> Option<&FormField> {
        let mut fields = self.fields.iter();
        fields.find(|it| it.name == FILE && it.file_name.is_some())
    }

    /// How many bytes all texts have.
    pub fn text_bytes(&self) -> u64 {
        let texts = self.fields.iter().filter(|it| it.file_name.is_none());
        texts.map(|it| it.bytes.len() as u64).sum()
    }

    /// Puts a text into a field, in the place of what stands in it.
    pub fn set(&mut self, name: &str, text: &str) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        match self.fields.iter_mut().find(|it| it.name == name) {
            Some(field) => field.bytes = bytes,
            None => self.fields.insert(0, FormField::text(name, bytes)),
        }
    }

    /// Gives fields another name.
    pub fn rename(&mut self, name: &str, other: &str) {
        for field in self.fields.iter_mut().filter(|it| it.name == name) {
            other.clone_into(&mut field.name);
        }
    }

    /// Leaves a field out.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|it| it.name != name);
    }

    /// Writes the form.
    pub fn write(&self) -> WrittenForm {
        let boundary = &self.boundary;
        let bytes: usize = self.fields.iter().map(|it| it.bytes.len() + 256).sum();
        let mut body = BytesMut::with_capacity(bytes);
        for field in &self.fields {
            body.put_slice(field.head(boundary).as_bytes());
            body.put_slice(&field.bytes);
            body.put_slice(b"\r\n");
        }
        body.put_slice(format!("--{boundary}--\r\n").as_bytes());
        WrittenForm {
            media_type: format!("multipart/form-data; boundary={boundary}"),
            body: body.freeze(),
        }
    }
}

impl FormField {
    /// Reads a part. Its head is parsed as that of a form with nothing else in it.
    async fn read(part: Part) -> Option<Self> {
        const BEFORE: &[u8] = b"--head";
        const AFTER: &[u8] = b"\r\n\r\n\r\n--head--\r\n";
        let alone = Bytes::from([BEFORE, &part.head, AFTER].concat());
        let alone = stream::once(async { Ok::<_, Infallible>(alone) });
        let mut alone = Multipart::new(alone, "head");
        let head = alone.next_field().await.ok()??;
        Some(Self {
            name: head.name()?.to_owned(),
            file_name: head.file_name().map(str::to_owned),
            media_type: head.content_type().map(|it| it.essence_str().to_owned()),
            bytes: part.content,
        })
    }

    /// The same field, with the name and the media type of a sound of this kind.
    #[must_use]
    pub fn named_by(self, kind: SoundKind) -> Self {
        Self {
            file_name: Some(kind.file_name().to_owned()),
            media_type: Some(kind.media_type().to_owned()),
            ..self
        }
    }

    /// A field with a text.
    pub fn text(name: &str, bytes: Bytes) -> Self {
        Self {
            name: name.to_owned(),
            file_name: None,
            media_type: None,
            bytes,
        }
    }

    /// What stands before its bytes.
    fn head(&self, boundary: &str) -> String {
        let name = escape(&self.name);
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        // A text is always written, into memory.
        if let Some(file_name) = &self.file_name {
            let _ = write!(head, "; filename=\"{}\"", escape(file_name));
        }
        if let Some(media_type) = &self.media_type {
            let _ = write!(head, "\r\nContent-Type: {}", escape(media_type));
        }
        head.push_str("\r\n\r\n");
        head
    }
}

/// A name as it stands in a form (HTML, multipart form data).
fn escape(name: &str) -> String {
    let name = name.replace('"', "%22");
    name.replace('\r', "%0D").replace('\n', "%0A")
}

/// Measures how long a sound plays, on a thread of its own.
async fn measure(sound: &Bytes) -> Result<Option<SoundLength>, tokio::task::JoinError> {
    let sound = sound.clone();
    tokio::task::spawn_blocking(move || measure_sound(&sound)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_form_that_is_written_anew_reads_as_before() {
        let name = |name: &str| FormField::text(name, Bytes::from_static(b"--a\r\n\r\nx"));
        let file = FormField {
            file_name: Some("a\"b.ogg".to_owned()),
            media_type: Some("audio/ogg".to_owned()),
            ..name("file")
        };
        let mut form = Form::of(vec![name("one"), file, name("languages[]")], None).unwrap();
        form.set("model", "m");
        form.set("one", "two");
        form.rename("languages[]", "language");
        let written = form.write();
        let read = Form::read(&written.media_type, &written.body).await;
        let read = read.unwrap();
        let names: Vec<&str> = read.fields().iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["model", "one", "file", "language"]);
        assert_eq!(
            (read.text("model"), read.text("one")),
            (Some("m"), Some("two"))
        );
        assert_eq!(&read.file().unwrap().bytes[..], b"--a\r\n\r\nx");
        assert!(
            Form::read("application/json", &written.body)
                .await
                .is_none()
        );
        let cut = written.body.slice(..written.body.len() - 9);
        assert!(Form::read(&written.media_type, &cut).await.is_none());
    }

    /// A sound is as large as a body may be, and so many of them come at once.
    #[tokio::test]
    async fn what_is_in_a_form_stays_where_it_came() {
        let field = |name: &str| FormField::text(name, Bytes::from(vec![b'x'; 100_000]));
        let sound = field(FILE).named_by(SoundKind::Ogg);
        let form = Form::of(vec![field("model"), sound], None).unwrap();
        let written = form.write();
        let read = Form::read(&written.media_type, &written.body).await;
        let came = written.body.as_ptr_range();
        for field in read.unwrap().fields() {
            assert!(came.contains(&field.bytes.as_ptr()), "{}", field.name);
        }
    }
}
