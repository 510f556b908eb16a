//! The results of a batch of Anthropic's, a line each, which pass as they are: what
//! all of them used is known with the last one; `docs/providers.md` §15.3.

use crate::providers::dialect::BatchSum;

use super::passing::EndedJob;

/// The longest line that is read. What a longer one used is not known.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// The results of a batch, as far as they have come.
pub struct BatchResults {
    id: String,
    sum: BatchSum,
    /// The beginning of a line.
    line: Vec<u8>,
    /// Whether the line that comes is too long.
    is_skipping: bool,
}

impl BatchResults {
    /// Reads the address of a batch's results; none where it is another.
    pub fn at(path: &str) -> Option<Self> {
        let (_, rest) = path.split_once("/messages/batches/")?;
        let id = rest.strip_suffix("/results")?;
        let is_name = !id.is_empty() && !id.contains('/');
        is_name.then(|| Self {
            id: id.to_owned(),
            sum: BatchSum::default(),
            line: Vec::new(),
            is_skipping: false,
        })
    }

    /// Reads a piece of them.
    pub fn push(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(end);
            self.keep(line);
            self.end_line();
            rest = behind.get(1..).unwrap_or_default();
        }
        self.keep(rest);
    }

    /// What the batch came to.
    pub fn end(mut self) -> EndedJob {
        self.end_line();
        let end = self.sum.end();
        EndedJob {
            id: self.id,
            usage: Some(end.usage),
            model: end.model,
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.is_skipping || self.line.len() + bytes.len() > LINE_BYTES_MAX {
            self.is_skipping = true;
            self.line.clear();
            return;
        }
        self.line.extend_from_slice(bytes);
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.is_skipping) {
            self.sum.note_gap();
        }
        self.sum.add_line(&self.line);
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_in_whatever_pieces_they_come() {
        let line = r#"{"custom_id":"a","result":{"type":"succeeded","message":{"type":"message","model":"claude-haiku-5-5","content":[],"usage":{"input_tokens":10,"output_tokens":3}}}}"#;
        let all = format!("{line}\n{line}\r\n{line}");
        for length in [1, 7, 100, 10_000] {
            let mut results = BatchResults::at("/v1/messages/batches/b_1/results").unwrap();
            for piece in all.as_bytes().chunks(length) {
                results.push(piece);
            }
            let ended = results.end();
            let usage = ended.usage.unwrap();
            assert_eq!((usage.input_tokens, usage.output_tokens), (30, 9));
            assert_eq!((ended.id.as_str(), usage.details.jobs), ("b_1", 0));
            assert_eq!(ended.model.as_deref(), Some("claude-haiku-5-5"));
        }
        let mut results = BatchResults::at("/v1/messages/batches/b_1/results").unwrap();
        results.push(&vec![b'x'; LINE_BYTES_MAX + 1]);
        results.push(format!("\n{line}\n").as_bytes());
        let usage = results.end().usage.unwrap();
        assert_eq!((usage.input_tokens, usage.details.jobs), (10, 1));
        for path in [
            "/v1/messages/batches/b_1",
            "/v1/messages/batches//results",
            "/x/results",
        ] {
            assert!(BatchResults::at(path).is_none(), "{path}");
        }
    }
}
