//! Rules about forms.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Rule, rule};

const TAKEN: &str = "204";

/// The rules, in the document's order.
pub const RULES: &[Rule] = &[
    rule(
        "A form has one to five components at the top",
        "3.3",
        "400 50035",
        |desk| Box::pin(six_components(desk)),
    ),
    rule("A label has one field", "3.3", "400 50035", |desk| {
        Box::pin(button_in_a_label(desk))
    }),
    rule(
        "A text input in a label has no label of its own",
        "3.3",
        "400 50035",
        |desk| Box::pin(label_in_a_label(desk)),
    ),
    rule(
        "A menu in a form can't be `disabled`",
        "3.3",
        "400 50035",
        |desk| Box::pin(disabled_menu(desk)),
    ),
    rule("its `min_values` is not 0", "3.3", "400 50035", |desk| {
        Box::pin(no_choice_required(desk))
    }),
];

/// Opens a form of these components; the answer.
async fn opens(desk: &Desk, components: &[Value]) -> String {
    let (callback, _) = desk.runs();
    let form = json!({"custom_id": "made-up", "title": "Made up", "components": components});
    let body = json!({"type": 9, "data": form});
    desk.calls(Method::POST, &callback, body).await
}

fn label(field: &Value) -> Value {
    json!({"type": 18, "label": "Made up", "component": field})
}

fn input() -> Value {
    json!({"type": 4, "custom_id": "made-up", "style": 1})
}

fn menu(more: (&str, Value)) -> Value {
    let options = json!([{"label": "Made up", "value": "made-up"}]);
    let mut menu = json!({"type": 3, "custom_id": "made-up", "options": options});
    menu[more.0] = more.1;
    menu
}

async fn six_components(desk: Desk) -> String {
    let text = json!({"type": 10, "content": "Made up"});
    assert_eq!(opens(&desk, &vec![text.clone(); 5]).await, TAKEN);
    opens(&desk, &vec![text; 6]).await
}

async fn button_in_a_label(desk: Desk) -> String {
    assert_eq!(opens(&desk, &[label(&input())]).await, TAKEN);
    let button = json!({"type": 2, "style": 2, "label": "A", "custom_id": "made-up"});
    opens(&desk, &[label(&button)]).await
}

async fn label_in_a_label(desk: Desk) -> String {
    let mut field = input();
    field["label"] = json!("");
    opens(&desk, &[label(&field)]).await
}

async fn disabled_menu(desk: Desk) -> String {
    let menu = menu(("disabled", json!(true)));
    opens(&desk, &[label(&menu)]).await
}

async fn no_choice_required(desk: Desk) -> String {
    let optional = menu(("required", json!(false)));
    assert_eq!(opens(&desk, &[label(&optional)]).await, TAKEN);
    opens(&desk, &[label(&menu(("min_values", json!(0))))]).await
}
