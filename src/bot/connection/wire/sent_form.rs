//! Reads a form as it is sent. serenity reads fields that stand in rows, as
//! they did in the older form, and loses all that stand in labels. So every
//! field is laid out as one of text in a row of its own, whatever it was
//! (`docs/discord.md` §8.1).

use serde_json::{Value, json};

const ACTION_ROW: u8 = 1;
const TEXT_INPUT: u8 = 4;
const FILE_UPLOAD: u64 = 19;
/// What stands between several choices of one field.
const BETWEEN: &str = ",";

/// Lays the fields of a form out in rows. What was typed is moved, and not
/// copied.
pub fn lay_out_in_rows(form: &mut Value) {
    let files = form.pointer("/data/resolved/attachments").cloned();
    let Some(components) = form.pointer_mut("/data/components") else {
        return;
    };
    for component in components.as_array_mut().into_iter().flatten() {
        if component.get("component").is_some() {
            let field = component["component"].take();
            *component = row_of(field, files.as_ref());
        }
    }
    // What is only shown comes back without a field.
    if let Some(all) = components.as_array_mut() {
        all.retain(|component| component.get("components").is_some());
    }
}

fn row_of(mut field: Value, files: Option<&Value>) -> Value {
    let value = match (field["value"].take(), &field["values"]) {
        (_, ids) if field["type"] == FILE_UPLOAD => describe_files(ids, files),
        (Value::String(typed), _) => typed,
        (Value::Bool(is_checked), _) => is_checked.to_string(),
        (_, values) => join(values),
    };
    let input = json!({"type": TEXT_INPUT, "custom_id": field["custom_id"].take(), "value": null});
    let mut row = json!({"type": ACTION_ROW, "components": [input]});
    row["components"][0]["value"] = Value::String(value);
    row
}

/// What Discord says of the files that were put into a field, as JSON.
fn describe_files(ids: &Value, files: Option<&Value>) -> String {
    let ids = ids.as_array().into_iter().flatten();
    let described = ids.filter_map(|id| files?.get(id.as_str()?));
    json!(described.collect::<Vec<_>>()).to_string()
}

fn join(values: &Value) -> String {
    let values = values.as_array().into_iter().flatten();
    let values: Vec<&str> = values.filter_map(Value::as_str).collect();
    values.join(BETWEEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_field_becomes_a_text_in_a_row() {
        let label = |field: Value| json!({"type": 18, "id": 1, "component": field});
        let mut form = json!({"data": {"custom_id": "x", "components": [
            label(json!({"type": 4, "id": 2, "custom_id": "text", "value": "typed"})),
            label(json!({"type": 3, "custom_id": "menu", "values": ["a"]})),
            label(json!({"type": 3, "custom_id": "none", "values": []})),
            label(json!({"type": 22, "custom_id": "boxes", "values": ["a", "b"]})),
            label(json!({"type": 21, "custom_id": "radio", "value": null})),
            label(json!({"type": 23, "custom_id": "box", "value": true})),
            label(json!({"type": 19, "custom_id": "file", "values": ["7", "8"]})),
            {"type": 10, "id": 9},
            {"type": 1, "components": [{"type": 4, "custom_id": "older", "value": "typed"}]},
        ], "resolved": {"attachments": {"7": {"id": "7"}}}}});
        lay_out_in_rows(&mut form);
        let rows = form["data"]["components"].as_array().unwrap().iter();
        let told: Vec<String> = rows
            .map(|row| {
                assert_eq!(row["type"], 1);
                let field = &row["components"][0];
                assert_eq!(field["type"], 4);
                format!(
                    "{}={}",
                    field["custom_id"].as_str().unwrap(),
                    field["value"].as_str().unwrap()
                )
            })
            .collect();
        let expected = [
            "text=typed",
            "menu=a",
            "none=",
            "boxes=a,b",
            "radio=",
            "box=true",
            "file=[{\"id\":\"7\"}]",
            "older=typed",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_no_form_stays_as_it_is() {
        for raw in [
            json!({}),
            json!({"data": {"components": "x"}}),
            json!({"data": {"components": [3]}}),
            json!([]),
        ] {
            let mut laid = raw.clone();
            lay_out_in_rows(&mut laid);
            let kept = laid == raw || laid["data"]["components"] == json!([]);
            assert!(kept, "{laid}");
        }
    }
}
