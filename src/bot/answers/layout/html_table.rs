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
static FIRST_ROW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?is)^<table(?:\s[^>]*)?>.*?<t[hd](?:\s[^>]*)?>.*?</t(?:r|able)\s*>")
});
static ROW_BEGINS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)<tr(?:\s[^>]*)?>"));
static ROW_ENDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)</tr\s*>"));
static CELL_BEGINS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)<t[hd](?:\s[^>]*)?>"));
/// The end of a cell, or of what it stands in.
static CELL_ENDS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)</t(?:[hdr]|head|body|foot)\s*>"));
/// What stands around rows and cells.
static AROUND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)</?(?:caption|colgroup|col|thead|tbody|tfoot|t[rhd])(?:\s[^>]*)?/?>")
});
/// What parts words in a cell, which is one line.
static APART: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\s*(?:<br\s*/?>|</?(?:p|div|ul|ol|li)(?:\s[^>]*)?>|\s)\s*"));

/// A table, as far as it has come.
#[derive(Debug, PartialEq, Eq)]
pub struct HtmlTable {
    /// Its caption, and what else stands in it outside of its cells.
    pub caption: String,
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
    let Rows { cells, outside } = read_rows(inside, end.is_some());
    let mut rows = cells.into_iter().filter(|cells| !cells.is_empty());
    let head = Head::of_cells(rows.next()?);
    let rows = rows.map(|row| head.fill(row));
    Some(HtmlTable {
        caption: on_one_line(&AROUND.replace_all(&outside, " ")),
        rows: rows.collect(),
        head,
        is_over: end.is_some_and(|end| {
            let behind = text.get(end.end()..).unwrap_or_default();
            end.as_str().ends_with('\n') || !behind.trim().is_empty()
        }),
        end: end.map(|end| end.end()),
    })
}

/// The rows of a table.
struct Rows {
    cells: Vec<Vec<String>>,
    /// What stands outside of cells, with tags.
    outside: String,
}

/// Reads the rows that are whole: a row ends at its end, at the next, or with its
/// table.
fn read_rows(inside: &str, is_ended: bool) -> Rows {
    let mut rows = ROW_BEGINS.split(inside);
    let mut outside = rows.next().unwrap_or_default().to_owned();
    let mut rows = rows.peekable();
    let mut all = Vec::new();
    while let Some(row) = rows.next() {
        let is_open = !is_ended && rows.peek().is_none();
        let row = if is_open {
            ROW_ENDS.find(row).and_then(|end| row.get(..end.start()))
        } else {
            Some(row)
        };
        let Some(row) = row else {
            break;
        };
        let mut cells = CELL_BEGINS.split(row);
        outside.extend([" ", cells.next().unwrap_or_default()]);
        let cells = cells.map(|cell| {
            let end = CELL_ENDS.find(cell).map_or(cell.len(), |end| end.start());
            let (cell, behind) = cell.split_at(end);
            outside.push_str(behind);
            on_one_line(cell)
        });
        all.push(cells.collect());
    }
    Rows {
        cells: all,
        outside,
    }
}

fn on_one_line(words: &str) -> String {
    APART.replace_all(words, " ").trim().to_owned()
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
    fn words_outside_of_cells_stand_before_the_table() {
        for (inside, words) in [
            (
                "<caption>All <b>sizes</b>,\nby name</caption><tr><th>A</th></tr><tr><td>b</td></tr>",
                "All **sizes**, by name\n",
            ),
            (
                "<CAPTION class=\"x\">Sizes<thead><tr><th>A</thead><tbody><tr><td>b</tbody>",
                "Sizes\n",
            ),
            ("<colgroup><col><col/></colgroup><tr><th>A<tr><td>b", ""),
            (
                "<tr><th>A</th></tr>stray<tr>words<td>b</td></tr>",
                "stray words\n",
            ),
        ] {
            let expected = format!("So:\n{words}```\nA\n─\nb\n```\nThat is all.");
            let answer = format!("So:\n<table>{inside}</table>\nThat is all.");
            assert_eq!(shown(&answer), expected, "{answer}");
            assert_eq!(shown(&answer.replace(":\n", ": ")), expected, "{answer}");
        }
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
