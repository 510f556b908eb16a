//! What may be asked with a key that others pay for: only what can be
//! bounded beforehand.
//!
//! For each surface there is a table of the fields that a body may have. A
//! field that stands in no table is refused by its path, in any spelling;
//! one that stands there twice, or has another type, is no call at all. What
//! a body may cost at the most comes of the same walk.
//!
//! - `shape`: what the tables are made of; `walk`, `place`, `cursor`,
//!   `numbers`: how a body is walked through.
//! - `chat`, `completions`, `responses`, `messages`, `generate_content`,
//!   `embeddings`, `images`: the tables, one file for each surface.
//! - `ranking`: documents that are ranked.
//! - `speech`: the same for words that are read aloud; `transcripts`: for a form
//!   with a sound.
//! - `models`: names that are refused; `pictures`: which are pictures for a
//!   model; `documents`: what these cost.
//! - `bounded`: a call that was found to have a bound, and how it is sent.

mod bounded;
mod chat;
mod completions;
mod cursor;
mod documents;
mod embeddings;
mod generate_content;
mod images;
mod messages;
mod models;
mod numbers;
mod pictures;
mod place;
mod ranking;
mod references;
mod responses;
mod shape;
mod speech;
mod transcripts;
mod walk;

#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::model::{CallDialect, SoundAmount, Surface};
use crate::providers::PromptSize;
use crate::providers::catalogue::Provider;
use crate::providers::dialect::{COMPLETION_TOKENS, Dialect, RawObject};
use crate::providers::ranking::{
    QUERY_BYTES_MAX, amount_of, is_paid_by_search, repeated_bytes, searches,
};
use crate::providers::relay::RelayRequest;
use crate::providers::sound::speech::{is_paid_by_character, spoken_amount};

pub use bounded::{BoundedRequest, RequestBound};
pub use messages::allowed_features;

use bounded::LimitPlace;
use place::{Findings, Place, shorten};
use shape::{Field, Shape};
use walk::Walker;

/// The most answers to one question.
const ANSWERS_MAX: u64 = 8;
/// The most answers to all prompts of one completion.
const COMPLETIONS_MAX: u64 = 128;
/// The most pictures of one call.
const PICTURES_MAX: u64 = 10;

/// Why a shared key does not pay for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Only one's own key may pay for this part of it.
    OwnKeyOnly(String),
    /// This part of it means nothing for sure.
    Malformed(String),
}

/// The table of a body, and where it limits the output.
#[derive(Clone, Copy)]
struct Table {
    fields: &'static [Field],
    limit: LimitPlace,
    /// The most answers that the provider gives to one question.
    answers_max: u64,
}

/// Judges a call that a shared key would pay for: what it costs at the most,
/// or why no bound can be found.
pub fn judge_request(
    request: &RelayRequest,
    provider: &Provider,
    model: &str,
) -> Result<BoundedRequest, Refused> {
    if request.surface == Surface::Other {
        let what = format!("`{} {}`", request.method, request.path);
        return Err(Refused::OwnKeyOnly(what));
    }
    refuse_query(request, provider)?;
    if request.surface == Surface::Transcripts {
        return transcripts::judge_form(request, provider, model);
    }
    refuse_boundless_thinking(request, provider)?;
    refuse_model(request, provider, model)?;
    let Some(fields) = request.body.fields() else {
        if request.body.bytes().is_empty() {
            return Ok(BoundedRequest::without_body());
        }
        return Err(Refused::OwnKeyOnly("a body that is no JSON object".into()));
    };
    let place = Place {
        provider: provider.id.as_str(),
        model: model.strip_prefix("models/").unwrap_or(model),
        is_google: spoken_by(request, provider) == Some(CallDialect::Google),
    };
    let table = table_for(request, provider);
    let mut findings = Findings::default();
    let fields = walk_body(fields, table, &place, &mut findings)?;
    let answers = answers(request.surface, table, &findings)?;
    let sound = match request.surface {
        Surface::Speech => spoken_amount(&fields),
        Surface::Ranking => ranked_amount(&fields, provider)?,
        _ => SoundAmount::default(),
    };
    if request.surface == Surface::Speech {
        speech::judge_length(sound, provider)?;
    }
    let prompt = measure_prompt(request, &fields, &findings)?;
    let bound = RequestBound {
        prompt: prompt.tokens(place.provider, place.model),
        pictures: findings.pictures,
        answers,
        asked: match request.surface {
            Surface::Completions => findings.limit.or(Some(COMPLETION_TOKENS)),
            _ => findings.limit,
        },
        made_tokens: 0,
        sound,
    };
    let bounded = BoundedRequest::new(fields, table.limit, bound, &findings);
    let has_tiers = place.provider == "openai";
    let bounded = match request.surface {
        Surface::Images => bounded.with_pictures(place.provider, model, findings.partial_pictures),
        Surface::Chat | Surface::Responses if has_tiers => bounded.with_usual_tier(),
        Surface::Chat => bounded.without_boundless_thinking(provider),
        _ => bounded,
    };
    Ok(match request.surface {
        Surface::Responses => bounded.without_storing(),
        _ => bounded,
    })
}

/// What a model reads at the most.
fn measure_prompt(
    request: &RelayRequest,
    fields: &RawObject,
    findings: &Findings,
) -> Result<PromptSize, Refused> {
    let words = (request.body.bytes().len() as u64).saturating_sub(findings.media_bytes);
    let repeated = match request.surface {
        Surface::Ranking => repeated_bytes(fields).ok_or_else(|| {
            Refused::Malformed("`query` must be a text, and `documents` a list of texts".into())
        })?,
        _ => 0,
    };
    Ok(PromptSize {
        bytes: words.saturating_add(repeated),
        pictures: findings.pictures,
        document_tokens: findings.document_tokens,
        added_tokens: findings.added_tokens,
        is_cached_for_an_hour: findings.caches_for_an_hour,
    })
}

/// Refuses a call in which nothing limits what a model thinks: where the limit
/// on the output does not count that, OpenAI's chat alone can forbid it.
fn refuse_boundless_thinking(request: &RelayRequest, provider: &Provider) -> Result<(), Refused> {
    let can_be_forbidden = request.surface == Surface::Chat
        && spoken_by(request, provider) == Some(CallDialect::OpenAi);
    let thinks = matches!(
        request.surface,
        Surface::Chat | Surface::Responses | Surface::Completions
    );
    if provider.dialect.thinking_forbidden().is_none() || !thinks || can_be_forbidden {
        return Ok(());
    }
    let what = "another API than OpenAI's chat at a provider whose models think without a limit";
    Err(Refused::OwnKeyOnly(what.to_owned()))
}

/// Walks through all fields of a body; returns those that are sent.
fn walk_body(
    fields: &RawObject,
    table: Table,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Result<RawObject, Refused> {
    let mut sent = Vec::with_capacity(fields.len());
    let mut seen = 0_u128;
    for (name, value) in fields.iter() {
        let text = std::str::from_utf8(name).unwrap_or_default();
        if &**value == b"null" {
            continue;
        }
        let known = place.find(table.fields, text);
        if let Some((number, field)) = known {
            if seen & (1 << number) != 0 {
                let what = format!("`{}` stands there twice", field.name);
                return Err(Refused::Malformed(what));
            }
            seen |= 1 << number;
        }
        let is_other_limit = matches!(table.limit, LimitPlace::Field(_));
        let other_limit = place
            .find(chat::LIMITS, text)
            .filter(|_| is_other_limit && known.is_none());
        let Some((_, field)) = known.or(other_limit) else {
            let what = format!("`{}`", shorten(text));
            return Err(Refused::OwnKeyOnly(what));
        };
        let walked = Walker::walk(field, value, place, findings)?;
        if !matches!(field.shape, Shape::Limit | Shape::Answers) || table.limit.is_field(text) {
            let value = walked.unwrap_or_else(|| value.clone());
            sent.push((Bytes::from_static(field.name.as_bytes()), value));
        }
    }
    Ok(RawObject::from_fields(sent))
}

/// The table of a call.
fn table_for(request: &RelayRequest, provider: &Provider) -> Table {
    let table = |fields, limit| Table {
        fields,
        limit,
        answers_max: 1,
    };
    let none = LimitPlace::None;
    let path = request.path.as_str();
    let spoken = spoken_by(request, provider);
    let in_openais = spoken == Some(CallDialect::OpenAi);
    match (request.surface, provider.dialect) {
        (Surface::Chat, dialect) if in_openais => Table {
            answers_max: match provider.id.as_str() {
                "openai" | "mistral" | "xai" => ANSWERS_MAX,
                _ => 1,
            },
            ..table(chat::BODY, LimitPlace::Field(dialect.output_limit_name()))
        },
        (Surface::Chat, _) if spoken == Some(CallDialect::Anthropic) => {
            table(messages::BODY, LimitPlace::Field("max_tokens"))
        }
        (Surface::Chat, _) if spoken == Some(CallDialect::Google) => Table {
            answers_max: ANSWERS_MAX,
            ..table(generate_content::BODY, LimitPlace::Config)
        },
        (Surface::Responses, _) => table(responses::BODY, LimitPlace::Field("max_output_tokens")),
        (Surface::Completions, _) => Table {
            answers_max: COMPLETIONS_MAX,
            ..table(completions::BODY, LimitPlace::Completion)
        },
        (Surface::Images, _) => Table {
            answers_max: PICTURES_MAX,
            ..table(images::BODY, none)
        },
        (Surface::Embeddings, _) if in_openais => table(embeddings::BODY, none),
        (Surface::Moderations, _) => table(embeddings::MODERATION_BODY, none),
        (Surface::Speech, _) => table(speech::BODY, none),
        (Surface::Ranking, _) => table(ranking::BODY, none),
        (Surface::Free, Dialect::Anthropic) if path.ends_with("/count_tokens") => {
            table(messages::COUNT_BODY, none)
        }
        (Surface::Embeddings, Dialect::Google) if path.ends_with(":embedContent") => {
            table(generate_content::EMBED_BODY, none)
        }
        (Surface::Embeddings, Dialect::Google) => table(generate_content::EMBED_MANY_BODY, none),
        (Surface::Free, Dialect::Google) if path.ends_with(":countTokens") => {
            table(generate_content::COUNT_BODY, none)
        }
        (Surface::Chat, Dialect::Ollama) => table(chat::OLLAMA_BODY, LimitPlace::Options),
        (Surface::Embeddings, Dialect::Ollama) => table(embeddings::OLLAMA_BODY, none),
        _ => table(&[], none),
    }
}

/// In whose dialect the body of a call is; none where it is a host's own.
fn spoken_by(request: &RelayRequest, provider: &Provider) -> Option<CallDialect> {
    let dialect = provider.dialect;
    dialect.spoken_in(request.dialect, &request.path)
}

/// How many answers a call gets.
fn answers(surface: Surface, table: Table, findings: &Findings) -> Result<u64, Refused> {
    let asked = findings.answers.unwrap_or(1);
    let asked = asked.saturating_mul(findings.prompts.max(1));
    let name = match table.limit {
        LimitPlace::Config => "generationConfig.candidateCount",
        LimitPlace::Completion => "n` or `best_of` for each `prompt",
        _ => "n",
    };
    let most = match surface {
        Surface::Images => PICTURES_MAX,
        Surface::Completions => COMPLETIONS_MAX,
        _ => ANSWERS_MAX,
    };
    if asked > most {
        let what = format!("`{name}` must be at most {most}");
        return Err(Refused::Malformed(what));
    }
    if asked > table.answers_max {
        return Err(Refused::OwnKeyOnly(format!("`{name}` above 1")));
    }
    Ok(asked)
}

/// Refuses a query with more than the ways in which an answer may come.
fn refuse_query(request: &RelayRequest, provider: &Provider) -> Result<(), Refused> {
    let Some(query) = &request.query else {
        return Ok(());
    };
    let is_list = request.surface == Surface::Free && request.body.bytes().is_empty();
    let pages = ["limit", "after_id", "before_id", "pageSize", "pageToken"];
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let may_pass = match (&*name, spoken_by(request, provider)) {
            ("alt", Some(CallDialect::Google)) => matches!(&*value, "sse" | "json"),
            ("beta", Some(CallDialect::Anthropic)) => value == "true",
            (name, _) => is_list && pages.contains(&name),
        };
        if !may_pass {
            let what = format!("`{}` in the address", shorten(&name));
            return Err(Refused::OwnKeyOnly(what));
        }
    }
    Ok(())
}

/// Refuses models that cost something that nobody knows beforehand.
fn refuse_model(request: &RelayRequest, provider: &Provider, model: &str) -> Result<(), Refused> {
    match request.surface {
        Surface::Free => Ok(()),
        Surface::Speech if models::is_name(model) && is_paid_by_character(provider, model) => {
            Ok(())
        }
        Surface::Ranking if models::is_name(model) && is_ranked_with_a_bound(provider, model) => {
            Ok(())
        }
        Surface::Speech | Surface::Ranking => Err(Refused::OwnKeyOnly(format!(
            "the model `{}`",
            shorten(model)
        ))),
        Surface::Chat | Surface::Responses | Surface::Completions => {
            judge_chat_model(provider, model)
        }
        Surface::Moderations if !model.is_empty() && !model.contains("moderation") => {
            judge_model(provider, model)?;
            let model = shorten(model);
            let what = format!("a moderation with `{model}`, which is made for something else,");
            Err(Refused::OwnKeyOnly(what))
        }
        _ => judge_model(provider, model),
    }
}

/// Whether what a model ranks costs something that is known beforehand.
fn is_ranked_with_a_bound(provider: &Provider, model: &str) -> bool {
    provider.may_check_no_keys()
        || (provider.id.as_str() == "cohere" && is_paid_by_search(provider, model))
}

/// The searches that a ranking comes to at the most.
fn ranked_amount(fields: &RawObject, provider: &Provider) -> Result<SoundAmount, Refused> {
    if provider.may_check_no_keys() {
        return Ok(SoundAmount::default());
    }
    let searches = searches(fields);
    let searches = searches.ok_or_else(|| {
        Refused::OwnKeyOnly(format!("a `query` of more than {QUERY_BYTES_MAX} bytes"))
    })?;
    Ok(amount_of(searches))
}

/// Judges a model that a shared key would pay for in a chat.
pub fn judge_chat_model(provider: &Provider, model: &str) -> Result<(), Refused> {
    judge_model(provider, model)?;
    if models::makes_pictures(model) {
        let what = format!(
            "a chat with `{}`, which answers with pictures,",
            shorten(model)
        );
        return Err(Refused::OwnKeyOnly(what));
    }
    Ok(())
}

fn judge_model(provider: &Provider, model: &str) -> Result<(), Refused> {
    if !models::is_name(model) {
        return Err(Refused::Malformed("`model` must be a model's name".into()));
    }
    if models::refused(provider.id.as_str(), model) {
        let what = format!("the model `{}`", shorten(model));
        return Err(Refused::OwnKeyOnly(what));
    }
    Ok(())
}
