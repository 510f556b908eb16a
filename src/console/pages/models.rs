//! The models that one's keys open here: who pays, how much fits in, what a
//! model can do, what it costs.

use std::sync::Arc;

use crate::app::{KnownModel, KnownModels, ProviderInfo};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::parts::form::{self, Choice};
use crate::console::parts::{icon, key, money, note, payer, when};
use crate::console::reply::Page;
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit, not_understood};
use crate::console::words::add_address;
use crate::model::{NanoDollars, ProviderId, Source};

use super::playground::PICTURE_TOOL;
use super::stopped;
use url::form_urlencoded;

pub const ROWS: &[Row] =
    &[row!(GET "/models" SignedIn show_models).taking(&["q", "in", "provider", "can", "paid"])];

/// A list that is older is said to be.
const FRESH_MS: i64 = 60 * 60 * 1_000;
/// How many rows a page has at the most: more are found by searching.
const ROWS_MAX: usize = 100;
/// What a model can do, as it is chosen and as it is said.
const ABILITIES: [(&str, &str); 6] = [
    ("text", "Answers questions"),
    ("sees", "Sees pictures"),
    ("tools", "Calls tools"),
    ("thinks", "Thinks first"),
    ("json", "Answers in JSON"),
    ("pictures", "Makes pictures"),
];
const PAYERS: [(&str, &str); 3] = [
    ("personal", "My own key"),
    ("server", "Server key"),
    ("bot_default", "Bot default"),
];

/// What is looked for.
struct ModelSearch {
    words: String,
    provider: String,
    ability: String,
    payer: String,
}

impl ModelSearch {
    fn read(visit: &Visit) -> Result<Self, Trouble> {
        let value = |name: &str| visit.query(name).unwrap_or_default();
        let one_of = |name: &str, known: &[(&str, &str)]| {
            let typed = value(name);
            let is_known = known.iter().any(|(known, _)| *known == typed);
            if is_known || typed.is_empty() {
                return Ok(typed);
            }
            let known: Vec<&str> = known.iter().map(|(known, _)| *known).collect();
            let known = known.join(", ");
            Err(not_understood(&format!(
                "“{name}” in the address can be {known}."
            )))
        };
        Ok(Self {
            words: value("q").to_lowercase(),
            provider: value("provider"),
            ability: one_of("can", &ABILITIES)?,
            payer: one_of("paid", &PAYERS)?,
        })
    }

    fn takes_provider(&self, known: &KnownModels) -> bool {
        let is_it = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
        is_it(&self.provider, known.provider.as_str()) && is_it(&self.payer, known.payer.as_str())
    }

    fn takes(&self, provider: &str, model: &KnownModel) -> bool {
        let can = match self.ability.as_str() {
            "text" => !model.makes_pictures,
            "sees" => model.sees_pictures,
            "tools" => model.abilities.tools,
            "thinks" => model.abilities.thinks,
            "json" => model.abilities.json,
            "pictures" => model.makes_pictures,
            _ => true,
        };
        let text = format!("{provider} {} {}", model.name, describe_abilities(model));
        let text = text.to_lowercase();
        can && self
            .words
            .split_whitespace()
            .all(|word| text.contains(word))
    }
}

async fn show_models(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = person.caller_in(&visit, visit.place()).await?;
    let asks = Arc::clone(&visit.app().asks);
    let known = asks.list_known_models(&caller).await?;
    let stop = stopped::find(&visit, &caller).await?;
    let wanted = ModelSearch::read(&visit)?;
    let lacking = find_lacking(&visit, &wanted, &known)?;
    let places = list_places(&visit).await;
    let body = html! {
        div.head {
            div {
                h1 { "Models" }
                p {
                    "What you can use right now, and whose key would pay. Prices are per million \
                     tokens, or for each picture."
                }
            }
        }
        (stopped::show(&visit, stop.as_ref()))
        @if known.is_empty() {
            (note::empty(
                "models",
                "No models available. None of the keys that pay here opens one.",
                html! {
                    @if visit.app().keys.byok_enabled() {
                        a.btn href="/keys/new" { "Add a key" }
                    } @else {
                        a.btn href="/playground" { "Ask with a key for this once" }
                    }
                },
            ))
        } @else {
            (show_filters(&visit, &wanted, &known, &places))
            @match lacking {
                Some(provider) => (show_lacking(visit.app().keys.byok_enabled(), provider)),
                None => (show_table(&visit, &wanted, &known)),
            }
        }
    };
    Ok(Page::new(Section::Models, "Models", body).into())
}

/// The provider that is looked for, where nobody pays for it here. One that there
/// is not is refused.
fn find_lacking<'v>(
    visit: &'v Visit,
    wanted: &ModelSearch,
    known: &[KnownModels],
) -> Result<Option<ProviderInfo<'v>>, Trouble> {
    let typed = wanted.provider.as_str();
    if typed.is_empty() || known.iter().any(|it| it.provider.as_str() == typed) {
        return Ok(None);
    }
    let found = visit.app().providers().get(&ProviderId::from(typed));
    let found = found.ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|it| it.provider.as_str()).collect();
        let words = match known[..] {
            [] => "No provider here has the name that stands behind “provider” in the address."
                .to_owned(),
            _ => format!("“provider” in the address can be {}.", known.join(", ")),
        };
        not_understood(&words).way("/models", "Show all models")
    })?;
    Ok(Some(found))
}

/// What stands in the place of the models of a provider that nobody pays for.
fn show_lacking(byok_enabled: bool, provider: ProviderInfo<'_>) -> Markup {
    let name = provider.name();
    note::empty(
        "models",
        &format!("Nobody pays for {name} here, so none of its models can be used."),
        html! {
            @if byok_enabled {
                a.btn href=(add_address(provider.id())) { "Add a key for " (name) }
            }
            a.btn href="/models" { "Show all models" }
        },
    )
}

/// Where somebody can look: no server, those that they share with the bot, and
/// the one that they look at.
async fn list_places(visit: &Visit) -> Vec<(String, String)> {
    let shared = visit.list_shared_servers(visit.place()).await.into_iter();
    let shared = shared.map(|(server, name)| (server.to_string(), name));
    std::iter::once((String::new(), "Direct message".to_owned()))
        .chain(shared)
        .collect()
}

fn show_filters(
    visit: &Visit,
    wanted: &ModelSearch,
    known: &[KnownModels],
    places: &[(String, String)],
) -> Markup {
    let providers: Vec<(String, String)> = known
        .iter()
        .map(|it| {
            let name = key::provider_name(visit.app().providers(), &it.provider);
            (it.provider.to_string(), name)
        })
        .collect();
    let chosen = visit.place().map(|server| server.to_string());
    let q = visit.query("q").unwrap_or_default();
    html! {
        form method="get" action="/models" role="search" {
            div.filters {
                div.search {
                    (icon::plain("search"))
                    label.hidden for="q" { "Search models" }
                    input #q name="q" type="search" value=(q) autocomplete="off"
                        placeholder="Search by name, provider or ability" data-filters="models";
                }
            }
            div.filters.in-line {
                (choose(&Filter { name: "provider", label: "Provider", all: "All" }, &providers, &wanted.provider))
                (choose(&Filter { name: "can", label: "Can", all: "Anything" }, &owned(&ABILITIES), &wanted.ability))
                (choose(&Filter { name: "paid", label: "Paid by", all: "Anybody" }, &owned(&PAYERS), &wanted.payer))
                (choose(&Filter { name: "in", label: "Where", all: "" }, places, chosen.as_deref().unwrap_or_default()))
                button.btn { "Show" }
            }
        }
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
        .collect()
}

/// A list to choose from: its field, its label, and what means all, if
/// anything does.
struct Filter<'a> {
    name: &'a str,
    label: &'a str,
    all: &'a str,
}

fn choose(filter: &Filter<'_>, pairs: &[(String, String)], chosen: &str) -> Markup {
    let Filter { name, label, all } = *filter;
    let first = Choice {
        value: "",
        words: all,
    };
    let others = pairs.iter().map(|(value, words)| Choice { value, words });
    let choices: Vec<Choice<'_>> = std::iter::once(first)
        .filter(|first| !first.words.is_empty())
        .chain(others)
        .collect();
    form::select(name, label, &choices, chosen)
}

fn show_table(visit: &Visit, wanted: &ModelSearch, known: &[KnownModels]) -> Markup {
    let called = known.iter().map(|it| {
        let name = key::provider_name(visit.app().providers(), &it.provider);
        (it, name)
    });
    let named: Vec<(&KnownModels, String)> = called.collect();
    let all: usize = known.iter().map(|it| it.models.len()).sum();
    let taken = named
        .iter()
        .filter(|(it, _)| wanted.takes_provider(it))
        .flat_map(|(it, name)| it.models.iter().map(move |model| (*it, name, model)))
        .filter(|(_, name, model)| wanted.takes(name, model));
    let rows: Vec<(&KnownModels, &String, &KnownModel)> = taken.collect();
    let shown = rows.len().min(ROWS_MAX);
    html! {
        section.card aria-label="Models" {
            table.table.folds #models {
                caption.hidden { "Models that you can use" }
                thead {
                    tr {
                        th scope="col" { "Model" }
                        th scope="col" { "Paid by" }
                        th.num scope="col" { "Context" }
                        th scope="col" { "Can" }
                        th.num scope="col" { "In" }
                        th.num scope="col" { "Cached" }
                        th.num scope="col" { "Out" }
                        th { span.hidden { "Try" } }
                    }
                }
                tbody {
                    @for (it, name, model) in rows.iter().take(ROWS_MAX) {
                        (show_row(visit, it, name, model))
                    }
                    @if rows.is_empty() {
                        tr { td colspan="8" { "No model is like that. " a href="/models" { "Show all" } } }
                    }
                }
            }
            p.foot {
                (shown) " of " (all) " that these keys open. Where no price is known, it says so \
                 and is never taken for free. "
                a href="/keys/new" { "Add a key" } " to see more."
                @for (it, name) in &named {
                    @if let Some(old) = describe_age(visit, it) { " " (name) " " (old) }
                }
            }
        }
    }
}

/// How old a provider's list is, where that is worth saying.
fn describe_age(visit: &Visit, known: &KnownModels) -> Option<Markup> {
    let now_ms = visit.app().now_ms();
    // What pictures are made with stands in the settings, and in no list.
    if known.models.iter().all(|model| model.makes_pictures) {
        return None;
    }
    match known.listed_at_ms {
        None => Some(html! { "has not listed its models yet." }),
        Some(at_ms) if now_ms - at_ms > FRESH_MS => {
            Some(html! { "as of " (when::relative(at_ms, now_ms)) "." })
        }
        Some(_) => None,
    }
}

fn show_row(visit: &Visit, known: &KnownModels, name: &str, model: &KnownModel) -> Markup {
    let prices = &model.prices;
    let context = prices.context_tokens.map(money::short);
    html! {
        tr {
            th scope="row" {
                code { (model.name) }
                span.sub { (name) @if model.is_default { " · default" } }
            }
            td data-label="Paid by" { (payer::badge(known.payer)) }
            td.num data-label="Context" { (context.unwrap_or_default()) }
            td.small.dim data-label="Can" { (describe_abilities(model)) }
            @if model.makes_pictures {
                td.num data-label="In" { @if let Some(input) = prices.input { (input.in_full()) } }
                td.num data-label="Cached" {
                    @if let Some(cached) = prices.cached_input { (cached.in_full()) }
                }
                td.num data-label="Out" {
                    @match prices.picture {
                        Some(each) => { (money::each(each)) }
                        None => { (price(prices.output)) }
                    }
                }
            } @else {
                td.num data-label="In" { (price(prices.input)) }
                td.num data-label="Cached" {
                    @if let Some(cached) = prices.cached_input { (cached.in_full()) }
                }
                td.num data-label="Out" { (price(prices.output)) }
            }
            td {
                span.acts {
                    a.btn.plain.s href=(try_address(visit, known, model)) {
                        "Try" span.hidden { " " (model.name) } (icon::small("go"))
                    }
                }
            }
        }
    }
}

fn price(price: Option<NanoDollars>) -> String {
    price.map_or_else(|| "unknown".to_owned(), NanoDollars::in_full)
}

/// What a model can do, as far as its name and its provider's list tell.
fn describe_abilities(model: &KnownModel) -> String {
    if model.changes_pictures {
        return "changes pictures".to_owned();
    }
    if model.makes_pictures {
        return "makes pictures".to_owned();
    }
    let known = [
        (true, "text"),
        (model.sees_pictures, "sees pictures"),
        (model.abilities.tools, "tools"),
        (model.abilities.thinks, "reasoning"),
        (model.abilities.json, "JSON"),
    ];
    let words = known
        .iter()
        .filter(|(can, _)| *can)
        .map(|(_, words)| *words);
    words.collect::<Vec<_>>().join(", ")
}

/// The playground with this model, in the same place.
fn try_address(visit: &Visit, known: &KnownModels, model: &KnownModel) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if model.makes_pictures {
        query.append_pair("as", PICTURE_TOOL);
    }
    query.append_pair("model", &format!("{}/{}", known.provider, model.name));
    if let (Some(place), Source::Server) = (visit.place(), known.payer) {
        query.append_pair("in", &place.to_string());
    }
    format!("/playground?{}", query.finish())
}
