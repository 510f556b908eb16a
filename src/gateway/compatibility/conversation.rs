//! A conversation in a call of another system's, as an ask of ours.

use serde::Deserialize;

use crate::gateway::calls::call::Call;
use crate::gateway::replies::problem::Problem;
use crate::gateway::rest::unified::add_request_key;
use crate::model::{Ask, AskRefusal, Choices, Turn};

/// One thing that was said.
#[derive(Deserialize)]
pub struct Message {
    role: String,
    content: String,
}

/// Makes an ask of what was said. Who said it must be the person or the model:
/// other parts have no place in a conversation of ours.
pub fn ask_of(call: &Call, messages: Vec<Message>, choices: Choices) -> Result<Ask, Problem> {
    let turns = messages
        .into_iter()
        .map(|message| match message.role.as_str() {
            "user" => Ok(Turn::person(message.content)),
            "assistant" => Ok(Turn::model(message.content)),
            _ => Err(AskRefusal::Untranslatable {
                what: "a message whose `role` is neither `user` nor `assistant`".to_owned(),
            }),
        });
    let turns = turns.collect::<Result<Vec<_>, _>>()?;
    let ask = Ask {
        turns,
        ..Ask::of(call.session.caller.clone(), "", choices)
    };
    add_request_key(call, ask)
}
