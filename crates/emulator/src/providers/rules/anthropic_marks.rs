//! Rules of Anthropic's marks for the cache; `docs/providers.md` §9.5.

use serde_json::Value;

/// The most marks.
const MARKS_MAX: usize = 4;

/// The rule of marks that a body breaks.
pub fn broken_marks(body: &Value) -> Option<String> {
    let mut marks = Vec::new();
    for name in ["tools", "system", "messages", "cache_control"] {
        if name == "cache_control" {
            marks.extend(Some(&body[name]).filter(|it| !it.is_null()));
        } else {
            find_marks(&body[name], &mut marks);
        }
    }
    let many = marks.len();
    if many > MARKS_MAX {
        return Some(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {many}."
        ));
    }
    let ttl = |mark: &Value| mark["ttl"].as_str().map(str::to_owned);
    let is_known = |mark: &&&Value| matches!(mark["ttl"].as_str(), None | Some("5m" | "1h"));
    if !marks.iter().all(|mark| is_known(&mark)) {
        return Some("cache_control.ephemeral.ttl: Input should be '5m' or '1h'".to_owned());
    }
    let is_long = |mark: &Value| ttl(mark).as_deref() == Some("1h");
    let mut later = marks.iter().skip_while(|mark| is_long(mark));
    later.any(|mark| is_long(mark)).then(|| "cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.".to_owned())
}

/// All marks in a value, in their order, wherever they stand.
fn find_marks<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_marks(item, found)),
        Value::Object(fields) => {
            for (name, inner) in fields {
                match name.as_str() {
                    "cache_control" if !inner.is_null() => found.push(inner),
                    "cache_control" | "input" | "input_schema" => {}
                    _ => find_marks(inner, found),
                }
            }
        }
        _ => {}
    }
}
