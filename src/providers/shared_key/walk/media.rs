//! Pictures and documents in a body, which cost something else than words.

use super::{Refused, Walker, decode};
use crate::providers::shared_key::{documents, pictures};

impl Walker<'_> {
    pub(super) fn picture_url(&mut self) -> Result<(), Refused> {
        let written = self.cursor.text()?;
        let url = decode(written)?;
        if let Some(data) = pictures::base64_in(&url, self.place.is_google) {
            self.count_picture(data.len());
            return Ok(());
        }
        let is_address = url.starts_with("https://") || url.starts_with("http://");
        // What Google fetches may be something else than a picture.
        if is_address && self.place.provider != "google" {
            self.count_picture(0);
            return Ok(());
        }
        Err(self.for_own_key(", which is no picture that can be counted,"))
    }

    pub(super) fn count_picture(&mut self, bytes: usize) {
        self.findings.pictures += 1;
        self.findings.media_bytes += bytes as u64;
    }

    /// Reads a document that came with the call. All of them together are no
    /// more than the longest prompt.
    pub(super) fn pdf(&mut self, is_url: bool) -> Result<(), Refused> {
        let text = decode(self.cursor.text()?)?;
        let data = if is_url {
            documents::base64_in(&text)
        } else {
            Some(&*text)
        };
        let data = data.filter(|data| data.bytes().all(documents::is_base64));
        let tokens = documents::read(self.place.provider, self.place.model);
        let (Some(data), Some(tokens)) = (data, tokens) else {
            return Err(self.for_own_key(", which is no document that can be counted,"));
        };
        self.findings.document_tokens = tokens;
        self.findings.media_bytes += data.len() as u64;
        Ok(())
    }
}
