//! How long a schema is with everything that it refers to put in its place, as a
//! provider may do. A definition that refers twice to one that refers twice to
//! the next doubles with each of them.

use std::collections::HashMap;

use serde_json::Value;

/// The names of a reference: JSON Schema's, and Google's for its own schemas.
const NAMES: [&str; 2] = ["$ref", "ref"];
/// The longest chain of references that is followed.
const CHAIN_MAX: usize = 64;

/// Whether a field of this name may be a reference.
pub fn is_reference(name: &str) -> bool {
    NAMES.contains(&name)
}

/// How many bytes a schema grows by, with copies in the place of its references.
pub fn added_bytes(schema: &Value) -> u64 {
    let mut copies = Copies {
        schema,
        known: HashMap::new(),
        chain: Vec::new(),
    };
    copies.added_in(schema)
}

/// The copies that references stand for.
struct Copies<'a> {
    schema: &'a Value,
    /// How long each copy is.
    known: HashMap<&'a str, u64>,
    /// The references that are being followed.
    chain: Vec<&'a str>,
}

impl<'a> Copies<'a> {
    /// How long all copies in a part of the schema are together.
    fn added_in(&mut self, part: &'a Value) -> u64 {
        match part {
            Value::Array(list) => self.sum(list.iter()),
            Value::Object(fields) => {
                let own = fields.iter().filter(|(name, _)| is_reference(name));
                let own = own.filter_map(|(_, target)| target.as_str());
                let own = own.fold(0, |sum: u64, target| sum.saturating_add(self.copy(target)));
                own.saturating_add(self.sum(fields.values()))
            }
            _ => 0,
        }
    }

    fn sum(&mut self, parts: impl Iterator<Item = &'a Value>) -> u64 {
        parts.fold(0, |sum, part| sum.saturating_add(self.added_in(part)))
    }

    /// How long a copy of what is referred to is. What refers to itself can't be
    /// put in its place, and neither can what is not there.
    fn copy(&mut self, target: &'a str) -> u64 {
        if let Some(known) = self.known.get(target) {
            return *known;
        }
        if self.chain.contains(&target) {
            return 0;
        }
        if self.chain.len() >= CHAIN_MAX {
            return u64::MAX;
        }
        let pointer = target.trim_start_matches('#');
        let Some(definition) = self.schema.pointer(pointer) else {
            return 0;
        };
        self.chain.push(target);
        let bytes = definition.to_string().len() as u64;
        let copy = bytes.saturating_add(self.added_in(definition));
        self.chain.pop();
        self.known.insert(target, copy);
        copy
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
            (json!({"items": {"$ref": "#/$defs/none"}}), 0),
            // What is called so, and is no reference.
            (json!({"properties": {"ref": leaf}}), 0),
        ] {
            assert_eq!(added_bytes(&schema), copies, "{schema}");
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
        assert!(added_bytes(&schema) > 1 << 31);
    }

    #[test]
    fn what_refers_to_itself_ends() {
        let tree = json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}});
        let bytes = tree.to_string().len() as u64;
        assert_eq!(added_bytes(&tree), 2 * bytes);
        let mut long = serde_json::Map::new();
        for level in 0..10_000 {
            let next = format!("#/$defs/l{}", level + 1);
            long.insert(format!("l{level}"), json!({"$ref": next}));
        }
        let long = json!({"$defs": long, "$ref": "#/$defs/l0"});
        assert_eq!(added_bytes(&long), u64::MAX);
    }
}
