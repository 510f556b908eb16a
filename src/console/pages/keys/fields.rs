//! The fields into which a key is typed, and what is read of them.

use std::collections::BTreeMap;

use crate::app::{ProviderInfo, TypedKey};
use crate::console::form::Form;
use crate::console::markup::{Markup, html};
use crate::console::parts::form::{self as parts, Choice};
use crate::console::parts::when;
use crate::console::visit::Visit;
use crate::model::{Key, KeyRefusal, LIFETIMES_DAYS, Lifetime};

/// What an extra's field is called; what follows is the extra's own name.
const EXTRA: &str = "extra-";
/// For how many days a key is used.
const DAYS: &str = "days";
/// The box that has a key stored which its provider refuses, or which can't pay
/// and takes the place of one that works.
pub const KEEP_REFUSED: &str = "keep_refused";

/// The fields of a key of a provider, and of what goes with it. What was
/// typed before is there again, but for the key.
pub fn show(known: ProviderInfo<'_>, typed: &Form) -> Markup {
    let prefixes: Vec<&str> = known.key_prefixes().collect();
    html! {
        (parts::key("key", "Key", &placeholder(&prefixes), &describe_shape(&prefixes)))
        @for extra in known.extras() {
            @let name = format!("{EXTRA}{}", extra.field);
            @let hint = if extra.required { extra.placeholder.to_owned() } else {
                format!("{} (optional)", extra.placeholder)
            };
            (parts::text(&name, extra.label, typed.plain_text(&name), &hint))
        }
    }
}

/// For how long a key is used, as Discord's form asks it. One that takes the
/// place of another that ends is used as long as that, unless another choice is
/// made.
pub fn show_lifetime(visit: &Visit, stored: Option<&Key>) -> Markup {
    let kept_ms = stored.and_then(|key| key.end_to_come_ms(visit.app().now_ms()));
    let kept = kept_ms.map(|at_ms| {
        let words = format!("As before: until {}", when::day_and_time(at_ms));
        (Lifetime::AsBefore.word(), words)
    });
    let for_good = (
        Lifetime::WhileItWorks.word(),
        "As long as it works".to_owned(),
    );
    let days = LIFETIMES_DAYS.map(|days| (Lifetime::Days(days).word(), format!("{days} days")));
    let all: Vec<(String, String)> = kept.into_iter().chain([for_good]).chain(days).collect();
    let choices = all.iter().map(|(value, words)| Choice { value, words });
    let choices: Vec<Choice<'_>> = choices.collect();
    parts::select(DAYS, "How long it is used", &choices, visit.form.text(DAYS))
}

/// For how long a key is to be used.
pub fn read_lifetime(form: &Form) -> Result<Lifetime, KeyRefusal> {
    Lifetime::parse(form.text(DAYS)).ok_or(KeyRefusal::UnknownLifetime)
}

/// The box that has a key stored which its provider refuses.
pub fn show_keep_refused(form: &Form) -> Markup {
    html! {
        label.check {
            input type="checkbox" name=(KEEP_REFUSED) value="1" checked[form.has(KEEP_REFUSED)];
            span { "Store it even if its provider refuses it, or says that it can’t pay while the one that you have works. It then pays for nothing until a check finds that it works." }
        }
    }
}

/// What stands in an empty field for a provider's key.
pub fn placeholder(prefixes: &[&str]) -> String {
    let first = prefixes.first();
    first.map_or_else(String::new, |first| format!("{first}…"))
}

/// How the provider's keys begin, and what becomes of one.
pub fn describe_shape(prefixes: &[&str]) -> String {
    match prefixes {
        [] => "Never shown again.".to_owned(),
        [one] => format!("Starts with {one} and is never shown again."),
        [others @ .., last] => format!(
            "Starts with {} or {last} and is never shown again.",
            others.join(", ")
        ),
    }
}

/// The key that was typed, with what was typed beside it.
pub fn read(form: &Form, known: ProviderInfo<'_>) -> TypedKey {
    let extras = known.extras().filter_map(|extra| {
        let typed = form.secret(&format!("{EXTRA}{}", extra.field))?;
        Some((extra.field.to_owned(), typed))
    });
    TypedKey {
        secret: form.secret("key").unwrap_or_default(),
        extras: extras.collect::<BTreeMap<_, _>>(),
    }
}
