//! Links, also to other sites, which are told nothing of where they were
//! followed from.

use crate::console::markup::{Markup, html};

/// A link that looks as a small button.
pub fn button(address: &str, label: &str) -> Markup {
    html! {
        a.btn.s href=(address) rel=[rel(address)] { (label) }
    }
}

/// A button that is followed in a new tab, so that this one keeps what was typed.
pub fn button_beside(address: &str, label: &str) -> Markup {
    html! {
        a.btn.s href=(address) target="_blank" rel="noopener" { (label) }
    }
}

/// A link in a text.
pub fn plain(address: &str, label: &str) -> Markup {
    html! {
        a href=(address) rel=[rel(address)] { (label) }
    }
}

/// What is told of a link that leads to another site.
fn rel(address: &str) -> Option<&'static str> {
    (!address.starts_with('/')).then_some("noreferrer noopener")
}
