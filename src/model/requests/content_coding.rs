//! Codings that bodies come in, as RFC 9110, section 8.4 names them, and what they
//! hold.

use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use bytes::Bytes;
use futures_util::Stream;
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

/// The codings that are read, as a client is told them.
pub const READ_CODINGS: &str = "gzip, br, zstd, deflate";

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCoding {
    Gzip,
    Brotli,
    Zstd,
    Deflate,
}

/// A coding that is not read, or several, one over the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCoding;

/// A body that comes in pieces.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send + Sync>>;

impl ContentCoding {
    /// Reads what a `Content-Encoding` header says; none where the body is
    /// as it is.
    pub fn parse(header: &[u8]) -> Result<Option<Self>, UnknownCoding> {
        let name = header.trim_ascii().to_ascii_lowercase();
        Ok(Some(match &*name {
            b"" | b"identity" => return Ok(None),
            b"gzip" | b"x-gzip" => Self::Gzip,
            b"br" => Self::Brotli,
            b"zstd" => Self::Zstd,
            b"deflate" => Self::Deflate,
            _ => return Err(UnknownCoding),
        }))
    }

    /// What a compressed body holds, as it comes. Whoever reads it says how
    /// much of it they take.
    pub fn decode(
        self,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static,
    ) -> Pieces {
        let reader = StreamReader::new(Box::pin(pieces));
        match self {
            Self::Gzip => {
                let mut decoder = GzipDecoder::new(reader);
                decoder.multiple_members(true);
                read_pieces(decoder)
            }
            Self::Brotli => read_pieces(BrotliDecoder::new(reader)),
            Self::Zstd => {
                let mut decoder = ZstdDecoder::new(reader);
                decoder.multiple_members(true);
                read_pieces(decoder)
            }
            Self::Deflate => read_pieces(ZlibDecoder::new(reader)),
        }
    }
}

fn read_pieces(decoder: impl AsyncRead + Send + Sync + 'static) -> Pieces {
    Box::pin(ReaderStream::new(decoder))
}

#[cfg(test)]
mod tests {
    use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
    use futures_util::{StreamExt, TryStreamExt, stream};
    use tokio::io::{AsyncWrite, AsyncWriteExt};

    use super::*;

    async fn write(mut encoder: impl AsyncWrite + Unpin, words: &[u8]) {
        encoder.write_all(words).await.unwrap();
        encoder.flush().await.unwrap();
    }

    /// Some words in a coding, flushed, and not ended.
    async fn encode(coding: ContentCoding, words: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match coding {
            ContentCoding::Gzip => write(GzipEncoder::new(&mut out), words).await,
            ContentCoding::Brotli => write(BrotliEncoder::new(&mut out), words).await,
            ContentCoding::Zstd => write(ZstdEncoder::new(&mut out), words).await,
            ContentCoding::Deflate => write(ZlibEncoder::new(&mut out), words).await,
        }
        out
    }

    #[tokio::test]
    async fn what_has_come_is_read_before_more_comes() {
        for coding in [
            ContentCoding::Gzip,
            ContentCoding::Brotli,
            ContentCoding::Zstd,
            ContentCoding::Deflate,
        ] {
            let first = Bytes::from(encode(coding, b"data: 1\n\n").await);
            let pieces = stream::iter([Ok(first)]).chain(stream::pending());
            let piece = coding.decode(pieces).next().await.unwrap().unwrap();
            assert_eq!(piece, "data: 1\n\n", "{coding:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_such_coding_or_breaks_off_is_an_error() {
        for bytes in [&b"{\"a\":1}"[..], b"\x1f\x8b\x08\x00"] {
            let pieces = stream::iter([Ok(Bytes::copy_from_slice(bytes))]);
            let read: Result<Vec<Bytes>, _> =
                ContentCoding::Gzip.decode(pieces).try_collect().await;
            assert!(read.is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_coding_is_read_by_its_name() {
        for (name, coding) in [
            ("gzip", Ok(Some(ContentCoding::Gzip))),
            (" GZIP ", Ok(Some(ContentCoding::Gzip))),
            ("br", Ok(Some(ContentCoding::Brotli))),
            ("zstd", Ok(Some(ContentCoding::Zstd))),
            ("deflate", Ok(Some(ContentCoding::Deflate))),
            ("identity", Ok(None)),
            ("", Ok(None)),
            ("gzip, br", Err(UnknownCoding)),
            ("compress", Err(UnknownCoding)),
        ] {
            assert_eq!(ContentCoding::parse(name.as_bytes()), coding, "{name}");
        }
    }
}
