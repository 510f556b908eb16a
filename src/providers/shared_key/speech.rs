//! Words that are read aloud: what a body may have; `docs/providers.md` §14.14.

use crate::model::SoundAmount;
use crate::providers::catalogue::Provider;

use super::Refused;
use super::shape::Shape::{Number, Text};
use super::shape::{Field, field};

const OPENAI: &[&str] = &["openai"];
const MISTRAL: &[&str] = &["mistral"];
/// The longest text that a provider reads aloud, in characters.
const CHARACTERS_MAX: [(&str, u64); 2] = [("openai", 4_096), ("groq", 200)];

/// The fields of a body. A voice that an account keeps, and sound to be copied,
/// are not among them.
pub static BODY: &[Field] = &[
    field("model", Text),
    field("input", Text),
    field("voice", Text),
    field("voice_id", Text).at(MISTRAL),
    field("response_format", Text),
    field("speed", Number),
    field("instructions", Text).at(OPENAI),
];

/// Refuses a text that the provider would refuse, before anything is held for it.
pub fn judge_length(spoken: SoundAmount, provider: &Provider) -> Result<(), Refused> {
    let id = provider.id.as_str();
    let known = CHARACTERS_MAX.iter().find(|(known, _)| *known == id);
    let most = known.map_or(u64::MAX, |(_, most)| *most);
    if spoken.characters > most {
        let what = format!("`input` must be a text of at most {most} characters");
        return Err(Refused::Malformed(what));
    }
    if spoken.characters == 0 {
        let what = "`input` must be there, with words in it".to_owned();
        return Err(Refused::Malformed(what));
    }
    Ok(())
}
