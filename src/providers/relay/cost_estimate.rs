//! How much a call may use at the most that the caller's own key pays for.

use serde_json::{Map, Value};

use crate::model::{SoundAmount, Surface};
use crate::providers::PromptSize;
use crate::providers::catalogue::Provider;
use crate::providers::dialect::{
    ANSWERS_MAX, REQUEST_FIELDS, RequestFields, count_answers, read_number,
};
use crate::providers::ranking::{amount_of, is_paid_by_search, likely_searches, repeated_bytes};
use crate::providers::sound::form::Form;
use crate::providers::sound::speech::spoken_amount;
use crate::providers::sound::transcripts::PaidBy;

use super::body::Body;
use super::request::RelayRequest;

/// What a call may use at the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CostEstimate {
    pub prompt: PromptSize,
    /// The longest answer that the call asks for, in tokens, all answers
    /// together.
    pub output_tokens: Option<u64>,
    pub images: u64,
    pub sound: SoundAmount,
    /// How many answers the call asks for.
    pub answers: u64,
}

/// Estimates what the transcript of a form may use.
pub fn estimate_transcript(form: &Form, provider: &Provider, model: &str) -> CostEstimate {
    let paid_by = PaidBy::of(provider, model);
    let (sound, output_tokens) = paid_by.map(|it| it.amounts(form)).unwrap_or_default();
    CostEstimate {
        prompt: PromptSize {
            bytes: form.text_bytes(),
            ..PromptSize::default()
        },
        output_tokens: Some(output_tokens),
        sound,
        answers: 1,
        ..CostEstimate::default()
    }
}

/// Estimates what a call may use. Only an exact estimate tells the pictures
/// in a prompt from its text, which takes a look at the whole body.
pub fn estimate_cost(
    request: &RelayRequest,
    (provider, model): (&Provider, &str),
    exactly: bool,
) -> CostEstimate {
    let bytes = request.body.bytes().len() as u64;
    let unparsed = CostEstimate {
        prompt: PromptSize {
            bytes,
            ..PromptSize::default()
        },
        answers: 1,
        ..CostEstimate::default()
    };
    let makes_pictures = request.surface == Surface::Images;
    // Where nothing is limited, only the number of pictures matters.
    let has_pieces = matches!(request.surface, Surface::Speech | Surface::Ranking);
    if !exactly && !makes_pictures && !has_pieces {
        return unparsed;
    }
    let Some(fields) = request.body.fields() else {
        return unparsed;
    };
    let first_of = |paths: fn(&RequestFields) -> &'static [_]| {
        let paths = REQUEST_FIELDS.iter().flat_map(|it| paths(it));
        paths.copied().find_map(|path| read_number(fields, path))
    };
    let each = first_of(|dialect| dialect.output_limits);
    let answers = if request.surface == Surface::Completions {
        count_answers(request.surface, fields)
    } else {
        let asked = first_of(|dialect| dialect.answer_counts);
        asked.unwrap_or(1).clamp(1, ANSWERS_MAX)
    };
    let mut prompt = if exactly {
        measure_prompt(&request.body)
    } else {
        unparsed.prompt
    };
    if request.surface == Surface::Ranking {
        let repeated = repeated_bytes(fields).unwrap_or(0);
        prompt.bytes = prompt.bytes.saturating_add(repeated);
    }
    CostEstimate {
        prompt,
        output_tokens: each
            .map(|each| each.saturating_mul(answers))
            .filter(|_| !makes_pictures),
        images: if makes_pictures { answers } else { 0 },
        sound: match request.surface {
            Surface::Speech => spoken_amount(fields),
            Surface::Ranking if is_paid_by_search(provider, model) => {
                amount_of(likely_searches(fields))
            }
            _ => SoundAmount::default(),
        },
        answers,
    }
}

/// Measures what a model is told: its pictures apart from its words.
pub fn measure_prompt(body: &Body) -> PromptSize {
    let mut shown = ShownPictures::default();
    shown.count_in(body.value());
    PromptSize {
        bytes: (body.bytes().len() as u64).saturating_sub(shown.bytes),
        pictures: shown.number,
        ..PromptSize::default()
    }
}

/// The pictures in a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ShownPictures {
    number: u64,
    /// How many bytes of the body they are.
    bytes: u64,
}

impl ShownPictures {
    fn count_in(&mut self, value: &Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|item| self.count_in(item)),
            Value::Object(fields) => {
                self.count_part(fields);
                fields.values().for_each(|inner| self.count_in(inner));
            }
            _ => {}
        }
    }

    /// Counts a part of the prompt that is a picture in any dialect.
    fn count_part(&mut self, part: &Map<String, Value>) {
        let dialects = || REQUEST_FIELDS.iter().map(|dialect| &dialect.pictures);
        let text = |name: &str| part.get(name).and_then(Value::as_str);
        let media_type = dialects()
            .flat_map(|it| it.media_types)
            .find_map(|name| text(name));
        let is_image = media_type.is_some_and(|it| it.starts_with("image/"));
        let data = text("data").filter(|_| is_image);
        let url = dialects()
            .flat_map(|it| it.urls)
            .find_map(|name| text(name));
        let url = url.filter(|url| url.starts_with("data:image/"));
        self.bytes += data.or(url).map_or(0, |text| text.len() as u64);
        let is_typed = text("type").is_some_and(|kind| {
            let mut types = dialects().flat_map(|it| it.types);
            types.any(|known| *known == kind)
        });
        let mut markers = dialects().flat_map(|it| it.markers);
        let is_marked = markers.any(|name| part.contains_key(*name));
        self.number += u64::from(is_typed || is_marked);
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use serde_json::json;

    use super::*;
    use crate::model::CallDialect;
    use crate::providers::Catalogue;
    use crate::providers::dialect::RawObject;
    use crate::providers::relay::ForwardedHeaders;

    fn request(surface: Surface, body: &Value) -> RelayRequest {
        RelayRequest {
            surface,
            dialect: CallDialect::Native,
            method: Method::POST,
            path: "/x".into(),
            query: None,
            headers: ForwardedHeaders::default(),
            body: Body::object(body.to_string().into()).unwrap(),
            stream: false,
            at_s: 0,
        }
    }

    fn estimated(request: &RelayRequest, exactly: bool) -> CostEstimate {
        let catalogue = Catalogue::new(&[]).unwrap();
        estimate_cost(request, (catalogue.find("openai").unwrap(), "m"), exactly)
    }

    #[test]
    fn a_call_weighs_its_words_its_pictures_and_what_it_asks_for() {
        let long = "A".repeat(100_000);
        for (body, pictures) in [
            (
                json!({"messages": [{"content": [{"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{long}")}}]}]}),
                1,
            ),
            (
                json!({"messages": [{"content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": long}}]}]}),
                1,
            ),
            (
                json!({"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": long}}]}]}),
                1,
            ),
            (
                json!({"messages": [{"content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}]}),
                1,
            ),
        ] {
            let prompt = estimated(&request(Surface::Chat, &body), true).prompt;
            assert_eq!(prompt.pictures, pictures, "{prompt:?}");
            assert!(prompt.bytes < 400, "{prompt:?}");
        }
        // What only claims to be a picture is counted as text.
        for body in [
            json!({"contents": [{"parts": [{"inlineData": {"mimeType": "text/plain", "data": long}}]}]}),
            json!({"messages": [{"content": format!("data:image/png;base64,{long}")}]}),
        ] {
            let prompt = estimated(&request(Surface::Chat, &body), true).prompt;
            assert!(prompt.bytes > 100_000, "{prompt:?}");
        }
        let asked = json!({"max_tokens": 10, "n": 3, "messages": []});
        let estimate = estimated(&request(Surface::Chat, &asked), true);
        assert_eq!(
            (estimate.output_tokens, estimate.answers, estimate.images),
            (Some(30), 3, 0)
        );
        let drawn = estimated(&request(Surface::Images, &json!({"n": 2})), true);
        assert_eq!((drawn.output_tokens, drawn.images), (None, 2));
        let google = json!({"generationConfig": {"maxOutputTokens": 7}});
        assert_eq!(
            estimated(&request(Surface::Chat, &google), true).output_tokens,
            Some(7)
        );
    }

    #[test]
    fn a_limit_is_put_where_each_dialect_has_it() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for (provider, surface, body, expected) in [
            (
                "openai",
                Surface::Chat,
                json!({}),
                json!({"max_completion_tokens": 100}),
            ),
            (
                "openai",
                Surface::Chat,
                json!({"max_tokens": 900}),
                json!({"max_tokens": 100}),
            ),
            (
                "openai",
                Surface::Chat,
                json!({"max_tokens": 9}),
                json!({"max_tokens": 9}),
            ),
            (
                "openai",
                Surface::Chat,
                json!({"n": 4}),
                json!({"max_completion_tokens": 25, "n": 4}),
            ),
            (
                "mistral",
                Surface::Chat,
                json!({}),
                json!({"max_tokens": 100}),
            ),
            (
                "openai",
                Surface::Responses,
                json!({}),
                json!({"max_output_tokens": 100}),
            ),
            (
                "anthropic",
                Surface::Chat,
                json!({"max_tokens": 5_000}),
                json!({"max_tokens": 100}),
            ),
            (
                "google",
                Surface::Chat,
                json!({"generationConfig": {"topK": 1}}),
                json!({"generationConfig": {"topK": 1, "maxOutputTokens": 100}}),
            ),
            ("openai", Surface::Embeddings, json!({}), json!({})),
        ] {
            let text = body.to_string();
            let mut fields = RawObject::parse(&text.clone().into()).unwrap();
            let dialect = catalogue.find(provider).unwrap().dialect;
            let changed = dialect.limit_output(surface, &mut fields, 100);
            let written: Value = serde_json::from_slice(&fields.write()).unwrap();
            assert_eq!(written, expected, "{provider}");
            assert_eq!(changed, body != expected, "{provider}");
        }
    }
}
