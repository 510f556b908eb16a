//! The operator's page: what runs, whether it is well, and what the people of
//! `discord.operators` may change.

mod keys;
mod known_names;
mod overview;
mod people;
mod refusals;
mod rule_forms;
mod rule_rows;
mod rules;
mod traffic;

use crate::app::nobody_else;
use crate::console::routes::{Row, row};
use crate::console::visit::SignedIn;
use crate::model::Caller;

pub const ROWS: &[Row] = &[
    row!(GET "/operator" Operator overview::show),
    row!(GET "/operator/now" Operator traffic::show_now).polled(),
    row!(GET "/operator/traffic" Operator traffic::show),
    row!(GET "/operator/people" Operator people::show).taking(&["q"]),
    row!(POST "/operator/people/{person}/end-sessions" Operator people::end_sessions),
    row!(POST "/operator/block" Operator rules::block),
    row!(POST "/operator/unblock" Operator rules::unblock),
    row!(POST "/operator/tier" Operator rules::give_tier),
    row!(POST "/operator/limit" Operator rules::limit),
    row!(POST "/operator/unlimit" Operator rules::unlimit),
    row!(GET "/operator/stop" Operator rules::show_stop),
    row!(POST "/operator/stop" Operator rules::stop),
    row!(POST "/operator/start" Operator rules::start),
    row!(GET "/operator/keys" Operator keys::show),
    row!(GET "/operator/keys/new" Operator keys::show_form).taking(&["provider"]),
    row!(POST "/operator/keys" Operator keys::add),
    row!(POST "/operator/keys/{key}/check" Operator keys::check),
    row!(POST "/operator/keys/{key}/pause" Operator keys::pause),
    row!(POST "/operator/keys/{key}/resume" Operator keys::resume),
    row!(GET "/operator/keys/{key}/remove" Operator keys::show_removal),
    row!(POST "/operator/keys/{key}/remove" Operator keys::remove),
];

/// Who acts: as the operator, nobody is in a server.
fn operator(person: &SignedIn) -> Caller {
    nobody_else(person.id())
}
