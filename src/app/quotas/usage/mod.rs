//! What was used: reports by day, model, key and server, a guess at the month,
//! bills with their receipts, and tables of all that.

mod bill;
mod estimate;
mod key_names;
mod period;
#[cfg(test)]
mod properties;
mod report;
mod table;

pub use bill::{Bill, ReceiptPage};
pub use estimate::MonthEstimate;
pub use key_names::{KeyName, KeyNames};
pub use period::{DAYS_MAX, Grain, Period, PeriodChoice, date_of, find_zone, number_of};
pub use report::{PayingKey, UsageReport, UsageScope};
pub use table::{RECEIPTS_HEAD, USAGE_HEAD, quote_cell, receipts_table, usage_json, usage_table};
