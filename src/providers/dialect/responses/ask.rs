//! Writes a chat of the bot's as a call of OpenAI's Responses, for models that
//! have no chat; `docs/providers.md` §7.6 and §8.

use serde_json::{Value, json};

use crate::model::{Role, Turn};
use crate::providers::dialect::chat_request::{ChatRequest, picture_data_url};

use super::{LIMIT, OUTPUT_TOKENS_MIN};

/// Writes the body of a call. OpenAI keeps nothing of it.
pub fn write_chat(request: &ChatRequest, stream: bool) -> Value {
    let detail = request.is_bounded.then_some("high");
    let turns = request.turns.iter();
    let input: Vec<Value> = turns.map(|turn| write_message(turn, detail)).collect();
    let mut body =
        json!({"model": request.model, "input": input, "stream": stream, "store": false});
    if !request.system.is_empty() {
        body["instructions"] = json!(request.system);
    }
    body[LIMIT] = json!(u64::from(request.max_output_tokens).max(OUTPUT_TOKENS_MIN));
    if request.is_bounded {
        body["service_tier"] = json!("default");
    }
    body
}

fn write_message(turn: &Turn, detail: Option<&str>) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "assistant",
    };
    if turn.pictures.is_empty() {
        return json!({"role": role, "content": turn.text.0});
    }
    let pictures = turn.pictures.iter().map(|picture| {
        let mut shown = json!({"type": "input_image", "image_url": picture_data_url(picture)});
        if let Some(detail) = detail {
            shown["detail"] = json!(detail);
        }
        shown
    });
    let text = json!({"type": "input_text", "text": turn.text.0});
    let parts: Vec<Value> = pictures.chain([text]).collect();
    json!({"role": role, "content": parts})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Picture, PictureKind, Words};

    #[test]
    fn a_chat_of_the_bots_is_written_as_a_call_that_is_not_kept() {
        let picture = Picture {
            kind: PictureKind::Png,
            bytes: vec![1].into(),
        };
        let said = |role, text: &str, pictures| Turn {
            role,
            text: Words(text.to_owned()),
            pictures,
            earlier_pictures: 0,
        };
        let mut request = ChatRequest {
            model: "gpt-5.1-codex".to_owned(),
            system: "Be brief.".to_owned(),
            turns: vec![
                said(Role::Person, "hi", Vec::new()),
                said(Role::Model, "Hello.", Vec::new()),
                said(Role::Person, "what is it?", vec![picture]),
            ],
            max_output_tokens: 5,
            is_bounded: false,
        };
        let url = "data:image/png;base64,AQ==";
        let words = json!({"type": "input_text", "text": "what is it?"});
        let input = |shown: Value| {
            json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."},
                {"role": "user", "content": [shown, words]}])
        };
        assert_eq!(
            write_chat(&request, true),
            json!({"model": "gpt-5.1-codex", "instructions": "Be brief.", "stream": true,
                "store": false, "max_output_tokens": 16,
                "input": input(json!({"type": "input_image", "image_url": url}))})
        );
        request.is_bounded = true;
        let written = write_chat(&request, true);
        assert_eq!(
            (&written["input"], &written["service_tier"]),
            (
                &input(json!({"type": "input_image", "image_url": url, "detail": "high"})),
                &json!("default")
            )
        );
    }
}
