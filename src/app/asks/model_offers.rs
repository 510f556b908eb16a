//! The models that the keys present here can use, with what lists say of them.

use std::sync::Arc;

use crate::ledger::ListPrice;
use crate::model::{Caller, NanoDollars};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::models::ModelChoice;

/// A model that a caller's keys can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOffer {
    pub choice: ModelChoice,
    /// For a million tokens; none where nobody knows it.
    pub input_price: Option<NanoDollars>,
    pub output_price: Option<NanoDollars>,
    /// How much it can be told and say in all.
    pub context_tokens: Option<u64>,
}

impl Asks {
    /// The models that somebody can use here, with their prices.
    pub async fn fetch_model_offers(
        self: &Arc<Self>,
        caller: &Caller,
    ) -> Result<Vec<ModelOffer>, Error> {
        let mut offers = Vec::new();
        for choice in self.fetch_models(caller).await? {
            let ListPrice {
                input,
                output,
                context_tokens,
            } = self
                .payers
                .list_price(&choice.provider, &choice.model)
                .await?;
            offers.push(ModelOffer {
                choice,
                input_price: input,
                output_price: output,
                context_tokens,
            });
        }
        Ok(offers)
    }
}
