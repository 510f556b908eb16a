//! The models that the caller's keys can use, as OpenAI lists its own, with
//! what `OpenRouter` tells of them beside that; `docs/providers.md` §13.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::app::ModelOffer;
use crate::model::{NanoDollars, nearest_names};

use super::SHOWN_CHARACTERS_MAX;
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::head::decode;
use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::responses::json_response;
use crate::gateway::routing::vendors::{list_as_vendor, model_as_vendor};

/// How many names a refusal offers in the place of an unknown one.
const NEAREST_MAX: usize = 3;
/// How many digits a price of one token has behind the point: nano-dollars for
/// a million of them are told exactly.
const PRICE_DIGITS: usize = 15;

/// Lists the models that the caller's keys can use, as the vendor lists them
/// whose headers the caller sends.
pub async fn list_models(call: Call) -> HandlerResult {
    let models = usable_models(&call).await?;
    if let Some(list) = list_as_vendor(&call, &models) {
        return json_response(StatusCode::OK, &list);
    }
    let listed: Vec<Value> = models.iter().map(describe_model).collect();
    json_response(StatusCode::OK, &json!({"object": "list", "data": listed}))
}

/// Shows one model of the list, as the vendor shows it whose headers the caller
/// sends.
pub async fn show_model(call: Call) -> HandlerResult {
    let model = find_model(&call).await?;
    let shown = model_as_vendor(&call, &model).unwrap_or_else(|| describe_model(&model));
    json_response(StatusCode::OK, &shown)
}

/// The model of the list that a path ends with, whose name may have slashes. A
/// bare name is enough where one provider alone has it. OpenAI's library for
/// Python writes the slash as `%2F`.
pub async fn find_model(call: &Call) -> Result<ModelOffer, Problem> {
    let written = call.last_path_value();
    let name = &*decode(written);
    if !name.split('/').all(may_stand_in_name) {
        return Err(no_such_model(written, &[]));
    }
    let mut models = usable_models(call).await?;
    let whole = models.iter().position(|it| it.full == name);
    let mut bare = (0..).zip(&models).filter(|(_, it)| it.choice.model == name);
    let found = whole.or_else(|| match (bare.next(), bare.next()) {
        (Some((place, _)), None) => Some(place),
        _ => None,
    });
    match found {
        Some(place) => Ok(models.swap_remove(place)),
        None => Err(no_such_model(name, &models)),
    }
}

/// Whether a model's name may have such a part between its slashes.
fn may_stand_in_name(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:@+~".contains(c);
    !matches!(part, "" | "." | "..") && part.chars().all(allowed)
}

fn no_such_model(name: &str, models: &[ModelOffer]) -> Problem {
    let name: String = name.chars().take(SHOWN_CHARACTERS_MAX).collect();
    let known = models.iter().map(|it| it.full.as_str());
    let nearest = nearest_names(&name, known, NEAREST_MAX);
    let nearest: Vec<String> = nearest.iter().map(|it| format!("`{it}`")).collect();
    let meant = match nearest.join(", ") {
        names if names.is_empty() => names,
        names => format!(" The nearest names are {names}."),
    };
    let message = format!(
        "None of your keys opens a model `{name}`.{meant} `GET /v1/models` lists those that they open."
    );
    Problem::new(404, "model_not_found", message)
}

/// The models that the key which came with the call can use, or else those
/// that the caller's own keys can.
pub async fn usable_models(call: &Call) -> Result<Vec<ModelOffer>, Problem> {
    let (app, caller) = (&call.gateway.app, &call.session.caller);
    if let Some(key) = call.request_key()? {
        let models = Box::pin(app.asks.fetch_models_of_key(caller, key));
        return Ok(models.await?);
    }
    let mut models = app.asks.fetch_model_offers(caller).await?;
    let mut picture_models = app.pictures.list_models(caller).await?;
    picture_models.retain(|it| app.pictures.makes_from_words(it));
    models.extend(app.asks.offer_picture_models(picture_models).await?);
    Ok(models)
}

/// OpenAI's four fields, and `OpenRouter`'s, of which those are left out that
/// nobody knows.
fn describe_model(offer: &ModelOffer) -> Value {
    let name = &offer.full;
    let mut model = json!({
        "id": name, "object": "model", "created": 0,
        "owned_by": offer.choice.provider.as_str(), "name": name,
        "architecture": describe_architecture(offer),
    });
    let context = offer.context_tokens();
    let mut known = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            model[field] = value;
        }
    };
    let last_day = offer.abilities.last_day.map(|day| day.to_string());
    known("shutdown_date", last_day.clone().map(Value::from));
    known("expiration_date", last_day.map(Value::from));
    known("context_length", context.map(Value::from));
    known("pricing", describe_prices(offer));
    let longest = fields([
        ("context_length", context.map(Value::from)),
        (
            "max_completion_tokens",
            offer.abilities.output_tokens.map(Value::from),
        ),
    ]);
    known("top_provider", longest);
    known("supported_parameters", describe_parameters(offer));
    model
}

fn describe_architecture(offer: &ModelOffer) -> Value {
    let input: &[&str] = if offer.sees_pictures {
        &["text", "image"]
    } else {
        &["text"]
    };
    let output = if offer.makes_pictures {
        "image"
    } else {
        "text"
    };
    json!({
        "modality": format!("{}->{output}", input.join("+")),
        "input_modalities": input, "output_modalities": [output],
    })
}

/// Dollars for one token, as texts.
fn describe_prices(offer: &ModelOffer) -> Option<Value> {
    let prices = &offer.prices;
    let price = |price: Option<NanoDollars>| price.map(|it| Value::from(price_of_one(it)));
    fields([
        ("prompt", price(prices.input)),
        ("completion", price(prices.output)),
        ("input_cache_read", price(prices.cached_input)),
        ("input_cache_write", price(prices.cache_write)),
    ])
}

/// What one of a million costs that cost so much together.
fn price_of_one(million: NanoDollars) -> String {
    let digits = format!("{:0>width$}", million.0, width = PRICE_DIGITS + 1);
    let (dollars, rest) = digits.split_at(digits.len() - PRICE_DIGITS);
    match rest.trim_end_matches('0') {
        "" => dollars.to_owned(),
        rest => format!("{dollars}.{rest}"),
    }
}

/// What a call may ask the model for, by `OpenRouter`'s names, as far as its
/// family or its provider's list says it.
fn describe_parameters(offer: &ModelOffer) -> Option<Value> {
    let abilities = &offer.abilities;
    let known: [(bool, &[&str]); 3] = [
        (abilities.tools, &["tools", "tool_choice"]),
        (abilities.thinks, &["reasoning"]),
        (abilities.json, &["response_format"]),
    ];
    let names = known.iter().filter(|(can, _)| *can);
    let names: Vec<&str> = names.flat_map(|(_, names)| names.iter().copied()).collect();
    (!names.is_empty()).then(|| json!(names))
}

/// An object of the fields that are known; none where none is.
fn fields<const N: usize>(fields: [(&str, Option<Value>); N]) -> Option<Value> {
    let known = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let known: Map<String, Value> = known.collect();
    (!known.is_empty()).then_some(Value::Object(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_of_one_token_is_told_exactly() {
        for (million, one) in [
            (0, "0"),
            (1, "0.000000000000001"),
            (100_000_000, "0.0000001"),
            (2_500_000_000, "0.0000025"),
            (1_000_000_000_000_000, "1"),
            (12_000_000_000_000_000, "12"),
        ] {
            assert_eq!(price_of_one(NanoDollars(million)), one);
        }
    }
}
