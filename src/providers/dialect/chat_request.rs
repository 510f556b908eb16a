//! What a model is asked in a chat of ours, before a dialect writes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::{Picture, Turn};

/// What a model is asked.
#[derive(Debug)]
pub struct ChatRequest {
    pub model: String,
    /// The instructions before the conversation; empty where there are none.
    pub system: String,
    pub turns: Vec<Turn>,
    pub max_output_tokens: u32,
    /// Whether it must cost no more than its words and pictures tell: somebody
    /// else than its asker pays.
    pub is_bounded: bool,
}

/// Writes the bytes of a picture as base64, as every dialect carries them.
pub fn encode_picture(picture: &Picture) -> String {
    STANDARD.encode(&picture.bytes)
}

/// Writes a picture as a `data:` address that holds its bytes.
pub fn picture_data_url(picture: &Picture) -> String {
    format!(
        "data:{};base64,{}",
        picture.kind.media_type(),
        encode_picture(picture)
    )
}
