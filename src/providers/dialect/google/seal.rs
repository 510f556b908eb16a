//! Thoughts of others in the field that Google has for its own seals, which
//! its libraries take for base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::providers::dialect::json::Json;
use crate::providers::dialect::neutral::{Seal, SealMaker, Thought};
use crate::providers::dialect::seal_tag::{tag, untag};

/// Writes a thought with its seal: clients give the seal back, and may leave
/// the thought out.
pub fn write_seal(text: &str, seal: &Seal) -> String {
    let both = Json::List(vec![text.into(), seal.data.as_str().into()]);
    STANDARD.encode(tag(&Seal {
        maker: seal.maker,
        data: both.to_string(),
    }))
}

/// Reads a seal; none where it is the word for "there is none".
pub fn read_seal(written: &str) -> Option<Thought> {
    let of_google = || Seal {
        maker: SealMaker::Google,
        data: written.to_owned(),
    };
    let Ok(bytes) = STANDARD.decode(written) else {
        return None;
    };
    let text = String::from_utf8(bytes).unwrap_or_default();
    let seal = untag(&text, SealMaker::Google);
    let both = Json::parse(seal.data.as_bytes()).unwrap_or(Json::Null);
    Some(match (both[0].as_str(), both[1].as_str()) {
        (Some(text), Some(data)) => Thought {
            text: text.to_owned(),
            seal: Some(Seal {
                maker: seal.maker,
                data: data.to_owned(),
            }),
        },
        _ => Thought {
            text: String::new(),
            seal: Some(of_google()),
        },
    })
}
