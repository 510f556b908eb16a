//! Makes a conversation fit a model: its context, and whether it sees.

use crate::model::{LeftOut, Role, Turn};
use crate::providers::PromptSize;

/// Bytes in a token of a text that is cut to fit: fewer than the
/// `BYTES_IN_A_TOKEN` of most texts, so that a conversation surely fits.
const BYTES_IN_A_SHORT_TOKEN: u64 = 3;
/// What a picture takes of a model's context, in tokens: as much as most models
/// count for their largest. What it may cost is for `PromptSize` to say.
const FITTED_PICTURE_TOKENS: u64 = 4_000;
/// What the parts of a conversation are wrapped in, in tokens.
const TURN_TOKENS: u64 = 8;

/// Stands in the place of pictures, so that a model that sees none neither
/// invents them nor asks for them.
const UNSEEN: &str =
    "\n(You can't see pictures, so you are not given what is in them. Say so if it matters.)";

/// Stands in the place of pictures of earlier messages that a provider could
/// not read.
const UNREADABLE: &str = "\n(A picture came with this that could not be read. Say so if it matters, and don't guess what is in it.)";

/// Takes the pictures out of all messages but the last; says whether there
/// were any.
pub fn hide_earlier(turns: &mut [Turn]) -> bool {
    let last = turns.len().saturating_sub(1);
    let mut were_any = false;
    for (at, turn) in turns.iter_mut().enumerate() {
        let earlier = if at == last {
            turn.earlier_pictures.min(turn.pictures.len())
        } else {
            turn.pictures.len()
        };
        if earlier > 0 {
            turn.pictures.drain(..earlier);
            turn.earlier_pictures = 0;
            turn.text.0.push_str(UNREADABLE);
            were_any = true;
        }
    }
    were_any
}

/// A conversation as one model is told it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FittedConversation {
    pub turns: Vec<Turn>,
    pub left_out: Vec<LeftOut>,
}

/// Leaves out what the model cannot see, and then the oldest turns until
/// the rest fits into so many tokens. The last turn always stays: whether
/// that fits is for the provider to say.
pub fn fit(turns: &[Turn], sees: bool, tokens_max: u64) -> FittedConversation {
    let mut left_out = Vec::new();
    let mut is_answered = false;
    let mut room = tokens_max;
    let mut kept: Vec<Turn> = Vec::new();
    for turn in turns.iter().rev() {
        let mut turn = turn.clone();
        if !sees && !turn.pictures.is_empty() {
            turn.pictures.clear();
            turn.earlier_pictures = 0;
            turn.text.0.push_str(UNSEEN);
            // What came before an answer was said under that one.
            if !is_answered {
                left_out.push(LeftOut::Pictures);
            }
        }
        is_answered |= turn.role == Role::Model;
        let needed = tokens(&turn);
        if !kept.is_empty() && needed > room {
            left_out.push(LeftOut::Older);
            break;
        }
        room = room.saturating_sub(needed);
        kept.push(turn);
    }
    kept.reverse();
    FittedConversation {
        turns: kept,
        left_out,
    }
}

/// How large a prompt is: what the model is told it is, and the conversation.
pub fn size_prompt(system: &str, turns: &[Turn]) -> PromptSize {
    let mut size = PromptSize {
        bytes: system.len() as u64,
        ..PromptSize::default()
    };
    for turn in turns {
        // A token has at least one byte.
        size.bytes += turn.text.0.len() as u64 + TURN_TOKENS;
        size.pictures += turn.pictures.len() as u64;
    }
    size
}

fn tokens(turn: &Turn) -> u64 {
    let text = (turn.text.0.len() as u64).div_ceil(BYTES_IN_A_SHORT_TOKEN);
    text + turn.pictures.len() as u64 * FITTED_PICTURE_TOKENS + TURN_TOKENS
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Picture, PictureKind};

    #[test]
    fn the_oldest_go_first_and_the_last_stays() {
        let turns = [
            Turn::person("a".repeat(300)),
            Turn::model("b".repeat(300)),
            Turn::person("c".repeat(300)),
        ];
        assert_eq!(fit(&turns, true, 1_000).turns, turns);
        let some = fit(&turns, true, 220);
        assert_eq!(some.turns, turns[1..]);
        assert_eq!(some.left_out, [LeftOut::Older]);
        assert_eq!(fit(&turns, true, 0).turns, turns[2..]);
    }

    #[test]
    fn a_model_that_sees_nothing_is_told_the_words_alone() {
        let picture = Picture {
            kind: PictureKind::Png,
            bytes: Arc::from(*b"made up"),
        };
        let shown = Turn {
            pictures: vec![picture],
            ..Turn::person("what is this?")
        };
        let fitted = fit(std::slice::from_ref(&shown), false, 10_000);
        let told = Turn::person(format!("what is this?{UNSEEN}"));
        assert_eq!(fitted.turns, [told]);
        assert_eq!(fitted.left_out, [LeftOut::Pictures]);
        // An answer before this question said so already.
        let later = [
            shown.clone(),
            Turn::model("a picture"),
            Turn::person("and?"),
        ];
        assert_eq!(fit(&later, false, 10_000).left_out, []);
        let seen = fit(std::slice::from_ref(&shown), true, 10_000);
        assert_eq!(seen.turns, [shown]);
    }
}
