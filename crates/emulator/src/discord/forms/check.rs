//! What Discord refuses of a form, and where it says so: its errors are a tree
//! by key, with lists by index.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{
    CHECKBOX, CHECKBOX_GROUP, FILE_UPLOAD, LABEL, OTHER_SELECTS, RADIO_GROUP, ROW, STRING_SELECT,
    TEXT, TEXT_INPUT, kind_of,
};

/// The most components that stand in a form by themselves.
const COMPONENTS_MAX: usize = 5;

/// What is wrong with a form.
pub(super) struct Problem {
    /// The keys that lead to it, from the form's data on.
    pub(super) path: Vec<String>,
    pub(super) code: &'static str,
    message: String,
}

pub(super) type Verdict = Result<(), Problem>;

/// Refuses a form that Discord does not take.
pub fn check_form(data: &Value) -> Result<(), Box<Response>> {
    let mut seen = SeenIds::default();
    seen.check(data).map_err(|problem| Box::new(problem.said()))
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            code,
            message: message.into(),
        }
    }

    fn missing() -> Self {
        Self::new("BASE_TYPE_REQUIRED", "This field is required")
    }

    fn at(mut self, key: impl Into<String>) -> Self {
        self.path.insert(0, key.into());
        self
    }

    fn said(self) -> Response {
        let leaf = json!({"_errors": [{"code": self.code, "message": self.message}]});
        let errors = self
            .path
            .iter()
            .rev()
            .fold(leaf, |below, key| json!({key: below}));
        let body =
            json!({"message": "Invalid Form Body", "code": 50_035, "errors": {"data": errors}});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

/// The ids that were met so far.
#[derive(Default)]
pub(super) struct SeenIds {
    custom_ids: HashSet<String>,
}

impl SeenIds {
    pub(super) fn check(&mut self, form: &Value) -> Verdict {
        check_length(form, "title", 1..=45)?;
        check_length(form, "custom_id", 1..=100)?;
        let components = check_count(form, "components", 1..=COMPONENTS_MAX)?;
        for (at, component) in components.iter().enumerate() {
            let checked = self.check_top(component);
            checked.map_err(|problem| problem.at(at.to_string()).at("components"))?;
        }
        Ok(())
    }

    fn check_top(&mut self, component: &Value) -> Verdict {
        check_kind(component, &[ROW, TEXT, LABEL])?;
        match kind_of(component) {
            ROW => self.check_row(component),
            LABEL => self.check_label(component),
            _ => check_length(component, "content", 1..=4_000),
        }
    }

    /// The older form of a field, which says its label itself.
    fn check_row(&mut self, row: &Value) -> Verdict {
        let inputs = check_count(row, "components", 1..=1)?;
        for (at, input) in inputs.iter().enumerate() {
            let checked = check_kind(input, &[TEXT_INPUT])
                .and_then(|()| check_length(input, "label", 1..=45))
                .and_then(|()| self.check_field(input));
            checked.map_err(|problem| problem.at(at.to_string()).at("components"))?;
        }
        Ok(())
    }

    fn check_label(&mut self, label: &Value) -> Verdict {
        check_length(label, "label", 1..=45)?;
        check_optional_length(label, "description", 1..=100)?;
        let field = &label["component"];
        let checked = if field.is_null() {
            Err(Problem::missing())
        } else {
            let kinds = [
                STRING_SELECT,
                TEXT_INPUT,
                5,
                6,
                7,
                8,
                FILE_UPLOAD,
                RADIO_GROUP,
                CHECKBOX_GROUP,
                CHECKBOX,
            ];
            check_kind(field, &kinds)
                .and_then(|()| check_no_label(field))
                .and_then(|()| self.check_field(field))
        };
        checked.map_err(|problem| problem.at("component"))
    }

    /// A field, wherever it stands.
    fn check_field(&mut self, field: &Value) -> Verdict {
        check_length(field, "custom_id", 1..=100)?;
        let id = field["custom_id"].as_str().unwrap_or_default();
        if !self.custom_ids.insert(id.to_owned()) {
            let message = "Component custom id cannot be duplicated";
            return Err(Problem::new("COMPONENT_CUSTOM_ID_DUPLICATED", message).at("custom_id"));
        }
        // It is for messages alone; what Discord calls that is not documented.
        if field["disabled"] == true {
            let message = "This field is not allowed in modals";
            return Err(Problem::new("COMPONENT_DISABLED_NOT_ALLOWED", message).at("disabled"));
        }
        match kind_of(field) {
            TEXT_INPUT => check_input(field),
            STRING_SELECT => check_select(field, 1..=25),
            CHECKBOX_GROUP => check_select(field, 1..=10),
            RADIO_GROUP => check_options(field, 2..=10),
            FILE_UPLOAD => check_values(field, 10),
            kind if OTHER_SELECTS.contains(&kind) => {
                check_optional_length(field, "placeholder", 0..=150)?;
                check_values(field, 25)
            }
            _ => Ok(()),
        }
    }
}

fn check_input(input: &Value) -> Verdict {
    if !matches!(input["style"].as_u64(), Some(1 | 2)) {
        let problem = Problem::new("BASE_TYPE_CHOICES", "Value must be one of (1, 2).");
        return Err(problem.at("style"));
    }
    check_optional_length(input, "value", 0..=4_000)?;
    check_optional_length(input, "placeholder", 0..=100)?;
    check_number(input, "min_length", 0..=4_000)?;
    check_number(input, "max_length", 1..=4_000)
}

/// A label stands beside a field only where no other stands above it. What
/// Discord calls one that is not empty is not documented.
/// <https://github.com/bwmarrin/discordgo/issues/1674>
fn check_no_label(field: &Value) -> Verdict {
    match field["label"].as_str() {
        None => Ok(()),
        Some("") => Err(bad_length(&(1..=45)).at("label")),
        Some(_) => {
            let message = "A label is not allowed on this component";
            Err(Problem::new("COMPONENT_LABEL_NOT_ALLOWED", message).at("label"))
        }
    }
}

fn check_select(select: &Value, options: RangeInclusive<usize>) -> Verdict {
    check_optional_length(select, "placeholder", 0..=150)?;
    let most = *options.end();
    check_options(select, options)?;
    check_values(select, most)
}

fn check_options(field: &Value, count: RangeInclusive<usize>) -> Verdict {
    let options = check_count(field, "options", count)?;
    let mut values = HashSet::new();
    for (at, option) in options.iter().enumerate() {
        let checked = check_length(option, "label", 1..=100)
            .and_then(|()| check_length(option, "value", 1..=100))
            .and_then(|()| check_optional_length(option, "description", 0..=100))
            .and_then(|()| {
                let is_new = values.insert(option["value"].as_str().unwrap_or_default());
                let message = "The specified option value is already used";
                let problem = || Problem::new("SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message);
                is_new.then_some(()).ok_or_else(|| problem().at("value"))
            });
        checked.map_err(|problem| problem.at(at.to_string()).at("options"))?;
    }
    let chosen = options.iter().filter(|it| it["default"] == true).count();
    let most = field["max_values"].as_u64().unwrap_or(1);
    if chosen as u64 > most {
        let message = "The number of default options must not exceed max_values";
        return Err(
            Problem::new("SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", message).at("options"),
        );
    }
    Ok(())
}

/// How many may be chosen, or uploaded. None may be left out of what is
/// required, which everything is unless it says otherwise.
fn check_values(field: &Value, most: usize) -> Verdict {
    check_number(field, "min_values", 0..=most)?;
    check_number(field, "max_values", 1..=most)?;
    let is_required = field["required"] != false;
    let (min, max) = (field["min_values"].as_u64(), field["max_values"].as_u64());
    if (is_required && min == Some(0)) || min.unwrap_or(0) > max.unwrap_or(1).max(1) {
        let message = "Must be at least 1 where required, and at most max_values.";
        return Err(Problem::new("NUMBER_TYPE_MIN", message).at("min_values"));
    }
    Ok(())
}

fn check_kind(component: &Value, kinds: &[u64]) -> Verdict {
    if kinds.contains(&kind_of(component)) {
        return Ok(());
    }
    let kinds: Vec<String> = kinds.iter().map(u64::to_string).collect();
    let message = format!(
        "Value of field \"type\" must be one of ({}).",
        kinds.join(", ")
    );
    Err(Problem::new("UNION_TYPE_CHOICES", message))
}

fn check_count<'a>(
    of: &'a Value,
    field: &str,
    count: RangeInclusive<usize>,
) -> Result<&'a [Value], Problem> {
    let Some(all) = of[field].as_array() else {
        return Err(Problem::missing().at(field));
    };
    if count.contains(&all.len()) {
        Ok(all)
    } else {
        Err(bad_length(&count).at(field))
    }
}

fn check_length(of: &Value, field: &str, length: RangeInclusive<usize>) -> Verdict {
    if of[field].is_null() {
        return Err(Problem::missing().at(field));
    }
    check_optional_length(of, field, length)
}

fn check_optional_length(of: &Value, field: &str, length: RangeInclusive<usize>) -> Verdict {
    match &of[field] {
        Value::Null => Ok(()),
        Value::String(text) if length.contains(&text.encode_utf16().count()) => Ok(()),
        Value::String(_) => Err(bad_length(&length).at(field)),
        _ => Err(Problem::new("STRING_TYPE_CONVERT", "Could not interpret as string.").at(field)),
    }
}

fn check_number(of: &Value, field: &str, range: RangeInclusive<usize>) -> Verdict {
    let number = &of[field];
    let fits = |number: u64| usize::try_from(number).is_ok_and(|number| range.contains(&number));
    if number.is_null() || number.as_u64().is_some_and(fits) {
        return Ok(());
    }
    let message = format!(
        "int value should be between {} and {}.",
        range.start(),
        range.end()
    );
    Err(Problem::new("NUMBER_TYPE_MAX", message).at(field))
}

fn bad_length(length: &RangeInclusive<usize>) -> Problem {
    let (least, most) = (length.start(), length.end());
    let message = format!("Must be between {least} and {most} in length.");
    Problem::new("BASE_TYPE_BAD_LENGTH", message)
}
