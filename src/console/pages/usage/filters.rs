//! What a page about usage shows: of which time, in which time zone, and which
//! of the figures as bars.

use std::ops::RangeInclusive;

use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::form_urlencoded;

use crate::app::{Period, PeriodChoice, find_zone};
use crate::console::markup::{Markup, html};
use crate::console::trouble::Trouble;
use crate::console::visit::Visit;

/// Time zones that are offered, beside the operator's and the one that was
/// chosen. Any other name of the IANA's can be written into the address.
const ZONES: &[&str] = &[
    "UTC",
    "America/Anchorage",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Asia/Bangkok",
    "Asia/Dhaka",
    "Asia/Dubai",
    "Asia/Jakarta",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Manila",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Perth",
    "Australia/Sydney",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Moscow",
    "Europe/Paris",
    "Europe/Stockholm",
    "Pacific/Auckland",
    "Pacific/Honolulu",
];
/// How many months are offered by name.
const MONTHS: usize = 12;

/// Which of the figures the bars show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    Cost,
    Requests,
    Tokens,
    Pictures,
}

/// The days that there can be usage of; none where nothing was used yet.
pub type UsedDays = Option<RangeInclusive<Date>>;

/// What the address of a page of usage may say.
pub const OF_A_PAGE: &[&str] = &["period", "days", "tz", "show"];
/// The same for a file, or for a program, which are addressed in one way.
pub const OF_A_FILE: &[&str] = &["period", "tz", "show"];

/// What was chosen.
pub struct Filters {
    pub period: Period,
    pub figure: Figure,
}

impl Figure {
    const ALL: [Self; 4] = [Self::Cost, Self::Requests, Self::Tokens, Self::Pictures];

    fn name(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Pictures => "pictures",
        }
    }

    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Cost => "Cost",
            Self::Requests => "Requests",
            Self::Tokens => "Tokens",
            Self::Pictures => "Pictures",
        }
    }
}

impl Filters {
    /// Reads what the address of a page asks for: the last 30 days in the
    /// operator's time zone where it says nothing.
    pub fn read(visit: &Visit) -> Result<Self, Trouble> {
        let period = match (visit.query("period"), visit.query("days")) {
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "`days` and `period` both say which days are shown. Keep one of them in the address.",
                ));
            }
            (period, None) => period,
            (None, Some(days)) => Some(format!("{days}d")),
        };
        let choice = match period {
            None => PeriodChoice::LastDays(30),
            Some(text) => PeriodChoice::parse(&text).ok_or_else(|| {
                wrong("There is no such period. It can be today, 7d, this-month, last-month, a month such as 2026-11, or a year such as 2026.")
            })?,
        };
        let zone = read_zone(visit)?;
        let figure = match visit.query("show") {
            None => Figure::Cost,
            Some(name) => {
                let mut all = Figure::ALL.into_iter();
                let found = all.find(|figure| figure.name() == name);
                found
                    .ok_or_else(|| wrong("The bars can show cost, requests, tokens or pictures."))?
            }
        };
        Ok(Self {
            period: visit.app().quotas.period(choice, zone)?,
            figure,
        })
    }

    /// What follows the question mark of an address that shows the same.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("period", &self.period.choice.to_string());
        query.append_pair("tz", self.period.zone_name());
        if self.figure != Figure::Cost {
            query.append_pair("show", self.figure.name());
        }
        query.finish()
    }

    /// The form that chooses, for a page at an address.
    pub fn show(&self, address: &str, used: &UsedDays) -> Markup {
        let chosen = self.period.choice.to_string();
        let zone = self.period.zone_name();
        let mut zones: Vec<&str> = ZONES.to_vec();
        if !zones.contains(&zone) {
            zones.insert(0, zone);
        }
        html! {
            form.filters.in-line method="get" action=(address) {
                div.field {
                    label for="period" { "Period" }
                    select #period name="period" data-sends {
                        @for (value, words) in offered(used, &chosen) {
                            option value=(value) selected[value == chosen] { (words) }
                        }
                    }
                }
                div.field {
                    label for="show" { "Show" }
                    select #show name="show" data-sends {
                        @for figure in Figure::ALL {
                            option value=(figure.name()) selected[figure == self.figure] {
                                (figure.words())
                            }
                        }
                    }
                }
                div.field {
                    label for="tz" { "Days in" }
                    select #tz name="tz" data-sends {
                        @for name in zones {
                            option value=(name) selected[name == zone] { (name) }
                        }
                    }
                }
                noscript { button.btn { "Show" } }
            }
        }
    }
}

/// The time zone that the address names; none where it names none.
pub fn read_zone(visit: &Visit) -> Result<Option<TimeZone>, Trouble> {
    let Some(name) = visit.query("tz") else {
        return Ok(None);
    };
    let zone = find_zone(&name).ok_or_else(|| {
        wrong(
            "There is no such time zone. It is named as the IANA names it, such as Europe/Berlin.",
        )
    });
    zone.map(Some)
}

/// Whether there can be usage of a month, by its first day.
pub fn is_used_month(used: &UsedDays, first: Date) -> bool {
    used.as_ref().is_some_and(|days| {
        let first_month = days.start().first_of_month();
        (first_month..=days.end().first_of_month()).contains(&first)
    })
}

/// The month of a day, or the nearest of which there can be usage.
pub fn nearest_month(used: &UsedDays, day: Date) -> String {
    let nearest = used
        .as_ref()
        .map_or(day, |days| day.clamp(*days.start(), *days.end()));
    nearest.strftime("%Y-%m").to_string()
}

/// A month, in words.
pub fn month_words(first: Date) -> String {
    first.strftime("%B %Y").to_string()
}

/// The periods that are offered, with the chosen one among them.
fn offered(used: &UsedDays, chosen: &str) -> Vec<(String, String)> {
    let fixed = [
        ("today", "Today"),
        ("7d", "Last 7 days"),
        ("30d", "Last 30 days"),
        ("this-month", "This month"),
        ("last-month", "Last month"),
        ("366d", "Last 366 days"),
    ];
    let mut offered: Vec<(String, String)> = fixed
        .into_iter()
        .map(|(value, words)| (value.to_owned(), words.to_owned()))
        .collect();
    if let Some(days) = used {
        let (mut month, today) = (days.end().first_of_month(), *days.end());
        for _ in 0..MONTHS {
            let Ok(before) = month.yesterday() else { break };
            month = before.first_of_month();
            if !is_used_month(used, month) {
                break;
            }
            offered.push((month.strftime("%Y-%m").to_string(), month_words(month)));
        }
        let years = [today.year(), today.year() - 1].into_iter();
        for year in years.filter(|year| *year >= days.start().year()) {
            offered.push((format!("{year:04}"), format!("{year}")));
        }
    }
    if !offered.iter().any(|(value, _)| value == chosen) {
        offered.insert(0, (chosen.to_owned(), chosen.to_owned()));
    }
    offered
}

/// What an address asks for cannot be shown.
pub fn wrong(words: &str) -> Trouble {
    Trouble::new(StatusCode::BAD_REQUEST, "That cannot be shown", words)
        .way("/usage", "Show the last 30 days")
}
