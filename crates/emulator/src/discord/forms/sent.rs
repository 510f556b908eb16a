//! A form as its person sends it: each field in the shape of its kind, in the
//! order of the form, and those that nobody filled in as they stood there.

use serde_json::{Value, json};

use super::{CHECKBOX, FILE_UPLOAD, LABEL, RADIO_GROUP, ROW, TEXT, TEXT_INPUT, kind_of};
use crate::discord::content::attachments::attachments;
use crate::world::State;

/// What somebody typed and chose, by field. What was chosen is named by its
/// values, and files by their ids, with commas between them.
pub struct Filled<'a>(pub &'a [(&'a str, &'a str)]);

impl Filled<'_> {
    /// The data of the interaction with which the form is sent. Where it is
    /// not known which form that is, each field is one of text.
    pub fn data(&self, state: &State, custom_id: &str, form: Option<&Value>) -> Value {
        let components: Vec<Value> = match form {
            Some(form) => self.components_of(form),
            None => self
                .0
                .iter()
                .enumerate()
                .map(|(at, field)| unknown(at, field))
                .collect(),
        };
        let mut data = json!({"custom_id": custom_id, "components": components});
        let files = files_in(state, &data["components"]);
        if files.as_object().is_some_and(|files| !files.is_empty()) {
            data["resolved"] = json!({"attachments": files});
        }
        data
    }

    fn components_of(&self, form: &Value) -> Vec<Value> {
        let all = form["components"].as_array().into_iter().flatten();
        // Discord numbers everything in its order, parents first.
        let mut last = 0;
        let mut next = || {
            last += 1;
            last
        };
        let sent = all.map(|it| match kind_of(it) {
            ROW => json!({"type": ROW, "id": next(), "components": [self.field(&it["components"][0], next())]}),
            LABEL => json!({"type": LABEL, "id": next(), "component": self.field(&it["component"], next())}),
            _ => json!({"type": TEXT, "id": next()}),
        });
        sent.collect()
    }

    fn field(&self, field: &Value, id: u32) -> Value {
        let custom_id = field["custom_id"].as_str().unwrap_or_default();
        let mut named = self.0.iter().filter(|(name, _)| *name == custom_id);
        let typed = named.next().map(|(_, value)| *value);
        let kind = kind_of(field);
        let mut sent = json!({"type": kind, "id": id, "custom_id": custom_id});
        match kind {
            TEXT_INPUT => {
                let stood = field["value"].as_str().unwrap_or_default();
                sent["value"] = json!(typed.unwrap_or(stood));
            }
            RADIO_GROUP => sent["value"] = json!(chosen(field, typed).first()),
            CHECKBOX => {
                let stood = field["default"] == true;
                sent["value"] = json!(typed.map_or(stood, |typed| typed == "true"));
            }
            _ => sent["values"] = json!(chosen(field, typed)),
        }
        sent
    }
}

/// What is chosen in a field: what its person says, else what was chosen
/// before.
fn chosen(field: &Value, typed: Option<&str>) -> Vec<String> {
    if let Some(typed) = typed {
        let values = typed.split(',').filter(|value| !value.is_empty());
        return values.map(str::to_owned).collect();
    }
    let options = field["options"].as_array().into_iter().flatten();
    let stood = options.filter(|option| option["default"] == true);
    stood
        .filter_map(|it| it["value"].as_str().map(str::to_owned))
        .collect()
}

fn unknown(at: usize, (field, value): &(&str, &str)) -> Value {
    let input = json!({"type": TEXT_INPUT, "id": 2 * at + 2, "custom_id": field, "value": value});
    json!({"type": LABEL, "id": 2 * at + 1, "component": input})
}

/// The files that a form was sent with, as everything is that an id names.
fn files_in(state: &State, components: &Value) -> Value {
    let mut files = json!({});
    let all = components.as_array().into_iter().flatten();
    let uploads = all
        .map(|it| &it["component"])
        .filter(|it| kind_of(it) == FILE_UPLOAD);
    for id in uploads.flat_map(|it| it["values"].as_array().into_iter().flatten()) {
        let Some(id) = id.as_str() else { continue };
        let message = state.messages.iter().find(|m| m.id.to_string() == id);
        if let Some(mut file) = message.and_then(|message| attachments(state, message).pop()) {
            file["id"] = json!(id);
            file["ephemeral"] = json!(true);
            files[id] = file;
        }
    }
    files
}

/// A form as the demo's page draws it: a row for each field, with what its
/// label says beside it.
pub fn shown_form(form: &Value) -> Value {
    let mut shown = form.clone();
    for row in shown["components"].as_array_mut().into_iter().flatten() {
        if kind_of(row) == LABEL {
            let mut field = row["component"].take();
            field["label"] = row["label"].clone();
            field["description"] = row["description"].clone();
            // Everything is required that does not say otherwise.
            field["required"] = json!(field["required"] != false);
            *row = json!({"type": ROW, "components": [field]});
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::forms::STRING_SELECT;

    #[test]
    fn each_kind_of_field_is_sent_in_its_own_shape() {
        let options =
            json!([{"label": "A", "value": "a", "default": true}, {"label": "B", "value": "b"}]);
        let field = |kind: u64, id: &str| json!({"type": LABEL, "label": "A", "component": {"type": kind, "custom_id": id, "options": options}});
        let form = json!({"components": [
            {"type": TEXT, "content": "Made up"},
            field(TEXT_INPUT, "text"), field(STRING_SELECT, "menu"), field(RADIO_GROUP, "radio"), field(CHECKBOX, "box"),
        ]});
        let filled = Filled(&[("text", "typed"), ("menu", "b")]).components_of(&form);
        let sent: Vec<&Value> = filled.iter().map(|it| &it["component"]).collect();
        assert_eq!(*sent[0], Value::Null);
        let expected = [
            json!({"type": 4, "id": 3, "custom_id": "text", "value": "typed"}),
            json!({"type": 3, "id": 5, "custom_id": "menu", "values": ["b"]}),
            json!({"type": 21, "id": 7, "custom_id": "radio", "value": "a"}),
            json!({"type": 23, "id": 9, "custom_id": "box", "value": false}),
        ];
        for (sent, expected) in sent[1..].iter().zip(&expected) {
            assert_eq!(*sent, expected);
        }
    }
}
