//! Whether code that begins behind words ends, by what follows it.

use crate::bot::answers::layout::blocks::{PARAGRAPH_BYTES_MAX, Source};
use crate::bot::answers::layout::fences::{CodeLine, OpeningInLine};
use crate::bot::answers::layout::prose::quote_length;

/// Whether code that begins in a line ends, and is code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Ended,
    NeverEnded,
    Unknown,
}

/// Looks for the end of code that begins in a line. As Discord does, it takes
/// for words what nothing closes; but a block that opens at the start of a line
/// is one, and code that is longer than what is looked at is code.
pub fn fate(opening: &OpeningInLine, source: Source<'_>, from: usize) -> Fate {
    let most = from + PARAGRAPH_BYTES_MAX;
    let (mut code, mut at) = (opening.code.clone(), from);
    while let Some(line) = source.line(at) {
        if !line.is_whole || line.next > most {
            break;
        }
        let quote = quote_length(line.text).filter(|_| code.is_quoted);
        let text = line.text.get(quote.unwrap_or(0)..).unwrap_or_default();
        if code.is_quoted && quote.is_none() || code.is_another(text) {
            return Fate::NeverEnded;
        }
        if !matches!(code.look_at(text), CodeLine::Line) {
            return Fate::Ended;
        }
        at = line.next;
    }
    if source.text.len() > most {
        Fate::Ended
    } else if source.is_ended {
        Fate::NeverEnded
    } else {
        Fate::Unknown
    }
}
