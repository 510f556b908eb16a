//! The buttons under an answer.

use crate::bot::answers::split;
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::conversation::transcript::small_print;
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::speech::voice::Voice;

/// The buttons under an answer that grows.
pub fn growing_buttons(voice: Voice<'_>, id: &str) -> Vec<Button> {
    vec![button(voice, "Stop", &CustomId::StopAnswer(id.to_owned()))]
}

/// The buttons under an answer that has ended.
pub fn ended_buttons(voice: Voice<'_>, id: &str) -> Vec<Button> {
    let id = || id.to_owned();
    vec![
        button(voice, "Again", &CustomId::RepeatAnswer(id())),
        button(voice, "Other model", &CustomId::OtherModel(id())),
        button(voice, "Details", &CustomId::AnswerDetails(id())),
    ]
}

/// The button under an answer that a key paid for which was typed for it alone:
/// nobody can ask again with that.
pub fn once_buttons(voice: Voice<'_>, id: &str) -> Vec<Button> {
    let details = CustomId::AnswerDetails(id.to_owned());
    vec![button(voice, "Details", &details)]
}

/// A button that stands beside others of the same weight.
pub fn button(voice: Voice<'_>, label: &str, id: &CustomId) -> Button {
    Button {
        label: voice.lang.words(label).to_owned(),
        custom_id: id.write(),
        style: ButtonStyle::Secondary,
    }
}

/// An answer that a restart broke off, with what it had said.
pub fn ended_by_restart(voice: Voice<'_>, text: &str, id: &str) -> Card {
    let why = "The answer stops here: I was restarted. **Again** asks once more.";
    let why = small_print(voice.lang.words(why));
    let shown = split::split(text, split::LIMIT - split::units(&why) - 1);
    let text = shown
        .first()
        .map_or(String::new(), |shown| format!("{shown}\n"));
    Card {
        text: text + &why,
        buttons: ended_buttons(voice, id),
        ..Card::default()
    }
}
