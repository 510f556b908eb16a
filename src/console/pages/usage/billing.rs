//! What a month cost, by key and server, with the receipt of each attempt:
//! made to be printed.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::app::{
    Bill, KeyNames, KnownProviders, OwnAttempt, PayingKey, Period, PeriodChoice, RECEIPTS_HEAD,
    ReceiptPage, ReceiptsAfter, Total, UsageScope, receipts_table,
};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::usage::filters::{
    UsedDays, is_used_month, month_words, read_zone, wrong,
};
use crate::console::pages::usage::table;
use crate::console::pages::usage::view::{cost, key_words, without_price};
use crate::console::parts::{key, money, note, payer};
use crate::console::reply::{File, Page};
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, Managing, SignedIn, Visit};
use crate::model::{AttemptId, Caller, NanoDollars, ServerId, Source};

/// How many receipts a page has.
const RECEIPTS_SHOWN: usize = 50;
/// Of how many servers Discord is asked for the name; others have their id.
const SERVERS_NAMED: usize = 50;
/// How many receipts are read at once.
const RECEIPTS_AT_ONCE: usize = 500;

pub const ROWS: &[Row] = &[
    row!(GET "/billing" SignedIn go_to_this_month),
    row!(GET "/billing/{month}" SignedIn show_bill).taking(&["tz", "after"]),
    row!(GET "/servers/{server}/billing/{month}" Managing show_server_bill)
        .taking(&["tz", "after"]),
];

/// Whose bill, and where it stands.
struct BillOwner {
    caller: Caller,
    scope: UsageScope,
    /// The address of all their bills.
    address: String,
    section: Section,
}

async fn go_to_this_month(visit: Visit, _: SignedIn) -> HandlerResult {
    let period = visit.app().quotas.period(PeriodChoice::ThisMonth, None)?;
    let address = format!("/billing/{}", period.first.strftime("%Y-%m"));
    Ok(crate::console::reply::Redirection::at(address).into())
}

async fn show_bill(visit: Visit, person: SignedIn) -> HandlerResult {
    let whose = BillOwner {
        caller: person.caller(&visit).await?,
        scope: UsageScope::User,
        address: "/billing".to_owned(),
        section: Section::Usage,
    };
    respond(&visit, whose, visit.path_value(0)).await
}

async fn show_server_bill(visit: Visit, managing: Managing) -> HandlerResult {
    let whose = BillOwner {
        address: format!("/servers/{}/billing", managing.server),
        section: Section::Server(managing.server),
        caller: managing.caller,
        scope: UsageScope::Guild,
    };
    respond(&visit, whose, visit.path_value(1)).await
}

/// Responds with the bill of a month, or, where the month ends in `.csv`, with
/// its receipts as a table.
async fn respond(visit: &Visit, whose: BillOwner, month: &str) -> HandlerResult {
    let (month, is_table) = match month.strip_suffix(".csv") {
        Some(month) => (month, true),
        None => (month, false),
    };
    let choice = PeriodChoice::parse(month);
    let Some(choice @ PeriodChoice::Month(..)) = choice else {
        return Err(Trouble::nothing_here());
    };
    if is_table {
        visit.require_parameters(&["tz"])?;
    }
    let zone = read_zone(visit)?;
    let period = visit.app().quotas.period(choice, zone)?;
    if is_table {
        return send_receipts(visit, whose, period).await;
    }
    let after = visit.query("after");
    let no_receipt = || wrong("No receipt has the number behind “after”. Begin at the first page.");
    let after = after.map(|id| AttemptId::parse(&id).ok_or_else(no_receipt));
    let after = after.transpose()?;
    let quotas = &visit.app().quotas;
    let page = ReceiptsAfter {
        after,
        max: RECEIPTS_SHOWN,
    };
    let (bill, receipts, names, used) = tokio::try_join!(
        quotas.read_bill(&whose.caller, whose.scope, period.clone()),
        quotas.list_receipts(&whose.caller, whose.scope, &period, page),
        quotas.read_key_names(&whose.caller, whose.scope),
        quotas.find_used_days(&whose.caller, whose.scope, &period.zone),
    )?;
    let called = BillNames {
        servers: name_servers(visit, &bill).await,
        providers: visit.app().providers(),
    };
    let title = format!("Billing report, {}", month_words(period.first));
    let zone = period.zone_name();
    let body = html! {
        div.head {
            div {
                h1 { "Billing report" }
                p {
                    (month_words(period.first)) ", days in " (zone) ". "
                    @match whose.scope {
                        UsageScope::User => { "What you asked, by the key that paid and the place." }
                        UsageScope::Guild | UsageScope::Bot => { "What this server’s keys paid." }
                    }
                }
            }
            div.acts {
                (show_neighbours(&whose.address, &period, &used))
                a.btn.s href={ (whose.address) "/" (month) ".csv?tz=" (zone) } { "CSV" }
            }
        }
        (show_sums(&bill, &names, &called))
        (show_receipts(&receipts, &Listing {
            bill: &bill,
            address: format!("{}/{month}", whose.address),
            is_first: after.is_none(),
            providers: called.providers,
        }))
    };
    Ok(Page::new(whose.section, title, body).into())
}

/// The months before and after, as far as there can be anything in them.
fn show_neighbours(address: &str, period: &Period, used: &UsedDays) -> Markup {
    let zone = period.zone_name();
    let before = period.first.yesterday().ok().map(Date::first_of_month);
    let before = before.filter(|first| is_used_month(used, *first));
    let after = period.first.last_of_month().tomorrow().ok();
    let after = after.filter(|first| is_used_month(used, *first));
    // Whoever came to a month without anything finds back.
    let nearest = used.as_ref().filter(|_| !is_used_month(used, period.first));
    let nearest = nearest.map(|days| period.first.clamp(*days.start(), *days.end()));
    let nearest = nearest.map(Date::first_of_month);
    let before = before.filter(|month| nearest != Some(*month));
    let after = after.filter(|month| nearest != Some(*month));
    let link = |month: Date| {
        html! {
            a.btn.s href={ (address) "/" (month.strftime("%Y-%m")) "?tz=" (zone) } { (month_words(month)) }
        }
    };
    html! {
        @if let Some(nearest) = nearest { (link(nearest)) }
        @if let Some(month) = before { (link(month)) }
        @if let Some(month) = after { (link(month)) }
    }
}

async fn name_servers(visit: &Visit, bill: &Bill) -> Vec<(u64, String)> {
    let all = bill
        .report
        .by_server()
        .into_iter()
        .enumerate()
        .map(|(at, (server, _))| async move {
            let found = match server {
                0 => Some("Direct messages and programs".to_owned()),
                server if at < SERVERS_NAMED => {
                    visit.app().people.find_server_name(ServerId(server)).await
                }
                _ => None,
            };
            (server, found.unwrap_or_else(|| format!("Server {server}")))
        });
    join_all(all).await
}

/// What servers and providers are called.
struct BillNames<'a> {
    servers: Vec<(u64, String)>,
    providers: KnownProviders<'a>,
}

fn show_sums(bill: &Bill, names: &KeyNames, called: &BillNames<'_>) -> Markup {
    let report = &bill.report;
    let sums = report.sums_by(|line| {
        let paying = PayingKey {
            source: line.source.clone(),
            provider: line.provider.clone(),
            key: line.key,
        };
        (paying, line.server)
    });
    let server_name = |id: u64| {
        let found = called.servers.iter().find(|(server, _)| *server == id);
        found.map_or("", |(_, name)| name.as_str())
    };
    let of_server = report.scope == UsageScope::Guild;
    html! {
        section.card aria-labelledby="sums-h" {
            header { h2 #sums-h { "By key" @if !of_server { " and place" } } }
            table.table.folds {
                caption.hidden { "What each key paid" }
                thead {
                    tr {
                        th scope="col" { "Key" }
                        @if !of_server { th scope="col" { "Where" } }
                        th.num scope="col" { "Requests" }
                        th.num scope="col" { "Tokens" }
                        th.num scope="col" { "Cost" }
                    }
                }
                tbody {
                    @for ((paying, server), total) in &sums {
                        tr {
                            th scope="row" {
                                (key::provider_of(called.providers, &paying.provider)) " "
                                @if let Some(source) = Source::parse(&paying.source) {
                                    (payer::badge(source))
                                }
                                span.sub { (key_words(&names.name(paying), report.scope)) }
                            }
                            @if !of_server { td.two data-label="Where" { (server_name(*server)) } }
                            (show_total(total))
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { "Together" }
                        @if !of_server { td {} }
                        (show_total(&report.total))
                    }
                }
            }
        }
    }
}

fn show_total(total: &Total) -> Markup {
    html! {
        td.num data-label="Requests" { (money::grouped(total.requests)) }
        td.num data-label="Tokens" { (money::grouped(total.input_tokens + total.output_tokens)) }
        td.num data-label="Cost" {
            (money::cost(cost(total)))
            @if cost(total).is_some() {
                @if let Some(words) = without_price(total) { span.sub { (words) } }
            }
        }
    }
}

/// What a list of receipts is a part of.
struct Listing<'a> {
    bill: &'a Bill,
    address: String,
    /// Whether it begins with the month.
    is_first: bool,
    providers: KnownProviders<'a>,
}

impl Listing<'_> {
    /// The usage that the bill is a part of: one's own, or a server's.
    fn usage_address(&self) -> String {
        let whose = self.address.split_once("/billing");
        format!("{}/usage", whose.map_or("", |(whose, _)| whose))
    }
}

fn show_receipts(page: &ReceiptPage, of: &Listing<'_>) -> Markup {
    let period = &of.bill.report.period;
    html! {
        section.card aria-labelledby="receipts-h" {
            header { h2 #receipts-h { "Receipts" } p { "Oldest first, times in " (period.zone_name()) } }
            @if page.receipts.is_empty() {
                (note::empty(
                    "usage",
                    "No receipts in this month.",
                    html! { a.btn href={ (of.usage_address()) } { "See what was used" } },
                ))
            } @else {
                table.table.tight.folds {
                    caption.hidden { "Receipts of the month" }
                    thead {
                        tr {
                            th scope="col" { "When" }
                            th scope="col" { "Model" }
                            th scope="col" { "Paid by" }
                            th scope="col" { "Used" }
                            th.num scope="col" { "Cost" }
                        }
                    }
                    tbody { @for receipt in &page.receipts { (show_receipt(receipt, &period.zone, of.providers)) } }
                }
            }
            p.foot {
                @if !of.is_first { a href={ (of.address) "?tz=" (period.zone_name()) } { "From the start" } " · " }
                @if let Some(next) = page.next {
                    a rel="next" href={ (of.address) "?tz=" (period.zone_name()) "&after=" (next) } { "More receipts" }
                    " · "
                }
                "Receipts are kept for " (money::count(of.bill.keep_days.into(), "day")) "; sums are kept for longer."
            }
        }
    }
}

fn show_receipt(receipt: &OwnAttempt, zone: &TimeZone, providers: KnownProviders<'_>) -> Markup {
    let at = Timestamp::from_millisecond(receipt.held_at_ms).unwrap_or_default();
    let at = at
        .to_zoned(zone.clone())
        .strftime("%-d %b %H:%M")
        .to_string();
    let lines = receipt.receipt.iter().flat_map(|receipt| &receipt.lines);
    let lines = lines.map(|line| {
        format!(
            "{} {}",
            money::grouped(line.count),
            line.class.as_str().replace('_', " ")
        )
    });
    let lines: Vec<String> = lines.collect();
    let priced = receipt.receipt.as_ref();
    let terms = priced.map_or_else(String::new, |priced| priced.terms.to_string());
    let said = priced.and_then(|priced| priced.cut).is_some();
    html! {
        tr {
            th scope="row" { (at) span.sub { code { (receipt.id) } } }
            td.two data-label="Model" { (receipt.model) span.sub { (key::provider_of(providers, &receipt.provider)) } }
            td data-label="Paid by" {
                @if let Some(source) = Source::parse(&receipt.source) { (payer::badge(source)) }
            }
            td.two data-label="Used" {
                (lines.join(", "))
                @if receipt.estimated { span.sub { "estimated" } }
                @if !terms.is_empty() { span.sub { "served as " (terms.replace('+', ", ")) } }
                @if said { span.sub { "the provider reported more than is possible; the most that is possible is booked" } }
            }
            td.num data-label="Cost" { (money::cost(receipt.cost_nano.map(NanoDollars))) }
        }
    }
}

/// All receipts of a month as a table, however many they are.
async fn send_receipts(visit: &Visit, whose: BillOwner, period: Period) -> HandlerResult {
    let name = format!("receipts-{}.csv", period.first.strftime("%Y-%m"));
    let console = Arc::clone(&visit.console);
    let of = Arc::new((whose, period));
    let pieces = table::write_pieces(None, move |after| {
        let (console, of) = (Arc::clone(&console), Arc::clone(&of));
        async move {
            let (whose, period) = &*of;
            let (caller, scope) = (&whose.caller, whose.scope);
            let page = ReceiptsAfter {
                after,
                max: RECEIPTS_AT_ONCE,
            };
            let quotas = &console.app.quotas;
            let page = quotas.list_receipts(caller, scope, period, page).await?;
            Ok((receipts_table(&page.receipts), page.next.map(Some)))
        }
    });
    Ok(File {
        name,
        media_type: table::MEDIA_TYPE,
        body: table::begin(RECEIPTS_HEAD, pieces).await?,
    }
    .into())
}
