//! What had been typed into a form that was not taken, so that nobody types it
//! again: all but secrets and files.

use std::borrow::Cow;

use crate::model::PersonId;

use super::form::Form;
use super::frame::Reader;
use super::markup::{Markup, html};
use super::pages::keys::fields::KEEP_REFUSED;
use super::parts::{form, icon};

/// What had been typed into a form, but for secrets.
#[derive(Clone, Debug)]
pub struct TypedFields {
    fields: Vec<(String, String)>,
    /// Whether the form had files, which are not shown again.
    pub had_files: bool,
    held_secret: bool,
    /// Whose account the form was made for.
    pub owner: Option<PersonId>,
}

impl TypedFields {
    /// What a form holds; none of one that is a button alone.
    pub fn of(form: &Form) -> Option<Self> {
        // Where a button stands is nothing that anybody typed.
        let is_said = |(name, value): (&str, Cow<'_, str>)| !value.is_empty() && name != "from";
        if !form.shown_again().any(is_said) && !form.holds_secret() {
            return None;
        }
        let fields = form.shown_again();
        let fields = fields.map(|(name, value)| (name.to_owned(), value.into_owned()));
        Some(Self {
            fields: fields.collect(),
            had_files: false,
            held_secret: form.holds_secret(),
            owner: form.owner(),
        })
    }

    /// What is shown again of a field.
    #[cfg(test)]
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let (_, value) = fields.find(|(its_name, _)| its_name == name)?;
        Some(value)
    }

    /// What had been typed, in a form that goes to the same address.
    pub fn show(&self, reader: &Reader) -> Markup {
        let is_seen = self.held_secret || self.fields.iter().any(|(name, _)| !is_kept(name));
        html! {
            section.card {
                header { h2 { @if is_seen { "What you typed" } @else { "What you chose" } } }
                form.body method="post" autocomplete="off"
                    enctype=[self.had_files.then_some("multipart/form-data")]
                {
                    (form::token(&reader.form_token(self.owner)))
                    @for (name, value) in self.fields.iter().filter(|(name, _)| is_kept(name)) {
                        input type="hidden" name=(name) value=(value);
                    }
                    @for (at, (name, value)) in self.fields.iter().filter(|(name, _)| !is_kept(name)).enumerate() {
                        @if name == KEEP_REFUSED {
                            label.check {
                                input type="checkbox" name=(name) value=(value) checked;
                                span { "Store it even if its provider says that it can’t pay" }
                            }
                        } @else { div.field {
                            label for={ "again-" (at) } { (label_of(name)) }
                            @if value.contains('\n') {
                                textarea id={ "again-" (at) } name=(name) rows="4" { (value) }
                            } @else {
                                input id={ "again-" (at) } name=(name) value=(value);
                            }
                        } }
                    }
                    @if self.held_secret {
                        div.field {
                            label for="again-key" { "Key" }
                            input #again-key name="key" type="password" autocomplete="new-password"
                                spellcheck="false" autocapitalize="off";
                            span.hint { "It was not kept. Type it once more." }
                        }
                    }
                    button.btn.strong { (icon::small("again")) "Send" }
                }
            }
        }
    }
}

/// Whether a form has fields that its sender sees.
pub fn are_any(form: &Form) -> bool {
    form.shown_again().any(|(name, _)| !is_kept(name))
}

/// Whether something stands in them that can be shown again.
pub fn are_seen(form: &Form) -> bool {
    let is_seen = |(name, value): (&str, Cow<'_, str>)| !value.is_empty() && !is_kept(name);
    form.shown_again().any(is_seen)
}

/// Whether a field holds what the page keeps for itself, and nobody typed.
fn is_kept(name: &str) -> bool {
    const KEPT: [&str; 7] = [
        "once", "from", "import", "chosen", "exempt", "inside", "shown",
    ];
    name.starts_with("kept_") || KEPT.contains(&name)
}

/// What a field is called where forms show it.
fn label_of(name: &str) -> &str {
    match name {
        "name" => "Name",
        "provider" => "Provider",
        "model" => "Model",
        "days" => "Ends after so many days",
        "may" => "It may",
        "server" => "With the keys of this server",
        "amount" => "How much",
        "what" | "metric" => "Of what",
        "per" | "period" => "Over how long",
        "window" => "Counted",
        "who" | "kind" => "Whom",
        "id" => "Id",
        "during" => "For how long",
        "tier" => "Tier",
        "role" => "Role",
        "persona" => "Persona",
        "sure" => "To confirm",
        "ask" => "What you ask",
        "look" => "Look",
        "confirm" => "To confirm",
        "as" => "Use it as",
        "in" => "As if asked in",
        "beside" => "Beside it",
        "other" => "Another model",
        other => other.strip_prefix("extra-").unwrap_or(other),
    }
}
