//! Takes out of a picture's file what nobody sees in the picture: texts,
//! EXIF, XMP, the graphs that ComfyUI writes, smaller copies, credentials,
//! and whatever follows the picture's end; `docs/providers.md` §14.9.
//!
//! Only the parts that say how a picture looks are kept, colour profiles
//! among them, each as it came: nothing is decoded and written anew. Of EXIF
//! one number is kept, which says which way up the picture is. What is left
//! of a file that breaks off stays.

mod exif;
mod gif;
mod jpeg;
mod png;
mod webp;

#[cfg(test)]
mod tests;

use crate::model::{ForeignFile, MissingPicture, Picture, PictureKind};

use super::job::{FetchedPicture, PictureResult};

/// Strips all pictures of an answer. On a thread of its own: each has
/// megabytes. One whose parts can't be told apart is missing.
pub async fn strip_all(mut result: PictureResult) -> PictureResult {
    let pictures = std::mem::take(&mut result.pictures);
    let count = pictures.len();
    let stripping = move || {
        pictures
            .iter()
            .map(strip_picture)
            .collect::<Vec<FetchedPicture>>()
    };
    let stripped = tokio::task::spawn_blocking(stripping).await;
    let unreadable = MissingPicture::NotAPicture(ForeignFile::Unknown);
    let stripped = stripped.unwrap_or_else(|_| vec![Err(unreadable); count]);
    for came in stripped {
        result.keep(came);
    }
    result
}

/// Strips one picture.
pub fn strip_picture(picture: &Picture) -> FetchedPicture {
    let stripped = match picture.kind {
        PictureKind::Png => png::strip(&picture.bytes),
        PictureKind::Jpeg => jpeg::strip(&picture.bytes),
        PictureKind::Webp => webp::strip(&picture.bytes),
        PictureKind::Gif => gif::strip(&picture.bytes),
    };
    let stripped = stripped.ok_or(MissingPicture::NotAPicture(ForeignFile::Unknown))?;
    Ok(Picture {
        kind: picture.kind,
        bytes: stripped.into(),
    })
}

/// What is not read yet of a file.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next bytes; none where there are not so many.
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}
