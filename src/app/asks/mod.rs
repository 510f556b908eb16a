//! Asks: one question to a language model, from its plan to its answer.

pub mod answer;
pub mod choices;
pub mod fit;
pub mod forget;
pub mod models;
pub mod once;
pub mod personas;
pub mod plan;
pub mod records;

pub use answer::{AnswerEvent, AskOutcome, Demotion, ReadyAsk};
pub use models::ModelChoice;
pub use once::OnceForm;
pub use personas::Persona;
pub use records::{Began, Notes};
