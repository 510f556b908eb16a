//! From how long a prompt on prices change, by the tables of the `genai-prices`
//! crate.

use foldhash::HashMap;
use serde::Deserialize;
use serde_json::Value;

/// Reads where the tiers of prices begin, which the crate does not tell.
pub fn read_tier_starts(json: &str) -> Option<HashMap<String, Vec<u64>>> {
    #[derive(Deserialize)]
    struct Provider {
        models: Vec<Model>,
    }
    #[derive(Deserialize)]
    struct Model {
        id: String,
        prices: Value,
    }
    let providers: Vec<Provider> = serde_json::from_str(json).ok()?;
    let mut all: HashMap<String, Vec<u64>> = HashMap::default();
    for model in providers.into_iter().flat_map(|provider| provider.models) {
        let mut starts = Vec::new();
        collect_starts(&model.prices, &mut starts);
        if !starts.is_empty() {
            // Two providers may have a model of one name.
            let known = all.entry(model.id).or_default();
            known.extend(starts);
            known.sort_unstable();
            known.dedup();
        }
    }
    Some(all)
}

fn collect_starts(prices: &Value, starts: &mut Vec<u64>) {
    match prices {
        Value::Array(list) => list.iter().for_each(|one| collect_starts(one, starts)),
        Value::Object(fields) => {
            starts.extend(fields.get("start").and_then(Value::as_u64));
            fields.values().for_each(|one| collect_starts(one, starts));
        }
        _ => {}
    }
}
