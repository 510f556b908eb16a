//! Files, batches of calls, and models that are trained, each known to the account
//! alone that has made it: `docs/providers.md` §15.3.

mod anthropic;
mod google;
mod openai;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::call::Call;
use super::errors::refusals::refuse_key;
use super::keys::key_in;
use crate::world::{KeptThing, World};

/// How many tokens each call of a batch has.
const INPUT_TOKENS: u64 = 1_000;
const OUTPUT_TOKENS: u64 = 200;

/// A call about such a thing, and where accounts keep theirs.
struct Desk<'a> {
    world: &'a World,
    call: &'a Call<'a>,
    key: Option<String>,
}

/// Answers a call about such a thing; none where it is about something else.
pub fn answer_batch(world: &World, call: &Call<'_>) -> Option<Response> {
    let desk = Desk {
        world,
        call,
        key: key_in(call.provider, call.headers),
    };
    let answer = match call.provider.id {
        "openai" => openai::answer(&desk),
        "anthropic" => anthropic::answer(&desk),
        "google" => google::answer(&desk),
        _ => None,
    }?;
    Some(refuse_key(call.provider, call.standing).unwrap_or(answer))
}

impl Desk<'_> {
    /// Keeps a thing under an id of its own, which it is made with.
    fn keep(
        &self,
        kind: &'static str,
        (beginning, content): (&str, String),
        shown: impl FnOnce(&str) -> Value,
    ) -> Response {
        self.world.with(|state| {
            let kept = &mut state.providers.kept;
            let id = format!("{beginning}{}", kept.len() + 1);
            let shown = shown(&id);
            kept.push(KeptThing {
                provider: self.call.provider.id,
                key: self.key.clone(),
                kind,
                id,
                shown: shown.clone(),
                content,
                looks: 0,
            });
            Json(shown).into_response()
        })
    }

    /// What the account keeps of a kind, newest first.
    fn list(&self, kind: &str) -> Vec<Value> {
        self.world.look(|state| {
            let kept = state.providers.kept.iter().rev();
            let own = kept.filter(|it| it.kind == kind && self.owns(it));
            own.map(|it| it.shown.clone()).collect()
        })
    }

    /// Looks at a thing of the account's, and has `change` made to it.
    fn look(&self, kind: &str, id: &str, change: impl FnOnce(&mut KeptThing)) -> Option<KeptThing> {
        self.world.with(|state| {
            let mut kept = state.providers.kept.iter_mut();
            let found = kept.find(|it| it.kind == kind && it.id == id && self.owns(it))?;
            change(found);
            Some(found.clone())
        })
    }

    /// Forgets a thing of the account's; whether it was there.
    fn forget(&self, kind: &str, id: &str) -> bool {
        self.world.with(|state| {
            let kept = &mut state.providers.kept;
            let before = kept.len();
            kept.retain(|it| it.kind != kind || it.id != id || !self.owns(it));
            kept.len() < before
        })
    }

    fn owns(&self, thing: &KeptThing) -> bool {
        thing.provider == self.call.provider.id && thing.key == self.key
    }

    fn is(&self, method: &str) -> bool {
        self.call.method.as_str() == method
    }
}

fn json(value: Value) -> Response {
    Json(value).into_response()
}
