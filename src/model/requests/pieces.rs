//! A body that comes in pieces.

use bytes::{Bytes, BytesMut};

/// What came of a body so far. Most bodies come in one piece, which is then
/// left where it is.
#[derive(Default)]
pub struct Pieces {
    first: Bytes,
    all: BytesMut,
    /// How long the body will be at the least, as far as that is known.
    expected: usize,
}

impl Pieces {
    /// How much came, in bytes.
    pub fn len(&self) -> usize {
        self.first.len() + self.all.len()
    }

    /// Makes room for a body of this length, which is then not moved while
    /// it grows.
    pub fn expect(&mut self, bytes: usize) {
        self.expected = bytes;
        if !self.all.is_empty() {
            self.all.reserve(bytes.saturating_sub(self.all.len()));
        }
    }

    /// Appends a piece to the body.
    pub fn push(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        let first = std::mem::take(&mut self.first);
        if self.all.is_empty() {
            self.all
                .reserve(self.expected.max(first.len() + piece.len()));
        }
        self.all.extend_from_slice(&first);
        self.all.extend_from_slice(&piece);
    }

    /// Puts the pieces together into the whole body.
    pub fn join(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_in_their_order() {
        for pieces in [
            vec![],
            vec!["a"],
            vec!["", "ab", "", "c"],
            vec!["a", "b", "cd", ""],
        ] {
            let mut all = Pieces::default();
            for piece in &pieces {
                all.push(Bytes::from_static(piece.as_bytes()));
            }
            assert_eq!(all.len(), pieces.concat().len());
            assert_eq!(all.join(), pieces.concat());
        }
    }
}
