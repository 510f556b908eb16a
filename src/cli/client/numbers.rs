//! Numbers of the command line, whose refusals say what is to be typed.

/// The most days of a report.
const DAYS_MAX: u16 = 36_500;
/// The most pictures that any model makes at once.
const PICTURES_MAX: u8 = 10;

/// A server's id.
pub fn read_server(typed: &str) -> Result<u64, String> {
    let id = typed.trim().parse().ok().filter(|id| *id > 0);
    id.ok_or_else(|| {
        "that is no server's id, which is a number such as 123456789012345678; turn on Developer Mode in Discord, \
         right-click the server, and choose Copy Server ID"
            .to_owned()
    })
}

/// How many days.
pub fn read_days(typed: &str) -> Result<u16, String> {
    let days = typed.trim().parse().ok();
    let days = days.filter(|days| (1..=DAYS_MAX).contains(days));
    days.ok_or_else(|| format!("write a number of days from 1 to {DAYS_MAX}, such as 30"))
}

/// How many pictures.
pub fn read_count(typed: &str) -> Result<u8, String> {
    let count = typed.trim().parse().ok();
    let count = count.filter(|count| (1..=PICTURES_MAX).contains(count));
    count.ok_or_else(|| format!("write how many pictures, from 1 to {PICTURES_MAX}"))
}

/// How many tokens.
pub fn read_tokens(typed: &str) -> Result<u32, String> {
    let tokens = typed.trim().parse().ok().filter(|tokens| *tokens > 0);
    tokens.ok_or_else(|| "write a number of tokens of 1 or more, such as 1000".to_owned())
}

/// A port.
#[cfg(feature = "demo")]
pub fn read_port(typed: &str) -> Result<u16, String> {
    let port = typed.trim().parse().ok();
    port.ok_or_else(|| {
        "write a port, a number from 1 to 65535, or 0 for any that is free".to_owned()
    })
}
