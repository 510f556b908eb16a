//! Tests that concern several dialects at once.

mod broken_calls_tests;
mod callers_words_tests;
mod cost_tests;
mod going_on_tests;
mod hosted_tools_tests;
mod last_events_tests;
mod recordings;
mod reports_tests;
mod round_trip_tests;
mod search_tests;
mod small_rules_tests;
mod sources_tests;
mod translation_tests;
mod two_apis_tests;
mod usage_tests;
mod vendor_limit_tests;
mod vendor_rule_tests;
