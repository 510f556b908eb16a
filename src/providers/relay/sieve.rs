//! Cuts a stream into whole events without taking them apart, so that each
//! can be looked at before it is passed on.

use bytes::{Bytes, BytesMut};

use crate::model::FailureClass;
use crate::providers::lines::Framing;

/// What has come of an event that is not whole yet.
pub struct Sieve {
    framing: Framing,
    pending: BytesMut,
    /// How far `pending` was searched for an event's end.
    searched: usize,
    largest: usize,
}

impl Sieve {
    /// An empty stream, whose events have at most so many bytes.
    pub fn new(framing: Framing, largest: usize) -> Self {
        Self {
            framing,
            pending: BytesMut::new(),
            searched: 0,
            largest,
        }
    }

    /// Takes bytes; the whole events so far, as they came.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Bytes, FailureClass> {
        self.pending.extend_from_slice(bytes);
        let from = self.searched.saturating_sub(3);
        let end = self
            .pending
            .get(from..)
            .and_then(|new| self.last_end(new))
            .map(|at| from + at);
        let ready = end.map_or_else(Bytes::new, |end| self.pending.split_to(end).freeze());
        self.searched = self.pending.len();
        if self.searched > self.largest {
            return Err(FailureClass::TooLarge);
        }
        Ok(ready)
    }

    /// What stood without an end when the stream ended.
    pub fn rest(&mut self) -> Bytes {
        self.pending.split().freeze()
    }

    /// Where the last whole event ends.
    fn last_end(&self, bytes: &[u8]) -> Option<usize> {
        let ends_at = |at: usize| match self.framing {
            Framing::JsonLines => true,
            Framing::ServerSentEvents => {
                let before = bytes.get(..at).unwrap_or_default();
                before.ends_with(b"\n") || before.ends_with(b"\n\r")
            }
        };
        let mut breaks = bytes
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, byte)| **byte == b'\n');
        breaks.find(|(at, _)| ends_at(*at)).map(|(at, _)| at + 1)
    }
}

/// The events in bytes that hold whole ones, each with its line breaks.
pub fn events(framing: Framing, bytes: &Bytes) -> Vec<Bytes> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut line = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        let text = bytes.get(line..at).unwrap_or_default();
        let is_blank = text.is_empty() || text == b"\r";
        if is_blank || framing == Framing::JsonLines {
            found.push(bytes.slice(from..=at));
            from = at + 1;
        }
        line = at + 1;
    }
    if from < bytes.len() {
        found.push(bytes.slice(from..));
    }
    found
}

/// The data of one event.
pub fn data(framing: Framing, event: &[u8]) -> Vec<u8> {
    if framing == Framing::JsonLines {
        return event.trim_ascii().to_vec();
    }
    let mut data = Vec::new();
    for line in event.split(|byte| *byte == b'\n') {
        if let Some(text) = line.strip_prefix(b"data:") {
            if !data.is_empty() {
                data.push(b'\n');
            }
            data.extend_from_slice(text.trim_ascii());
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = ": keep-alive\n\nevent: x\r\ndata: {\"a\":1}  \r\n\r\ndata: {\ndata: }\n\n\ndata:[DONE]\n\ndata: tail";

    fn cut(chunks: &[&[u8]]) -> (String, Vec<String>) {
        let mut sieve = Sieve::new(Framing::ServerSentEvents, 1_000);
        let (mut passed, mut seen) = (Vec::new(), Vec::new());
        let mut look = |ready: &Bytes| {
            passed.extend_from_slice(ready);
            for event in events(Framing::ServerSentEvents, ready) {
                let data = data(Framing::ServerSentEvents, &event);
                if !data.is_empty() {
                    seen.push(String::from_utf8(data).unwrap());
                }
            }
        };
        for chunk in chunks {
            look(&sieve.push(chunk).unwrap());
        }
        look(&sieve.rest());
        (String::from_utf8(passed).unwrap(), seen)
    }

    proptest! {
        #[test]
        fn everything_passes_and_is_seen_wherever_the_network_cuts(
            cuts in prop::collection::vec(0..STREAM.len(), 0..8),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            cuts.push(STREAM.len());
            let mut from = 0;
            let chunks: Vec<&[u8]> = cuts.iter().map(|to| {
                let chunk = &STREAM.as_bytes()[from..*to];
                from = *to;
                chunk
            }).collect();
            let (passed, seen) = cut(&chunks);
            prop_assert_eq!(passed, STREAM);
            prop_assert_eq!(seen, ["{\"a\":1}", "{\n}", "[DONE]", "tail"]);
        }
    }

    #[test]
    fn a_whole_event_waits_for_nothing() {
        let mut sieve = Sieve::new(Framing::ServerSentEvents, 1_000);
        assert_eq!(sieve.push(b"data: 1\n\ndata: 2\n").unwrap(), "data: 1\n\n");
        assert_eq!(sieve.push(b"\n").unwrap(), "data: 2\n\n");
        assert_eq!(sieve.push(b"data: 3\r\n\r").unwrap(), "");
        assert_eq!(sieve.push(b"\n").unwrap(), "data: 3\r\n\r\n");
        let mut lines = Sieve::new(Framing::JsonLines, 1_000);
        assert_eq!(lines.push(b"{}\n{\"a\"").unwrap(), "{}\n");
        assert_eq!(lines.push(&[b'x'; 2_000]), Err(FailureClass::TooLarge));
    }
}
