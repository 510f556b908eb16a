//! HTML that models write, in Discord's Markdown: Discord shows every tag as
//! it stands.

use regex::Regex;

use crate::bot::answers::layout::latex::{subscript, superscript};
use crate::bot::answers::layout::spans::whole_length;

/// Tags that mean a mark of Discord's, with that mark.
const MARKED: [(&str, &str); 11] = [
    ("b", "**"),
    ("strong", "**"),
    ("i", "*"),
    ("em", "*"),
    ("u", "__"),
    ("ins", "__"),
    ("s", "~~"),
    ("del", "~~"),
    ("strike", "~~"),
    ("mark", "**"),
    ("summary", "**"),
];
/// Tags whose text is code.
const CODE: [&str; 4] = ["code", "kbd", "samp", "tt"];
/// Tags that only change how words look.
const DROPPED: [&str; 3] = ["span", "font", "small"];
/// Entities that models write. Numbers are read as well.
const ENTITIES: [(&str, &str); 22] = [
    ("nbsp", "\u{a0}"),
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("hellip", "…"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("rarr", "→"),
    ("larr", "←"),
    ("harr", "↔"),
    ("times", "×"),
    ("divide", "÷"),
    ("middot", "·"),
    ("bull", "•"),
    ("deg", "°"),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("euro", "€"),
    ("le", "≤"),
];
/// The longest text of a tag that is looked for, in bytes.
pub const INNER_BYTES_MAX: usize = 2_000;
/// The longest entity that is looked for, in bytes.
const ENTITY_BYTES_MAX: usize = 10;

/// What stands for a piece of HTML.
#[derive(Debug, PartialEq, Eq)]
pub enum HtmlForm {
    /// A line ends.
    Break,
    /// A line of its own.
    Rule,
    /// Markdown that is written as it is.
    Text(String),
    /// Code in a line, without its marks. No back-tick stands in it.
    Code(String),
    /// Text between two marks, which is read on.
    Marked { mark: &'static str, inner: String },
}

/// Reads the tag, with what it holds, or the comment that a text begins
/// with. Returns what stands for it and how long it is; none where Discord
/// should show it as it is, such as `<name>`.
pub fn read_tag(text: &str) -> Option<(HtmlForm, usize)> {
    if let Some(comment) = text.strip_prefix("<!--") {
        let end = comment.find("-->")?;
        return Some((HtmlForm::Text(String::new()), end + 7));
    }
    let (name, inside, length) = tag(text)?;
    let rest = text.get(length..)?;
    let bare = name.strip_prefix('/').unwrap_or(&name);
    match bare {
        "br" => return Some((HtmlForm::Break, length)),
        "hr" => return Some((HtmlForm::Rule, length)),
        "img" => {
            let address = attribute(inside, "src")?;
            let words = attribute(inside, "alt").unwrap_or_default();
            return Some((HtmlForm::Text(picture(words, address)), length));
        }
        _ if DROPPED.contains(&bare) => return Some((HtmlForm::Text(String::new()), length)),
        _ => {}
    }
    let rest = rest.get(..rest.floor_char_boundary(INNER_BYTES_MAX))?;
    if !rest.contains("</") {
        return None;
    }
    let closing = format!("</{name}>");
    let inner_length = rest.to_ascii_lowercase().find(&closing)?;
    let inner = rest.get(..inner_length)?;
    let whole = length + inner_length + closing.len();
    let shown = if let Some((_, mark)) = MARKED.iter().find(|(tag, _)| *tag == name) {
        let inner = inner.to_owned();
        HtmlForm::Marked { mark, inner }
    } else if CODE.contains(&name.as_str()) {
        let code = decode(inner);
        if code.is_empty() || code.contains('`') {
            return None;
        }
        HtmlForm::Code(code)
    } else if name == "sup" {
        HtmlForm::Text(superscript(inner))
    } else if name == "sub" {
        HtmlForm::Text(subscript(inner))
    } else if name == "a" {
        HtmlForm::Text(format!("[{inner}]({})", attribute(inside, "href")?))
    } else {
        return None;
    };
    Some((shown, whole))
}

/// A picture as a link to it: Discord shows none in its place.
pub fn picture(words: &str, address: &str) -> String {
    if words.trim().is_empty() {
        return address.to_owned();
    }
    format!("[{words}]({address})")
}

/// Reads the entity that a text begins with; what it stands for, and how
/// long it is.
pub fn read_entity(text: &str) -> Option<(String, usize)> {
    let end = text
        .bytes()
        .take(ENTITY_BYTES_MAX)
        .position(|b| b == b';')?;
    let name = text.get(1..end)?;
    let found = if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        let c = char::from_u32(number).filter(|c| !c.is_control())?;
        c.to_string()
    } else {
        let (_, found) = ENTITIES.iter().find(|(entity, _)| *entity == name)?;
        (*found).to_owned()
    };
    Some((found, end + 1))
}

/// A text with its entities read.
pub fn decode(text: &str) -> String {
    let (mut read, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let entity = rest.starts_with('&').then(|| read_entity(rest)).flatten();
        let c = rest.chars().next().unwrap_or_default();
        let (shown, length) = entity.unwrap_or_else(|| (c.to_string(), c.len_utf8()));
        read.push_str(&shown);
        at += length;
    }
    read
}

/// The tag that a text begins with: its name in lower case, what else stands
/// in it, and how long it is.
pub fn tag(text: &str) -> Option<(String, &str, usize)> {
    let end = text.find(['>', '\n'])?;
    let inside = text.get(1..end)?;
    text.get(end..)?.strip_prefix('>')?;
    let name = |c: char| c == '/' || c.is_ascii_alphanumeric();
    let cut = inside.find(|c| !name(c)).unwrap_or(inside.len());
    let (name, rest) = inside.split_at_checked(cut)?;
    let is_tag = rest.is_empty() || rest.starts_with([' ', '/']);
    let name = name.trim_end_matches('/').to_ascii_lowercase();
    is_tag.then_some((name, rest, end + 1))
}

/// Whether what stands at a place is in no code span, link or the like.
pub fn stands_free(line: &str, place: usize) -> bool {
    let mut at = 0;
    while at < place {
        let rest = line.get(at..).unwrap_or_default();
        let character = rest.chars().next().map_or(1, char::len_utf8);
        at += whole_length(line, at).unwrap_or(character);
    }
    at == place
}

/// A pattern of ours as a regex.
pub fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a regex")
}

/// The value of an attribute in quotes.
pub fn attribute<'a>(inside: &'a str, name: &str) -> Option<&'a str> {
    let start = inside.find(&format!("{name}="))? + name.len() + 1;
    let value = inside.get(start..)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value.get(1..)?.split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_what_discord_shows() {
        let text = |text: &str| HtmlForm::Text(text.into());
        for (html, shown) in [
            ("<br>", Some(HtmlForm::Break)),
            ("<BR />", Some(HtmlForm::Break)),
            ("<hr>", Some(HtmlForm::Rule)),
            ("<kbd>Ctrl</kbd>", Some(HtmlForm::Code("Ctrl".into()))),
            (
                "<code>a &lt; b</code>",
                Some(HtmlForm::Code("a < b".into())),
            ),
            ("x", None),
            ("<sup>2</sup>", Some(text("²"))),
            ("<!-- no -->", Some(text(""))),
            (
                "<a href=\"https://a.example\">it</a>",
                Some(text("[it](https://a.example)")),
            ),
            (
                "<img alt='x' src='https://a.example/x.png'>",
                Some(text("[x](https://a.example/x.png)")),
            ),
            ("<name>", None),
            ("<b>", None),
            ("<@123>", None),
            ("<T, U>", None),
        ] {
            assert_eq!(read_tag(html).map(|(shown, _)| shown), shown, "{html}");
        }
    }

    #[test]
    fn entities_are_read() {
        for (entity, read) in [
            ("&nbsp;", Some("\u{a0}")),
            ("&#39;", Some("'")),
            ("&#x1F600;", Some("😀")),
            ("&nothing;", None),
            ("&#0;", None),
            ("& co", None),
        ] {
            assert_eq!(read_entity(entity).map(|it| it.0).as_deref(), read);
        }
    }
}
