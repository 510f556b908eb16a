//! From how long a prompt on prices change, by the tables of the `genai-prices`
//! crate.

use foldhash::HashMap;
use serde_json::Value;

use crate::ledger::pricing::table_models::TableModel;

/// Where the tiers of prices begin, which the crate does not tell.
pub fn tier_starts(models: &[TableModel]) -> HashMap<String, Vec<u64>> {
    let mut all: HashMap<String, Vec<u64>> = HashMap::default();
    for model in models {
        let mut starts = Vec::new();
        collect_starts(&model.prices, &mut starts);
        if !starts.is_empty() {
            // Two providers may have a model of one name.
            let known = all.entry(model.id.clone()).or_default();
            known.extend(starts);
            known.sort_unstable();
            known.dedup();
        }
    }
    all
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
