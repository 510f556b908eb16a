//! Usage and receipts as tables of comma-separated values. `docs/commands.md`
//! says what each column means.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::model::KeyId;
use crate::store::{OwnAttempt, Total, UsageLine};

use crate::app::quotas::usage::key_names::{KeyName, KeyNames};
use crate::app::quotas::usage::period::date_of;
use crate::app::quotas::usage::report::{PayingKey, UsageReport};

/// The head of a table of what was used.
pub const USAGE_HEAD: &str = "day,server_id,source,key_id,key_name,key_hint,provider,model,requests,input_tokens,\
     cached_tokens,output_tokens,reasoning_tokens,images,cost_usd,requests_without_price,\
     requests_estimated\n";

/// What was used, line by line, below [`USAGE_HEAD`].
pub fn usage_table(lines: &[UsageLine], names: &KeyNames) -> String {
    let mut table = String::new();
    for line in lines {
        let paying = PayingKey {
            source: line.source.clone(),
            provider: line.provider.clone(),
            key: line.key,
        };
        let it = &line.total;
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            date_of(line.day),
            maybe_id(line.server).unwrap_or_default(),
            line.source,
            key_cells(line.key, &names.name(&paying)),
            quote_cell(&line.provider),
            quote_cell(&line.model),
            it.requests,
            it.input_tokens,
            it.cached_tokens,
            it.output_tokens,
            it.reasoning_tokens,
            it.images,
            priced(it),
            it.unpriced,
            it.estimated,
        );
    }
    table
}

/// A report as JSON, with the sums that it is looked at by.
pub fn usage_json(report: &UsageReport, names: &KeyNames) -> Value {
    let lines = report.lines.iter().map(|line| {
        let mut one = json!({
            "day": date_of(line.day).to_string(), "server": maybe_id(line.server),
            "source": line.source, "key": line.key.map(|key| key.to_string()),
            "provider": line.provider, "model": line.model,
        });
        add_total(&mut one, &line.total);
        one
    });
    let keys = report.by_key().into_iter().map(|(paying, total)| {
        let (name, hint) = named(&names.name(&paying));
        let mut one = json!({
            "source": paying.source, "provider": paying.provider,
            "key": paying.key.map(|key| key.to_string()), "name": name, "hint": hint,
        });
        add_total(&mut one, &total);
        one
    });
    let members = report.members.iter().map(|(member, total)| {
        let mut one = json!({"member": maybe_id(*member)});
        add_total(&mut one, total);
        one
    });
    let period = &report.period;
    let mut total = json!({});
    add_total(&mut total, &report.total);
    json!({
        "from": period.first.to_string(), "to": period.last.to_string(),
        "time_zone": period.zone_name(), "total": total,
        "lines": lines.collect::<Vec<_>>(), "keys": keys.collect::<Vec<_>>(),
        "members": members.collect::<Vec<_>>(),
    })
}

fn add_total(to: &mut Value, it: &Total) {
    let is_unpriced = it.unpriced > 0 && it.unpriced == it.requests;
    let cost = (!is_unpriced).then_some(it.cost_nano);
    for (name, value) in [
        ("requests", json!(it.requests)),
        ("input_tokens", json!(it.input_tokens)),
        ("cached_tokens", json!(it.cached_tokens)),
        ("output_tokens", json!(it.output_tokens)),
        ("reasoning_tokens", json!(it.reasoning_tokens)),
        ("images", json!(it.images)),
        ("cost_nano_dollars", json!(cost)),
        ("requests_without_price", json!(it.unpriced)),
        ("requests_estimated", json!(it.estimated)),
    ] {
        to[name] = value;
    }
}

fn maybe_id(id: u64) -> Option<String> {
    (id != 0).then(|| id.to_string())
}

/// The head of a table of receipts.
pub const RECEIPTS_HEAD: &str = "attempt,at,server_id,source,key_id,provider,model,input_tokens,\
     cached_tokens,output_tokens,reasoning_tokens,images,cost_usd,estimated\n";

/// Receipts, one a line, below [`RECEIPTS_HEAD`].
pub fn receipts_table(receipts: &[OwnAttempt]) -> String {
    let mut table = String::new();
    for it in receipts {
        let at = jiff::Timestamp::from_millisecond(it.held_at_ms).unwrap_or_default();
        let cost = it.cost_nano.map(dollars).unwrap_or_default();
        let key = it.key.map(|key| key.to_string()).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{},{at:.0},{},{},{key},{},{},{},{},{},{},{},{cost},{}",
            it.id,
            maybe_id(it.server.unwrap_or(0)).unwrap_or_default(),
            it.source,
            quote_cell(&it.provider),
            quote_cell(&it.model),
            it.input_tokens,
            it.cached_tokens,
            it.output_tokens,
            it.reasoning_tokens,
            it.images,
            u8::from(it.estimated),
        );
    }
    table
}

/// Quotes a text that others chose, so that no spreadsheet takes it for a
/// formula.
pub fn quote_cell(text: &str) -> String {
    let quoted = text.replace('"', "\"\"");
    let begins = text.trim_start_matches(|c: char| c == ' ' || c.is_control());
    let is_formula = begins.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    format!("\"{}{quoted}\"", if is_formula { "'" } else { "" })
}

/// Dollars with all nine digits, so that sums are exact.
fn dollars(nano: u64) -> String {
    format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000)
}

/// The cost of what has a price; empty where nothing has.
fn priced(total: &Total) -> String {
    if total.unpriced > 0 && total.unpriced == total.requests {
        return String::new();
    }
    dollars(total.cost_nano)
}

fn key_cells(key: Option<KeyId>, name: &KeyName<'_>) -> String {
    let id = key.map(|key| key.to_string()).unwrap_or_default();
    let (name, hint) = named(name);
    let cell = |text: Option<&str>| text.map(quote_cell).unwrap_or_default();
    format!("{id},{},{}", cell(name), cell(hint))
}

fn named<'a>(name: &KeyName<'a>) -> (Option<&'a str>, Option<&'a str>) {
    match name {
        KeyName::Stored { name, hint } => (*name, *hint),
        KeyName::Removed | KeyName::Unstored(_) => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for (text, cell) in [
            ("gpt-6-luna", "\"gpt-6-luna\""),
            ("a, \"b\"", "\"a, \"\"b\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@sum(A1)", "\"'@sum(A1)\""),
            ("\t=1", "\"'\t=1\""),
            (" =1", "\"' =1\""),
            ("\r1", "\"'\r1\""),
            ("＝1", "\"'＝1\""),
            ("1-1", "\"1-1\""),
        ] {
            assert_eq!(quote_cell(text), cell, "{text}");
        }
    }

    #[test]
    fn a_price_that_nobody_knows_is_an_empty_cell() {
        let total = |requests, unpriced, cost_nano| Total {
            requests,
            cost_nano,
            unpriced,
            ..Total::default()
        };
        assert_eq!(priced(&total(2, 2, 0)), "");
        assert_eq!(priced(&total(2, 1, 1_500)), "0.000001500");
        assert_eq!(priced(&total(1, 0, 0)), "0.000000000");
    }
}
