//! Which schemas Anthropic's grammar can keep an answer to; `docs/providers.md`
//! §9.5. Each object must be closed, and none may stand within itself.

use std::collections::HashSet;

use crate::providers::dialect::bodies::json::Json;

/// Words behind which the definitions of a schema stand, by their names.
const DEFINED: [&str; 2] = ["$defs", "definitions"];
/// Words behind which schemas stand in a list.
const LISTED: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
/// Words behind which one schema stands.
const ALONE: [&str; 2] = ["items", "additionalProperties"];
/// Where a schema keeps what it refers to.
const DEFINITIONS: [&str; 2] = ["#/$defs/", "#/definitions/"];

/// Whether the grammar can keep an answer to a schema and mean the same.
pub fn can_be_kept(schema: &Json) -> bool {
    let mut references = References {
        whole: schema,
        open: Vec::new(),
        known: HashSet::new(),
    };
    is_closable(schema) && references.end(schema)
}

/// The schemas inside a schema, but for its definitions.
fn inner(schema: &Json) -> impl Iterator<Item = &Json> {
    let named = schema["properties"].fields().iter().map(|(_, it)| it);
    let listed = LISTED.iter().flat_map(|word| schema[*word].items());
    let alone = ALONE.iter().filter_map(|word| schema.get(word));
    named.chain(listed).chain(alone)
}

fn definitions(schema: &Json) -> impl Iterator<Item = &Json> {
    let fields = DEFINED.iter().flat_map(|word| schema[*word].fields());
    fields.map(|(_, it)| it)
}

/// Whether each object can be closed: one with names of any kind can't, and
/// closed parts of a whole have nothing in common.
fn is_closable(schema: &Json) -> bool {
    let names = &schema["additionalProperties"];
    let has_no_names = schema["properties"].fields().is_empty();
    let is_open = names.as_bool() == Some(true) || schema.get("patternProperties").is_some();
    if names.is_object() || (has_no_names && is_open) {
        return false;
    }
    let parts = schema["allOf"].items();
    let refers = parts.iter().any(|part| part.get("$ref").is_some());
    if refers && (parts.len() > 1 || !has_no_names) {
        return false;
    }
    inner(schema).chain(definitions(schema)).all(is_closable)
}

/// The references that are being followed.
struct References<'a> {
    whole: &'a Json,
    open: Vec<&'a str>,
    known: HashSet<&'a str>,
}

impl<'a> References<'a> {
    /// Whether all references inside a schema come to an end.
    fn end(&mut self, schema: &'a Json) -> bool {
        let ends = schema["$ref"].as_str().is_none_or(|name| self.ends(name));
        ends && inner(schema).all(|it| self.end(it))
    }

    fn ends(&mut self, name: &'a str) -> bool {
        if self.open.contains(&name) {
            return false;
        }
        let Some(named) = find(self.whole, name).filter(|_| !self.known.contains(name)) else {
            return self.known.contains(name);
        };
        self.open.push(name);
        let ends = self.end(named);
        self.open.pop();
        self.known.insert(name);
        ends
    }
}

/// What a reference names among the definitions.
fn find<'a>(whole: &'a Json, name: &str) -> Option<&'a Json> {
    let name = DEFINITIONS
        .iter()
        .find_map(|start| name.strip_prefix(start))?;
    whole["$defs"].get(name).or(whole["definitions"].get(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(schema: &str) -> bool {
        can_be_kept(&Json::parse(schema.as_bytes()).unwrap())
    }

    #[test]
    fn a_schema_within_itself_is_not_kept() {
        let tree = r##"{"type":"object","properties":{"root":{"$ref":"#/$defs/node"}},"$defs":{
            "node":{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/NEXT"},{"type":"null"}]}}},
            "leaf":{"type":"object","properties":{"n":{"type":"integer"}}}}}"##;
        assert!(!is_kept(&tree.replace("NEXT", "node")));
        assert!(!is_kept(&tree.replace("NEXT", "gone")));
        assert!(is_kept(&tree.replace("NEXT", "leaf")));
        assert!(!is_kept(
            r##"{"type":"object","properties":{"child":{"$ref":"#"}}}"##
        ));
        let twice = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/n"},"b":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}}"##;
        assert!(is_kept(twice));
    }

    #[test]
    fn an_object_that_cannot_be_closed_is_not_kept() {
        for open in [
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            r#"{"type":"object","additionalProperties":true}"#,
            r#"{"type":"object","patternProperties":{"^x":{}}}"#,
            r#"{"type":"array","items":{"type":"object","additionalProperties":{}}}"#,
            r##"{"allOf":[{"$ref":"#/$defs/a"},{"properties":{"b":{}}}],"$defs":{"a":{"type":"object","properties":{}}}}"##,
        ] {
            assert!(!is_kept(open), "{open}");
        }
        for closable in [
            r#"{"type":"object","properties":{"a":{}},"additionalProperties":true}"#,
            r#"{"type":"object","properties":{}}"#,
            r#"{"allOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}"#,
            r##"{"type":"object","properties":{"a":{"allOf":[{"$ref":"#/$defs/a"}]}},"$defs":{"a":{"type":"object","properties":{}}}}"##,
        ] {
            assert!(is_kept(closable), "{closable}");
        }
    }
}
