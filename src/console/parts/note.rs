//! Messages to the reader, above what they are about.

#![expect(
    clippy::needless_pass_by_value,
    reason = "what is made for one place reads best where it is handed over"
)]

use crate::console::markup::{Markup, html};

use crate::console::trouble::Trouble;

use super::icon;

/// Something to know, and what can be done about it.
pub fn plain(words: &str, ways: Markup) -> Markup {
    html! {
        div.note role="note" {
            (icon::plain("alert"))
            p { (words) }
            @if !ways.0.is_empty() {
                div.acts { (ways) }
            }
        }
    }
}

/// Something that its reader must act on: what it is, what follows, and what
/// to do.
pub fn urgent(title: &str, words: &str, ways: Markup) -> Markup {
    html! {
        div.note.bad role="note" {
            (icon::plain("alert"))
            p { strong { (title) } " " (words) }
            @if !ways.0.is_empty() {
                div.acts { (ways) }
            }
        }
    }
}

/// Trouble on a page that is about something else, with the ways that lead
/// away from there.
pub fn trouble(trouble: &Trouble, here: &str) -> Markup {
    let ways = trouble.ways.iter().filter(|(address, _)| address != here);
    urgent(
        &format!("{}.", trouble.title),
        &trouble.words,
        html! {
            @for (address, label) in ways {
                a.btn.s href=(address) { (label) }
            }
        },
    )
}

/// What was done a moment ago.
pub fn done(words: &str) -> Markup {
    html! {
        div.note role="status" { (icon::plain("check")) p { (words) } }
    }
}

/// What stands in the place of things that are not there yet.
pub fn empty(icon: &str, words: &str, ways: Markup) -> Markup {
    html! {
        div.empty {
            (icon::plain(icon))
            p { (words) }
            @if !ways.0.is_empty() {
                div.acts { (ways) }
            }
        }
    }
}
