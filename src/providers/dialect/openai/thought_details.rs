//! OpenRouter's `reasoning_details`: what a model thought, whole or in pieces,
//! which wants back what it said; `docs/providers.md` §7.7.

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::neutral::{Seal, SealMaker};

/// Fields whose pieces follow each other.
const GROWING: [&str; 3] = ["text", "summary", "data"];

/// Details that pieces come to.
#[derive(Default)]
pub struct ThoughtDetails {
    whole: Vec<Json>,
}

impl ThoughtDetails {
    /// Adds a detail, or a piece of the last one.
    pub fn add(&mut self, piece: &Json) {
        let is_of = |last: &Json| last["type"] == piece["type"] && last["index"] == piece["index"];
        let is_more = piece.get("index").is_some() || piece.get("id").is_none();
        match self.whole.last_mut().filter(|last| is_more && is_of(last)) {
            Some(last) => grow(last, piece),
            None => self.whole.push(piece.clone()),
        }
    }

    /// Adds those in a seal that was given back.
    pub fn add_sealed(&mut self, seal: &Seal) {
        let given = Json::parse(seal.data.as_bytes()).unwrap_or(Json::Null);
        for detail in given.items() {
            self.add(detail);
        }
    }

    /// The seal of what has come since it was taken last; none where nothing
    /// has.
    pub fn take_seal(&mut self) -> Option<Seal> {
        let whole = self.take();
        (!whole.is_empty()).then(|| Seal {
            maker: SealMaker::OpenRouter,
            data: Json::List(whole).to_string(),
        })
    }

    /// Takes all that was said of the thought so far.
    pub fn take(&mut self) -> Vec<Json> {
        std::mem::take(&mut self.whole)
    }
}

fn grow(detail: &mut Json, piece: &Json) {
    for (name, value) in piece.fields() {
        let more = value.as_str().filter(|_| GROWING.contains(&name.as_str()));
        match (detail[name.as_str()].as_str(), more) {
            (Some(before), Some(more)) => {
                let joined = format!("{before}{more}");
                detail.set(name, joined);
            }
            _ if value.is_null() => {}
            _ => detail.set(name, value.clone()),
        }
    }
}
