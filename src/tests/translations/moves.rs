//! A conversation that goes on with another model, and with the same one:
//! what a model thought comes back to it, and to nobody else.

use serde_json::{Value, json};

use super::super::run;
use super::meanings::Meaning;
use super::talks::{CALLERS, Caller, TALKS};
use super::{MODELS, program};

/// Adds what a model answered, and the result of the tool that it called.
fn go_on(caller: Caller, body: &mut Value, answer: &Value) {
    let push = |list: &mut Value, item: Value| list.as_array_mut().unwrap().push(item);
    match caller {
        Caller::Chat => {
            let message = answer["choices"][0]["message"].clone();
            let id = message["tool_calls"][0]["id"].clone();
            push(&mut body["messages"], message);
            let result = json!({"role": "tool", "tool_call_id": id, "content": "sun"});
            push(&mut body["messages"], result);
        }
        Caller::Responses => {
            let items = answer["output"].as_array().unwrap();
            for item in items {
                push(&mut body["input"], item.clone());
            }
            let id = &items.last().unwrap()["call_id"];
            let result = json!({"type": "function_call_output", "call_id": id, "output": "sun"});
            push(&mut body["input"], result);
        }
        Caller::Messages => {
            let blocks = answer["content"].as_array().unwrap();
            let id = &blocks.last().unwrap()["id"];
            let result = json!({"type": "tool_result", "tool_use_id": id, "content": "sun"});
            let said = json!({"role": "assistant", "content": blocks});
            push(&mut body["messages"], said);
            push(
                &mut body["messages"],
                json!({"role": "user", "content": [result]}),
            );
        }
        Caller::Google => {
            let content = answer["candidates"][0]["content"].clone();
            let parts = content["parts"].as_array().unwrap();
            let id = &parts.last().unwrap()["functionCall"]["id"];
            let result = json!({"id": id, "name": "weather", "response": {"output": "sun"}});
            push(&mut body["contents"], content.clone());
            let parts = json!([{"functionResponse": result}]);
            push(
                &mut body["contents"],
                json!({"role": "user", "parts": parts}),
            );
        }
    }
}

#[tokio::test]
async fn a_conversation_goes_on_with_every_model() {
    run(async |stage| {
        let program = program(stage).await;
        let talk = TALKS
            .iter()
            .find(|talk| talk.name == "thoughts before a tool")
            .unwrap();
        for caller in CALLERS {
            for first in MODELS {
                let (path, mut body) = talk.write(caller, first, false);
                if caller == Caller::Responses {
                    body["include"] = json!(["reasoning.encrypted_content"]);
                }
                // Mistral knows no such field.
                if caller == Caller::Chat {
                    let fields = body.as_object_mut().unwrap();
                    fields.remove("include_reasoning");
                    let knows = !first.starts_with("mistral");
                    if knows {
                        body["include_reasoning"] = json!(true);
                    }
                }
                let answer = program.posts(&path, &body).await;
                assert_eq!(answer.status, 200, "{caller:?} {first}: {}", answer.text);
                let called = Meaning::read(caller, &answer.text, false);
                assert_eq!(called.finish, "calls", "{caller:?} {first}");
                go_on(caller, &mut body, &answer.json());
                for second in MODELS {
                    stage.clock.advance_ms(1_000);
                    let is_mistrals = caller == Caller::Chat && second.starts_with("mistral");
                    if is_mistrals {
                        continue;
                    }
                    let (path, _) = talk.write(caller, second, false);
                    let mut next = body.clone();
                    if caller != Caller::Google {
                        next["model"] = json!(second);
                    }
                    let answer = program.posts(&path, &next).await;
                    assert_eq!(
                        answer.status, 200,
                        "{caller:?} {first} {second}: {}",
                        answer.text
                    );
                    let told = Meaning::read(caller, &answer.text, false);
                    // Google's models are told an object.
                    let text = told.text.as_str();
                    assert!(
                        text.starts_with("The tool said: ") && text.contains("sun"),
                        "{caller:?} {first} {second}: {text}"
                    );
                }
            }
        }
    })
    .await;
}
