//! `OpenAI`'s own document, as the judge of what the emulated one takes and
//! refuses.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Stage, good, outside, run};

const DOCUMENT_FILE: &str = "specs/openai-openapi.json";
/// How deep a schema may lie in others.
const DEPTH_MAX: usize = 12;

/// A call: its path, its schema in the document, and a body that is taken.
struct Api {
    path: &'static str,
    schema: &'static str,
    good: Value,
}

fn apis() -> [Api; 2] {
    // A model that does not reason takes every field.
    let model = "gpt-4.1-mini";
    [
        Api {
            path: "/chat/completions",
            schema: "CreateChatCompletionRequest",
            good: json!({"model": model, "messages": [{"role": "user", "content": "count"}]}),
        },
        Api {
            path: "/responses",
            schema: "CreateResponse",
            good: json!({"model": model, "input": "count"}),
        },
    ]
}

struct Document(Value);

impl Document {
    /// A schema in the place of the name that stands for it.
    fn named<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next());
        name.map_or(schema, |name| &self.0["components"]["schemas"][name])
    }

    fn within<'a>(&'a self, schema: &'a Value, how: &str) -> Vec<&'a Value> {
        let inside = schema[how].as_array().into_iter().flatten();
        inside.map(|it| self.named(it)).collect()
    }

    /// The fields of an object, with those of the objects that it is made of.
    fn fields(&self, schema: &Value) -> Map<String, Value> {
        let schema = self.named(schema);
        let mut fields = Map::new();
        for part in self.within(schema, "allOf") {
            fields.extend(self.fields(part));
        }
        let own = schema["properties"].as_object().into_iter().flatten();
        fields.extend(own.map(|(name, it)| (name.clone(), it.clone())));
        fields
    }

    /// The kinds of values that a schema takes.
    fn kinds(&self, schema: &Value, depth: usize) -> BTreeSet<String> {
        let schema = self.named(schema);
        let mut kinds = BTreeSet::new();
        if depth > DEPTH_MAX {
            return kinds;
        }
        for how in ["anyOf", "oneOf", "allOf"] {
            for inner in self.within(schema, how) {
                kinds.extend(self.kinds(inner, depth + 1));
            }
        }
        let told = &schema["type"];
        let several = told.as_array().into_iter().flatten();
        let named = several.chain([told]).filter_map(Value::as_str);
        kinds.extend(named.map(str::to_owned));
        if told.is_null() && schema["properties"].is_object() {
            kinds.insert("object".to_owned());
        }
        kinds
    }
}

/// A value of each kind.
fn samples() -> [(&'static str, Value); 5] {
    [
        ("boolean", json!(true)),
        ("number", json!(0.5)),
        ("string", json!("made up")),
        ("array", json!([])),
        ("object", json!({})),
    ]
}

/// What the emulated `OpenAI` answers: the status and what it says.
async fn send(stage: &Stage, path: &str, body: &Value) -> (u16, String) {
    let address = stage.scene.emulator.provider_url("openai");
    let call = stage.app().await.http().post(format!("{address}{path}"));
    let call = call.bearer_auth(good("openai")).json(body);
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_emulated_openai_knows_the_fields_of_the_document_and_their_kinds() {
    let Some(file) = outside::file(DOCUMENT_FILE) else {
        return;
    };
    let text = std::fs::read_to_string(file).unwrap();
    let document = Document(serde_json::from_str(&text).unwrap());
    run(async |stage| {
        let mut faults = Vec::new();
        for api in apis() {
            let named = json!({"$ref": format!("#/{}", api.schema)});
            let fields = document.fields(&named);
            assert!(fields.len() > 25, "{}", api.schema);
            assert_eq!(send(stage, api.path, &api.good).await.0, 200);
            for (name, schema) in fields {
                let kinds = document.kinds(&schema, 0);
                let with = |value: Value| {
                    let mut body = api.good.clone();
                    body[&name] = value;
                    body
                };
                let (_, said) = send(stage, api.path, &with(Value::Null)).await;
                let is_unknown =
                    said.contains("Unrecognized") || said.contains("Unknown parameter");
                if is_unknown {
                    faults.push(format!("{} {name} is unknown", api.path));
                }
                for (kind, value) in samples()
                    .into_iter()
                    .filter(|(kind, _)| !kinds.contains(*kind))
                {
                    let (status, said) = send(stage, api.path, &with(value)).await;
                    if status != 400 || !said.contains(&name) {
                        faults.push(format!(
                            "{} {name} takes a value of the kind {kind}: {status} {said:.120}",
                            api.path
                        ));
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}
