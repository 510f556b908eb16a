//! Keys that pay for nothing until their owner does something: what is wrong,
//! who pays meanwhile, and what to do.

use crate::app::ProviderInfo;
use crate::console::markup::{Markup, html};
use crate::console::parts::{form, key, link, note};
use crate::console::visit::Visit;
use crate::console::words::{causes, name_payer};
use crate::model::{Health, Key, Verdict};

use super::who_pays::WhoPays;

/// The note about a key that needs its owner.
pub fn show(visit: &Visit, one: &Key, who_pays: &WhoPays) -> Markup {
    let providers = visit.app().providers();
    let name = key::provider_name(providers, &one.provider);
    let known = providers.get(&one.provider);
    let meanwhile = describe_meanwhile(one, who_pays, &name);
    let check = form::button(
        &visit.form_token,
        &format!("/keys/{}/check", one.id),
        "Check again",
        &name,
    );
    let replace = format!("/keys/{}#replace", one.id);
    match one.health {
        Health::OutOfCredit => note::urgent(
            &format!("Your {name} key is out of credit."),
            &meanwhile,
            html! {
                @if let Some(page) = known.and_then(ProviderInfo::billing_page) {
                    (link::button(page, &format!("Top up at {name}")))
                }
                (check)
            },
        ),
        Health::Damaged => note::urgent(
            &format!("Your {name} key is damaged."),
            &format!(
                "What is stored of it can’t be opened: it was changed or damaged in the \
                 database. {meanwhile}"
            ),
            html! { (link::button(&replace, "Replace it")) },
        ),
        Health::Refused
        | Health::Unverified
        | Health::Valid
        | Health::Unguarded
        | Health::Restricted => note::urgent(
            "Key is invalid.",
            &format!("{name} refused it. {} {meanwhile}", causes(&name)),
            html! {
                @if let Some(known) = known {
                    (link::button(known.key_page(), &format!("Keys at {name}")))
                }
                (link::button(&replace, "Replace it"))
                (check)
            },
        ),
    }
}

/// Who pays until the key works again.
fn describe_meanwhile(one: &Key, who_pays: &WhoPays, name: &str) -> String {
    let trace = who_pays.trace_of(&one.provider);
    let taken = trace.and_then(|trace| {
        let mut steps = trace.0.iter();
        steps.find(|step| step.verdict == Verdict::Taken)
    });
    match (taken, trace) {
        (Some(step), _) => format!(
            "Until it works again, {} pays for {name}.",
            name_payer(step.source)
        ),
        (None, Some(_)) => format!("Until it works again, nobody pays for {name} for you here."),
        (None, None) => "It is set aside until it works again.".to_owned(),
    }
}
