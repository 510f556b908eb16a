//! OpenAI's older completions: texts that a model goes on with;
//! `docs/providers.md` §8.1.

use serde_json::Value;

use crate::providers::dialect::bodies::raw_object::RawObject;

pub const PATH: &str = "/completions";
/// How long an answer is whose caller does not say it, in tokens.
pub const USUAL_TOKENS: u64 = 16;
const LIMIT: &str = "max_tokens";
/// What stands in the names of OpenAI's models that complete texts; all others
/// only chat.
const COMPLETING: [&str; 3] = ["-instruct", "davinci", "babbage"];

/// Whether a provider of this dialect completes texts with a model. Of those
/// that are not known here, the provider says so itself.
pub fn has_completions(provider: &str, model: &str) -> bool {
    match provider {
        "openai" => COMPLETING.iter().any(|part| model.contains(part)),
        "mistral" | "groq" | "deepseek" => false,
        _ => true,
    }
}

/// How many answers are written for a request: for each of its prompts as many
/// as are asked for, or as the best are chosen from.
pub fn count_answers(request: &RawObject) -> u64 {
    let number = |name| request.get::<u64>(name).unwrap_or(1);
    let each = number("n").max(number("best_of")).max(1);
    let prompts = request.get::<Value>("prompt").unwrap_or_default();
    count_prompts(&prompts).saturating_mul(each)
}

/// How many prompts there are: a text or a list of tokens is one.
fn count_prompts(prompt: &Value) -> u64 {
    match prompt {
        Value::Array(list) if list.iter().all(Value::is_number) => 1,
        Value::Array(list) => (list.len() as u64).max(1),
        _ => 1,
    }
}

/// Lowers the limit on each answer; whether anything was changed.
pub fn limit_output(request: &mut RawObject, each: u64) -> bool {
    let is_named = request.raw(LIMIT).is_some_and(|limit| limit != "null");
    let each = if is_named {
        each
    } else {
        each.min(USUAL_TOKENS)
    };
    request.set_at_most(LIMIT, each)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: &Value) -> RawObject {
        RawObject::parse(&body.to_string().into()).unwrap()
    }

    #[test]
    fn each_prompt_has_as_many_answers_as_are_written_for_it() {
        for (body, answers) in [
            (json!({}), 1),
            (json!({"prompt": "a"}), 1),
            (json!({"prompt": ["a", "b"]}), 2),
            (json!({"prompt": [1, 2, 3]}), 1),
            (json!({"prompt": [[1, 2], [3]]}), 2),
            (json!({"prompt": [], "n": 2}), 2),
            (json!({"prompt": ["a", "b"], "n": 2, "best_of": 5}), 10),
        ] {
            assert_eq!(count_answers(&fields(&body)), answers, "{body}");
        }
    }

    #[test]
    fn an_answer_without_a_limit_is_as_long_as_usual() {
        for (body, limit) in [
            (json!({}), 16),
            (json!({"max_tokens": null}), 16),
            (json!({"max_tokens": 5}), 5),
            (json!({"max_tokens": 500}), 100),
        ] {
            let mut request = fields(&body);
            limit_output(&mut request, 100);
            assert_eq!(request.get::<u64>("max_tokens"), Some(limit), "{body}");
        }
    }
}
