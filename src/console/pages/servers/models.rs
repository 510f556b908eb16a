//! What is chosen for a server: the model and the persona that answer there
//! where nobody names one, and whether links show previews.

use crate::console::markup::{Markup, html};
use crate::console::pages::servers::{Tab, show_page};
use crate::console::parts::form::{self, Choice as Offered};
use crate::console::parts::persona::write_name;
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, Managing, Visit};
use crate::console::words::{Names, warn_of_standing};
use crate::model::{Choice, ChoiceKind, ChoiceScope};

pub const ROWS: &[Row] = &[
    row!(GET "/servers/{server}/models" Managing show_models),
    row!(POST "/servers/{server}/models" Managing choose_model),
    row!(POST "/servers/{server}/models/persona" Managing choose_persona),
    row!(POST "/servers/{server}/models/previews" Managing choose_previews),
];

/// What is chosen, and the forms that choose.
async fn show_models(visit: Visit, managing: Managing) -> HandlerResult {
    let asks = &visit.app().asks;
    let chosen = asks.list_choices(&managing.caller).await?;
    let address = format!("/servers/{}/models", managing.server);
    let of_server = |kind| find_chosen(&chosen, &managing, kind);
    let persona = of_server(ChoiceKind::Persona);
    let personas: Vec<(&str, String)> = asks
        .offered_personas(Some(persona))
        .map(|persona| (persona.name.as_str(), write_name(&persona.name)))
        .collect();
    let none = [Offered {
        value: "",
        words: "None",
    }];
    let offered = personas
        .iter()
        .map(|(value, words)| Offered { value, words });
    let offered: Vec<Offered<'_>> = none.into_iter().chain(offered).collect();
    let shows_previews = !of_server(ChoiceKind::Previews).is_empty();
    let body = html! {
        div.columns.two {
            section.card aria-labelledby="model-h" {
                header { h2 #model-h { "Model" } p { "Answers where nobody chose another" } }
                form.body method="post" action=(address) {
                    (form::token(&visit.form_token))
                    div.fields {
                        (form::text("model", "Provider and model", of_server(ChoiceKind::Model),
                            "Such as openai/gpt-6-luna; empty, the bot’s own order decides"))
                    }
                    div.acts { button.btn.strong { "Choose it" } }
                }
            }
            section.card aria-labelledby="persona-h" {
                header { h2 #persona-h { "Persona" } p { "How the bot answers in this server" } }
                form.body method="post" action={ (address) "/persona" } {
                    (form::token(&visit.form_token))
                    (form::select("persona", "Persona", &offered, persona))
                    div.acts { button.btn { "Choose it" } }
                }
            }
        }
        (show_previews(&visit, &address, shows_previews))
    };
    show_page(&visit, &managing, Tab::Models, body).await
}

/// What is chosen for the server itself; empty where nothing is.
fn find_chosen<'a>(chosen: &'a [Choice], managing: &Managing, kind: ChoiceKind) -> &'a str {
    let scope = ChoiceScope::Server(managing.server);
    let mut all = chosen.iter();
    let found = all.find(|choice| choice.scope == scope && choice.kind == kind);
    found.map_or("", |choice| choice.value.as_str())
}

fn show_previews(visit: &Visit, address: &str, shown: bool) -> Markup {
    let (words, value, label) = if shown {
        (
            "Links in answers show previews of their pages.",
            "no",
            "Hide previews",
        )
    } else {
        (
            "Links in answers show no previews of their pages.",
            "yes",
            "Show previews",
        )
    };
    html! {
        section.card aria-labelledby="previews-h" {
            header { h2 #previews-h { "Previews of links" } }
            div.body {
                form.acts method="post" action={ (address) "/previews" } {
                    (form::token(&visit.form_token))
                    p { (words) }
                    input type="hidden" name="shown" value=(value);
                    button.btn.s { (label) }
                }
            }
        }
    }
}

async fn choose_model(visit: Visit, managing: Managing) -> HandlerResult {
    let scope = ChoiceScope::Server(managing.server);
    let asks = &visit.app().asks;
    let Some(typed) = visit.form.typed("model") else {
        asks.reset_choice(&managing.caller, scope, ChoiceKind::Model)
            .await?;
        return say(&visit, &managing, "The bot’s own order decides again.").await;
    };
    let chosen = asks.choose_model(&managing.caller, scope, typed).await;
    let chosen = chosen.map_err(|error| Trouble::from(error).typed(&visit.form))?;
    let names = Names::of(visit.app().providers());
    let mut words = format!("{} answers here now.", chosen.full);
    if let Some(warning) = warn_of_standing(names, &chosen) {
        words = format!("{words} {warning}");
    }
    say(&visit, &managing, &words).await
}

async fn choose_persona(visit: Visit, managing: Managing) -> HandlerResult {
    let scope = ChoiceScope::Server(managing.server);
    let asks = &visit.app().asks;
    let Some(typed) = visit.form.typed("persona") else {
        asks.reset_choice(&managing.caller, scope, ChoiceKind::Persona)
            .await?;
        return say(&visit, &managing, "No persona answers here any more.").await;
    };
    let name = asks.choose_persona(&managing.caller, scope, typed).await?;
    let words = format!("{} answers here now.", write_name(&name));
    say(&visit, &managing, &words).await
}

async fn choose_previews(visit: Visit, managing: Managing) -> HandlerResult {
    let shown = visit.form.text("shown") == "yes";
    visit
        .app()
        .asks
        .choose_previews(&managing.caller, shown)
        .await?;
    let words = if shown {
        "Previews are shown."
    } else {
        "Previews are hidden."
    };
    say(&visit, &managing, words).await
}

async fn say(visit: &Visit, managing: &Managing, words: &str) -> HandlerResult {
    let address = format!("/servers/{}/models", managing.server);
    managing.person.say_at(visit, address, words).await
}
