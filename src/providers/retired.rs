//! Models that their providers retire, and what replaces them.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::ProviderId;

use super::sight::glob;

const TABLE: &str = include_str!("../../assets/retired.toml");

#[derive(Deserialize)]
struct Table {
    retired: Vec<Retired>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retired {
    provider: String,
    model: String,
    replaced_by: String,
}

static RETIRED: LazyLock<Vec<Retired>> = LazyLock::new(|| {
    // A test reads it, so that it reads here too.
    toml::from_str::<Table>(TABLE).map_or_else(|_| Vec::new(), |table| table.retired)
});

/// What replaces a model that its provider has retired or will.
pub fn replacement(provider: &ProviderId, model: &str) -> Option<&'static str> {
    let mut all = RETIRED.iter();
    let found = all.find(|it| it.provider == provider.as_str() && glob(&it.model, model));
    found.map(|it| it.replaced_by.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_retired_is_replaced() {
        let openai = ProviderId::from("openai");
        assert_eq!(replacement(&openai, "gpt-5-mini"), Some("gpt-6-luna"));
        assert_eq!(replacement(&openai, "gpt-6-luna"), None);
        assert!(toml::from_str::<Table>(TABLE).is_ok());
    }
}
