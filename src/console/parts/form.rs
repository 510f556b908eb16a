//! Parts of forms.

use secrecy::{ExposeSecret, SecretString};

use crate::console::form::TOKEN_FIELD;
use crate::console::markup::{Markup, html};

/// The hidden field that each form carries: without it nothing is done.
pub fn token(form_token: &SecretString) -> Markup {
    html! {
        input type="hidden" name=(TOKEN_FIELD) value=(form_token.expose_secret());
    }
}

/// A button that does one thing at once, as a form of its own. `about` tells
/// those who hear the page what it is about.
pub fn button(form_token: &SecretString, action: &str, label: &str, about: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            (token(form_token))
            button.btn.plain.s { (label) span.hidden { " " (about) } }
        }
    }
}

/// A field for text, with a hint below it.
pub fn text(name: &str, label: &str, value: &str, hint: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) value=(value) autocomplete="off" aria-describedby={ (name) "-hint" };
            span.hint id={ (name) "-hint" } { (hint) }
        }
    }
}

/// A field for a key. It is masked, no password manager fills it, and what
/// was typed is never sent back.
pub fn key(name: &str, label: &str, shape: &str, hint: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type="password" autocomplete="new-password"
                spellcheck="false" autocapitalize="off" placeholder=(shape)
                aria-describedby={ (name) "-hint" };
            span.hint id={ (name) "-hint" } { (hint) }
        }
    }
}

/// One choice of a list: its value and its words.
pub struct Choice<'a> {
    pub value: &'a str,
    pub words: &'a str,
}

/// Choices that stand together. `kind` tells scripts when they apply.
pub struct ChoiceGroup {
    pub label: String,
    pub kind: &'static str,
    /// How keys of the group's provider begin, for scripts; empty where that
    /// is not known.
    pub shape: String,
    /// The value and the words of each.
    pub choices: Vec<(String, String)>,
}

/// A list of groups, below choices that stand alone.
#[derive(Clone, Copy)]
pub struct GroupedList<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub alone: &'a [Choice<'a>],
    pub groups: &'a [ChoiceGroup],
    /// The kind of groups that apply. What is chosen may stand in others too.
    pub kind: &'a str,
    /// What stands below it, if anything does.
    pub hint: Option<&'a str>,
}

/// A list of groups to choose from.
pub fn select_group(list: GroupedList<'_>, chosen: &str) -> Markup {
    let GroupedList {
        name,
        label,
        alone,
        groups,
        kind,
        hint,
    } = list;
    let hint_id = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) aria-describedby=[hint.map(|_| &hint_id)] {
                @for choice in alone {
                    option value=(choice.value) selected[choice.value == chosen] { (choice.words) }
                }
                @for group in groups {
                    optgroup label=(group.label) data-kind=(group.kind) data-shape=(group.shape) {
                        @for (value, words) in &group.choices {
                            option value=(value) selected[value == chosen && group.kind == kind] { (words) }
                        }
                    }
                }
            }
            @if let Some(hint) = hint { span.hint id=(hint_id) { (hint) } }
        }
    }
}

/// A list to choose from.
pub fn select(name: &str, label: &str, choices: &[Choice<'_>], chosen: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for choice in choices {
                    option value=(choice.value) selected[choice.value == chosen] { (choice.words) }
                }
            }
        }
    }
}

/// A list that sends its form when something else is chosen; without script a
/// button does. Its label is for those who hear the page.
pub fn place(name: &str, label: &str, choices: &[Choice<'_>], chosen: &str) -> Markup {
    html! {
        label.hidden for=(name) { (label) }
        select id=(name) name=(name) data-sends {
            @for choice in choices {
                option value=(choice.value) selected[choice.value == chosen] { (choice.words) }
            }
        }
        noscript { button.btn.s { "Show" } }
    }
}
