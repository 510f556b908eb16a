//! Discord's marks for people, channels, roles, emoji, times and commands,
//! and what a person sees in their place.
//!
//! Source: <https://github.com/discord/discord-api-docs/blob/main/developers/reference.mdx>,
//! "Message Formatting".

use jiff::Timestamp;

/// Discord's mark of small print, in which our footers stand.
pub const SMALL_PRINT: &str = "-# ";

/// What one mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    Person(u64),
    Channel(u64),
    Role(u64),
    /// An emoji of a server's own, by its name.
    Emoji(&'a str),
    /// A moment, in seconds since 1970.
    Time(i64),
    /// A command, by its name.
    Command(&'a str),
    /// One of Discord's own pages of a server, by its name.
    Page(&'a str),
}

/// Replaces each mark in a text by what `name_mark` says; what it does not
/// name stays.
pub fn replace_marks(text: &str, mut name_mark: impl FnMut(Mark<'_>) -> Option<String>) -> String {
    let mut readable = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        readable.push_str(before);
        let named = after.find(['>', '<', '\n']).and_then(|end| {
            let (inner, closing) = after.split_at(end);
            let beyond = closing.strip_prefix('>')?;
            Some((name_mark(parse_mark(inner)?)?, beyond))
        });
        if let Some((name, beyond)) = named {
            readable.push_str(&name);
            rest = beyond;
        } else {
            readable.push('<');
            rest = after;
        }
    }
    readable.push_str(rest);
    readable
}

/// Reads what stands between the angle brackets of a mark.
fn parse_mark(inner: &str) -> Option<Mark<'_>> {
    let id = |digits: &str| -> Option<u64> {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    };
    if let Some(person) = inner.strip_prefix("@!").and_then(id) {
        return Some(Mark::Person(person));
    }
    if let Some(role) = inner.strip_prefix("@&").and_then(id) {
        return Some(Mark::Role(role));
    }
    if let Some(person) = inner.strip_prefix('@').and_then(id) {
        return Some(Mark::Person(person));
    }
    if let Some(channel) = inner.strip_prefix('#').and_then(id) {
        return Some(Mark::Channel(channel));
    }
    if let Some(time) = inner.strip_prefix("t:") {
        let seconds = time.split(':').next().unwrap_or_default();
        return seconds.parse().ok().map(Mark::Time);
    }
    if let Some(page) = inner.strip_prefix("id:") {
        return Some(Mark::Page(page));
    }
    if let Some(command) = inner.strip_prefix('/') {
        let (name, number) = command.rsplit_once(':')?;
        return id(number).map(|_| Mark::Command(name));
    }
    let emoji = inner.strip_prefix("a:").or(inner.strip_prefix(':'))?;
    let (name, number) = emoji.rsplit_once(':')?;
    id(number).map(|_| Mark::Emoji(name))
}

/// A moment as it is told to a model: Discord shows each person their own
/// time zone, which nobody else knows.
pub fn readable_time(seconds: i64) -> Option<String> {
    let time = Timestamp::from_second(seconds).ok()?.to_string();
    let (day, clock) = time.split_once('T')?;
    Some(format!("{day} {} UTC", clock.get(..5)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_mark_is_read() {
        for (text, mark) in [
            ("<@5>", Mark::Person(5)),
            ("<@!5>", Mark::Person(5)),
            ("<@&5>", Mark::Role(5)),
            ("<#5>", Mark::Channel(5)),
            ("<:party:5>", Mark::Emoji("party")),
            ("<a:party:5>", Mark::Emoji("party")),
            ("<t:1767225600>", Mark::Time(1_767_225_600)),
            ("<t:-1:R>", Mark::Time(-1)),
            ("</ask now:5>", Mark::Command("ask now")),
            ("<id:customize>", Mark::Page("customize")),
        ] {
            let mut seen = None;
            let shown = replace_marks(&format!("a {text}> b"), |found| {
                seen = Some(format!("{found:?}"));
                Some("X".to_owned())
            });
            assert_eq!(
                (shown.as_str(), seen),
                ("a X> b", Some(format!("{mark:?}")))
            );
        }
    }

    #[test]
    fn what_is_no_mark_stays() {
        for text in [
            "a < b > c",
            "<https://a.example>",
            "<@>",
            "<@x>",
            "<#>",
            "<:party:>",
            "<@5",
            "<\n@5>",
            "Vec<u64>",
            "<@-5>",
            "<@+5>",
            "</ask>",
            "<",
            "<<",
            "<t:soon>",
        ] {
            assert_eq!(replace_marks(text, |_| Some("X".into())), text);
        }
        assert_eq!(replace_marks("<<@5>", |_| Some("X".into())), "<X");
        assert_eq!(replace_marks("<@5>", |_| None), "<@5>");
    }

    #[test]
    fn a_moment_is_told_in_one_time_zone() {
        assert_eq!(
            readable_time(1_767_225_600).unwrap(),
            "2026-01-01 00:00 UTC"
        );
        assert_eq!(readable_time(i64::MAX), None);
    }

    proptest! {
        #[test]
        fn nothing_but_marks_changes(text in "[<>@&#:t/a0-9\\n é]{0,30}") {
            prop_assert_eq!(replace_marks(&text, |_| None), text);
        }
    }
}
