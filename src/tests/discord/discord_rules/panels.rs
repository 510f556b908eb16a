//! Rules about buttons, menus, and messages that are laid out in parts.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Rule, rule};

/// The flag of a message whose text stands in its components.
const FLAG: u64 = 1 << 15;
const TAKEN: &str = "200";

/// The rules, in the document's order.
pub const RULES: &[Rule] = &[
    rule(
        "a form that a command opened has no message to change",
        "2.2",
        "400 50035",
        |desk| Box::pin(update_after_a_commands_form(desk)),
    ),
    rule("5 rows of up to 5 buttons", "3.2", "400 50035", |desk| {
        Box::pin(many_buttons(desk))
    }),
    rule(
        "`custom_id` 1 to 100 characters, no two the same in a message",
        "3.2",
        "400 50035",
        |desk| Box::pin(same_ids(desk)),
    ),
    rule("a menu 25 options", "3.2", "400 50035", |desk| {
        Box::pin(long_menu(desk))
    }),
    rule(
        "takes none of `content`, `embeds`, `poll` and `sticker_ids`",
        "3.6",
        "400 50035",
        |desk| Box::pin(content_beside_parts(desk)),
    ),
    rule(
        "if it takes the `content` away in the same request",
        "3.6",
        "400 50035",
        |desk| Box::pin(flag_over_content(desk)),
    ),
    rule(
        "can't be taken back by an edit",
        "3.6",
        "400 50035",
        |desk| Box::pin(flag_taken_back(desk)),
    ),
    rule(
        "Only a message with the flag takes components other than action rows",
        "3.6",
        "400 50035",
        |desk| Box::pin(parts_without_flag(desk)),
    ),
    rule("but no container", "3.6", "400 50035", |desk| {
        Box::pin(container_in_a_container(desk))
    }),
    rule("and an accessory", "3.6", "400 50035", |desk| {
        Box::pin(bare_section(desk))
    }),
    rule(
        "at most 40 components, nested ones counted",
        "3.6",
        "400 50035",
        |desk| Box::pin(many_parts(desk)),
    ),
    rule(
        "at most 4,000 characters in all text displays together",
        "3.6",
        "400 50035",
        |desk| Box::pin(long_texts(desk)),
    ),
    rule("Discord answers 500 to more", "3.6", "500 0", |desk| {
        Box::pin(many_bytes(desk))
    }),
];

fn posts(desk: &Desk) -> String {
    format!("/channels/{}/messages", desk.channel("general"))
}

async fn posted(desk: &Desk, body: Value) -> String {
    desk.calls(Method::POST, &posts(desk), body).await
}

/// Posts a message, which is taken; returns its address.
async fn stands(desk: &Desk, body: Value) -> String {
    assert_eq!(posted(desk, body).await, TAKEN);
    let id = desk.look(|state| state.messages.last().unwrap().id);
    format!("{}/{id}", posts(desk))
}

fn button(id: &str) -> Value {
    json!({"type": 2, "style": 2, "label": "made up", "custom_id": id})
}

fn row(parts: &[Value]) -> Value {
    json!({"type": 1, "components": parts})
}

fn text(words: &str) -> Value {
    json!({"type": 10, "content": words})
}

fn container(parts: &[Value]) -> Value {
    json!({"type": 17, "components": parts})
}

/// A message that is laid out in parts.
fn laid_out(parts: &[Value]) -> Value {
    json!({"flags": FLAG, "components": parts})
}

async fn update_after_a_commands_form(desk: Desk) -> String {
    let (callback, _) = desk.runs();
    let form = json!({"custom_id": "made-up", "title": "Made up", "components": [text("x")]});
    let body = json!({"type": 9, "data": form});
    assert_eq!(desk.calls(Method::POST, &callback, body).await, "204");
    let (member, channel) = (desk.scene.member, desk.channel("general"));
    let world = &desk.scene.emulator.world;
    let sent = world.submit(member, channel, "made-up", &[]);
    let (callback, _) = desk.addresses(sent);
    desk.calls(Method::POST, &callback, json!({"type": 6}))
        .await
}

async fn many_buttons(desk: Desk) -> String {
    let buttons: Vec<Value> = (0..6).map(|number| button(&number.to_string())).collect();
    let body = |few| json!({"content": "x", "components": [row(few)]});
    assert_eq!(posted(&desk, body(&buttons[1..])).await, TAKEN);
    let rows = vec![row(&buttons[..1]); 6];
    let many_rows = json!({"content": "x", "components": rows});
    assert_eq!(posted(&desk, many_rows).await, "400 50035");
    posted(&desk, body(&buttons)).await
}

async fn same_ids(desk: Desk) -> String {
    let long = button(&"x".repeat(101));
    let body = |parts: &[Value]| json!({"content": "x", "components": [row(parts)]});
    assert_eq!(posted(&desk, body(&[long])).await, "400 50035");
    // In another row and another box they are as much the same.
    let both = [
        row(&[button("a")]),
        container(&[text("x"), row(&[button("a")])]),
    ];
    assert_eq!(posted(&desk, laid_out(&both)).await, "400 50035");
    posted(&desk, body(&[button("a"), button("a")])).await
}

async fn long_menu(desk: Desk) -> String {
    let menu = |options: usize| {
        let options: Vec<Value> = (0..options)
            .map(|number| json!({"label": "made up", "value": number.to_string()}))
            .collect();
        let menu = json!({"type": 3, "custom_id": "m", "options": options});
        json!({"content": "x", "components": [row(&[menu])]})
    };
    assert_eq!(posted(&desk, menu(25)).await, TAKEN);
    assert_eq!(posted(&desk, menu(0)).await, "400 50035");
    posted(&desk, menu(26)).await
}

async fn content_beside_parts(desk: Desk) -> String {
    let mut body = laid_out(&[text("x")]);
    assert_eq!(posted(&desk, body.clone()).await, TAKEN);
    body["content"] = json!("");
    posted(&desk, body).await
}

async fn flag_over_content(desk: Desk) -> String {
    let path = stands(&desk, json!({"content": "hello"})).await;
    let mut body = laid_out(&[text("x")]);
    let answer = desk.calls(Method::PATCH, &path, body.clone()).await;
    body["content"] = Value::Null;
    assert_eq!(desk.calls(Method::PATCH, &path, body).await, TAKEN);
    answer
}

async fn flag_taken_back(desk: Desk) -> String {
    let path = stands(&desk, laid_out(&[text("x")])).await;
    let more = json!({"components": [text("more")]});
    assert_eq!(desk.calls(Method::PATCH, &path, more).await, TAKEN);
    let plain = json!({"flags": 0, "components": []});
    assert_eq!(desk.calls(Method::PATCH, &path, plain).await, "400 50035");
    desk.calls(Method::PATCH, &path, json!({"content": "hello"}))
        .await
}

async fn parts_without_flag(desk: Desk) -> String {
    posted(&desk, json!({"content": "x", "components": [text("x")]})).await
}

async fn container_in_a_container(desk: Desk) -> String {
    let inner = container(&[text("x")]);
    assert_eq!(
        posted(&desk, laid_out(std::slice::from_ref(&inner))).await,
        TAKEN
    );
    posted(&desk, laid_out(&[container(&[inner])])).await
}

async fn bare_section(desk: Desk) -> String {
    let section = json!({"type": 9, "components": [text("x")], "accessory": button("a")});
    assert_eq!(posted(&desk, laid_out(&[section])).await, TAKEN);
    let bare = json!({"type": 9, "components": [text("x")]});
    posted(&desk, laid_out(&[bare])).await
}

async fn many_parts(desk: Desk) -> String {
    let most = vec![text("x"); 39];
    assert_eq!(posted(&desk, laid_out(&[container(&most)])).await, TAKEN);
    let more = vec![text("x"); 40];
    posted(&desk, laid_out(&[container(&more)])).await
}

async fn long_texts(desk: Desk) -> String {
    let half = text(&"x".repeat(2_000));
    let most = laid_out(&[half.clone(), half.clone()]);
    assert_eq!(posted(&desk, most).await, TAKEN);
    posted(&desk, laid_out(&[half.clone(), half, text("x")])).await
}

async fn many_bytes(desk: Desk) -> String {
    // Three bytes each.
    assert_eq!(
        posted(&desk, laid_out(&[text(&"鍵".repeat(3_300))])).await,
        TAKEN
    );
    posted(&desk, laid_out(&[text(&"鍵".repeat(3_400))])).await
}
