//! Tables that models write: aligned code, since Discord shows their bars.
//! A table that is too wide for that, or has links in it, becomes a list.

use unicode_width::UnicodeWidthStr;

use crate::bot::answers::layout::fences::without_controls;
use crate::bot::answers::layout::prose::{discords_prose, quote_length};
use crate::bot::answers::layout::spans::{find_spans, plain};
use crate::bot::answers::length::units;

/// The widest table that is shown as code, in columns of a terminal.
const COLUMNS_MAX: usize = 72;
/// What stands between two columns.
const GAP: &str = "  ";
/// Draws the line under the head.
const LINE: &str = "─";

/// To which side a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Middle,
    Right,
}

/// The head of a table: what it says of each column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The mark of a quote that the table stands in, or nothing.
    pub prefix: String,
    cells: Vec<String>,
    sides: Vec<Side>,
}

/// A table, or as much of one as belongs into a message.
#[derive(Debug, PartialEq, Eq)]
pub enum TableForm {
    Code(Vec<String>),
    List(String),
}

impl Head {
    /// Reads the head of a table from its two lines; none if they are no
    /// head.
    pub fn read(names: &str, sides: &str) -> Option<Self> {
        let quote = quote_length(names).unwrap_or(0);
        if quote_length(sides).is_some() != (quote > 0) || !names.contains('|') {
            return None;
        }
        let sides: Option<Vec<Side>> = cells(sides).iter().map(|it| side(it)).collect();
        let (cells, sides) = (cells(names), sides?);
        let prefix = if quote > 0 { "> " } else { "" }.to_owned();
        (cells.len() == sides.len()).then_some(Self {
            prefix,
            cells,
            sides,
        })
    }

    /// The head of a table that is no Markdown.
    pub fn of_cells(cells: Vec<String>) -> Self {
        Self {
            prefix: String::new(),
            sides: vec![Side::Left; cells.len()],
            cells,
        }
    }

    /// A row with a cell for each column.
    pub fn fill(&self, mut row: Vec<String>) -> Vec<String> {
        row.resize(self.cells.len().max(row.len()), String::new());
        row
    }

    /// Reads a row; none if the line is no row.
    pub fn read_row(&self, line: &str) -> Option<Vec<String>> {
        let is_quoted = quote_length(line).is_some();
        if is_quoted == self.prefix.is_empty() || !line.contains('|') {
            return None;
        }
        Some(self.fill(cells(line)))
    }

    /// About how many UTF-16 units the table takes with these rows.
    pub fn size(&self, rows: &[Vec<String>]) -> usize {
        let lines = [&self.cells].into_iter().chain(rows);
        let sizes = columns(lines, &|cell| units(cell));
        let line: usize = sizes.iter().map(|size| size + GAP.len()).sum();
        (line + self.prefix.len() + 1) * (rows.len() + 2)
    }

    /// Shows the table with these rows.
    pub fn show(&self, rows: &[Vec<String>]) -> TableForm {
        if rows.iter().flatten().any(|cell| cell.contains("://")) {
            return TableForm::List(self.show_list(rows));
        }
        let read = |row: &Vec<String>| row.iter().map(|cell| cell_text(cell)).collect();
        let lines: Vec<Vec<String>> = [&self.cells].into_iter().chain(rows).map(read).collect();
        let widths = columns(lines.iter(), &|cell| cell.width());
        let width: usize = widths.iter().map(|width| width + GAP.len()).sum();
        if width > COLUMNS_MAX + GAP.len() && !rows.is_empty() {
            return TableForm::List(self.show_list(rows));
        }
        let mut shown: Vec<String> = lines.iter().map(|row| self.aligned(row, &widths)).collect();
        let under: Vec<String> = widths.iter().map(|width| LINE.repeat(*width)).collect();
        shown.insert(1, under.join(GAP));
        TableForm::Code(shown)
    }

    fn aligned(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = Vec::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let room = width.saturating_sub(cell.width());
            let left = match self.sides.get(column).unwrap_or(&Side::Left) {
                Side::Left => 0,
                Side::Middle => room / 2,
                Side::Right => room,
            };
            line.push(format!(
                "{}{cell}{}",
                " ".repeat(left),
                " ".repeat(room - left)
            ));
        }
        line.join(GAP).trim_end().to_owned()
    }

    /// A line for each row: its cells, with the names of their columns.
    fn show_list(&self, rows: &[Vec<String>]) -> String {
        let names: Vec<String> = self.cells.iter().map(|name| on_one_line(name)).collect();
        let mut lines = Vec::new();
        for row in rows {
            let mut parts = Vec::new();
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let cell = on_one_line(cell);
                let is_named = self.cells.get(column).is_some_and(|name| !name.is_empty());
                parts.push(match names.get(column).filter(|_| is_named) {
                    Some(name) => format!("{name}: {cell}"),
                    None => cell,
                });
            }
            lines.push(format!("{}- {}", self.prefix, parts.join(" · ")));
        }
        lines.join("\n")
    }
}

/// The largest measure of each column.
fn columns<'a>(
    rows: impl Iterator<Item = &'a Vec<String>>,
    measure: &dyn Fn(&str) -> usize,
) -> Vec<usize> {
    let mut largest = Vec::new();
    for row in rows {
        largest.resize(row.len().max(largest.len()), 0);
        for (width, cell) in largest.iter_mut().zip(row) {
            *width = measure(cell).max(*width);
        }
    }
    largest
}

/// The cells of a line: bars part them, unless they are escaped.
fn cells(line: &str) -> Vec<String> {
    let line = line.get(quote_length(line).unwrap_or(0)..);
    let line = without_controls(line.unwrap_or_default());
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let mut is_escaped = false;
    for c in line.chars() {
        match c {
            '|' if is_escaped => {
                cell.pop();
                cell.push('|');
            }
            '|' => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(c),
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    if !cell.trim().is_empty() {
        cells.push(cell);
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// What a cell of the line under the head says; none if it says nothing.
fn side(cell: &str) -> Option<Side> {
    let dashes = cell.trim_start_matches(':').trim_end_matches(':');
    if dashes.is_empty() || !dashes.chars().all(|c| c == '-') {
        return None;
    }
    Some(match (cell.starts_with(':'), cell.ends_with(':')) {
        (true, true) => Side::Middle,
        (false, true) => Side::Right,
        _ => Side::Left,
    })
}

/// A cell as Discord shows it, on one line.
fn on_one_line(cell: &str) -> String {
    discords_prose(cell).replace('\n', " ")
}

/// A cell as it reads in code, where nothing is formatted.
fn cell_text(cell: &str) -> String {
    let shown = on_one_line(cell);
    debug_assert!(!find_spans(&shown, false).is_still_hidden);
    plain(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(table: &str) -> String {
        let mut lines = table.lines();
        let head = Head::read(lines.next().unwrap(), lines.next().unwrap()).unwrap();
        let rows: Vec<_> = lines.map(|line| head.read_row(line).unwrap()).collect();
        match head.show(&rows) {
            TableForm::Code(lines) => lines.join("\n"),
            TableForm::List(list) => list,
        }
    }

    #[test]
    fn a_table_is_aligned() {
        insta::assert_snapshot!(show(
            "| Name | Score | *Of* |\n|:-----|------:|:---:|\n| Ann | **95** | `a\\|b` |\n| 日本 | 7 | <br> |\n| Bob |"
        ), @"
        Name  Score  Of
        ────  ─────  ───
        Ann      95  a|b
        日本      7
        Bob
        ");
    }

    #[test]
    fn a_wide_table_and_one_with_links_become_lists() {
        let wide = format!(
            "a|b\n-|-\n{}|{}",
            "x ".repeat(30).trim(),
            "y ".repeat(30).trim()
        );
        assert!(show(&wide).starts_with("- a: x x"));
        assert_eq!(
            show("Site | What\n--|--\n[a](https://a.example) | **good**"),
            "- Site: [a](https://a.example) · What: **good**"
        );
    }

    #[test]
    fn what_is_no_head_is_no_table() {
        for (names, sides) in [
            ("a | b", "c | d"),
            ("a | b", "---"),
            ("a", "---"),
            ("> a | b", "--|--"),
            ("a | b", "--|--|--"),
        ] {
            assert_eq!(Head::read(names, sides), None, "{names}");
        }
    }
}
