//! Usage as tables to download.

use std::fmt::Write;

use crate::app::{Total, UsageReport, date_of};
use crate::bot::connection::wire::card::File;
use crate::bot::words::speech::formats::plain_model;
use crate::bot::words::speech::voice::Voice;

/// Discord's limit is ten million bytes; a larger table is cut.
const TABLE_BYTES_MAX: usize = 8_000_000;
const COUNTS: &str = "requests,input_tokens,output_tokens,cached_tokens,reasoning_tokens,images,\
     cost_usd,requests_without_price,requests_estimated";

/// A table as a file.
pub fn table(voice: Voice<'_>, name: &'static str, mut text: String) -> File {
    text.truncate(text.floor_char_boundary(TABLE_BYTES_MAX));
    File {
        name: name.to_owned(),
        kind: "text/csv",
        description: voice.lang.words("The same as a table").to_owned(),
        bytes: text.into_bytes(),
    }
}

/// What each day, payer and model used.
pub fn days_table(report: &UsageReport) -> String {
    let mut text = format!("date,source,provider,model,{COUNTS}\n");
    for line in &report.by_day_and_model() {
        // No cell can begin a formula: models are plain, the rest is ours.
        let model = plain_model(&line.model);
        let model = model.trim_start_matches(['=', '+', '-', '@']);
        let (source, provider) = (&line.source, &line.provider);
        let day = date_of(line.day);
        let counts = counts(&line.total);
        // Writing to a string cannot fail.
        let _ = write!(text, "{day},{source},{provider},{model},{counts}");
    }
    text
}

/// What each member used.
pub fn members_table(report: &UsageReport) -> String {
    let mut text = format!("member_id,{COUNTS}\n");
    for (member, total) in &report.members {
        let _ = write!(text, "{member},{}", counts(total));
    }
    text
}

fn counts(total: &Total) -> String {
    let (dollars, nano) = (
        total.cost_nano / 1_000_000_000,
        total.cost_nano % 1_000_000_000,
    );
    format!(
        "{},{},{},{},{},{},{dollars}.{nano:09},{},{}\n",
        total.requests,
        total.input_tokens,
        total.output_tokens,
        total.cached_tokens,
        total.reasoning_tokens,
        total.images,
        total.unpriced,
        total.estimated,
    )
}
