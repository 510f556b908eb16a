//! Decodes a stream of events: server-sent events, or one JSON value a line;
//! `docs/providers.md` §6.
//!
//! The decoder gives out whole events as the bytes that came, so that a
//! relay can pass them on untouched; [`Event`] reads the data of one. It
//! tolerates what providers really send: a mark at the start, comments, blank
//! lines, `\r\n`, `\r`, trailing spaces, several `data:` lines, a missing
//! `[DONE]`. It refuses an
//! event that is longer than its reader allows.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

use crate::model::FailureClass;

/// The largest event of a stream of words that is read.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// The longest way in which two lines may end, beside a sign.
const LINE_END_BYTES_MAX: usize = 4;
/// The mark that a text in UTF-8 may begin with.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A text without the mark that it may begin with.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// Whether a body begins as a stream of events does; none where too little
/// of it has come.
pub fn begins_events(body: &[u8]) -> Option<bool> {
    let body = without_mark(body).trim_ascii_start();
    if body.is_empty() {
        return None;
    }
    let fields: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
    if fields.iter().any(|field| body.starts_with(field)) {
        return Some(true);
    }
    let may_become = fields.iter().any(|field| field.starts_with(body));
    (!may_become).then_some(false)
}

/// How the events of a stream are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// An event ends with a blank line.
    ServerSentEvents,
    /// Each line is an event.
    JsonLines,
}

/// Collects the bytes of a stream and gives out its whole events.
pub struct Decoder {
    framing: Framing,
    /// The beginning of an event whose end has not come.
    pending: BytesMut,
    /// Whether more than a mark at the start may have come.
    has_begun: bool,
    event_bytes_max: usize,
}

/// Whole events, one after the other, as they came.
pub struct Events {
    framing: Framing,
    bytes: Bytes,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    framing: Framing,
    /// The event as it came, with its line breaks.
    pub raw: &'a [u8],
}

impl Decoder {
    /// A decoder at the beginning of a stream. An event that grows past
    /// `event_bytes_max` is refused.
    pub fn new(framing: Framing, event_bytes_max: usize) -> Self {
        Self {
            framing,
            pending: BytesMut::new(),
            has_begun: false,
            event_bytes_max,
        }
    }

    /// Adds bytes to the stream and gives out the events that are whole.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Events, FailureClass> {
        // The end of an event may have begun in the bytes before these.
        let mut searched = self.pending.len().saturating_sub(LINE_END_BYTES_MAX);
        self.pending.extend_from_slice(bytes);
        if !self.has_begun {
            if self.pending.len() < MARK.len() && MARK.starts_with(&self.pending) {
                return Ok(self.events(Bytes::new()));
            }
            // Many readers of events do not take it off.
            if self.pending.starts_with(MARK) {
                drop(self.pending.split_to(MARK.len()));
            }
            self.has_begun = true;
            searched = 0;
        }
        let new = self.pending.get(searched..).unwrap_or_default();
        let whole = match last_end(self.framing, new, searched == 0) {
            Some(end) => self.pending.split_to(searched + end).freeze(),
            None => Bytes::new(),
        };
        if self.pending.len() > self.event_bytes_max {
            return Err(FailureClass::TooLarge);
        }
        Ok(self.events(whole))
    }

    /// How much has come of an event whose end has not.
    pub fn pending_bytes(&self) -> usize {
        self.pending.len()
    }

    /// Gives out what stood without an end when the stream ended.
    pub fn finish(&mut self) -> Events {
        let rest = self.pending.split().freeze();
        self.events(rest)
    }

    fn events(&self, bytes: Bytes) -> Events {
        Events {
            framing: self.framing,
            bytes,
        }
    }
}

/// Finds where the last whole event of these bytes ends. They may begin in
/// the middle of an event that did not end before.
fn last_end(framing: Framing, bytes: &[u8], begins_event: bool) -> Option<usize> {
    let line_ends = bytes.iter().enumerate().rev();
    let mut line_ends = line_ends.filter(|(_, byte)| matches!(byte, b'\n' | b'\r'));
    let last = line_ends.find(|(at, _)| ends_event(framing, bytes, *at, begins_event));
    last.map(|(at, _)| at + 1)
}

/// Whether an event ends with the sign at a place, which ends a line: where
/// that line is empty. Lines end with `\n`, `\r\n` or `\r`.
fn ends_event(framing: Framing, bytes: &[u8], at: usize, begins_event: bool) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let sign = bytes.get(at).copied();
    if framing == Framing::JsonLines {
        return sign == Some(b'\n');
    }
    if sign == Some(b'\n') {
        let line = before.strip_suffix(b"\r").unwrap_or(before);
        return (line.is_empty() && begins_event) || matches!(line.last(), Some(b'\n' | b'\r'));
    }
    // A `\r` may be half of a line end whose other half has not come, but not
    // where the line before ended with `\r` alone.
    match (before.last(), bytes.get(at + 1)) {
        (_, Some(b'\n')) => false,
        (Some(b'\r'), _) | (Some(b'\n'), Some(_)) => true,
        (None, Some(_)) => begins_event,
        _ => false,
    }
}

impl Events {
    /// The events, one by one.
    pub fn iter(&self) -> impl Iterator<Item = Event<'_>> {
        let framing = self.framing;
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (raw, tail) = split_event(framing, rest)?;
            rest = tail;
            Some(Event { framing, raw })
        })
    }

    /// The bytes of all events, as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes of all events away, to be passed on.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

/// Splits the first event off; none where nothing is left.
fn split_event(framing: Framing, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let line_ends = bytes.iter().enumerate();
    let mut line_ends = line_ends.filter(|(_, byte)| matches!(byte, b'\n' | b'\r'));
    let first = line_ends.find(|(at, _)| ends_event(framing, bytes, *at, true));
    if let Some((at, _)) = first {
        return bytes.split_at_checked(at + 1);
    }
    (!bytes.is_empty()).then_some((bytes, &[]))
}

impl<'a> Event<'a> {
    /// The data of the event; empty where it has none. Only data of several
    /// lines is copied.
    pub fn data(self) -> Cow<'a, [u8]> {
        if self.framing == Framing::JsonLines {
            return Cow::Borrowed(self.raw.trim_ascii());
        }
        let mut data = Cow::Borrowed(&[][..]);
        for line in self.lines_after(b"data:") {
            if data.is_empty() {
                data = Cow::Borrowed(line);
            } else {
                let data = data.to_mut();
                data.push(b'\n');
                data.extend_from_slice(line);
            }
        }
        data
    }

    /// The event's name, if it has one.
    pub fn name(self) -> Option<&'a [u8]> {
        match self.framing {
            Framing::ServerSentEvents => self.lines_after(b"event:").next(),
            Framing::JsonLines => None,
        }
    }

    /// The first comment of the event, if it has one.
    pub fn comment(self) -> Option<&'a [u8]> {
        match self.framing {
            Framing::ServerSentEvents => self.lines_after(b":").next(),
            Framing::JsonLines => None,
        }
    }

    /// The lines that begin with a field's name, without that name.
    fn lines_after(self, name: &[u8]) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.raw.split(|byte| matches!(byte, b'\n' | b'\r'));
        lines.filter_map(move |line| line.strip_prefix(name).map(<[u8]>::trim_ascii))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = ": OPENROUTER PROCESSING\n\n\nevent: x\r\ndata: {\"a\":\"\u{e9}\"}  \r\n\r\n\
        id: 4\ndata: {\ndata: }\n\ndata:[DONE]\n\ndata: tail";
    const RELAYED: &str = ": keep-alive\n\nevent: x\r\ndata: {\"a\":1}  \r\n\r\ndata: {\ndata: }\n\n\ndata:[DONE]\n\ndata: tail";

    /// Decodes chunks: what was given out, and the data in it.
    fn decode(framing: Framing, chunks: &[&[u8]]) -> (String, Vec<String>) {
        let mut decoder = Decoder::new(framing, 1_000);
        let (mut raw, mut found) = (Vec::new(), Vec::new());
        let mut read = |events: Events| {
            for event in events.iter() {
                let data = event.data();
                if !data.is_empty() {
                    found.push(String::from_utf8(data.into_owned()).unwrap());
                }
            }
            let each: Vec<u8> = events.iter().flat_map(|event| event.raw).copied().collect();
            assert_eq!(each, events.as_bytes());
            raw.extend(each);
        };
        for chunk in chunks {
            read(decoder.push(chunk).unwrap());
        }
        read(decoder.finish());
        (String::from_utf8(raw).unwrap(), found)
    }

    #[test]
    fn comments_blank_lines_and_a_missing_end_are_tolerated() {
        let (_, data) = decode(Framing::ServerSentEvents, &[STREAM.as_bytes()]);
        assert_eq!(data, ["{\"a\":\"\u{e9}\"}", "{\n}", "[DONE]", "tail"]);
        let (_, data) = decode(Framing::JsonLines, &[b"{}\r\n\n{\"b\":2}"]);
        assert_eq!(data, ["{}", "{\"b\":2}"]);
    }

    #[test]
    fn an_endless_line_is_refused() {
        for framing in [Framing::ServerSentEvents, Framing::JsonLines] {
            let mut decoder = Decoder::new(framing, 1024 * 1024);
            let mut refused = None;
            for _ in 0..32 {
                let pushed = decoder.push(&vec![b'x'; 64 * 1024]);
                refused = refused.or(pushed.err());
            }
            assert_eq!(refused, Some(FailureClass::TooLarge));
        }
    }

    #[test]
    fn a_whole_event_waits_for_nothing() {
        let mut decoder = Decoder::new(Framing::ServerSentEvents, 1_000);
        let mut push = |bytes: &[u8]| decoder.push(bytes).unwrap().into_bytes();
        assert_eq!(push(b"data: 1\n\ndata: 2\n"), "data: 1\n\n");
        assert_eq!(push(b"\n"), "data: 2\n\n");
        assert_eq!(push(b"data: 3\r\n\r"), "");
        assert_eq!(push(b"\n"), "data: 3\r\n\r\n");
        let mut lines = Decoder::new(Framing::JsonLines, 1_000);
        assert_eq!(lines.push(b"{}\n{\"a\"").unwrap().into_bytes(), "{}\n");
        let refused = lines.push(&[b'x'; 2_000]).err();
        assert_eq!(refused, Some(FailureClass::TooLarge));
    }

    #[test]
    fn a_mark_at_the_start_and_every_end_of_line_are_understood() {
        let whole = "\u{feff}event: a\rdata: 1\r\rdata: 2\r\n\r\ndata: 3\n\r\ndata: 4\r\r";
        let without = whole.trim_start_matches('\u{feff}');
        for size in 1..whole.len() {
            let chunks: Vec<&[u8]> = whole.as_bytes().chunks(size).collect();
            let (raw, data) = decode(Framing::ServerSentEvents, &chunks);
            assert_eq!(
                (&*raw, data),
                (
                    without,
                    vec!["1".to_owned(), "2".into(), "3".into(), "4".into()]
                ),
                "{size}"
            );
        }
        let mut decoder = Decoder::new(Framing::ServerSentEvents, 1_000);
        let first = decoder.push(b"data: 1\r\r").unwrap().into_bytes();
        assert_eq!(first, "data: 1\r\r", "it waits for nothing");
    }

    #[test]
    fn a_body_of_events_is_known_by_its_beginning() {
        for (body, is) in [
            ("data: {}", Some(true)),
            ("\u{feff}\n: ping", Some(true)),
            ("event: x", Some(true)),
            ("{\"data\":1}", Some(false)),
            ("[1]", Some(false)),
            ("<html>", Some(false)),
            ("datum", Some(false)),
            ("", None),
            ("\n", None),
            ("dat", None),
        ] {
            assert_eq!(begins_events(body.as_bytes()), is, "{body}");
        }
    }

    #[test]
    fn a_comment_is_read_and_has_no_data() {
        let mut decoder = Decoder::new(Framing::ServerSentEvents, 1_000);
        let events = decoder.push(b": {\"stage\":1}\r\n\r\ndata: a: b\n\n");
        let events = events.unwrap();
        let found: Vec<_> = events
            .iter()
            .map(|event| (event.comment(), event.data().into_owned()))
            .collect();
        assert_eq!(
            found,
            [
                (Some(&b"{\"stage\":1}"[..]), Vec::new()),
                (None, b"a: b".to_vec())
            ]
        );
    }

    /// Cuts a text into chunks at these places.
    fn cut(text: &str, mut cuts: Vec<usize>) -> Vec<&[u8]> {
        cuts.sort_unstable();
        cuts.push(text.len());
        let mut from = 0;
        let mut chunks = Vec::new();
        for to in cuts {
            chunks.push(&text.as_bytes()[from..to]);
            from = to;
        }
        chunks
    }

    proptest! {
        #[test]
        fn where_the_network_cuts_makes_no_difference(
            cuts in prop::collection::vec(0..STREAM.len(), 0..8),
        ) {
            prop_assert_eq!(
                decode(Framing::ServerSentEvents, &cut(STREAM, cuts)),
                decode(Framing::ServerSentEvents, &[STREAM.as_bytes()])
            );
        }

        #[test]
        fn everything_passes_and_is_seen_wherever_the_network_cuts(
            cuts in prop::collection::vec(0..RELAYED.len(), 0..8),
        ) {
            let (raw, data) = decode(Framing::ServerSentEvents, &cut(RELAYED, cuts));
            prop_assert_eq!(raw, RELAYED);
            prop_assert_eq!(data, ["{\"a\":1}", "{\n}", "[DONE]", "tail"]);
        }
    }
}
