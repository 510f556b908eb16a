//! A form that is opened, and how Discord writes it. Each field stands in a
//! label. Where Discord does not take that, the fields of text stand in rows,
//! which is the older way: `docs/discord.md` §3.3.

use serde_json::{Value, json};

use crate::bot::connection::wire::card::{CHOICE_CHARACTERS_MAX, Choice};

const ACTION_ROW: u8 = 1;
const STRING_SELECT: u8 = 3;
const TEXT_INPUT: u8 = 4;
const LABEL: u8 = 18;
const FILE_UPLOAD: u8 = 19;
const SHORT: u8 = 1;
const PARAGRAPH: u8 = 2;
/// Discord's longest input.
pub const INPUT_CHARACTERS_MAX: u16 = 4_000;
/// Discord's most fields of a form.
pub const FIELDS_MAX: usize = 5;
/// Discord's most options of a menu.
pub const OPTIONS_MAX: usize = 25;
const TITLE_CHARACTERS_MAX: usize = 45;
const LABEL_CHARACTERS_MAX: usize = 45;
const DESCRIPTION_CHARACTERS_MAX: usize = 100;
const PLACEHOLDER_CHARACTERS_MAX: usize = 100;

/// A form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modal {
    pub custom_id: String,
    pub title: String,
    pub fields: Vec<Field>,
}

/// A field of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    pub id: String,
    pub label: String,
    /// What stands below the label; nothing where it is empty.
    pub description: String,
    /// What stands in it while it is empty.
    pub placeholder: String,
    pub required: bool,
    pub input: Input,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Line(Typed),
    Lines(Typed),
    Menu {
        choices: Vec<Choice>,
        /// The value of the choice that is made already.
        chosen: Option<String>,
    },
    /// At most one file, of these kinds.
    File(&'static [&'static str]),
}

/// A text that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Stands in the field already.
    pub value: String,
    pub characters_max: u16,
}

impl Default for Typed {
    fn default() -> Self {
        Self::holding("")
    }
}

impl Typed {
    /// A text that stands in its field already, and can be as long as any.
    pub fn holding(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            characters_max: INPUT_CHARACTERS_MAX,
        }
    }
}

impl Default for Input {
    fn default() -> Self {
        Self::Line(Typed::default())
    }
}

impl Modal {
    /// The form as Discord reads it.
    pub fn to_json(&self) -> Value {
        let labels: Vec<Value> = self.fields.iter().map(Field::in_label).collect();
        self.with_components(&labels)
    }

    /// The same with fields of text alone, each in a row.
    pub fn in_rows(&self) -> Value {
        let rows: Vec<Value> = self.fields.iter().filter_map(Field::in_row).collect();
        self.with_components(&rows)
    }

    fn with_components(&self, components: &[Value]) -> Value {
        let title = clip(&self.title, TITLE_CHARACTERS_MAX);
        json!({"custom_id": self.custom_id, "title": title, "components": components})
    }
}

impl Field {
    fn in_label(&self) -> Value {
        let component = match &self.input {
            Input::Line(typed) => self.text_input(SHORT, typed),
            Input::Lines(typed) => self.text_input(PARAGRAPH, typed),
            Input::Menu { choices, chosen } => self.menu(choices, chosen.as_deref()),
            Input::File(kinds) => json!({
                "type": FILE_UPLOAD, "custom_id": self.id, "required": self.required,
                "max_values": 1, "file_types": kinds,
            }),
        };
        let label = clip(&self.label, LABEL_CHARACTERS_MAX);
        let mut label = json!({"type": LABEL, "label": label, "component": component});
        if !self.description.is_empty() {
            label["description"] = json!(clip(&self.description, DESCRIPTION_CHARACTERS_MAX));
        }
        label
    }

    /// The field as the older form has it; none for one that is no text.
    fn in_row(&self) -> Option<Value> {
        let mut input = match &self.input {
            Input::Line(typed) => self.text_input(SHORT, typed),
            Input::Lines(typed) => self.text_input(PARAGRAPH, typed),
            Input::Menu { .. } | Input::File(_) => return None,
        };
        input["label"] = json!(clip(&self.label, LABEL_CHARACTERS_MAX));
        Some(json!({"type": ACTION_ROW, "components": [input]}))
    }

    fn text_input(&self, style: u8, typed: &Typed) -> Value {
        let mut input = json!({
            "type": TEXT_INPUT,
            "style": style,
            "custom_id": self.id,
            "placeholder": clip(&self.placeholder, PLACEHOLDER_CHARACTERS_MAX),
            "required": self.required,
            "min_length": u8::from(self.required),
            "max_length": typed.characters_max,
        });
        if !typed.value.is_empty() {
            input["value"] = json!(typed.value);
        }
        input
    }

    fn menu(&self, choices: &[Choice], chosen: Option<&str>) -> Value {
        let option = |choice: &Choice| {
            let label = clip(&choice.label, CHOICE_CHARACTERS_MAX);
            let mut option = json!({"label": label, "value": choice.value});
            if chosen == Some(choice.value.as_str()) {
                option["default"] = json!(true);
            }
            option
        };
        let options: Vec<Value> = choices.iter().map(option).collect();
        let mut menu = json!({
            "type": STRING_SELECT,
            "custom_id": self.id,
            "required": self.required,
            "options": options,
        });
        if !self.placeholder.is_empty() {
            menu["placeholder"] = json!(clip(&self.placeholder, PLACEHOLDER_CHARACTERS_MAX));
        }
        menu
    }
}

fn clip(text: &str, units_max: usize) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= units_max
    };
    text.chars().take_while(fits).collect()
}
