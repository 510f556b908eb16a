//! Thoughts of others in the field that Google has for its own seals, which
//! its libraries take for base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::neutral::{Seal, SealMaker, Thought};
use crate::providers::dialect::translating::seal_tag::{tag, untag};

/// Writes thoughts with their seals: clients give the seals back, and may
/// leave the thoughts out. One field holds all that stand before one part.
pub fn write_seals(thoughts: &[(String, Seal)]) -> Option<String> {
    let both = |(text, seal): &(String, Seal)| {
        Json::List(vec![text.as_str().into(), seal.data.as_str().into()])
    };
    let (last, before) = thoughts.split_last()?;
    let tagged = |data: &Json| Seal {
        maker: last.1.maker,
        data: data.to_string(),
    };
    if before.is_empty() {
        return Some(STANDARD.encode(tag(&tagged(&both(last)))));
    }
    let all = thoughts.iter().map(|(text, seal)| {
        let sealed = tag(seal);
        Json::List(vec![text.as_str().into(), sealed.into()])
    });
    Some(STANDARD.encode(tag(&tagged(&Json::List(all.collect())))))
}

/// Reads seals; none where the field has the word for "there is none".
pub fn read_seals(written: &str) -> Vec<Thought> {
    let Ok(bytes) = STANDARD.decode(written) else {
        return Vec::new();
    };
    let text = String::from_utf8(bytes).unwrap_or_default();
    let seal = untag(&text, SealMaker::Google);
    let given = Json::parse(seal.data.as_bytes()).unwrap_or(Json::Null);
    let thought = |text: &str, seal: Seal| Thought {
        text: text.to_owned(),
        seal: Some(seal),
    };
    if let (Some(said), Some(data)) = (given[0].as_str(), given[1].as_str()) {
        let maker = seal.maker;
        let data = data.to_owned();
        return vec![thought(said, Seal { maker, data })];
    }
    let several = given.items().iter().filter_map(|one| {
        let sealed = one[1].as_str()?;
        Some(thought(one[0].as_str()?, untag(sealed, SealMaker::Google)))
    });
    let several: Vec<Thought> = several.collect();
    if several.is_empty() {
        let data = written.to_owned();
        let maker = SealMaker::Google;
        return vec![thought("", Seal { maker, data })];
    }
    several
}
