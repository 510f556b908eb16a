//! Receipts: what a call cost, line by line, as JSON and at the end of a
//! stream.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::RelayReceipt;
use crate::model::{Receipt, ReceiptLine, ServiceTerm};

/// How a cost comes about by the lists of prices.
#[derive(Serialize, ToSchema)]
pub struct ReceiptBody {
    /// None where no list knows the model.
    price_list: Option<PriceListBody>,
    /// On which terms the answer says that it was served, where they are not the
    /// usual ones: `priority`, `flex`, `batch`, `fast`, `us` and others. The
    /// prices are those of the terms.
    terms: Vec<&'static str>,
    /// What the provider reported, where that is more than is possible and less
    /// of it is booked; else null.
    reported: Option<CutReportBody>,
    lines: Vec<ReceiptLineBody>,
    /// The sum of the lines, rounded up; null where a price is unknown.
    sum_nano_dollars: Option<u64>,
}

/// A list of prices.
#[derive(Serialize, ToSchema)]
pub struct PriceListBody {
    name: String,
    /// As of which day its prices are; null where it does not say.
    date: Option<String>,
}

/// What a provider reported, before it was cut to what is possible.
#[derive(Serialize, ToSchema)]
pub struct CutReportBody {
    input_tokens: u64,
    output_tokens: u64,
    /// Null where the provider named no cost.
    cost_nano_dollars: Option<u64>,
}

/// What was used of one class.
#[derive(Serialize, ToSchema)]
pub struct ReceiptLineBody {
    /// `input`, `cached_input`, `cache_write_5m`, `output`, `reasoning`,
    /// `web_search` and others.
    class: &'static str,
    count: u64,
    /// How many of it the price is for.
    per: u64,
    /// In US dollars times 10^9; null where nobody knows it.
    price_nano_dollars: Option<u64>,
    /// Rounded up.
    cost_nano_dollars: Option<u64>,
}

/// What stands in the comment at the end of a stream.
#[derive(Serialize)]
struct StreamReceipt {
    attempt: String,
    source: &'static str,
    estimated: bool,
    /// The cost is the provider's own word.
    cost_reported: bool,
    cost_nano_dollars: Option<u64>,
    receipt: ReceiptBody,
}

/// Describes a receipt.
pub fn describe_receipt(receipt: &Receipt) -> ReceiptBody {
    ReceiptBody {
        price_list: receipt.list.as_ref().map(|list| PriceListBody {
            name: list.name.to_string(),
            date: list.date.as_deref().map(str::to_owned),
        }),
        terms: receipt.terms.iter().map(ServiceTerm::as_str).collect(),
        reported: receipt.cut.map(|cut| CutReportBody {
            input_tokens: cut.input_tokens,
            output_tokens: cut.output_tokens,
            cost_nano_dollars: cut.cost.map(|cost| cost.0),
        }),
        lines: receipt.lines.iter().map(describe_line).collect(),
        sum_nano_dollars: receipt.sum().map(|sum| sum.0),
    }
}

fn describe_line(line: &ReceiptLine) -> ReceiptLineBody {
    ReceiptLineBody {
        class: line.class.as_str(),
        count: line.count,
        per: line.class.unit(),
        price_nano_dollars: line.price.map(|price| price.0),
        cost_nano_dollars: line.cost().map(|cost| cost.0),
    }
}

/// Writes the last comment of a stream of server-sent events: what the call
/// cost.
pub fn write_receipt_comment(ended: &RelayReceipt) -> String {
    let settlement = &ended.settlement;
    let body = StreamReceipt {
        attempt: ended.attempt.to_string(),
        source: ended.source.as_str(),
        estimated: settlement.estimated,
        cost_reported: settlement.cost_reported,
        cost_nano_dollars: settlement.cost.map(|cost| cost.0),
        receipt: describe_receipt(&settlement.receipt),
    };
    format!(": latchkey-receipt {}\n\n", json!(body))
}
