//! What models say, as text: paragraphs, headings, lists, tables and code, and
//! nothing that a browser would run. `assets/console/playground.js` makes the
//! same of an answer while it comes.

use crate::console::markup::{Markup, html};

use super::text_table::TextTable;

/// The longest line in which parts are looked for, in bytes.
const SPANS_BYTES_MAX: usize = 2_000;

/// A part of a text that stands by itself.
#[derive(Debug, PartialEq, Eq)]
enum Block<'a> {
    Paragraph(Vec<&'a str>),
    Heading(&'a str),
    List {
        /// The number of the first item, in a list with numbers.
        first: Option<u16>,
        items: Vec<&'a str>,
    },
    Table(TextTable),
    Code(Vec<&'a str>),
}

/// A part of a line.
#[derive(Debug, PartialEq, Eq)]
enum Span<'a> {
    Plain(&'a str),
    Code(&'a str),
    Strong(&'a str),
    Link { words: &'a str, address: &'a str },
}

/// Shows a text.
pub fn show(text: &str) -> Markup {
    html! {
        @for block in read_blocks(text) {
            @match block {
                Block::Paragraph(lines) => p {
                    @for (at, line) in lines.iter().enumerate() {
                        @if at > 0 { br; }
                        (show_line(line))
                    }
                },
                Block::Heading(line) => p { strong { (show_line(line)) } },
                Block::List { first: Some(first), items } => ol start=(first) {
                    @for item in items { li { (show_line(item)) } }
                },
                Block::List { items, .. } => ul {
                    @for item in items { li { (show_line(item)) } }
                },
                Block::Table(table) => (show_table(&table)),
                Block::Code(lines) => div.code { pre tabindex="0" { code { (lines.join("\n")) } } },
            }
        }
    }
}

/// A table that scrolls in itself where it is wider than the conversation.
fn show_table(table: &TextTable) -> Markup {
    html! {
        div.grid role="group" aria-label="Table" tabindex="0" {
            table {
                thead {
                    tr { @for (column, cell) in table.aligned(&table.head) {
                        th scope="col" class=[column.class()] { (show_line(cell)) }
                    } }
                }
                tbody {
                    @for row in &table.rows {
                        tr { @for (column, cell) in table.aligned(row) {
                            td class=[column.class()] { (show_line(cell)) }
                        } }
                    }
                }
            }
        }
    }
}

fn show_line(line: &str) -> Markup {
    html! {
        @for span in read_spans(line) {
            @match span {
                Span::Plain(text) => (text),
                Span::Code(text) => code { (text) },
                Span::Strong(text) => strong { (text) },
                Span::Link { words, address } => {
                    a href=(address) rel="noreferrer noopener nofollow" target="_blank" { (words) }
                },
            }
        }
    }
}

fn read_blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut lines = text.lines().peekable();
    let mut is_open = false;
    while let Some(line) = lines.next() {
        if let Some(fence) = fence_of(line) {
            let code = lines.by_ref();
            let closes = |line: &&str| !line.trim().starts_with(fence);
            blocks.push(Block::Code(code.take_while(closes).collect()));
            is_open = false;
            continue;
        }
        if line.trim().is_empty() {
            is_open = false;
            continue;
        }
        let item = item_of(line);
        if item.is_none() && heading_of(line).is_none() {
            if let Some(Block::Table(open)) = blocks.last_mut().filter(|_| is_open) {
                open.push(line);
                continue;
            }
            let below = lines.peek().copied().unwrap_or_default();
            if let Some(table) = TextTable::begin(line, below) {
                lines.next();
                blocks.push(Block::Table(table));
                is_open = true;
                continue;
            }
        }
        match (blocks.last_mut().filter(|_| is_open), item) {
            (Some(Block::List { first, items }), Some((number, item)))
                if first.is_some() == number.is_some() =>
            {
                items.push(item);
            }
            (_, Some((first, item))) => blocks.push(Block::List {
                first,
                items: vec![item],
            }),
            (Some(Block::Paragraph(open)), None) if heading_of(line).is_none() => open.push(line),
            (_, None) => match heading_of(line) {
                Some(heading) => blocks.push(Block::Heading(heading)),
                None => blocks.push(Block::Paragraph(vec![line])),
            },
        }
        is_open = true;
    }
    blocks
}

/// What a block of code is fenced by, if it begins here.
fn fence_of(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    ["```", "~~~"]
        .into_iter()
        .find(|fence| line.starts_with(fence))
}

/// The text of a heading.
fn heading_of(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    let text = rest.strip_prefix(' ')?.trim();
    ((1..=6).contains(&level) && !text.is_empty()).then_some(text)
}

/// The number of a list's item, where it has one, and its text.
fn item_of(line: &str) -> Option<(Option<u16>, &str)> {
    let line = line.trim_start();
    let mut dashed = ["- ", "* ", "• "].iter();
    if let Some(text) = dashed.find_map(|mark| line.strip_prefix(mark)) {
        return Some((None, text.trim()));
    }
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let (digits, _) = line.split_at_checked(line.len() - rest.len())?;
    let text = rest.strip_prefix(". ").or(rest.strip_prefix(") "))?;
    let number = digits.parse().ok().filter(|number| *number < 1_000)?;
    Some((Some(number), text.trim()))
}

fn read_spans(line: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    if line.len() > SPANS_BYTES_MAX {
        return vec![Span::Plain(line)];
    }
    let mut rest = line;
    while let Some((before, span, after)) = next_span(rest) {
        if !before.is_empty() {
            spans.push(Span::Plain(before));
        }
        spans.push(span);
        rest = after;
    }
    if !rest.is_empty() {
        spans.push(Span::Plain(rest));
    }
    spans
}

/// The first part of a line that is more than plain text, with what stands
/// before and after it.
fn next_span(line: &str) -> Option<(&str, Span<'_>, &str)> {
    for (at, _) in line.char_indices() {
        let (before, here) = line.split_at(at);
        if let Some((span, after)) = span_at(before, here) {
            return Some((before, span, after));
        }
    }
    None
}

fn span_at<'a>(before: &str, here: &'a str) -> Option<(Span<'a>, &'a str)> {
    if let Some(rest) = here.strip_prefix('`') {
        let (code, after) = rest.split_once('`')?;
        return (!code.is_empty()).then_some((Span::Code(code), after));
    }
    if let Some(rest) = here.strip_prefix("**") {
        let (text, after) = rest.split_once("**")?;
        return (!text.trim().is_empty()).then_some((Span::Strong(text), after));
    }
    if let Some(rest) = here.strip_prefix('[') {
        let (words, rest) = rest.split_once("](")?;
        let (address, after) = rest.split_once(')')?;
        let is_good = is_link(address) && !words.is_empty() && !words.contains('[');
        return is_good.then_some((Span::Link { words, address }, after));
    }
    let begins_word = before
        .chars()
        .next_back()
        .is_none_or(|c| !c.is_alphanumeric());
    if here.starts_with("https://") && begins_word {
        let end = here.find(|c: char| c.is_whitespace() || "<>\"'`".contains(c));
        let (address, _) = here.split_at(end.unwrap_or(here.len()));
        let address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
        let after = here.get(address.len()..)?;
        let words = address;
        return is_link(address).then_some((Span::Link { words, address }, after));
    }
    None
}

/// Whether an address may be a link: of another page, over TLS.
fn is_link(address: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"'`\\".contains(c);
    let rest = address.strip_prefix("https://");
    rest.is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_alphanumeric()) && !rest.contains(is_odd)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let link = " rel=\"noreferrer noopener nofollow\" target=\"_blank\"";
        show(text).0.replace(link, "")
    }

    #[test]
    fn the_few_forms_are_shown() {
        for (text, html) in [
            ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
            ("# Head\ntext", "<p><strong>Head</strong></p><p>text</p>"),
            (
                "- a\n- b\n1. c",
                "<ul><li>a</li><li>b</li></ul><ol start=\"1\"><li>c</li></ol>",
            ),
            (
                "1. a\n\n2) b\n   - x\n3. c",
                "<ol start=\"1\"><li>a</li></ol><ol start=\"2\"><li>b</li></ol><ul><li>x</li></ul><ol start=\"3\"><li>c</li></ol>",
            ),
            ("1000. no item", "<p>1000. no item</p>"),
            (
                "see:\n```rust\nlet a = \"<b>\";\n```\nend",
                "<p>see:</p><div class=\"code\"><pre tabindex=\"0\"><code>let a = &quot;&lt;b&gt;&quot;;</code></pre></div><p>end</p>",
            ),
            (
                "a `b` **c** `",
                "<p>a <code>b</code> <strong>c</strong> `</p>",
            ),
            (
                "[x](https://a.example/y), https://b.example.",
                "<p><a href=\"https://a.example/y\">x</a>, <a href=\"https://b.example\">https://b.example</a>.</p>",
            ),
            (
                "```\nnever closed",
                "<div class=\"code\"><pre tabindex=\"0\"><code>never closed</code></pre></div>",
            ),
            (
                "so:\n| a | **b** |\n|---|:-:|\n| <i> | `x` |\nend\n\n| alone |",
                "<p>so:</p><div class=\"grid\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">a</th><th scope=\"col\" class=\"middle\"><strong>b</strong></th></tr></thead><tbody><tr><td>&lt;i&gt;</td><td class=\"middle\"><code>x</code></td></tr><tr><td>end</td></tr></tbody></table></div><p>| alone |</p>",
            ),
            (
                "a | b\n-|-\n- c | d",
                "<div class=\"grid\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">a</th><th scope=\"col\">b</th></tr></thead><tbody></tbody></table></div><ul><li>c | d</li></ul>",
            ),
            ("", ""),
        ] {
            assert_eq!(shown(text), html);
        }
    }

    #[test]
    fn nothing_that_a_model_says_is_run() {
        let tags = regex::Regex::new("<[^>]*>").unwrap();
        for text in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](https://a\" onclick=\"alert(1))",
            "[x](http://a.example)",
            "[x](data:text/html,<script>)",
            "https://a.example/\"onmouseover=alert(1)",
            "**<b onclick=x>**",
            "`<svg onload=x>`",
            "```\n</code></pre><script>\n```",
            "# <iframe src=x>",
            "- <a href=javascript:x>",
            "| <img src=x onerror=alert(1)> |\n|-|\n| [x](javascript:alert(1)) |\n| </table><script> |",
        ] {
            let html = show(text).0;
            for tag in tags.find_iter(&html) {
                let ours = "p strong code pre ul li a div br table thead tbody tr th td";
                let name = tag.as_str().trim_start_matches(['<', '/']);
                let name = name.split([' ', '>']).next().unwrap();
                assert!(ours.split(' ').any(|it| it == name), "{text}: {html}");
                let tag = tag.as_str();
                assert!(
                    !tag.contains("javascript:") && !tag.contains(" on"),
                    "{text}: {html}"
                );
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC{0,200}|[`*\\[\\]()#\\-0-9. \n~a:/<>\"|]{0,80}") {
            let html = show(&text).0;
            assert!(!html.contains("<script"));
        }
    }
}
