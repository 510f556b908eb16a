//! Addresses that other systems' people know by heart: each leads for good to
//! the page that does here what it did there.

use axum::response::{IntoResponse, Redirect};

use crate::app::PeriodChoice;
use crate::console::reply::Reply;
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, Visit};

pub const ROWS: &[Row] = &[
    row!(GET "/settings/api-keys" Visitor lead_to_keys).taking_anything(),
    row!(GET "/settings/api-keys/usage" Visitor lead_to_usage).taking_anything(),
    row!(GET "/language-models" Visitor lead_to_models).taking_anything(),
    row!(GET "/language-models/billing" Visitor lead_to_bill).taking_anything(),
];

async fn lead_to_keys(_: Visit) -> HandlerResult {
    Ok(permanently("/keys"))
}

async fn lead_to_usage(_: Visit) -> HandlerResult {
    Ok(permanently("/usage"))
}

async fn lead_to_models(_: Visit) -> HandlerResult {
    Ok(permanently("/models"))
}

/// The bill of this month.
async fn lead_to_bill(visit: Visit) -> HandlerResult {
    let period = visit.app().quotas.period(PeriodChoice::ThisMonth, None);
    let first = period.map_err(Trouble::from)?.first;
    let address = format!("/billing/{}", first.strftime("%Y-%m"));
    Ok(permanently(&address))
}

fn permanently(address: &str) -> Reply {
    Reply::Raw(Redirect::permanent(address).into_response())
}
