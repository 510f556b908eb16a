//! What is changed in an answer on its way to the caller.

use bytes::Bytes;
use serde_json::Value;

use crate::model::PassedEvents;
use crate::providers::dialect::{AnswerFormat, AnswerTranslator, ParsedAnswer};
use crate::providers::embeddings::VectorForm;
use crate::providers::ranking::RankingForm;
use crate::providers::sound::google_transcripts::GoogleTranscript;
use crate::providers::sound::speech::PackedSound;

/// What is changed in an answer before it is passed on.
#[derive(Default)]
pub enum AnswerChange {
    #[default]
    Unchanged,
    /// The event with the usage is left out: we asked for it, and the caller
    /// did not.
    WithoutUsage,
    /// The model has the caller's name for it, which the call went on without.
    Renamed(String),
    Translated(Box<AnswerTranslator>),
    /// Events of a transcript are put into OpenAI's words.
    Transcript,
    /// What Google's models wrote down is put into OpenAI's words.
    Heard(Box<GoogleTranscript>),
    /// Google's vectors are put into OpenAI's words.
    Vectors(Box<VectorForm>),
    /// A ranking of Cohere's is put into the others' words.
    Ranking(Box<RankingForm>),
    /// The sound is taken out of the JSON that it came in.
    Speech(PackedSound),
}

impl AnswerChange {
    /// Whether the answer is put into another dialect.
    pub fn is_translated(&self) -> bool {
        matches!(self, Self::Translated(_))
    }

    /// Whether the caller gets something else than a whole answer.
    pub fn rewrites_whole(&self) -> bool {
        matches!(
            self,
            Self::Translated(_)
                | Self::Speech(_)
                | Self::Vectors(_)
                | Self::Ranking(_)
                | Self::Heard(_)
        )
    }

    /// What the caller gets of a whole answer that is not translated; none where
    /// it is not what it should be.
    pub fn unpack(&self, value: &Value, answer: &Bytes) -> Option<Bytes> {
        match self {
            Self::Speech(sound) => sound.read(value),
            Self::Heard(transcript) => transcript.write_whole(value),
            Self::Vectors(form) => form.write(answer),
            Self::Ranking(form) => form.write(answer),
            _ => Some(answer.clone()),
        }
    }

    /// Whether the caller gets events that are written here.
    pub fn writes_anew(&self) -> bool {
        matches!(
            self,
            Self::Translated(_) | Self::Transcript | Self::Heard(_)
        )
    }

    /// Writes what stands at the end of a stream that came whole.
    pub fn write_end(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Translated(translator) => translator.write_end(out),
            Self::Heard(transcript) => transcript.write_end(out),
            _ => {}
        }
    }

    /// What the caller got, where the events are numbered; these were read.
    pub fn passed_events(&self, answer: &ParsedAnswer) -> PassedEvents {
        match self {
            Self::Translated(translator) => translator.passed_events(),
            _ => PassedEvents {
                count: answer.events as u64,
                response_id: answer.response_id.clone(),
            },
        }
    }

    /// The error of an answer that only a caller of its dialect can read.
    pub fn told_failure<'a>(&self, format: AnswerFormat, answer: &'a Value) -> Option<&'a Value> {
        let told = format.told_failure(answer);
        told.filter(|_| self.is_translated())
    }
}
