//! What calls cost, by lists of prices.

mod list_price;
mod model_prices;
pub mod price_file;
pub mod prices;
pub mod table;
mod table_models;
mod term_prices;
mod tiers;
mod variants;
