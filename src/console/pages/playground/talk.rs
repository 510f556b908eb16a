//! A conversation as the page carries it: in a hidden field, and nowhere else.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::console::trouble::Trouble;
use crate::model::{Picture, Turn};

use super::receipt::Receipt;

/// The field that carries it.
pub const TALK_FIELD: &str = "kept_talk";
/// The longest conversation, in rounds and in bytes.
const ROUNDS_MAX: usize = 200;
const BYTES_MAX: usize = 512 * 1024;

/// What was asked and answered so far.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Talk {
    pub rounds: Vec<Round>,
}

/// One question and what was answered to it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Round {
    /// As it was typed.
    pub asked: String,
    /// As the model was told it, with the text of files; left out where that
    /// is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// One answer, or two beside each other.
    pub answers: Vec<Reply>,
}

/// One answer.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Reply {
    /// The model and its provider, as people read them.
    pub model: String,
    pub provider: String,
    /// Empty where nothing was said.
    #[serde(default)]
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Pictures that were made. Only the page that they came with shows them.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
    /// Why there is no answer.
    #[serde(skip)]
    pub trouble: Option<Trouble>,
}

impl Talk {
    /// Reads the field.
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let text = Some(text).filter(|text| text.len() <= BYTES_MAX);
        let talk = text.and_then(|text| serde_json::from_str::<Self>(text).ok());
        talk.filter(|talk| talk.rounds.len() <= ROUNDS_MAX)
            .ok_or_else(Self::unreadable)
    }

    /// Writes the field. What was not answered is not kept.
    pub fn write(&self) -> String {
        let kept = self.rounds.iter().filter(|round| round.is_answered());
        let kept: Vec<&Round> = kept.collect();
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// The conversation as the model in one column is told it. `show` puts
    /// what was shown with each question back, by the number of its round.
    pub fn turns(&self, column: usize, show: impl Fn(usize, &mut Turn)) -> Vec<Turn> {
        let mut turns = Vec::with_capacity(self.rounds.len() * 2);
        for (number, round) in self.rounds.iter().enumerate() {
            let reply = round.answers.get(column).or(round.answers.first());
            let said = reply.map_or("", |reply| &reply.text);
            // Whatever was not answered is asked anew, or not any more.
            if !said.trim().is_empty() {
                let mut asked = Turn::person(round.told.as_ref().unwrap_or(&round.asked));
                show(number, &mut asked);
                turns.push(asked);
                turns.push(Turn::model(said));
            }
        }
        turns
    }

    fn unreadable() -> Trouble {
        Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The conversation can’t be read",
            "What the page sent of the conversation is damaged or too long, so nobody was asked. \
             Begin a new one.",
        )
        .way("/playground", "New conversation")
    }
}

impl Round {
    fn is_answered(&self) -> bool {
        let mut answers = self.answers.iter();
        answers.any(|reply| !reply.text.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply {
            text: text.to_owned(),
            ..Reply::default()
        }
    }

    #[test]
    fn each_column_is_told_its_own_answers() {
        let round = |asked: &str, answers: &[&str]| Round {
            asked: asked.to_owned(),
            told: None,
            answers: answers.iter().map(|text| reply(text)).collect(),
        };
        let talk = Talk {
            rounds: vec![
                round("one", &["a", "b"]),
                round("two", &["c"]),
                round("refused", &[""]),
            ],
        };
        let read = Talk::parse(&talk.write()).unwrap();
        assert_eq!(read.rounds.len(), 2);
        let said = |column| {
            let turns = read.turns(column, |_, _| {}).into_iter();
            turns.map(|turn| turn.text.0).collect::<Vec<_>>()
        };
        assert_eq!(said(0), ["one", "a", "two", "c"]);
        assert_eq!(said(1), ["one", "b", "two", "c"]);
    }

    #[test]
    fn what_is_no_conversation_is_refused() {
        assert!(Talk::parse("").unwrap().rounds.is_empty());
        for wrong in ["x", "{}", "[{}]", "[1]"] {
            assert!(Talk::parse(wrong).is_err(), "{wrong}");
        }
        let round = r#"{"asked":"","answers":[]}"#;
        let long = format!("[{}]", vec![round; 201].join(","));
        assert!(Talk::parse(&long).is_err());
    }
}
