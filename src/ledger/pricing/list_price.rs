//! What lists of prices say of a model, before anybody calls it.

use crate::model::ProviderId;

use crate::ledger::pricing::prices::{ListPrice, PricedModel};
use crate::ledger::{Ledger, PriceTable};

impl Ledger {
    /// What lists say of a model now.
    pub async fn list_price(
        &self,
        provider: &ProviderId,
        model: &str,
    ) -> anyhow::Result<ListPrice> {
        PriceTable::warm_for(provider).await?;
        let at_ms = self.clock.now_ms();
        let model = PricedModel {
            provider,
            model,
            at_ms,
        };
        Ok(self.shared.prices.list_price(model))
    }
}
