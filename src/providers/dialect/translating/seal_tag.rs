//! Seals of one provider inside the fields that another dialect has for its
//! own: marked, so that they are known when they come back.

use super::neutral::{Seal, SealMaker};

/// What a seal of another provider's begins with.
pub const TAG: &str = "latchkey.";
/// What stands in the place of a seal where a thought has none, so that the
/// thought is known for one of another maker.
pub const UNSEALED: &str = "latchkey.other.";
const MAKERS: [(&str, SealMaker); 7] = [
    ("google", SealMaker::Google),
    ("anthropic", SealMaker::Anthropic),
    ("anthropic-redacted", SealMaker::AnthropicRedacted),
    ("openai", SealMaker::OpenAi),
    ("openrouter", SealMaker::OpenRouter),
    ("unsigned", SealMaker::Unsigned),
    ("other", SealMaker::Other),
];

/// Writes a seal for a field that is another maker's.
pub fn tag(seal: &Seal) -> String {
    let maker = MAKERS.iter().find(|(_, maker)| *maker == seal.maker);
    let maker = maker.map_or("other", |(name, _)| name);
    format!("{TAG}{maker}.{}", seal.data)
}

/// Reads a seal out of a field; one without a mark is of the field's own
/// maker.
pub fn untag(written: &str, own: SealMaker) -> Seal {
    let tagged = written.strip_prefix(TAG).and_then(|it| it.split_once('.'));
    let known = tagged.and_then(|(name, data)| {
        let maker = MAKERS.iter().find(|(maker, _)| *maker == name);
        maker.map(|(_, maker)| (*maker, data))
    });
    let (maker, data) = known.unwrap_or((own, written));
    Seal {
        maker,
        data: data.to_owned(),
    }
}
