//! Names of a tool's arguments, put into the form that the provider takes, and
//! back; `docs/providers.md` §12. The same name always becomes the same.

use std::collections::HashMap;

use super::answer_piece::AnswerPiece;
use super::neutral::{Content, NeutralRequest};
use super::settled_names::NameRule;
use crate::providers::dialect::Dialect;
use crate::providers::dialect::bodies::json::Json;

/// What joins schemas that describe one object.
const JOINS: [&str; 3] = ["anyOf", "oneOf", "allOf"];

/// The names that were changed.
#[derive(Default)]
pub struct SettledKeys {
    /// By the name of a tool, as its caller knows it: what each name became, and
    /// what it was.
    by_tool: HashMap<String, HashMap<String, String>>,
    /// The call whose arguments are being heard, where some of them change.
    open: Option<OpenCall>,
}

/// A call whose arguments are kept until all are there: a name may come in
/// pieces.
struct OpenCall {
    at: usize,
    tool: String,
    heard: String,
}

impl NeutralRequest {
    /// Gives each argument of a tool that the provider would refuse a name that it
    /// takes, in the calls so far too.
    pub fn settle_keys(&mut self, dialect: Dialect) -> SettledKeys {
        let mut settled = SettledKeys::default();
        let Some(rule) = dialect.key_rule() else {
            return settled;
        };
        for tool in &mut self.tools {
            let mut changed = HashMap::new();
            settle_schema(&mut tool.parameters, rule, &mut changed);
            if !changed.is_empty() {
                settled.by_tool.insert(tool.name.clone(), changed);
            }
        }
        for part in self.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
            if let Content::Call(call) = &mut part.what
                && settled.by_tool.contains_key(&call.name)
            {
                rename_fields(&mut call.arguments, |name| settle(name, rule));
            }
        }
        settled
    }
}

/// What a name becomes; none where the provider takes it.
fn settle(name: &str, rule: NameRule) -> Option<String> {
    (!rule.takes_name(name)).then(|| rule.new_name(name))
}

/// Renames the properties of an object's schema, wherever it describes that
/// object.
fn settle_schema(schema: &mut Json, rule: NameRule, changed: &mut HashMap<String, String>) {
    if let Some(properties) = schema.get_mut("properties") {
        rename_fields(properties, |name| {
            let new = settle(name, rule)?;
            changed.insert(new.clone(), name.to_owned());
            Some(new)
        });
    }
    if let Some(Json::List(required)) = schema.get_mut("required") {
        for name in required {
            if let Some(new) = name.as_str().and_then(|name| settle(name, rule)) {
                *name = new.into();
            }
        }
    }
    for join in JOINS {
        if let Some(Json::List(parts)) = schema.get_mut(join) {
            for part in parts {
                settle_schema(part, rule, changed);
            }
        }
    }
}

fn rename_fields(object: &mut Json, mut new_name: impl FnMut(&str) -> Option<String>) {
    if let Json::Object(fields) = object {
        for (name, _) in fields {
            if let Some(new) = new_name(name) {
                *name = new;
            }
        }
    }
}

impl SettledKeys {
    /// Gives the arguments of a call the names that its caller knows, once all of
    /// them are there.
    pub fn pass(&mut self, piece: AnswerPiece) -> Vec<AnswerPiece> {
        if let (Some(open), AnswerPiece::CallArguments { at, json }) = (&mut self.open, &piece)
            && open.at == *at
        {
            open.heard.push_str(json);
            return Vec::new();
        }
        let mut passed: Vec<AnswerPiece> = self.close().into_iter().collect();
        if let AnswerPiece::CallBegin { at, name, .. } = &piece
            && self.by_tool.contains_key(name)
        {
            self.open = Some(OpenCall {
                at: *at,
                tool: name.clone(),
                heard: String::new(),
            });
        }
        passed.push(piece);
        passed
    }

    /// The arguments of the call that has ended. What is no object stays as it is.
    fn close(&mut self) -> Option<AnswerPiece> {
        let OpenCall { at, tool, heard } = self.open.take()?;
        let changed = self.by_tool.get(&tool)?;
        let json = match Json::parse(heard.as_bytes()) {
            Some(mut arguments) => {
                rename_fields(&mut arguments, |name| changed.get(name).cloned());
                arguments.to_string()
            }
            None => heard,
        };
        Some(AnswerPiece::CallArguments { at, json })
    }
}
