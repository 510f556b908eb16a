//! Takes a `.env` file, or a list of `NAME=key` lines, apart. Pure.
//!
//! A library for such files would put variables of this process's own
//! environment in the place of `$NAME`, and with them the operator's secrets
//! into what is sent to a provider. Here a value is what stands there.

use std::sync::LazyLock;

use regex::Regex;

/// How many lines a quoted value may fill: certificates are as long.
const QUOTED_LINES_MAX: usize = 100;
const QUOTES: &[char] = &['"', '\'', '`'];

/// What stands before a name in a shell, a Dockerfile or a list.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^(?:[-*]\s+|\$\s+)?(?:(?i:export|setx|set|env|declare -x)\s+|(?:-e|--env)[\s=]+)?")
});
/// A name, and what separates it from its value.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"^["'`]?(?:\$env:|\$)?([A-Za-z_][A-Za-z0-9_.-]{0,127})["'`]?\s*(?::=|=>|=|:)\s*(.*)$"#)
});
/// A variable and its value with nothing but space between.
static SPACED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET))\s+(.*)$"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("every pattern is a regex")
}

/// One value, with the name that it was given.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyLine<'a> {
    /// The line's number; the first is 1.
    pub number: usize,
    /// None for a key that stands alone.
    pub name: Option<&'a str>,
    pub value: &'a str,
}

/// A text, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KeyLines<'a> {
    pub values: Vec<KeyLine<'a>>,
    /// The numbers of lines that are neither a value nor a comment.
    pub unread: Vec<usize>,
    /// The numbers of lines with a zero byte, which no text has: UTF-16, or a
    /// file of another kind.
    pub binary: Vec<usize>,
}

/// Takes a text apart. `is_key` tells what begins as a key does.
pub fn read_key_lines<'a>(text: &'a str, is_key: &dyn Fn(&str) -> bool) -> KeyLines<'a> {
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<&str> = text.lines().flat_map(|line| line.split('\r')).collect();
    let (mut read, mut at) = (KeyLines::default(), 0);
    while let Some(line) = lines.get(at) {
        at += 1;
        let (number, line) = (at, line.trim());
        if !says_something(line) {
            continue;
        }
        if line.contains('\0') {
            read.binary.push(number);
            continue;
        }
        let Some((name, rest)) = split_line(line, is_key) else {
            read.unread.push(number);
            continue;
        };
        let value = match rest.chars().next().filter(|c| QUOTES.contains(c)) {
            None => strip_comment(rest),
            Some(quote) => {
                let inner = rest.get(1..).unwrap_or_default();
                if let Some(end) = find_quote(inner, quote) {
                    inner.get(..end).unwrap_or_default()
                } else {
                    // Whatever fills several lines is no key. Its first
                    // line tells what it is.
                    let more = lines.get(at..).unwrap_or_default();
                    at += count_quoted_lines(more, quote, is_key);
                    inner
                }
            }
        };
        read.values.push(KeyLine {
            number,
            name,
            value: value.trim(),
        });
    }
    read
}

/// The name and the value of a line; none for a line that is neither
/// `NAME=value` nor a single word.
fn split_line<'a>(
    line: &'a str,
    is_key: &dyn Fn(&str) -> bool,
) -> Option<(Option<&'a str>, &'a str)> {
    let lead = LEAD.find(line).map_or(0, |lead| lead.end());
    let line = line.get(lead..)?;
    let named = ASSIGNMENT.captures(line).or_else(|| SPACED.captures(line));
    let named = named.and_then(|found| Some((found.get(1)?.as_str(), found.get(2)?.as_str())));
    match named {
        // A key of base 64 may end with what separates names from values.
        Some((name, value)) if !is_key(name) && !value.starts_with("//") => {
            Some((Some(name), value))
        }
        _ if !line.contains(char::is_whitespace) => Some((None, line)),
        _ => None,
    }
}

/// Whether a line is more than white space, a comment, a heading of settings,
/// a fence or a lone bracket.
fn says_something(line: &str) -> bool {
    let is_comment = ["#", "//", ";", "```", "~~~"]
        .iter()
        .any(|mark| line.starts_with(mark));
    let is_heading = line.starts_with('[') && line.ends_with(']') && !line.contains('"')
        || matches!(line, "---" | "...");
    let is_bracket = line.chars().all(|c| "{}[](),;".contains(c));
    !(is_comment || is_heading || is_bracket)
}

/// A value without the comment behind it.
fn strip_comment(value: &str) -> &str {
    let mut marks = value.match_indices('#');
    let comment = marks.find(|(at, _)| {
        let before = value.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with(char::is_whitespace)
    });
    let end = comment.map_or(value.len(), |(at, _)| at);
    value.get(..end).unwrap_or_default()
}

/// Where a quotation ends: at the first mark without a backslash before it.
fn find_quote(inner: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    inner.char_indices().find_map(|(at, c)| {
        let ends = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped && quote == '"';
        ends.then_some(at)
    })
}

/// How many of the next lines a quotation goes on for. None, where it does
/// not end or a key stands in it: then only its mark was forgotten.
fn count_quoted_lines(more: &[&str], quote: char, is_key: &dyn Fn(&str) -> bool) -> usize {
    for (at, line) in more.iter().take(QUOTED_LINES_MAX).enumerate() {
        let is_assignment = matches!(split_line(line.trim(), is_key), Some((Some(_), _)));
        if is_assignment || is_key(line.trim()) {
            return 0;
        }
        if find_quote(line, quote).is_some() {
            return at + 1;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_key(text: &str) -> bool {
        text.len() >= 16 && text.starts_with("sk-")
    }

    fn told(text: &str) -> String {
        let read = read_key_lines(text, &is_key);
        let mut lines: Vec<String> = Vec::new();
        for line in &read.values {
            let name = line.name.unwrap_or("(no name)");
            lines.push(format!("{} {name} = {}", line.number, line.value));
        }
        if !read.unread.is_empty() {
            lines.push(format!("unread {:?}", read.unread));
        }
        lines.join("\n")
    }

    #[test]
    fn a_file_is_taken_apart() {
        insta::assert_snapshot!(told("\u{feff}# mine\r\n\
            OPENAI_API_KEY=sk-made-up-key-0001\r\n\
            export GROQ_API_KEY=\"gsk_made_up_key_02\" # work\r\n\
            \r\n\
            [section]\r\n\
            ANTHROPIC_API_KEY = 'sk-ant-made # up'\r\n\
            XAI_API_KEY: xai-made-up # home\r\n\
            EMPTY=\r\n\
            set MISTRAL_API_KEY=made-up\r\n\
            setx CEREBRAS_API_KEY \"csk-made-up\"\r\n\
            $env:GEMINI_API_KEY = \"AIza-made-up\"\r\n\
            - DEEPSEEK_API_KEY=sk-made-up\r\n\
            \"openrouter\": \"sk-or-made-up\",\r\n\
            sk-made-up-key-0002==\r\n\
            COLOUR=#ff0000\r\n\
            this is not a setting\r\n\
            https://example.test/?key=1\r\n\
            AGAIN=\"say \\\"hi\\\"\"\r\n"), @r#"
        2 OPENAI_API_KEY = sk-made-up-key-0001
        3 GROQ_API_KEY = gsk_made_up_key_02
        6 ANTHROPIC_API_KEY = sk-ant-made # up
        7 XAI_API_KEY = xai-made-up
        8 EMPTY = 
        9 MISTRAL_API_KEY = made-up
        10 CEREBRAS_API_KEY = csk-made-up
        11 GEMINI_API_KEY = AIza-made-up
        12 DEEPSEEK_API_KEY = sk-made-up
        13 openrouter = sk-or-made-up
        14 (no name) = sk-made-up-key-0002==
        15 COLOUR = 
        17 (no name) = https://example.test/?key=1
        18 AGAIN = say \"hi\"
        unread [16]
        "#);
    }

    #[test]
    fn a_quoted_value_fills_several_lines_unless_its_mark_was_forgotten() {
        insta::assert_snapshot!(told("PEM=\"-----BEGIN MADE UP-----\nAbCd\n-----END-----\"\nA=1"), @"
        1 PEM = -----BEGIN MADE UP-----
        4 A = 1
        ");
        insta::assert_snapshot!(told("A=\"forgotten\nB=two\nC=\"three\""), @"
        1 A = forgotten
        2 B = two
        3 C = three
        ");
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_and_each_line_counted_once(text in "\\PC{0,40}(\n\\PC{0,40}){0,6}") {
            let read = read_key_lines(&text, &is_key);
            let mut numbers: Vec<usize> = read.values.iter().map(|line| line.number).collect();
            numbers.extend(read.unread.iter().chain(&read.binary));
            numbers.sort_unstable();
            let all = numbers.len();
            numbers.dedup();
            prop_assert_eq!(numbers.len(), all);
            prop_assert!(numbers.last().is_none_or(|last| *last <= text.lines().count()));
        }

        #[test]
        fn whatever_is_written_around_it_a_value_comes_back(
            name in "[A-Z][A-Z0-9_]{0,20}",
            value in "[A-Za-z0-9_.-]{1,60}",
            lead in "(export |set |\\$env:|- |)",
            quote in "[\"'`]?",
            mark in "( = |=|: )",
            end in "( # comment| |)(\r|)",
            before in "(# made up\n|\n|A=1\n){0,3}",
        ) {
            let text = format!("{before}{lead}{name}{mark}{quote}{value}{quote}{end}\nLAST=made-up");
            let read = read_key_lines(&text, &is_key);
            let number = before.lines().count() + 1;
            let wanted = KeyLine { number, name: Some(&name), value: &value };
            prop_assert!(read.values.contains(&wanted), "{:?}", read);
            prop_assert_eq!(read.values.last().and_then(|line| line.name), Some("LAST"));
            prop_assert!(read.unread.is_empty());
        }
    }
}
