//! How long a schema is with everything that it refers to put in its place, as a
//! provider may do. A definition that refers twice to one that refers twice to
//! the next doubles with each of them.

use std::collections::HashMap;

use serde_json::Value;

use super::documents::PROMPT_MAX;

/// The names of a reference: JSON Schema's, and Google's for its own schemas.
const NAMES: [&str; 2] = ["$ref", "ref"];
/// The longest chain of references that is followed.
const CHAIN_MAX: usize = 64;

/// Whether a field of this name may be a reference.
pub fn is_reference(name: &str) -> bool {
    NAMES.contains(&name)
}

/// How many tokens the copies in the place of a schema's references have at the
/// most, or why nobody can say.
pub fn added_tokens(schema: &Value) -> Result<u64, &'static str> {
    let added = added_bytes(schema).ok_or(", which refers to what is not in it,")?;
    if added > PROMPT_MAX {
        return Err(", which its references make longer than any prompt,");
    }
    Ok(added)
}

/// How many bytes a schema grows by, with copies in the place of its references;
/// none where one leads to nothing that stands in it at that path.
fn added_bytes(schema: &Value) -> Option<u64> {
    let mut copies = Copies {
        schema,
        known: HashMap::new(),
        chain: Vec::new(),
        leads_nowhere: false,
    };
    let added = copies.added_in(schema);
    (!copies.leads_nowhere).then_some(added)
}

/// The copies that references stand for.
struct Copies<'a> {
    schema: &'a Value,
    /// How long each copy is.
    known: HashMap<&'a str, u64>,
    /// The references that are being followed.
    chain: Vec<&'a str>,
    /// Whether a reference leads to nothing.
    leads_nowhere: bool,
}

impl<'a> Copies<'a> {
    /// How long all copies in a part of the schema are together.
    fn added_in(&mut self, part: &'a Value) -> u64 {
        match part {
            Value::Array(list) => self.sum(list.iter()),
            Value::Object(fields) => {
                let mut own: u64 = 0;
                for name in NAMES {
                    if let Some(target) = fields.get(name).and_then(Value::as_str) {
                        let copy = self.copy(target);
                        // A text may be called `ref` and be none.
                        self.leads_nowhere |= copy.is_none() && name == NAMES[0];
                        own = own.saturating_add(copy.unwrap_or(0));
                    }
                }
                own.saturating_add(self.sum(fields.values()))
            }
            _ => 0,
        }
    }

    fn sum(&mut self, parts: impl Iterator<Item = &'a Value>) -> u64 {
        parts.fold(0, |sum, part| sum.saturating_add(self.added_in(part)))
    }

    /// How long a copy of what is referred to is; none where nothing is. What
    /// refers to itself can't be put in its place.
    fn copy(&mut self, target: &'a str) -> Option<u64> {
        if let Some(known) = self.known.get(target) {
            return Some(*known);
        }
        if self.chain.contains(&target) {
            return Some(0);
        }
        if self.chain.len() >= CHAIN_MAX {
            return Some(u64::MAX);
        }
        let definition = self.schema.pointer(target.strip_prefix('#')?)?;
        self.chain.push(target);
        let bytes = definition.to_string().len() as u64;
        let copy = bytes.saturating_add(self.added_in(definition));
        self.chain.pop();
        self.known.insert(target, copy);
        Some(copy)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_copy_stands_for_each_reference() {
        let leaf = json!({"type": "string"});
        let bytes = leaf.to_string().len() as u64;
        for (schema, copies) in [
            (json!({"type": "object"}), 0),
            (
                json!({"$defs": {"a": leaf}, "items": {"$ref": "#/$defs/a"}}),
                bytes,
            ),
            (
                json!({"defs": {"a": leaf}, "items": [{"ref": "#/defs/a"}, {"ref": "#/defs/a"}]}),
                2 * bytes,
            ),
            // What is called so, and is no reference.
            (json!({"default": {"ref": "main"}}), 0),
            (json!({"properties": {"ref": leaf}}), 0),
        ] {
            assert_eq!(added_bytes(&schema), Some(copies), "{schema}");
        }
    }

    #[test]
    fn definitions_that_double_each_other_are_counted_as_often() {
        let mut definitions = serde_json::Map::new();
        for level in 0..31 {
            let next = json!({"$ref": format!("#/$defs/l{}", level + 1)});
            definitions.insert(format!("l{level}"), json!({"anyOf": [next, next]}));
        }
        definitions.insert("l31".into(), json!({"type": "string"}));
        let schema = json!({"$defs": definitions, "$ref": "#/$defs/l0"});
        assert!(added_bytes(&schema) > Some(1 << 31));
    }

    #[test]
    fn what_refers_to_itself_ends() {
        let tree = json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}});
        let bytes = tree.to_string().len() as u64;
        assert_eq!(added_bytes(&tree), Some(2 * bytes));
        let mut long = serde_json::Map::new();
        for level in 0..10_000 {
            let next = format!("#/$defs/l{}", level + 1);
            long.insert(format!("l{level}"), json!({"$ref": next}));
        }
        long.insert("l10000".into(), json!({"type": "string"}));
        let long = json!({"$defs": long, "$ref": "#/$defs/l0"});
        assert_eq!(added_bytes(&long), Some(u64::MAX));
    }

    #[test]
    fn a_reference_to_nothing_is_found() {
        for target in ["#/$defs/none", "#name", "#/%24defs/a", "other.json", ""] {
            let schema = json!({"$defs": {"a": {"$anchor": "name"}}, "items": {"$ref": target}});
            assert_eq!(added_bytes(&schema), None, "{target}");
        }
    }
}
