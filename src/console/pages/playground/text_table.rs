//! Tables in what models say, as GitHub's Markdown has them
//! (<https://github.github.com/gfm/#tables-extension->).

/// The most columns of a table. What has more stays text.
const COLUMNS_MAX: usize = 50;

/// How the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    Start,
    Middle,
    End,
}

/// A table whose rows have no more cells than there are columns.
#[derive(Debug, PartialEq, Eq)]
pub struct TextTable {
    columns: Vec<Alignment>,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl TextTable {
    /// Begins a table, if these two lines are its head and what stands below
    /// that.
    pub fn begin(head: &str, below: &str) -> Option<Self> {
        if !head.contains('|') || !below.contains('|') {
            return None;
        }
        let columns: Option<Vec<_>> = cells_of(below)
            .iter()
            .map(|it| read_alignment(it))
            .collect();
        let (columns, head) = (columns?, cells_of(head));
        (columns.len() == head.len() && head.len() <= COLUMNS_MAX).then_some(Self {
            columns,
            head,
            rows: Vec::new(),
        })
    }

    /// Adds a row: cells beyond the head are left out, and those that it lacks are
    /// not made, since a few bytes could ask for many.
    pub fn push(&mut self, line: &str) {
        let mut cells = cells_of(line);
        cells.truncate(self.columns.len());
        self.rows.push(cells);
    }

    /// The cells of a row, each with how it stands.
    pub fn aligned<'a>(&self, cells: &'a [String]) -> impl Iterator<Item = (Alignment, &'a str)> {
        let cells = cells.iter().map(String::as_str);
        self.columns.iter().copied().zip(cells)
    }
}

impl Alignment {
    /// The class of a cell that stands so.
    pub fn class(self) -> Option<&'static str> {
        match self {
            Self::Start => None,
            Self::Middle => Some("middle"),
            Self::End => Some("end"),
        }
    }
}

/// The cells of a line: a bar behind a backslash is a part of its cell.
fn cells_of(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = match line.strip_suffix('|') {
        Some(before) if !before.ends_with('\\') => before,
        _ => line,
    };
    let mut cells = vec![String::new()];
    let mut before = None;
    for c in line.chars() {
        let cell = cells.last_mut();
        match (c, cell) {
            ('|', Some(cell)) if before == Some('\\') => {
                cell.pop();
                cell.push('|');
            }
            ('|', _) => cells.push(String::new()),
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
        before = Some(c);
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// How a column stands, by the cell below its head.
fn read_alignment(cell: &str) -> Option<Alignment> {
    let (rest, starts) = match cell.strip_prefix(':') {
        Some(rest) => (rest, true),
        None => (cell, false),
    };
    let (rest, ends) = match rest.strip_suffix(':') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let is_line = !rest.is_empty() && rest.chars().all(|c| c == '-');
    is_line.then_some(match (starts, ends) {
        (true, true) => Alignment::Middle,
        (false, true) => Alignment::End,
        (_, false) => Alignment::Start,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_no_more_cells_than_its_head() {
        let mut table = TextTable::begin("| a | b |", "|:-:|--:|").unwrap();
        for line in ["| 1 | 2 |", "1 \\| 2 | 3 | 4", "alone", "| `x \\| y` | \\|"] {
            table.push(line);
        }
        assert_eq!(table.columns, [Alignment::Middle, Alignment::End]);
        let rows: Vec<_> = table.rows.iter().map(|cells| cells.join(";")).collect();
        assert_eq!(rows, ["1;2", "1 | 2;3", "alone", "`x | y`;|"]);
    }

    #[test]
    fn what_is_no_table_stays_text() {
        let many = "|".repeat(COLUMNS_MAX + 2);
        let below = "|-".repeat(COLUMNS_MAX + 1) + "|";
        for (head, below) in [
            ("a", "-"),
            ("a | b", "a | b"),
            ("| a | b |", "| - |"),
            ("| a |", "| : |"),
            ("| a |", ""),
            (&many, &below),
        ] {
            assert_eq!(TextTable::begin(head, below), None, "{head}");
        }
    }
}
