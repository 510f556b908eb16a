//! Cuts a stream of bytes into events: server-sent events, or one JSON
//! value a line.
//!
//! Tolerates what providers really send: comments, blank lines, `\r\n`,
//! trailing spaces, several `data:` lines, a missing `[DONE]`. Refuses a
//! line longer than [`LINE_BYTES_MAX`].

use crate::model::FailureClass;

/// The longest line that is read.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// How a stream is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    ServerSentEvents,
    JsonLines,
}

/// Collects bytes and gives out the data of whole events.
pub struct Lines {
    framing: Framing,
    line: Vec<u8>,
    data: Vec<u8>,
}

impl Lines {
    /// An empty stream.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            line: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Takes bytes, and appends the events that they complete.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Vec<u8>>) -> Result<(), FailureClass> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = rest.split_at(end);
            self.line.extend_from_slice(head);
            self.end_line(events);
            rest = tail.get(1..).unwrap_or_default();
        }
        self.line.extend_from_slice(rest);
        if self.line.len() + self.data.len() > LINE_BYTES_MAX {
            return Err(FailureClass::TooLarge);
        }
        Ok(())
    }

    /// Ends the stream: what stood without a final line break counts.
    pub fn finish(&mut self, events: &mut Vec<Vec<u8>>) {
        self.end_line(events);
        self.end_event(events);
    }

    fn end_line(&mut self, events: &mut Vec<Vec<u8>>) {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        match self.framing {
            Framing::JsonLines => {
                self.data.extend_from_slice(line.trim_ascii());
                self.end_event(events);
            }
            Framing::ServerSentEvents if line.is_empty() => self.end_event(events),
            Framing::ServerSentEvents => {
                if let Some(data) = line.strip_prefix(b"data:") {
                    if !self.data.is_empty() {
                        self.data.push(b'\n');
                    }
                    self.data.extend_from_slice(data.trim_ascii());
                }
            }
        }
    }

    fn end_event(&mut self, events: &mut Vec<Vec<u8>>) {
        let data = std::mem::take(&mut self.data);
        if !data.is_empty() {
            events.push(data);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(framing: Framing, chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut events) = (Lines::new(framing), Vec::new());
        for chunk in chunks {
            lines.push(chunk, &mut events).unwrap();
        }
        lines.finish(&mut events);
        events
            .into_iter()
            .map(|event| String::from_utf8(event).unwrap())
            .collect()
    }

    const STREAM: &str = ": OPENROUTER PROCESSING\n\n\nevent: x\r\ndata: {\"a\":1}  \r\n\r\n\
        id: 4\ndata: {\ndata: }\n\ndata:[DONE]\n\ndata: tail";

    #[test]
    fn comments_blank_lines_and_a_missing_end_are_tolerated() {
        assert_eq!(
            cut(Framing::ServerSentEvents, &[STREAM.as_bytes()]),
            ["{\"a\":1}", "{\n}", "[DONE]", "tail"]
        );
        assert_eq!(
            cut(Framing::JsonLines, &[b"{}\r\n\n{\"b\":2}"]),
            ["{}", "{\"b\":2}"]
        );
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut lines = Lines::new(Framing::ServerSentEvents);
        let mut refused = Ok(());
        for _ in 0..32 {
            refused = refused.and_then(|()| lines.push(&vec![b'x'; 64 * 1024], &mut Vec::new()));
        }
        assert_eq!(refused, Err(FailureClass::TooLarge));
    }

    proptest! {
        #[test]
        fn where_the_network_cuts_makes_no_difference(
            cuts in prop::collection::vec(0..STREAM.len(), 0..8),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for to in cuts {
                chunks.push(&STREAM.as_bytes()[from..to]);
                from = to;
            }
            chunks.push(&STREAM.as_bytes()[from..]);
            prop_assert_eq!(
                cut(Framing::ServerSentEvents, &chunks),
                cut(Framing::ServerSentEvents, &[STREAM.as_bytes()])
            );
        }
    }
}
