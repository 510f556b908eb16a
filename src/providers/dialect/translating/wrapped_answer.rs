//! Answers by a schema that is none of an object: a list, or one of several
//! words. Only Google takes such a schema; others get an object around it,
//! which is taken off the answer again; `docs/providers.md` §12.

use super::neutral::{NeutralRequest, OutputFormat};
use crate::providers::dialect::Dialect;
use crate::providers::dialect::bodies::json::{Json, object};

/// The property that holds the answer.
const PROPERTY: &str = "answer";
/// Where a schema keeps what it refers to, from its top.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

impl NeutralRequest {
    /// Puts an object around the schema of the answer where the provider needs one; what
    /// takes it off again.
    pub fn wrap_answer(&mut self, dialect: Dialect) -> Option<AnswerUnwrapper> {
        if dialect.takes_any_schema() {
            return None;
        }
        let OutputFormat::Schema { schema, .. } = &mut self.output else {
            return None;
        };
        let is_word = self.answers_in_one_word;
        if !is_word && is_of_object(schema) {
            return None;
        }
        let mut inner = std::mem::replace(schema, Json::Null);
        let mut wrapped = object([("type", "object".into())]);
        for name in DEFINITIONS {
            wrapped.set_some(name, inner.remove(name));
        }
        inner.remove("$schema");
        wrapped.set("properties", object([(PROPERTY, inner)]));
        wrapped.set("required", vec![PROPERTY.into()]);
        wrapped.set("additionalProperties", false);
        *schema = wrapped;
        Some(AnswerUnwrapper {
            is_word,
            ..AnswerUnwrapper::default()
        })
    }
}

/// Whether a schema may be that of an object: one that says nothing may.
fn is_of_object(schema: &Json) -> bool {
    let kind = &schema["type"];
    let says_more = ["enum", "const", "anyOf", "oneOf", "$ref"]
        .iter()
        .any(|word| schema.get(word).is_some());
    match kind {
        Json::Null => schema.get("properties").is_some() || !says_more,
        _ => kind.is("object"),
    }
}

/// Takes the object off an answer, piece by piece.
#[derive(Default)]
pub struct AnswerUnwrapper {
    /// Whether the caller wants the word, and no JSON.
    is_word: bool,
    place: Place,
    /// How many lists and objects are open in the value.
    depth: usize,
    is_in_text: bool,
    is_escaped: bool,
    /// What has come of a word that is wanted whole.
    word: String,
    /// The last text before the value: the name of a property, before a colon.
    name: String,
    /// What stands before the value: words alone, where there is none.
    before: String,
}

/// Where in the answer a piece stands.
#[derive(Default, PartialEq, Eq)]
enum Place {
    /// Before the colon behind the property.
    #[default]
    Before,
    Value,
    Behind,
}

impl AnswerUnwrapper {
    /// What a piece has of the value.
    pub fn pass(&mut self, piece: &str) -> String {
        let mut value = String::new();
        for letter in piece.chars() {
            let is_end = self.place == Place::Value && self.ends_at(letter);
            match self.place {
                Place::Before => self.look_for_value(letter),
                Place::Value if is_end => self.place = Place::Behind,
                Place::Value => value.push(letter),
                Place::Behind => {}
            }
        }
        if !self.is_word {
            return value;
        }
        self.word.push_str(&value);
        String::new()
    }

    /// What was kept until the answer had ended.
    pub fn end(&mut self) -> Option<String> {
        if self.place == Place::Before {
            let words = std::mem::take(&mut self.before);
            return Some(words).filter(|words| !words.is_empty());
        }
        let word = std::mem::take(&mut self.word);
        let parsed = Json::parse(word.trim().as_bytes());
        let plain = parsed.and_then(|it| it.as_str().map(str::to_owned));
        plain.or(Some(word)).filter(|word| !word.is_empty())
    }

    /// Passes over other properties, which a model may add where nothing keeps
    /// it to the schema.
    fn look_for_value(&mut self, letter: char) {
        self.before.push(letter);
        if self.is_in_text {
            self.read_text(letter);
            if self.is_in_text {
                self.name.push(letter);
            }
            return;
        }
        match letter {
            '"' => {
                self.is_in_text = true;
                self.name.clear();
            }
            '[' | '{' => self.depth += 1,
            ']' | '}' => self.depth = self.depth.saturating_sub(1),
            ':' if self.depth == 1 && self.name == PROPERTY => {
                self.place = Place::Value;
                self.depth = 0;
                self.before.clear();
            }
            _ => {}
        }
    }

    /// Reads a letter of a text, of which a quotation mark may be the end.
    fn read_text(&mut self, letter: char) {
        let was_escaped = std::mem::take(&mut self.is_escaped);
        match letter {
            '\\' => self.is_escaped = !was_escaped,
            '"' => self.is_in_text = was_escaped,
            _ => {}
        }
    }

    /// Whether the value ends here.
    fn ends_at(&mut self, letter: char) -> bool {
        if self.is_in_text {
            self.read_text(letter);
            return false;
        }
        match letter {
            '"' => self.is_in_text = true,
            '[' | '{' => self.depth += 1,
            '}' | ',' if self.depth == 0 => return true,
            ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwrapped(answer: &str, piece: usize, is_word: bool) -> String {
        let mut unwrapper = AnswerUnwrapper {
            is_word,
            ..AnswerUnwrapper::default()
        };
        let letters: Vec<char> = answer.chars().collect();
        let pieces = letters
            .chunks(piece)
            .map(|it| it.iter().collect::<String>());
        let value: String = pieces.map(|piece| unwrapper.pass(&piece)).collect();
        value + &unwrapper.end().unwrap_or_default()
    }

    #[test]
    fn the_object_is_taken_off_however_the_answer_is_cut() {
        for piece in [1, 2, 3, 100] {
            for (answer, is_word, value) in [
                (r#"{"answer":["a","b}"]}"#, false, r#"["a","b}"]"#),
                (
                    r#" { "answer" :[{"x":{"y":"\"}\\"}},[]]} "#,
                    false,
                    r#"[{"x":{"y":"\"}\\"}},[]]"#,
                ),
                (r#"{"answer":12.50}"#, false, "12.50"),
                (r#"{"answer":["a"],"note":"x"}"#, false, r#"["a"]"#),
                (
                    r#"{"note":"answer","n":{"answer":1},"answer":["a"]}"#,
                    false,
                    r#"["a"]"#,
                ),
                (r#"{"items":["a"]}"#, false, r#"{"items":["a"]}"#),
                ("It is: none", false, "It is: none"),
                ("I can't say.", false, "I can't say."),
                (r#"{"answer":"a \"word\""}"#, true, r#"a "word""#),
            ] {
                assert_eq!(unwrapped(answer, piece, is_word), value, "{piece}");
            }
        }
    }

    #[test]
    fn a_schema_that_is_of_no_object_gets_one_around_it() {
        for (schema, is_wrapped) in [
            (r#"{"type":"object","properties":{}}"#, false),
            (r#"{"properties":{"a":{}}}"#, false),
            ("{}", false),
            (r#"{"type":"array","items":{"type":"string"}}"#, true),
            (r#"{"enum":["a","b"]}"#, true),
            (
                r##"{"$ref":"#/$defs/A","$defs":{"A":{"type":"object"}}}"##,
                true,
            ),
            (r#"{"anyOf":[{"type":"object"},{"type":"null"}]}"#, true),
            (r#"{"type":["object","null"]}"#, true),
        ] {
            let mut request = NeutralRequest {
                output: OutputFormat::Schema {
                    schema: Json::parse(schema.as_bytes()).unwrap(),
                    name: None,
                    is_strict: true,
                },
                ..NeutralRequest::default()
            };
            assert_eq!(
                request.wrap_answer(Dialect::Anthropic).is_some(),
                is_wrapped,
                "{schema}"
            );
            let OutputFormat::Schema {
                schema: wrapped, ..
            } = request.output
            else {
                panic!("{schema}");
            };
            assert!(is_of_object(&wrapped), "{wrapped}");
            assert_eq!(
                wrapped["properties"].get(PROPERTY).is_some(),
                is_wrapped,
                "{wrapped}"
            );
        }
    }
}
