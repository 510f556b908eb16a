//! What is taken of a form, and where what is refused is named.

use serde_json::{Value, json};

use super::check::SeenIds;

fn label(field: &Value) -> Value {
    json!({"type": 18, "label": "Made up", "component": field})
}

fn form(components: &[Value]) -> Value {
    json!({"custom_id": "made-up", "title": "Made up", "components": components})
}

fn with(mut base: Value, field: &str, value: Value) -> Value {
    base[field] = value;
    base
}

fn input() -> Value {
    json!({"type": 4, "custom_id": "x", "style": 1})
}

fn select() -> Value {
    let options = json!([{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]);
    json!({"type": 3, "custom_id": "x", "options": options})
}

/// Where the first problem of a form is, and what it is; nothing if it is
/// taken.
fn problem(form: &Value) -> String {
    match SeenIds::default().check(form) {
        Ok(()) => String::new(),
        Err(problem) => format!("{} {}", problem.path.join("."), problem.code),
    }
}

#[test]
fn every_kind_of_field_is_taken() {
    let options =
        json!([{"label": "A", "value": "a", "default": true}, {"label": "B", "value": "b"}]);
    let fields = [
        json!({"type": 4, "custom_id": "x", "style": 1, "required": false, "value": "", "max_length": 4000}),
        json!({"type": 3, "custom_id": "x", "options": options, "required": false, "min_values": 0}),
        json!({"type": 3, "custom_id": "x", "options": options, "min_values": 1, "max_values": 2}),
        json!({"type": 5, "custom_id": "x"}),
        json!({"type": 8, "custom_id": "x", "channel_types": [0]}),
        json!({"type": 19, "custom_id": "x", "required": false, "min_values": 0, "max_values": 10}),
        json!({"type": 21, "custom_id": "x", "options": options}),
        json!({"type": 22, "custom_id": "x", "options": options, "max_values": 2}),
        json!({"type": 23, "custom_id": "x", "default": true}),
    ];
    for field in fields {
        assert_eq!(problem(&form(&[label(&field)])), "", "{field}");
    }
    let row =
        json!({"type": 1, "components": [{"type": 4, "custom_id": "x", "style": 1, "label": "A"}]});
    let text = json!({"type": 10, "content": "Made up"});
    assert_eq!(problem(&form(&[text, row])), "");
}

#[test]
fn what_is_wrong_at_the_top_of_a_form_is_named_by_where_it_stands() {
    let labelled = |field, value| form(&[with(label(&input()), field, value)]);
    let text = json!({"type": 10, "content": "x"});
    let cases = [
        (form(&vec![text; 6]), "components BASE_TYPE_BAD_LENGTH"),
        (form(&[]), "components BASE_TYPE_BAD_LENGTH"),
        (form(&[input()]), "components.0 UNION_TYPE_CHOICES"),
        (
            labelled("label", json!("x".repeat(46))),
            "components.0.label BASE_TYPE_BAD_LENGTH",
        ),
        (
            labelled("label", Value::Null),
            "components.0.label BASE_TYPE_REQUIRED",
        ),
        (
            labelled("description", json!("x".repeat(101))),
            "components.0.description BASE_TYPE_BAD_LENGTH",
        ),
        (
            labelled("description", json!("")),
            "components.0.description BASE_TYPE_BAD_LENGTH",
        ),
        (
            labelled("component", Value::Null),
            "components.0.component BASE_TYPE_REQUIRED",
        ),
        (
            form(&[label(&input()), label(&select())]),
            "components.1.component.custom_id COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            form(&[json!({"type": 1, "components": [input()]})]),
            "components.0.components.0.label BASE_TYPE_REQUIRED",
        ),
        (
            form(&[json!({"type": 1, "components": [select()]})]),
            "components.0.components.0 UNION_TYPE_CHOICES",
        ),
    ];
    for (form, expected) in cases {
        assert_eq!(problem(&form), expected, "{form}");
    }
}

#[test]
fn what_is_wrong_with_a_field_is_named_by_where_it_stands() {
    let many = (0..26).map(|n| json!({"label": "A", "value": n.to_string()}));
    let twice = json!([{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]);
    let radio = json!({"type": 21, "custom_id": "x", "options": [{"label": "A", "value": "a"}]});
    let cases = [
        (json!({"type": 2, "custom_id": "x"}), " UNION_TYPE_CHOICES"),
        (
            with(input(), "label", json!("")),
            ".label BASE_TYPE_BAD_LENGTH",
        ),
        (
            with(input(), "label", json!("A")),
            ".label COMPONENT_LABEL_NOT_ALLOWED",
        ),
        (with(input(), "style", json!(3)), ".style BASE_TYPE_CHOICES"),
        (
            with(input(), "max_length", json!(4001)),
            ".max_length NUMBER_TYPE_MAX",
        ),
        (
            with(select(), "disabled", json!(true)),
            ".disabled COMPONENT_DISABLED_NOT_ALLOWED",
        ),
        (
            with(select(), "options", many.collect()),
            ".options BASE_TYPE_BAD_LENGTH",
        ),
        (
            with(select(), "min_values", json!(0)),
            ".min_values NUMBER_TYPE_MIN",
        ),
        (
            with(select(), "max_values", json!(26)),
            ".max_values NUMBER_TYPE_MAX",
        ),
        (
            with(select(), "placeholder", json!("x".repeat(151))),
            ".placeholder BASE_TYPE_BAD_LENGTH",
        ),
        (
            with(select(), "options", twice),
            ".options.1.value SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        ),
        (
            json!({"type": 19, "custom_id": "x", "max_values": 11}),
            ".max_values NUMBER_TYPE_MAX",
        ),
        (radio, ".options BASE_TYPE_BAD_LENGTH"),
    ];
    for (field, expected) in cases {
        let expected = format!("components.0.component{expected}");
        assert_eq!(problem(&form(&[label(&field)])), expected, "{field}");
    }
}
