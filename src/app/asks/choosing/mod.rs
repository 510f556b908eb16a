//! What people choose from before they ask: models that can answer, and
//! personas.

pub mod choices;
pub mod foresight;
pub mod known_models;
pub mod model_offers;
mod models;
pub mod personas;
