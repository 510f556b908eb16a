//! The ladder: who is asked to pay, in order, and who does. The mark of the
//! product.

use crate::console::markup::{Markup, html};
use crate::model::Source;

use super::{icon, payer};

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is passed over, for the reason that its words say.
    Skipped,
    Pays,
    /// One before it pays.
    NotReached,
}

/// One of those who could pay.
pub struct Step {
    pub source: Source,
    pub title: String,
    pub words: String,
    pub outcome: Outcome,
}

/// The steps side by side, and one below the other on phones.
pub fn show(steps: &[Step]) -> Markup {
    ladder(steps, "ladder")
}

/// The steps one below the other.
pub fn show_tall(steps: &[Step]) -> Markup {
    ladder(steps, "ladder tall")
}

fn ladder(steps: &[Step], class: &str) -> Markup {
    html! {
        ol class=(class) aria-label="Who is asked to pay, in order" {
            @for step in steps { (show_step(step)) }
        }
    }
}

fn show_step(step: &Step) -> Markup {
    let look = payer::look(step.source);
    let (class, image, said) = match step.outcome {
        Outcome::Skipped => ("past".to_owned(), "minus", "skipped"),
        Outcome::Pays => (format!("took {}", look.class), look.icon, "pays"),
        Outcome::NotReached => (String::new(), look.icon, "not reached"),
    };
    html! {
        li class=(class) {
            span.stop { (icon::small(image)) }
            b { (step.title) span.hidden { " (" (said) ")" } }
            span { (step.words) }
        }
    }
}
