//! Which names mean a model of the table. It knows some models by how their names
//! begin, so that dates and versions may follow; what else follows may be another
//! model, at another price.

use foldhash::HashMap;
use serde_json::Value;

use crate::ledger::pricing::table_models::TableModel;

/// What may follow the beginning of a name and mean the same model, beside numbers.
const SAME: [&str; 8] = [
    "latest",
    "preview",
    "exp",
    "experimental",
    "instruct",
    "thinking",
    "free",
    "customtools",
];
/// What stands between the parts of a name.
const BETWEEN: [char; 6] = ['-', '.', ':', '@', '_', ' '];
/// The beginning of models that were tuned for somebody, who named them.
const TUNED: [&str; 2] = ["ft:", "ft-"];

/// The models that are known by a part of their names.
pub struct NameRules(HashMap<String, Rules>);

/// By what the table knows a model.
#[derive(Default)]
struct Rules {
    names: Vec<String>,
    starts: Vec<String>,
    parts: Vec<String>,
}

impl NameRules {
    /// Reads them from models of a provider's part of the table.
    pub fn of(models: &[TableModel]) -> Self {
        let mut all: HashMap<String, Rules> = HashMap::default();
        for model in models {
            all.entry(model.id.clone()).or_default().add(&model.rule);
        }
        all.retain(|_, rules| !rules.starts.is_empty() || !rules.parts.is_empty());
        Self(all)
    }

    /// Whether a name means the model that the table has found for it.
    pub fn is_name_of(&self, id: &str, name: &str) -> bool {
        let name = name.to_lowercase();
        self.0.get(id).is_none_or(|rules| rules.is_name(&name))
    }
}

impl Rules {
    fn add(&mut self, rule: &Value) {
        for (kind, value) in rule.as_object().into_iter().flatten() {
            for inner in value.as_array().into_iter().flatten() {
                self.add(inner);
            }
            let Some(text) = value.as_str().map(str::to_lowercase) else {
                continue;
            };
            match kind.as_str() {
                "equals" => self.names.push(text),
                "starts_with" => self.starts.push(text),
                "contains" => self.parts.push(text),
                // An end or a pattern tells the whole.
                _ => {}
            }
        }
    }

    fn is_name(&self, name: &str) -> bool {
        let starts = self.starts.iter();
        let starts = starts.filter_map(|it| Some((it, name.strip_prefix(it.as_str())?)));
        let parts = self.parts.iter();
        let parts = parts.filter_map(|it| Some((it, name.split_once(it.as_str())?.1)));
        let mut rests = starts.chain(parts).peekable();
        rests.peek().is_none()
            || self.names.iter().any(|it| it == name)
            || rests.any(|(known, rest)| is_same(known, rest))
    }
}

/// Whether what follows a known part of a name leaves it the same model.
fn is_same(known: &str, rest: &str) -> bool {
    let is_tuned = TUNED
        .iter()
        .any(|it| known.starts_with(it) || known.ends_with(it));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = rest.split(BETWEEN);
    // A number that goes on is another number, but a year begins a date, and a
    // zero a version.
    let last = known.rsplit(BETWEEN).next().unwrap_or_default();
    let goes_on = rest.starts_with(|first: char| first.is_ascii_digit())
        && last.ends_with(|last: char| last.is_ascii_digit())
        && last.len() != 4
        && last != "0";
    is_tuned
        || !goes_on
            && parts.all(|part| {
                let part = part.strip_prefix('v').unwrap_or(part);
                is_number(part) || SAME.contains(&part)
            })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::pricing::table_models::read_models;

    #[test]
    fn what_follows_the_beginning_of_a_name_is_a_date_or_a_version() {
        let json = r#"[{"models": [
            {"id": "kimi", "prices": {}, "match": {"starts_with": "kimi-k2.6"}},
            {"id": "turbo", "prices": {}, "match": {"or": [{"equals": "kimi-k2.6-turbo"}, {"starts_with": "kimi-k2.6-fast"}]}},
            {"id": "tuned", "prices": {}, "match": {"starts_with": "ft:gpt-4o-2024-"}},
            {"id": "flash", "prices": {}, "match": {"and": [{"contains": "flash"}, {"contains": "lite"}]}},
            {"id": "sonnet", "prices": {}, "match": {"starts_with": "sonnet-4-2025"}},
            {"id": "exact", "prices": {}, "match": {"equals": "opus"}},
            {"id": "dated", "prices": {}, "match": {"or": [{"starts_with": "luna@"}, {"regex": "^luna-[0-9]{8}$"}]}}]}]"#;
        let rules = NameRules::of(&read_models(json).unwrap());
        for (id, name, is_one) in [
            ("kimi", "kimi-k2.6", true),
            ("kimi", "Kimi-K2.6-2026-04-01", true),
            ("kimi", "kimi-k2.6-preview-04-26", true),
            ("kimi", "kimi-k2.6-latest", true),
            ("kimi", "kimi-k2.6-preview-customtools", true),
            ("kimi", "kimi-k2.6-v1:0", true),
            ("kimi", "kimi-k2.6-whatever", false),
            ("kimi", "kimi-k2.6-highspeed", false),
            ("kimi", "kimi-k2.65", false),
            ("turbo", "kimi-k2.6-turbo", true),
            ("turbo", "kimi-k2.6-fast-0711", true),
            ("turbo", "kimi-k2.6-faster", false),
            ("tuned", "ft:gpt-4o-2024-08-06:club::abc", true),
            ("flash", "gemini-flash-lite-001", true),
            ("flash", "gemini-flash-lite-audio", false),
            ("sonnet", "sonnet-4-20250514", true),
            ("exact", "opus", true),
            ("dated", "luna-20260101", true),
            ("unknown", "anything", true),
        ] {
            assert_eq!(rules.is_name_of(id, name), is_one, "{id}: {name}");
        }
    }
}
