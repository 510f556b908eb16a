//! The models in the tables of the `genai-prices` crate, with what it does not
//! tell of them.

use serde::Deserialize;
use serde_json::Value;

/// A model of the table, in what the crate does not tell of it.
#[derive(Deserialize)]
pub struct TableModel {
    pub id: String,
    pub prices: Value,
    #[serde(rename = "match")]
    pub rule: Value,
}

/// Reads the models of a provider's part of the table.
pub fn read_models(json: &str) -> Option<Vec<TableModel>> {
    #[derive(Deserialize)]
    struct Provider {
        models: Vec<TableModel>,
    }
    let providers: Vec<Provider> = serde_json::from_str(json).ok()?;
    let models = providers.into_iter().flat_map(|provider| provider.models);
    Some(models.collect())
}
