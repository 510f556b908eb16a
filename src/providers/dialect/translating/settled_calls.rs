//! Tool calls and their results, put in order: whatever a caller named them,
//! each call has an id of its own, and each result knows its call.
//!
//! The same history is always written with the same bytes: Anthropic binds
//! what a model thought to what stands before it; `docs/providers.md` §12.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::neutral::{Content, NeutralRequest, Part, Speaker, ToolResult, Turn};
use super::untranslatable::Untranslatable;

/// The longest id that every vendor takes, but for those with short ones.
const ID_CHARACTERS_MAX: usize = 40;
/// The length of a short id.
const SHORT_ID_CHARACTERS: usize = 9;

/// Which ids of calls a provider takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallIds {
    /// Letters, digits, `_` and `-`.
    Plain,
    /// Nine letters and digits: Mistral's.
    Short,
}

/// A call that has been asked for.
struct KnownCall {
    /// Its id from now on.
    id: String,
    name: String,
    is_answered: bool,
}

impl NeutralRequest {
    /// How many calls the conversation has.
    pub fn count_calls(&self) -> usize {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts
            .filter(|part| matches!(part.what, Content::Call(_)))
            .count()
    }

    /// Has the person say the instructions in the middle of the conversation, for
    /// models that take instructions before it alone.
    pub fn tell_later_instructions_as_person(&mut self) {
        for turn in &mut self.turns {
            if turn.speaker == Speaker::System {
                turn.speaker = Speaker::Person;
            }
        }
        join_turns(&mut self.turns);
    }

    /// Gives each call an id that no other has and that the provider takes,
    /// and each result the id and the name of its call.
    pub fn settle_calls(&mut self, ids: CallIds) -> Result<(), Untranslatable> {
        let mut taken = HashSet::new();
        let mut by_id: HashMap<String, Vec<KnownCall>> = HashMap::new();
        for turn in &mut self.turns {
            for part in &mut turn.parts {
                match &mut part.what {
                    Content::Call(call) => {
                        let known = by_id.entry(call.id.clone()).or_default();
                        let id = ids.settle(&call.id, known.len(), &taken);
                        taken.insert(id.clone());
                        known.push(KnownCall {
                            id: id.clone(),
                            name: call.name.clone(),
                            is_answered: false,
                        });
                        call.id = id;
                    }
                    Content::Result(result) => settle_result(result, &mut by_id)?,
                    _ => {}
                }
            }
        }
        order_results(&mut self.turns);
        Ok(())
    }
}

/// Results belong to the first call of their id that has none yet.
fn settle_result(
    result: &mut ToolResult,
    by_id: &mut HashMap<String, Vec<KnownCall>>,
) -> Result<(), Untranslatable> {
    let known = by_id.get_mut(&result.id);
    let open = known.and_then(|calls| calls.iter_mut().find(|call| !call.is_answered));
    let call = open.ok_or_else(|| {
        Untranslatable::new(
            "The result of a tool that no call before it asks for, or that has one already,",
        )
    })?;
    call.is_answered = true;
    result.id.clone_from(&call.id);
    result.name = Some(call.name.clone());
    Ok(())
}

impl CallIds {
    fn takes(self, id: &str) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        match self {
            Self::Plain => {
                !id.is_empty() && id.len() <= ID_CHARACTERS_MAX && id.chars().all(is_plain)
            }
            Self::Short => {
                id.len() == SHORT_ID_CHARACTERS && id.chars().all(|c| c.is_ascii_alphanumeric())
            }
        }
    }

    /// Keeps an id that is taken and no other call has; else makes one that is
    /// the same whenever the conversation is sent.
    fn settle(self, asked: &str, times: usize, taken: &HashSet<String>) -> String {
        if self.takes(asked) && !taken.contains(asked) {
            return asked.to_owned();
        }
        let mut number = times;
        loop {
            let digest = Sha256::digest(format!("{number} {asked}"));
            let hex = write_hex(digest.iter().take(12));
            let id = match self {
                Self::Plain => format!("call_{hex}"),
                Self::Short => hex.chars().take(SHORT_ID_CHARACTERS).collect(),
            };
            if !taken.contains(&id) {
                return id;
            }
            number += 1;
        }
    }
}

/// Puts results in the order of their calls, and before anything else that is
/// said until the model speaks again: vendors want them right behind the calls.
fn order_results(turns: &mut Vec<Turn>) {
    let mut calls: HashMap<String, usize> = HashMap::new();
    let (mut ordered, mut said) = (Vec::with_capacity(turns.len()), Vec::new());
    for turn in turns.drain(..) {
        if turn.speaker != Speaker::Model {
            said.push(turn);
            continue;
        }
        ordered.append(&mut results_first(std::mem::take(&mut said), &calls));
        for part in &turn.parts {
            if let Content::Call(call) = &part.what {
                calls.insert(call.id.clone(), calls.len());
            }
        }
        ordered.push(turn);
    }
    ordered.append(&mut results_first(said, &calls));
    *turns = ordered;
    join_turns(turns);
}

/// What was said between two turns of the model, what its tools gave back
/// before all else. A turn that had nothing else is left out.
fn results_first(mut said: Vec<Turn>, calls: &HashMap<String, usize>) -> Vec<Turn> {
    let is_result = |part: &Part| matches!(part.what, Content::Result(_));
    let mut results = Vec::new();
    said.retain_mut(|turn| {
        let was_empty = turn.parts.is_empty();
        let (of_tools, others) = std::mem::take(&mut turn.parts)
            .into_iter()
            .partition::<Vec<_>, _>(is_result);
        results.extend(of_tools);
        turn.parts = others;
        was_empty || !turn.parts.is_empty()
    });
    if results.is_empty() {
        return said;
    }
    results.sort_by_cached_key(|part| match &part.what {
        Content::Result(result) => calls.get(&result.id).copied().unwrap_or(usize::MAX),
        _ => usize::MAX,
    });
    let speaker = Speaker::Person;
    said.insert(
        0,
        Turn {
            speaker,
            parts: results,
        },
    );
    said
}

/// Makes one turn of those of one speaker that follow each other.
fn join_turns(turns: &mut Vec<Turn>) {
    let mut joined: Vec<Turn> = Vec::with_capacity(turns.len());
    for turn in turns.drain(..) {
        match joined.last_mut() {
            Some(last) if last.speaker == turn.speaker => last.parts.extend(turn.parts),
            _ => joined.push(turn),
        }
    }
    *turns = joined;
}

/// Writes bytes in hexadecimal digits.
pub fn write_hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    let mut hex = String::new();
    for byte in bytes {
        // A text always takes more.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
