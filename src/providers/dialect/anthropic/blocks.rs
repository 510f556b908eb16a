//! Writes the blocks of a message in Anthropic's dialect: texts, files,
//! thoughts, results of tools.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::providers::dialect::bodies::fields_reader::shorten;
use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::neutral::{
    Content, File, FilePlace, Seal, SealMaker, Thought, ToolResult,
};
use crate::providers::dialect::translating::untranslatable::Untranslatable;

/// The pictures that Anthropic looks at.
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Says what a model of Anthropic's has no words for.
pub fn unsayable(what: &str) -> Untranslatable {
    Untranslatable::new(format!("{what}, for a model of Anthropic's,"))
}

/// A block of text.
pub fn text_block(text: &str) -> Json {
    object([("type", "text".into()), ("text", text.into())])
}

/// Thinking goes back to whoever signed it, and to nobody else.
pub fn write_thought(thought: &Thought) -> Option<Json> {
    let Seal { maker, data } = thought.seal.as_ref()?;
    match maker {
        SealMaker::Anthropic => Some(object([
            ("type", "thinking".into()),
            ("thinking", thought.text.as_str().into()),
            ("signature", data.as_str().into()),
        ])),
        SealMaker::AnthropicRedacted => Some(object([
            ("type", "redacted_thinking".into()),
            ("data", data.as_str().into()),
        ])),
        _ => None,
    }
}

/// The result of a tool: text alone, or a list of blocks.
pub fn write_result(result: &ToolResult) -> Result<Json, Untranslatable> {
    let mut blocks = Vec::new();
    for part in &result.parts {
        match &part.what {
            Content::Text(text) if text.is_empty() => {}
            Content::Text(text) => blocks.push(text_block(text)),
            Content::File(file) => blocks.push(write_file(file)?),
            _ => {}
        }
    }
    let content = match (blocks.as_slice(), result.parts.as_slice()) {
        ([only], _) if only["type"].is("text") => only["text"].clone(),
        ([], _) => "".into(),
        _ => blocks.into(),
    };
    let mut written = object([
        ("type", "tool_result".into()),
        ("tool_use_id", result.id.as_str().into()),
        ("content", content),
    ]);
    if result.is_error {
        written.set("is_error", true);
    }
    Ok(written)
}

/// A file that is words.
fn write_words(file: &File, data: &str) -> Result<Json, Untranslatable> {
    let words = STANDARD
        .decode(data)
        .ok()
        .and_then(|it| String::from_utf8(it).ok());
    let words = words
        .ok_or_else(|| Untranslatable::malformed("A file of words must be UTF-8 in base64"))?;
    let source = object([
        ("type", "text".into()),
        ("media_type", "text/plain".into()),
        ("data", words.into()),
    ]);
    let mut block = object([("type", "document".into()), ("source", source)]);
    block.set_some("title", file.name.as_deref());
    Ok(block)
}

/// A picture, or a document that Anthropic reads.
pub fn write_file(file: &File) -> Result<Json, Untranslatable> {
    let kind = file.media_type.as_str();
    if let (true, FilePlace::Base64(data)) = (kind.starts_with("text/"), &file.at) {
        return write_words(file, data);
    }
    let source = match &file.at {
        FilePlace::Base64(data) => object([
            ("type", "base64".into()),
            ("media_type", kind.into()),
            ("data", data.as_str().into()),
        ]),
        FilePlace::Address(url) if url.starts_with("https://") => {
            object([("type", "url".into()), ("url", url.as_str().into())])
        }
        FilePlace::Address(_) => {
            return Err(unsayable("A file at an address that is not `https:`"));
        }
        FilePlace::Id(_) => return Err(Untranslatable::file_id()),
    };
    let block_type = match kind {
        "" => "image",
        "application/pdf" => "document",
        kind if PICTURES.contains(&kind) => "image",
        _ => {
            let kind = shorten(kind);
            return Err(unsayable(&format!("A file of the type `{kind}`")));
        }
    };
    let mut block = object([("type", block_type.into()), ("source", source)]);
    if block_type == "document" {
        block.set_some("title", file.name.as_deref());
    }
    Ok(block)
}
