//! The media types of pictures by their bytes: vendors refuse a picture that is
//! called what it is not, and clients go by the ending of its name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::neutral::{Content, File, FilePlace, NeutralRequest};
use crate::model::PictureKind;

/// How much of a picture tells what it is, in letters of base64.
const BEGINNING: usize = 24;

impl NeutralRequest {
    /// Calls each picture what its bytes say that it is.
    pub fn settle_media_types(&mut self) {
        for part in self.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
            match &mut part.what {
                Content::File(file) => file.settle_media_type(),
                Content::Result(result) => {
                    for part in &mut result.parts {
                        if let Content::File(file) = &mut part.what {
                            file.settle_media_type();
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

impl File {
    fn settle_media_type(&mut self) {
        let may_be_picture = self.is_picture()
            || matches!(self.media_type.as_str(), "" | "application/octet-stream");
        let FilePlace::Base64(data) = &self.at else {
            return;
        };
        let beginning = data.get(..BEGINNING).filter(|_| may_be_picture);
        let bytes = beginning.and_then(|it| STANDARD.decode(it).ok());
        if let Some(kind) = bytes.and_then(|bytes| PictureKind::of(&bytes)) {
            kind.media_type().clone_into(&mut self.media_type);
        }
    }
}
