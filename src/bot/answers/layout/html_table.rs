//! Tables that models write in HTML: they are shown as those in Markdown are.

use std::sync::LazyLock;

use regex::Regex;

use crate::bot::answers::layout::html::{pattern, stands_free};
use crate::bot::answers::layout::table::Head;

/// The longest table that is looked for, in bytes. Bounds what is read again
/// when an answer has grown.
const TABLE_BYTES_MAX: usize = 16_000;

static BEGINS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^[\s>]*<table(?:\s[^>]*)?>"));
static OPENS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)<table(?:\s[^>]*)?>"));
/// Its end, with that of its line.
static ENDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)</table\s*>[ \t]*(?:\r?\n)?"));
/// A table up to the end of its first row.
static FIRST_ROW: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?is)^<table(?:\s[^>]*)?>.*?<t[hd](?:\s[^>]*)?>.*?</tr\s*>"));
static ROW: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<tr(?:\s[^>]*)?>(.*?)</tr\s*>"));
static CELL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?is)<t[hd](?:\s[^>]*)?>(.*?)</t[hd]\s*>"));
/// What parts words in a cell, which is one line.
static APART: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\s*(?:<br\s*/?>|</?(?:p|div|ul|ol|li)(?:\s[^>]*)?>|\s)\s*"));

/// A table, as far as it has come.
#[derive(Debug, PartialEq, Eq)]
pub struct HtmlTable {
    pub head: Head,
    pub rows: Vec<Vec<String>>,
    /// Where it ends; none where its end has not come.
    pub end: Option<usize>,
    /// Whether it ends there whatever follows: the end of its line is known.
    pub is_over: bool,
}

/// Whether a line begins with a table.
pub fn begins_table(line: &str) -> bool {
    BEGINS.is_match(line)
}

/// Where a table begins behind the words of a line, whose first row ends in the
/// same paragraph, before so many bytes of the text.
pub fn table_in_line(text: &str, line: &str, bytes_max: usize) -> Option<usize> {
    let mut found = OPENS.find_iter(line).map(|it| it.start());
    let at = found.find(|at| stands_free(line, *at))?;
    let before = line.get(..at)?;
    let most = text.get(at..text.floor_char_boundary(bytes_max.max(at)))?;
    let row = FIRST_ROW.find(most)?.as_str();
    let has_blank = row.lines().any(|line| line.trim().is_empty());
    (!begins_table(line) && !before.trim().is_empty() && !has_blank).then_some(at)
}

/// Reads the table that a text begins with; none where there is none, nothing of
/// its first row has come, or it is too long.
pub fn read_table(text: &str) -> Option<HtmlTable> {
    let begin = BEGINS.find(text)?.end();
    let most = text.get(..text.floor_char_boundary(TABLE_BYTES_MAX))?;
    let end = ENDS.find(most);
    if end.is_none() && most.len() < text.len() {
        return None;
    }
    let inside = most.get(begin..end.map_or(most.len(), |end| end.start()))?;
    let mut rows = ROW.captures_iter(inside).map(|row| read_cells(&row[1]));
    let head = Head::of_cells(rows.find(|cells| !cells.is_empty())?);
    let rows = rows
        .filter(|cells| !cells.is_empty())
        .map(|row| head.fill(row));
    Some(HtmlTable {
        rows: rows.collect(),
        head,
        is_over: end.is_some_and(|end| {
            let behind = text.get(end.end()..).unwrap_or_default();
            end.as_str().ends_with('\n') || !behind.trim().is_empty()
        }),
        end: end.map(|end| end.end()),
    })
}

fn read_cells(row: &str) -> Vec<String> {
    let cells = CELL.captures_iter(row);
    let on_one_line = |cell: &str| APART.replace_all(cell, " ").trim().to_owned();
    cells.map(|cell| on_one_line(&cell[1])).collect()
}

#[cfg(test)]
mod tests {
    use crate::bot::answers::layout::{Author, Layout};

    const TABLE: &str = "Sizes:\n<table border=\"1\">\n  <thead><tr><th>Name</th><th>Size</th></tr></thead>\n  \
         <tbody>\n<tr><td><b>small</b></td><td>1&nbsp;kB</td></tr>\n<tr>\n<td>very<br>large</td>\n<td>2 GB</td>\n\
         </tr>\n</tbody>\n</table>\nThat is all.";

    fn shown(text: &str) -> String {
        Layout::new(Author::Model, 2_000).end(text).join("\n---\n")
    }

    #[test]
    fn a_table_in_html_is_aligned_as_one_in_markdown_is() {
        insta::assert_snapshot!(shown(TABLE), @"
        Sizes:
        ```
        Name        Size
        ──────────  ────
        small       1 kB
        very large  2 GB
        ```
        That is all.
        ");
        let plain = "`<table>` holds rows.\n```html\n<table><tr><td>x</td></tr></table>\n```";
        assert_eq!(shown(plain), plain);
        assert!(shown("<table> is a tag").contains("<table>"));
    }

    #[test]
    fn a_table_that_begins_behind_words_is_one() {
        let table = "<table><tr><th>A</th></tr><tr><td>b</td></tr></table>";
        let aligned = "```\nA\n─\nb\n```";
        for (before, shown_before, after) in [
            ("Sizes: ", "Sizes:\n", " so"),
            ("<p>Sizes</p>", "Sizes\n", ""),
            ("<ul><li>a</li></ul>", "- a\n", "so"),
            ("- a\n- b\n", "- a\n- b\n", "\nso"),
            ("- a\n  ", "- a\n", "\nso"),
            ("> a\n> ", "> a\n", "\nso"),
            ("<div>", "", "</div>"),
        ] {
            let answer = format!("{before}{table}{after}");
            let rest = after.trim().trim_start_matches("</div>");
            let expected = format!("{shown_before}{aligned}\n{rest}");
            assert_eq!(shown(&answer), expected.trim_end(), "{answer}");
        }
        let named = "Use `<table>` for <table> rows.";
        assert_eq!(shown(named), named);
    }

    #[test]
    fn it_grows_by_whole_rows() {
        let mut layout = Layout::new(Author::Model, 2_000);
        for (end, grown) in (0..TABLE.len()).filter_map(|end| Some((end, TABLE.get(..end)?))) {
            let pieces = layout.grow(grown).join("\n---\n");
            let is_in_it = end > TABLE.find("</tr>").unwrap_or_default() + 5;
            assert!(!is_in_it || !pieces.contains("<t"), "{end}: {pieces}");
        }
        assert_eq!(layout.end(TABLE).join(""), shown(TABLE));
    }
}
