//! What is chosen beforehand: a model, a persona, and light or dark.

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;

use crate::app::Error;
use crate::console::cookies;
use crate::console::markup::{Markup, html};
use crate::console::parts::form::{self, Choice};
use crate::console::parts::persona::write_name;
use crate::console::reply::Redirection;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::console::words::{Names, warn_of_standing};
use crate::model::{Caller, ChoiceKind, ChoiceScope};

const LOOKS: [(&str, &str); 3] = [("", "As the system"), ("light", "Light"), ("dark", "Dark")];
/// How long a look is kept, in seconds: a year.
const LOOK_SECONDS: u64 = 365 * 24 * 60 * 60;

/// The form with what is chosen now.
pub async fn show(visit: &Visit, caller: &Caller) -> Result<Markup, Error> {
    let asks = &visit.app().asks;
    let chosen = asks.list_choices(caller).await?;
    let value = |kind| {
        let mut of_kind = chosen.iter().filter(|choice| choice.kind == kind);
        of_kind.next().map_or("", |choice| choice.value.as_str())
    };
    let persona = value(ChoiceKind::Persona);
    let personas = asks.offered_personas(Some(persona));
    let personas = personas.map(|persona| (&persona.name, write_name(&persona.name)));
    let personas: Vec<_> = personas.collect();
    let personas = personas
        .iter()
        .map(|(value, words)| Choice { value, words });
    let none = Choice {
        value: "",
        words: "None",
    };
    let personas: Vec<Choice<'_>> = [none].into_iter().chain(personas).collect();
    let look = cookies::find(&visit.headers, cookies::LOOK);
    let is_look = |name: &str| {
        let name = secrecy::SecretString::from(name);
        look.as_ref()
            .is_some_and(|look| crate::app::is_same_secret(look, &name))
    };
    let has_look = LOOKS
        .iter()
        .any(|(value, _)| !value.is_empty() && is_look(value));
    Ok(html! {
        section.card aria-labelledby="preferences-h" {
            header { h2 #preferences-h { "Preferences" } }
            form.body.stack method="post" action="/profile" {
                (form::token(&visit.form_token))
                (form::text(
                    "model", "Model", value(ChoiceKind::Model),
                    "Such as openai/gpt-6-luna. Empty: whichever somebody can pay for. A channel \
                     or a server may say otherwise for others, not for you.",
                ))
                (form::select("persona", "Persona", &personas, persona))
                fieldset.field {
                    legend { "Look" }
                    div.acts {
                        @for (value, words) in LOOKS {
                            label.check {
                                input type="radio" name="look" value=(value)
                                    checked[if value.is_empty() { !has_look } else { is_look(value) }];
                                span { (words) }
                            }
                        }
                    }
                }
                p.hint {
                    "Language: English on these pages. In Discord, Latchkey speaks the language of \
                     your app, if that is German, Spanish, French, Portuguese or Japanese."
                }
                button.btn { "Save" }
            }
        }
    })
}

/// Chooses what was sent, and takes back what was left empty.
pub async fn save(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = person.caller(&visit).await?;
    let scope = ChoiceScope::Person(caller.person);
    let asks = &visit.app().asks;
    let again = |error: Error| {
        Trouble::from(error)
            .typed(&visit.form)
            .way("/profile", "Go to your profile")
    };
    let looks = LOOKS.map(|(value, _)| value);
    let look = looks.into_iter().find(|it| *it == visit.form.text("look"));
    let Some(look) = look else {
        return Err(unknown_look(&visit));
    };
    let mut words = "Saved.".to_owned();
    match visit.form.typed("model") {
        Some(model) => {
            let chosen = asks.choose_model(&caller, scope, model).await;
            let names = Names::of(visit.app().providers());
            if let Some(warning) = warn_of_standing(names, &chosen.map_err(again)?) {
                words = format!("{words} {warning}");
            }
        }
        None => asks.reset_choice(&caller, scope, ChoiceKind::Model).await?,
    }
    match visit.form.typed("persona") {
        Some(persona) => {
            asks.choose_persona(&caller, scope, persona)
                .await
                .map_err(again)?;
        }
        None => {
            asks.reset_choice(&caller, scope, ChoiceKind::Persona)
                .await?;
        }
    }
    let seconds = if look.is_empty() { 0 } else { LOOK_SECONDS };
    let people = &visit.app().people;
    people.put_flash(&person.session.session, &words).await?;
    let mut elsewhere = Redirection::at("/profile");
    if let Some(cookie) = cookies::set(cookies::LOOK, &look.into(), seconds) {
        elsewhere.headers.append(SET_COOKIE, cookie);
    }
    Ok(elsewhere.into())
}

fn unknown_look(visit: &Visit) -> Trouble {
    let words = "A look is “light” or “dark”, or empty as the system has it. Nothing was saved.";
    Trouble::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "That cannot be chosen",
        words,
    )
    .typed(&visit.form)
    .way("/profile", "Go to your profile")
}
