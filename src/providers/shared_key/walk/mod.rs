//! Walks through a value along the table of its place: refuses what stands
//! in no table, and notes what costs something.
//!
//! Values stay as they were written. What must change is a list of edits,
//! so that a value without edits is passed on without a copy.

mod media;
mod prompts;

use std::borrow::Cow;
use std::fmt::Write;

use bytes::Bytes;

use super::cursor::{Cursor, NoJson, decode};
use super::numbers::whole;
use super::place::{Findings, Place, shorten};
use super::shape::{Field, Kinds, Shape};
use super::{Refused, references};

/// The detail of a picture that has none.
const DETAIL: &str = ",\"detail\":\"high\"";
/// How much memory a model of Ollama's may be given, in tokens of its window.
const CONTEXT_WINDOW_MAX: u64 = 131_072;

/// A stretch of the value that is replaced; by nothing where it is removed.
struct Edit {
    start: usize,
    end: usize,
    with: String,
}

/// One step of a path into a body.
enum Step<'a> {
    Field(Cow<'a, str>),
    Index(usize),
}

/// Walks through one field of a body.
pub struct Walker<'a> {
    cursor: Cursor<'a>,
    place: &'a Place<'a>,
    findings: &'a mut Findings,
    path: Vec<Step<'a>>,
    edits: Vec<Edit>,
    /// The names in the opaque objects around the cursor.
    names: Vec<Cow<'a, str>>,
}

impl From<NoJson> for Refused {
    fn from(NoJson: NoJson) -> Self {
        Self::Malformed("a text with characters that are none".to_owned())
    }
}

impl<'a> Walker<'a> {
    /// Walks through the value of a top-level field; returns it as it is to
    /// be sent, or none where that is as it came.
    pub fn walk(
        field: &'static Field,
        value: &'a Bytes,
        place: &'a Place<'a>,
        findings: &'a mut Findings,
    ) -> Result<Option<Bytes>, Refused> {
        let mut walker = Self {
            cursor: Cursor::new(value),
            place,
            findings,
            path: vec![Step::Field(Cow::Borrowed(field.name))],
            edits: Vec::new(),
            names: Vec::new(),
        };
        walker.value(&field.shape)?;
        Ok(walker.edited(value))
    }

    fn edited(&self, value: &[u8]) -> Option<Bytes> {
        if self.edits.is_empty() {
            return None;
        }
        let mut edited = Vec::with_capacity(value.len());
        let mut copied = 0;
        for edit in &self.edits {
            edited.extend_from_slice(value.get(copied..edit.start).unwrap_or_default());
            edited.extend_from_slice(edit.with.as_bytes());
            copied = edit.end;
        }
        edited.extend_from_slice(value.get(copied..).unwrap_or_default());
        Some(edited.into())
    }

    /// Replaces a stretch, and drops earlier edits within it.
    fn edit(&mut self, start: usize, end: usize, with: String) {
        while self.edits.last().is_some_and(|last| last.start >= start) {
            self.edits.pop();
        }
        self.edits.push(Edit { start, end, with });
    }

    fn value(&mut self, shape: &'static Shape) -> Result<(), Refused> {
        let first = self.cursor.peek()?;
        if !shape.fits(first, self.place.is_google) {
            return Err(self.malformed(&format!("must be {}", shape.in_words())));
        }
        match shape {
            Shape::Any => self.opaque(),
            Shape::Schema => self.schema(),
            Shape::Null | Shape::Bool | Shape::Text | Shape::Number => {
                Ok(self.cursor.skip_value()?)
            }
            Shape::False => match self.cursor.scalar()? {
                b"false" => Ok(()),
                _ => Err(self.for_own_key(" other than `false`")),
            },
            Shape::EmptyList => {
                self.cursor.expect(b'[')?;
                if self.cursor.peek()? == b']' {
                    return Ok(self.cursor.skip_closing()?);
                }
                Err(self.for_own_key(", unless it is empty,"))
            }
            Shape::Words(words) | Shape::MediaType(words) => self.word(words),
            Shape::Object(fields) => self.object(fields),
            Shape::Wrapped(tokens, fields) => {
                let added = self.findings.added_tokens.saturating_add(*tokens);
                self.findings.added_tokens = added;
                self.object(fields)
            }
            Shape::SealedReasoning(fields) => {
                let is_seal = |name: &str| name == "encrypted_content";
                let seal = self.cursor.text_of_field(is_seal)?;
                if seal.is_none_or(|seal| seal.is_empty()) {
                    return Err(self.for_own_key(" without `encrypted_content`"));
                }
                self.object(fields)
            }
            Shape::List(shape) => self.list(shape),
            Shape::Kinds(kinds) => self.kind(kinds),
            Shape::Either(shapes) => {
                let google = self.place.is_google;
                let mut fitting = shapes.iter().filter(|shape| shape.fits(first, google));
                let shape = fitting.next().ok_or(NoJson)?;
                self.value(shape)
            }
            _ => self.counted(shape),
        }
    }

    /// Reads a value that the bound depends on.
    fn counted(&mut self, shape: &Shape) -> Result<(), Refused> {
        match shape {
            Shape::PictureUrl => self.picture_url(),
            Shape::PictureBase64 => {
                let data = self.cursor.text()?;
                self.count_picture(data.len());
                Ok(())
            }
            Shape::Pdf => self.pdf(false),
            Shape::PdfUrl => self.pdf(true),
            Shape::Limit => {
                // An Anthropic answer of no tokens warms the cache.
                let least = u64::from(self.place.provider != "anthropic");
                let asked = self.whole(least)?;
                let before = self.findings.limit.unwrap_or(asked);
                self.findings.limit = Some(before.min(asked));
                Ok(())
            }
            Shape::Answers => {
                self.findings.answers = Some(self.whole(1)?);
                Ok(())
            }
            Shape::Choices => {
                let asked = self.whole(1)?;
                let before = self.findings.answers.unwrap_or(asked);
                self.findings.answers = Some(before.max(asked));
                Ok(())
            }
            Shape::Prompts => self.prompts(),
            Shape::Budget => {
                // Google says -1 for as much as the model thinks right.
                self.findings.budget = Some(self.whole(0)?);
                Ok(())
            }
            Shape::PartialPictures => {
                self.findings.partial_pictures = self.whole(0)?;
                Ok(())
            }
            Shape::ContextWindow => match self.whole(1)? {
                ..=CONTEXT_WINDOW_MAX => Ok(()),
                _ => Err(self.for_own_key(" above 131,072")),
            },
            Shape::CacheLifetime => {
                let lifetime = self.cursor.text()?;
                self.findings.caches_for_an_hour |= lifetime == b"1h";
                match lifetime {
                    b"1h" | b"5m" | b"30m" => Ok(()),
                    _ => Err(self.for_own_key(" other than `5m` and `1h`")),
                }
            }
            Shape::SameModel => {
                let named = decode(self.cursor.text()?)?;
                let same = named.strip_prefix("models/").unwrap_or(&named) == self.place.model;
                if same {
                    return Ok(());
                }
                Err(self.for_own_key(" other than the address's"))
            }
            Shape::Detail => self.detail(),
            _ => Err(NoJson.into()),
        }
    }

    fn word(&mut self, words: &[&str]) -> Result<(), Refused> {
        let found = decode(self.cursor.text()?)?;
        if words.contains(&&*found) {
            return Ok(());
        }
        Err(self.for_own_key(" with this value"))
    }

    /// Reads the detail at which a picture is looked at. OpenAI's newer models
    /// look ten times as closely where it is left to them, so that there it
    /// is written as the closest that is bounded.
    fn detail(&mut self) -> Result<(), Refused> {
        let start = self.cursor.at();
        let written = self.cursor.text()?;
        match written {
            b"low" | b"high" => Ok(()),
            b"auto" | b"original" => {
                if self.place.provider == "openai" {
                    self.edit(start, self.cursor.at(), "\"high\"".to_owned());
                }
                Ok(())
            }
            _ => Err(self.for_own_key(" with this value")),
        }
    }

    /// Writes the detail of a picture that has none.
    fn add_detail(&mut self, fields: &'static [Field], seen: u128, kept_until: Option<usize>) {
        let detail = fields
            .iter()
            .position(|field| matches!(field.shape, Shape::Detail));
        let is_missing = detail.is_some_and(|number| seen & (1 << number) == 0);
        let Some(start) = kept_until.filter(|_| is_missing && self.place.provider == "openai")
        else {
            return;
        };
        // Fields behind the last one that is kept were removed.
        let removed = self.edits.last().filter(|last| last.start >= start);
        let end = removed.map_or(start, |removed| removed.end);
        let added = self.findings.added_tokens;
        self.findings.added_tokens = added.saturating_add(DETAIL.len() as u64);
        self.edit(start, end, DETAIL.to_owned());
    }

    /// Reads a whole number, and writes it anew if it was spelt otherwise.
    fn whole(&mut self, least: u64) -> Result<u64, Refused> {
        let start = self.cursor.at();
        let spelt = if self.cursor.peek()? == b'"' {
            self.cursor.text()?
        } else {
            self.cursor.scalar()?
        };
        let end = self.cursor.at();
        let value = whole(spelt).filter(|value| *value >= least);
        let Some(value) = value else {
            return Err(self.malformed("must be a whole number above 0"));
        };
        let plain = value.to_string();
        if end - start != plain.len() {
            self.edit(start, end, plain);
        }
        Ok(value)
    }

    fn list(&mut self, shape: &'static Shape) -> Result<(), Refused> {
        self.cursor.expect(b'[')?;
        let mut index = 0;
        while self.cursor.peek()? != b']' {
            self.path.push(Step::Index(index));
            self.value(shape)?;
            self.path.pop();
            index += 1;
            self.cursor.skip_blanks();
            if !self.cursor.eat(b',') {
                break;
            }
        }
        Ok(self.cursor.skip_closing()?)
    }

    fn kind(&mut self, kinds: &'static Kinds) -> Result<(), Refused> {
        let is_tag = |name: &str| self.place.is_named(kinds.tag, name);
        let Some(tag) = self.cursor.text_of_field(is_tag)? else {
            return match &kinds.untagged {
                Some(shape) => self.value(shape),
                None => Err(self.malformed(&format!("must have a `{}`", kinds.tag))),
            };
        };
        let found = kinds
            .members
            .iter()
            .find(|kind| kind.names.contains(&&*tag) && self.place.has(kind.at));
        if let Some(kind) = found {
            return self.value(&kind.shape);
        }
        Err(self.for_own_key(&format!(" with the {} `{}`", kinds.tag, shorten(&tag))))
    }

    /// Walks through an object along its table. Fields that are null are
    /// removed, as is what is written anew elsewhere.
    fn object(&mut self, fields: &'static [Field]) -> Result<(), Refused> {
        self.cursor.expect(b'{')?;
        let mut seen = 0_u128;
        let mut kept_until = None;
        while self.cursor.peek()? == b'"' {
            let start = self.cursor.at();
            let written = decode(self.cursor.text()?)?;
            let name_end = self.cursor.at();
            self.cursor.skip_blanks();
            self.cursor.expect(b':')?;
            let found = self.place.find(fields, &written);
            let is_null = self.cursor.peek()? == b'n';
            let is_kept = match found {
                _ if is_null && !found.is_some_and(|(_, field)| field.shape.fits(b'n', false)) => {
                    self.cursor.skip_value()?;
                    false
                }
                Some((number, field)) => {
                    self.path.push(Step::Field(Cow::Borrowed(field.name)));
                    if seen & (1 << number) != 0 {
                        return Err(self.malformed("stands there twice"));
                    }
                    seen |= 1 << number;
                    if *written != *field.name {
                        self.edit(start, name_end, format!("\"{}\"", field.name));
                    }
                    self.value(&field.shape)?;
                    self.path.pop();
                    !matches!(field.shape, Shape::Limit | Shape::Answers)
                }
                None => {
                    self.path.push(Step::Field(written));
                    return Err(self.for_own_key(""));
                }
            };
            let end = self.cursor.at();
            self.cursor.skip_blanks();
            let has_next = self.cursor.eat(b',');
            if is_kept {
                kept_until = Some(end);
            } else if has_next {
                let next = self.cursor.at();
                self.edit(start, next, String::new());
            } else {
                self.edit(kept_until.unwrap_or(start), end, String::new());
            }
            if !has_next {
                break;
            }
        }
        self.require_media(fields, seen)?;
        self.add_detail(fields, seen, kept_until);
        Ok(self.cursor.skip_closing()?)
    }

    /// Refuses what is to be a picture or a document and has none, or has no
    /// media type: what a provider makes of that is in no document, so that
    /// it has no bound.
    fn require_media(&self, fields: &'static [Field], seen: u128) -> Result<(), Refused> {
        let is_missing = |number: usize| seen & (1 << number) == 0;
        let media = || {
            let all = fields.iter().enumerate();
            all.filter(|(_, field)| field.shape.is_media() && self.place.has(field.at))
        };
        let all_missing = media().all(|(number, _)| is_missing(number));
        let no_media = media().next().filter(|_| all_missing);
        let no_type = || {
            let mut all = fields.iter().enumerate();
            all.find(|(number, field)| {
                matches!(field.shape, Shape::MediaType(_)) && is_missing(*number)
            })
        };
        match no_media.or_else(no_type) {
            Some((_, field)) => Err(self.malformed(&format!("must have a `{}`", field.name))),
            None => Ok(()),
        }
    }

    /// Steps over a value that is counted by its bytes, whatever is in it.
    fn opaque(&mut self) -> Result<(), Refused> {
        match self.cursor.peek()? {
            b'[' => self.list(&Shape::Any),
            b'{' => self.opaque_object(),
            _ => Ok(self.cursor.skip_value()?),
        }
    }

    fn opaque_object(&mut self) -> Result<(), Refused> {
        self.cursor.expect(b'{')?;
        let first = self.names.len();
        while self.cursor.peek()? == b'"' {
            let name = decode(self.cursor.text()?)?;
            self.cursor.skip_blanks();
            self.cursor.expect(b':')?;
            self.findings.references += u64::from(references::is_reference(&name));
            self.path.push(Step::Field(name.clone()));
            self.names.push(name);
            self.opaque()?;
            self.path.pop();
            self.cursor.skip_blanks();
            if !self.cursor.eat(b',') {
                break;
            }
        }
        let own = self.names.get_mut(first..).unwrap_or_default();
        own.sort_unstable();
        let twice = own.windows(2).find_map(|pair| match pair {
            [one, other] if one == other => Some(one.clone()),
            _ => None,
        });
        self.names.truncate(first);
        if let Some(name) = twice {
            self.path.push(Step::Field(name));
            return Err(self.malformed("stands there twice"));
        }
        Ok(self.cursor.skip_closing()?)
    }

    /// Steps over a schema. It is held as long as it is with copies in the place
    /// of its references, as a provider may make them.
    fn schema(&mut self) -> Result<(), Refused> {
        let (before, start) = (self.findings.references, self.cursor.clone());
        self.opaque()?;
        if self.findings.references == before {
            return Ok(());
        }
        let text = start.until(&self.cursor);
        let schema = serde_json::from_slice(text).map_err(|_| NoJson)?;
        let added = references::added_tokens(&schema).map_err(|why| self.for_own_key(why))?;
        self.findings.added_tokens = self.findings.added_tokens.saturating_add(added);
        Ok(())
    }

    fn for_own_key(&self, more: &str) -> Refused {
        Refused::OwnKeyOnly(format!("`{}`{more}", self.path()))
    }

    fn malformed(&self, problem: &str) -> Refused {
        Refused::Malformed(format!("`{}` {problem}", self.path()))
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            // A text is always written, into memory.
            let _ = match step {
                Step::Index(index) => write!(path, "[{index}]"),
                Step::Field(name) if path.is_empty() => write!(path, "{}", shorten(name)),
                Step::Field(name) => write!(path, ".{}", shorten(name)),
            };
        }
        path
    }
}
