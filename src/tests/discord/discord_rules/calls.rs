//! Rules of Discord's REST API.

use std::time::Duration;

use latchkey_emulator::NOTICES;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Rule, rule};

/// The rules, in the document's order.
pub const RULES: &[Rule] = &[
    rule("must arrive within **3 s**", "2.1", "404 10062", |desk| {
        Box::pin(late_answer(desk))
    }),
    rule(
        "A second first answer gets 400 with 40060",
        "2.1",
        "400 40060",
        |desk| Box::pin(second_answer(desk)),
    ),
    rule(
        "calls with it get 401 with 50027",
        "2.1",
        "401 50027",
        |desk| Box::pin(late_edit(desk)),
    ),
    rule(
        "Before the first answer they get 404 with 10015",
        "2.1",
        "404 10015",
        |desk| Box::pin(early_edit(desk)),
    ),
    rule(
        "only for components and their forms",
        "2.2",
        "400 50035",
        |desk| Box::pin(update_of_nothing(desk)),
    ),
    rule(
        "**not** as an answer to a form",
        "2.2",
        "400 50035",
        |desk| Box::pin(form_after_form(desk)),
    ),
    rule("at most 25", "2.2", "400 50035", |desk| {
        Box::pin(many_completions(desk))
    }),
    rule("a sixth gets 40094", "2.4", "403 40094", |desk| {
        Box::pin(sixth_follow_up(desk))
    }),
    rule("counted in UTF-16 units here", "3.1", "400 50035", |desk| {
        Box::pin(long_text(desk))
    }),
    rule(
        "an edit SUPPRESS_EMBEDS and IS_COMPONENTS_V2",
        "3.1",
        "400 50035",
        |desk| Box::pin(edit_that_is_silent(desk)),
    ),
    rule(
        "a reply to a message that is not there gets 400 with 50035",
        "3.1",
        "400 50035",
        |desk| Box::pin(reply_to_nothing(desk)),
    ),
    rule(
        "Discord refuses a reply to a notice",
        "6",
        "400 50035",
        |desk| Box::pin(reply_to_notice(desk)),
    ),
    rule("another's get 403 with 50005", "3.1", "403 50005", |desk| {
        Box::pin(edit_of_anothers(desk))
    }),
    rule("refused with 413 and 40005", "3.1", "413 40005", |desk| {
        Box::pin(large_file(desk))
    }),
    rule(
        "one that is neither gets 400 with 50146",
        "3.1",
        "400 50146",
        |desk| Box::pin(edit_with_unknown_file(desk)),
    ),
    rule("10003 for a channel", "3.1", "404 10003", |desk| {
        Box::pin(reads(desk, "/channels/7"))
    }),
    rule("10004 for a server", "3.1", "404 10004", |desk| {
        Box::pin(reads(desk, "/guilds/7"))
    }),
    rule("10007 for a member", "3.1", "404 10007", |desk| {
        Box::pin(unknown_member(desk))
    }),
    rule("10008 for a message", "3.1", "404 10008", |desk| {
        Box::pin(unknown_message(desk))
    }),
    rule("5 in 2 s for an interaction", "4.1", "429", |desk| {
        Box::pin(many_edits_of_an_answer(desk))
    }),
    rule("5 in 5 s for posts", "4.1", "429", |desk| {
        Box::pin(many_posts(desk))
    }),
    rule("5 in 5 s for edits in a channel", "4.1", "429", |desk| {
        Box::pin(many_edits(desk))
    }),
    rule(
        "beyond 3 in 6 s in a channel they get 429 with 30046",
        "4.1",
        "429 30046",
        |desk| Box::pin(many_edits_of_old_messages(desk)),
    ),
    rule("5 a second for reading", "4.1", "429", |desk| {
        Box::pin(many_reads(desk))
    }),
    rule("gets 401 for the bot's token", "5.5", "401 0", |desk| {
        Box::pin(wrong_token(desk))
    }),
];

fn text(words: &str) -> Value {
    json!({"content": words})
}

/// An answer that is a message.
fn reply() -> Value {
    json!({"type": 4, "data": text("hello")})
}

async fn late_answer(desk: Desk) -> String {
    let (callback, _) = desk.runs();
    desk.age(4);
    desk.calls(Method::POST, &callback, reply()).await
}

async fn second_answer(desk: Desk) -> String {
    let (callback, _) = desk.runs();
    assert_eq!(desk.calls(Method::POST, &callback, reply()).await, "204");
    desk.calls(Method::POST, &callback, reply()).await
}

async fn late_edit(desk: Desk) -> String {
    let (callback, messages) = desk.runs();
    assert_eq!(desk.calls(Method::POST, &callback, reply()).await, "204");
    desk.age(15 * 60 + 1);
    let path = messages + "/messages/@original";
    desk.calls(Method::PATCH, &path, text("more")).await
}

async fn early_edit(desk: Desk) -> String {
    let (_, messages) = desk.runs();
    let path = messages + "/messages/@original";
    desk.calls(Method::PATCH, &path, text("more")).await
}

async fn update_of_nothing(desk: Desk) -> String {
    let (callback, _) = desk.runs();
    desk.calls(Method::POST, &callback, json!({"type": 6}))
        .await
}

async fn form_after_form(desk: Desk) -> String {
    let (callback, _) = desk.runs();
    let form = json!({"type": 9, "data": {"custom_id": "made-up", "title": "Made up", "components": [{"type": 10, "content": "x"}]}});
    assert_eq!(
        desk.calls(Method::POST, &callback, form.clone()).await,
        "204"
    );
    let (member, channel) = (desk.scene.member, desk.channel("general"));
    let sent = desk
        .scene
        .emulator
        .world
        .submit(member, channel, "made-up", &[]);
    let (callback, _) = desk.addresses(sent);
    desk.calls(Method::POST, &callback, form).await
}

async fn many_completions(desk: Desk) -> String {
    let (member, channel) = (desk.scene.member, desk.channel("general"));
    let world = &desk.scene.emulator.world;
    let asked = world
        .complete(member, channel, "/ask prompt:h", "prompt")
        .unwrap();
    let (callback, _) = desk.addresses(asked);
    let one = json!({"name": "made-up", "value": "made-up"});
    let body = json!({"type": 8, "data": {"choices": vec![one; 26]}});
    desk.calls(Method::POST, &callback, body).await
}

async fn sixth_follow_up(desk: Desk) -> String {
    let (callback, messages) = desk.runs_in(desk.scene.stranger, desk.channel("lobby"));
    assert_eq!(desk.calls(Method::POST, &callback, reply()).await, "204");
    desk.with(|state| state.limits = false);
    for _ in 0..5 {
        assert_eq!(
            desk.calls(Method::POST, &messages, text("more")).await,
            "200"
        );
    }
    desk.calls(Method::POST, &messages, text("more")).await
}

/// The address of a channel's messages.
fn posts(desk: &Desk) -> String {
    format!("/channels/{}/messages", desk.channel("general"))
}

async fn long_text(desk: Desk) -> String {
    // Two units each.
    let long = "\u{1f511}".repeat(1_001);
    desk.calls(Method::POST, &posts(&desk), text(&long)).await
}

async fn reply_to_notice(desk: Desk) -> String {
    let (channel, mia) = (desk.channel("general"), desk.scene.member);
    let joined = NOTICES.iter().find(|notice| notice.kind == 7).unwrap();
    let world = &desk.scene.emulator.world;
    let id = world.post_notice(*joined, mia, (channel, None));
    let body = json!({"content": "hello", "message_reference": {"message_id": id.to_string()}});
    desk.calls(Method::POST, &posts(&desk), body).await
}

async fn edit_that_is_silent(desk: Desk) -> String {
    let path = posts(&desk);
    assert_eq!(desk.calls(Method::POST, &path, text("hello")).await, "200");
    let id = desk.look(|state| state.messages.last().unwrap().id);
    // SUPPRESS_NOTIFICATIONS is for posts alone.
    let body = json!({"content": "more", "flags": 1 << 12});
    desk.calls(Method::PATCH, &format!("{path}/{id}"), body)
        .await
}

async fn large_file(desk: Desk) -> String {
    assert_eq!(desk.posts_file(&posts(&desk), 10 << 20).await, "200");
    desk.posts_file(&posts(&desk), (10 << 20) + 1).await
}

async fn edit_with_unknown_file(desk: Desk) -> String {
    let path = posts(&desk);
    assert_eq!(desk.calls(Method::POST, &path, text("hello")).await, "200");
    let id = desk.look(|state| state.messages.last().unwrap().id);
    let body = json!({"attachments": [{"id": "7"}]});
    desk.calls(Method::PATCH, &format!("{path}/{id}"), body)
        .await
}

async fn reply_to_nothing(desk: Desk) -> String {
    let body = json!({"content": "hello", "message_reference": {"message_id": "7"}});
    desk.calls(Method::POST, &posts(&desk), body).await
}

/// Mia writes a message; returns its address.
fn message_of_mias(desk: &Desk) -> String {
    let id = desk
        .scene
        .emulator
        .world
        .post(latchkey_emulator::NewMessage {
            person: desk.scene.member,
            channel: desk.channel("general"),
            text: "hello",
            pings: true,
            ..latchkey_emulator::NewMessage::default()
        });
    format!("{}/{id}", posts(desk))
}

async fn edit_of_anothers(desk: Desk) -> String {
    let path = message_of_mias(&desk);
    desk.calls(Method::PATCH, &path, text("more")).await
}

async fn reads(desk: Desk, path: &str) -> String {
    desk.calls(Method::GET, path, Value::Null).await
}

async fn unknown_member(desk: Desk) -> String {
    let path = format!("/guilds/{}/members/7", desk.scene.server);
    reads(desk, &path).await
}

async fn unknown_message(desk: Desk) -> String {
    let path = posts(&desk) + "/7";
    reads(desk, &path).await
}

/// Makes a call five times, which works, and once more.
async fn sixth_call(desk: &Desk, (method, path): (Method, &str), body: Value) -> String {
    for _ in 0..5 {
        let answer = desk.calls(method.clone(), path, body.clone()).await;
        assert_eq!(answer, "200");
    }
    desk.calls(method, path, body).await
}

async fn many_edits_of_an_answer(desk: Desk) -> String {
    let (callback, messages) = desk.runs();
    assert_eq!(desk.calls(Method::POST, &callback, reply()).await, "204");
    let path = messages + "/messages/@original";
    sixth_call(&desk, (Method::PATCH, &path), text("more")).await
}

async fn many_posts(desk: Desk) -> String {
    let path = posts(&desk);
    sixth_call(&desk, (Method::POST, &path), text("hello")).await
}

async fn many_edits(desk: Desk) -> String {
    let path = posts(&desk);
    assert_eq!(desk.calls(Method::POST, &path, text("hello")).await, "200");
    let id = desk.look(|state| state.messages.last().unwrap().id);
    let path = format!("{path}/{id}");
    sixth_call(&desk, (Method::PATCH, &path), text("more")).await
}

async fn many_edits_of_old_messages(desk: Desk) -> String {
    let path = posts(&desk);
    for _ in 0..4 {
        assert_eq!(desk.calls(Method::POST, &path, text("hello")).await, "200");
    }
    let ids: Vec<u64> = desk.with(|state| {
        let newest = state.messages.iter_mut().rev().take(4);
        newest
            .map(|message| {
                message.age = Duration::from_secs(3_601);
                message.id
            })
            .collect()
    });
    let mut answers = Vec::new();
    for id in ids {
        let path = format!("{path}/{id}");
        answers.push(desk.calls(Method::PATCH, &path, text("more")).await);
    }
    assert_eq!(answers[..3], ["200", "200", "200"]);
    answers.remove(3)
}

async fn many_reads(desk: Desk) -> String {
    let path = posts(&desk);
    sixth_call(&desk, (Method::GET, &path), Value::Null).await
}

async fn wrong_token(desk: Desk) -> String {
    desk.calls_as("made-up", (Method::GET, "/users/@me"), Value::Null)
        .await
}
