//! Tables that models write in HTML: they are shown as those in Markdown are.

use std::sync::LazyLock;

use regex::Regex;

use crate::bot::answers::layout::code_spans::{find_outside, split_outside};
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
    pattern(
        r"(?is)^<table(?:\s[^>]*)?>.*?<t[hd](?:\s[^>]*)?>.*?(?:</t(?:r|able)\s*>|<tr(?:\s[^>]*)?>)",
    )
});
static ROW_BEGINS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)<tr(?:\s[^>]*)?>"));
/// The end of a row and of what it stands in, with that of its line.
static ROW_ENDS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)</tr\s*>(?:\s*</t(?:head|body|foot)\s*>)*[ \t]*(?:\r?\n)?"));
/// What stands before the next row.
static BEFORE_ROW: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^\s*(?:<t(?:head|body|foot)(?:\s[^>]*)?>\s*)*$"));
/// The end of a line, and a blank line.
static BLANK_LINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\n[ \t]*\r?\n"));
/// A tag of which only the beginning came.
static CUT_TAG: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(?:</|</?t[a-z]{0,4}(?:\s[^>]*)?)$"));
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
pub fn read_table(text: &str, is_ended: bool) -> Option<HtmlTable> {
    let begin = BEGINS.find(text)?.end();
    let most = text.get(..text.floor_char_boundary(TABLE_BYTES_MAX))?;
    let rest = most.get(begin..)?;
    let closing = find_outside(&ENDS, rest).next();
    if closing.is_none() && most.len() < text.len() {
        return None;
    }
    let inside_bytes = match closing {
        Some(closing) => closing.start(),
        None => end_of_rows(rest, is_ended),
    };
    let Rows { cells, outside } = read_rows(rest.get(..inside_bytes)?);
    let end = closing.map(|closing| closing.end());
    let end = end.or(is_ended.then_some(inside_bytes));
    let mut rows = cells.into_iter().filter(|cells| !cells.is_empty());
    let head = Head::of_cells(rows.next()?);
    let rows = rows.map(|row| head.fill(row));
    Some(HtmlTable {
        caption: on_one_line(&words_of(&outside)),
        rows: rows.collect(),
        head,
        is_over: closing.is_some_and(|closing| {
            let behind = text.get(begin + closing.end()..).unwrap_or_default();
            closing.as_str().ends_with('\n') || !behind.trim().is_empty()
        }),
        end: end.map(|end| begin + end),
    })
}

/// Where the rows end of a table whose end has not come: behind the last of them;
/// where that is open, before the first blank line in it, or where the text ends.
fn end_of_rows(inside: &str, is_ended: bool) -> usize {
    let closed = find_outside(&ROW_ENDS, inside).last();
    let closed = closed.map_or(0, |end| end.end());
    let behind = inside.get(closed..).unwrap_or_default();
    let goes_on = |at: usize| behind.get(..at).is_some_and(|it| BEFORE_ROW.is_match(it));
    let mut begins = find_outside(&ROW_BEGINS, behind).map(|begin| begin.range());
    let open = begins.next();
    let Some(open) = open.filter(|open| closed == 0 || goes_on(open.start)) else {
        return closed;
    };
    let row = behind.get(open.end..).unwrap_or_default();
    let length = match BLANK_LINE.find(row) {
        Some(blank) => open.end + blank.start() + 1,
        None if is_ended => behind.len(),
        None => begins.last().unwrap_or(open).start,
    };
    closed + length
}

/// The rows of a table.
struct Rows {
    cells: Vec<Vec<String>>,
    /// What stands outside of cells, with tags.
    outside: String,
}

/// Reads the rows: each ends at its end, at the next, or with its table.
fn read_rows(inside: &str) -> Rows {
    let cut = CUT_TAG.find(inside).map(|cut| cut.start());
    let inside = cut.and_then(|cut| inside.get(..cut)).unwrap_or(inside);
    let mut rows = split_outside(&ROW_BEGINS, inside);
    let mut outside = rows.next().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for row in rows {
        let mut cells = split_outside(&CELL_BEGINS, row);
        outside.extend([" ", cells.next().unwrap_or_default()]);
        let cells = cells.map(|cell| {
            let end = find_outside(&CELL_ENDS, cell).next();
            let (cell, behind) = cell.split_at(end.map_or(cell.len(), |end| end.start()));
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

/// What stands outside of cells, without tags.
fn words_of(outside: &str) -> String {
    let words: Vec<&str> = split_outside(&AROUND, outside).collect();
    words.join(" ")
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
    fn a_tag_in_code_is_none_of_the_tables() {
        let table = "<table><caption>Of `<tr>`</caption><tr><th>Tag</th><th>Means</th></tr>\
             <tr><td>`<td>`</td><td>a cell</td></tr>\n<tr><td>`</td>`, `</tr>`</td><td>an end</td></tr>\
             <tr><td>``</table>`` and `<tr><td>`</td><td>C:\\</td></tr>\n\
             <tr><td>a ` alone</td><td>x</td></tr>\n<tr><td>and ` again</td><td>y</td></tr></table>So.";
        insta::assert_snapshot!(shown(table), @r"
        Of `<tr>`
        ```
        Tag                    Means
        ─────────────────────  ──────
        <td>                   a cell
        </td>, </tr>           an end
        </table> and <tr><td>  C:\
        a ` alone              x
        and ` again            y
        ```
        So.
        ");
    }

    #[test]
    fn a_table_that_nothing_ends_ends_with_its_rows() {
        for (inside, cells, rest) in [
            (
                "<tr><th>A</th></tr><tr><td>b</td></tr>\n\nThat is all.",
                "b",
                "\nThat is all.",
            ),
            (
                "<tr><th>A</th></tr><tr><td>b</td></tr>\nThat is all.",
                "b",
                "That is all.",
            ),
            (
                "<tr><th>A</th></tr>\n<tbody>\n<tr><td>b</td></tr>\n</tbody>\n\nThat.\n\nIs all.",
                "b",
                "\nThat.\n\nIs all.",
            ),
            ("<tr><th>A<tr><td>b<tr><td>c", "b\nc", ""),
            (
                "<tr><th>A<tr><td>b<tr><td>c\n\nThat is all.",
                "b\nc",
                "\nThat is all.",
            ),
            (
                "<tr><th>A</th></tr><tr><td>b</td></tr>\n\n<tr><td>c",
                "b\nc",
                "",
            ),
            (
                "<tr><th>A</th></tr><tr><td>b</td></tr><tr><td>c</t",
                "b\nc",
                "",
            ),
            (
                "<tr><th>A</th></tr><tr><td>b</td></tr><tr><td>c</td><td cl",
                "b\nc",
                "",
            ),
        ] {
            for before in ["", "So: "] {
                let answer = format!("{before}<table>{inside}");
                let before = if before.is_empty() { "" } else { "So:\n" };
                let expected = format!("{before}```\nA\n─\n{cells}\n```\n{rest}");
                assert_eq!(shown(&answer), expected.trim_end(), "{answer}");
                let mut layout = Layout::new(Author::Model, 2_000);
                for (end, _) in answer.char_indices() {
                    layout.grow(answer.get(..end).unwrap());
                }
                assert_eq!(layout.end(&answer).join(""), shown(&answer), "{answer}");
            }
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
