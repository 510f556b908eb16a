//! Asks: one question to a language model, from its plan to its answer.

pub mod answer;
mod call;
pub mod choices;
pub mod fit;
pub mod forget;
pub mod models;
pub mod once;
pub mod personas;
pub mod plan;
mod program;
pub mod records;

pub use answer::{AnswerEvent, AskOutcome, ReadyAsk};
pub use once::OnceForm;
pub use personas::Persona;
pub use records::{Began, Notes};
