//! How the words of a model become messages of Discord's.
//!
//! ```text
//! answer ─▶ Reader   blocks: paragraphs, code, tables, as Discord shows them
//!        ─▶ Cutter   messages: none too long, everything closed in each
//! ```
//!
//! An answer grows by a few words at a time. What can't change any more is
//! read once; only the paragraph, the line of code or the part of a table
//! that grows is read again, so that the work grows with the answer and not
//! with its square. Messages that are full stand still, up to the part that
//! grows.

mod blocks;
mod code_spans;
mod cutter;
mod endings;
mod fences;
mod html;
mod html_code;
mod html_parts;
mod html_table;
mod latex;
mod line_marks;
mod links;
#[cfg(test)]
mod long_characters;
#[cfg(test)]
mod properties;
mod prose;
mod spans;
mod table;

use blocks::{Reader, Source};
use cutter::Cutter;

use crate::model::is_blank;

/// Room in a message for the fences around a table, in UTF-16 units.
const TABLE_FRAME_UNITS: usize = 60;

/// Whose words are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// They are in whatever Markdown the model knows, and may imitate ours.
    Model,
    /// They are in Discord's Markdown, and stay as they are.
    Bot,
}

/// A text as messages, while it grows.
pub struct Layout {
    reader: Reader,
    cutter: Cutter,
    /// The messages that are full.
    done: Vec<String>,
    /// More messages than these are not laid out.
    pieces_max: usize,
    /// How much of the text is read for good.
    read_bytes: usize,
}

impl Layout {
    /// Lays a text out in messages of at most `limit` UTF-16 units.
    pub fn new(author: Author, limit: usize) -> Self {
        let table_units_max = limit.saturating_sub(TABLE_FRAME_UNITS);
        Self {
            reader: Reader::new(author, table_units_max),
            cutter: Cutter::new(limit),
            done: Vec::new(),
            pieces_max: usize::MAX,
            read_bytes: 0,
        }
    }

    /// Puts a text above the first message's own.
    #[must_use]
    pub fn below(mut self, heading: &str) -> Self {
        self.cutter.put_heading(heading);
        self
    }

    /// Lays out no more messages than these, and one to show that there is
    /// more.
    #[must_use]
    pub fn at_most(mut self, pieces: usize) -> Self {
        self.pieces_max = pieces;
        self
    }

    /// The messages of a text that grows: of the text that was laid out
    /// before, and what has come since.
    pub fn grow(&mut self, text: &str) -> Vec<String> {
        self.lay_out(text, false)
    }

    /// The messages of the whole text.
    pub fn end(&mut self, text: &str) -> Vec<String> {
        self.lay_out(text, true)
    }

    fn lay_out(&mut self, text: &str, is_ended: bool) -> Vec<String> {
        let mut growing = None;
        while self.done.len() <= self.pieces_max {
            let rest = text.get(self.read_bytes..).unwrap_or_default();
            let mut reader = self.reader.clone();
            let source = Source {
                text: rest,
                is_ended,
            };
            let Some(read) = reader.read(source) else {
                break;
            };
            if !read.is_settled {
                growing = Some(read.blocks);
                break;
            }
            self.reader = reader;
            self.read_bytes += read.bytes;
            for block in read.blocks {
                self.cutter.add(block, &mut self.done);
            }
        }
        let mut pieces = self.done.clone();
        let mut cutter = self.cutter.clone();
        for block in growing.into_iter().flatten() {
            cutter.add(block, &mut pieces);
        }
        pieces.extend(cutter.last_piece());
        // Nobody would see them.
        pieces.retain(|piece| !is_blank(piece));
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lay_out(text: &str) -> String {
        let pieces = Layout::new(Author::Model, 2_000).end(text);
        pieces.join("\n---\n")
    }

    /// Each answer, and how it stands in Discord.
    #[test]
    fn fences_that_end_before_words_are_written_as_discord_reads_them() {
        let t = "```";
        for (what, answer, shown) in [
            (
                "less indented",
                format!("- {t}\nx\n\ny\n{t}"),
                format!("- {t}\n  x\n  \n  y\n  {t}"),
            ),
            ("plain", format!("{t}py\nx\n{t}"), format!("{t}py\nx\n{t}")),
            (
                "closed in its line",
                format!("{t}py\nx{t}\nso"),
                format!("{t}py\nx\n{t}\nso"),
            ),
            (
                "text behind it",
                format!("{t}\nx\n{t} so"),
                format!("{t}\nx\n{t}\nso"),
            ),
            (
                "text right behind it",
                format!("{t}py\nx\n{t}Then run *it*.\nso"),
                format!("{t}py\nx\n{t}\nThen run *it*.\nso"),
            ),
            (
                "a word right behind it",
                format!("{t}py\nx\n  {t}Done."),
                format!("{t}py\nx\n{t}\nDone."),
            ),
            (
                "a label right behind it",
                format!("{t}py\nx\n{t}Note: slow"),
                format!("{t}py\nx\n{t}\nNote: slow"),
            ),
            (
                "text right behind code and it",
                format!("{t}py\nx{t}Then run it.\nso"),
                format!("{t}py\nx\n{t}\nThen run it.\nso"),
            ),
            (
                "a full stop right behind code and it",
                format!("{t}py\nx{t}, and so on"),
                format!("{t}py\nx\n{t}\n, and so on"),
            ),
            (
                "text right behind a longer one",
                format!("{t}`py\nx\n{t}`Then run it."),
                format!("{t}py\nx\n{t}\nThen run it."),
            ),
            (
                "a small word right behind code and it",
                format!("{t}js\nlet a;{t}after"),
                format!("{t}js\nlet a;\n{t}\nafter"),
            ),
            (
                "text right behind tildes",
                "~~~py\nx\n~~~これを実行".into(),
                format!("{t}py\nx\n{t}\nこれを実行"),
            ),
        ] {
            assert_eq!(lay_out(&answer), shown, "{what}");
        }
    }

    #[test]
    fn fences_in_code_and_in_lines_are_written_as_discord_reads_them() {
        let t = "```";
        for (what, answer, shown) in [
            (
                "attributes in Markdown",
                format!("{t}md\n{t}js {{1,3}}\nx\n{t}\n{t}\nso"),
                format!("{t}md\n``\u{200b}`js {{1,3}}\nx\n``\u{200b}`\n{t}\nso"),
            ),
            (
                "text right behind Markdown",
                format!("{t}md\n{t}py\nx\n{t}\n{t}So it is."),
                format!("{t}md\n``\u{200b}`py\nx\n``\u{200b}`\n{t}\nSo it is."),
            ),
            (
                "opened in a line",
                format!("Look: {t}py\nx\n{t}"),
                format!("Look:\n{t}py\nx\n{t}"),
            ),
            (
                "one line",
                format!("{t}npm i{t}\nso"),
                format!("{t}npm i{t}\nso"),
            ),
            (
                "in a sentence",
                format!("Use {t} here."),
                "Use \\`\\`\\` here.".into(),
            ),
            (
                "longer",
                format!("{t}`md\n{t}\nx\n{t}\n{t}`"),
                format!("{t}md\n``\u{200b}`\nx\n``\u{200b}`\n{t}"),
            ),
            (
                "in a longer span",
                format!("Write {t}` {t}js {t}` here, or {t}`x{t}`."),
                "Write `` `\u{200b}`\u{200b}`js `` here, or `x`.".into(),
            ),
            (
                "longer, behind words",
                format!("Write {t}`md\n{t}js\nx\n{t}\n{t}` to open."),
                format!("Write\n{t}md\n``\u{200b}`js\nx\n``\u{200b}`\n{t}\nto open."),
            ),
            (
                "opened behind code with one",
                format!("` {t} ` opens:{t}py\nx\n{t}"),
                format!("`` `\u{200b}`\u{200b}` `` opens:\n{t}py\nx\n{t}"),
            ),
            ("tildes", "~~~py\nx\n~~~".into(), format!("{t}py\nx\n{t}")),
        ] {
            assert_eq!(lay_out(&answer), shown, "{what}");
        }
    }

    #[test]
    fn fences_in_code_are_none() {
        let t = "```";
        for (what, answer, shown) in [
            (
                "nested",
                format!("{t}md\n{t}py\nx\n{t}\n{t}\nso"),
                format!("{t}md\n``\u{200b}`py\nx\n``\u{200b}`\n{t}\nso"),
            ),
            (
                "in a string",
                format!("{t}py\nprint('{t}')\n{t}"),
                format!("{t}py\nprint('``\u{200b}`')\n{t}"),
            ),
            (
                "in a comment",
                format!("{t}rust\n///{t}rust\n/// x\n{t}"),
                format!("{t}rust\n///``\u{200b}`rust\n/// x\n{t}"),
            ),
            (
                "many in a string",
                format!("{t}py\nprint('{t}{t}')\n{t}"),
                format!("{t}py\nprint('``\u{200b}``\u{200b}`\u{200b}`')\n{t}"),
            ),
            (
                "a language in code",
                format!("{t}\n{t}js\nx\n{t}\nso"),
                format!("{t}\n``\u{200b}`js\nx\n{t}\nso"),
            ),
        ] {
            assert_eq!(lay_out(&answer), shown, "{what}");
        }
    }

    /// Markdown in Markdown: whatever stands in the code, its own fence ends it.
    #[test]
    fn code_in_code_ends_with_its_own_fence() {
        let fences = || ["`", "~"].iter().flat_map(|s| (3..=6).map(|n| s.repeat(n)));
        let pairs = fences().flat_map(|outer| fences().map(move |inner| (outer.clone(), inner)));
        for (outer, inner) in pairs {
            let answer = format!(
                "Use:\n{outer}markdown\n# Title\n\n{inner}sh\nnpm ci\n{inner}\n\nThanks.\n{outer}\n\nProse, **not** code."
            );
            let code = fences::apart(&inner);
            let shown = format!(
                "Use:\n```markdown\n# Title\n\n{code}sh\nnpm ci\n{code}\n\nThanks.\n```\n\nProse, **not** code."
            );
            assert_eq!(lay_out(&answer), shown, "{outer} around {inner}");
            let mut layout = Layout::new(Author::Model, 2_000);
            for (end, _) in answer.char_indices() {
                layout.grow(answer.get(..end).unwrap());
            }
            let grown = layout.end(&answer).join("\n---\n");
            assert_eq!(grown, shown, "{outer} around {inner}, growing");
        }
    }

    #[test]
    fn fences_stand_in_lists_and_quotes_and_are_closed() {
        let t = "```";
        for (what, answer, shown) in [
            (
                "attributes",
                format!("{t}rust,ignore\nx\n{t}"),
                format!("{t}rust\nx\n{t}"),
            ),
            (
                "words beside it",
                format!("{t}echo hi there\nx\n{t}"),
                format!("{t}\necho hi there\nx\n{t}"),
            ),
            (
                "in a list",
                format!("- {t}py\n  x\n  {t}\n- b"),
                format!("- {t}py\n  x\n  {t}\n- b"),
            ),
            (
                "in a quote",
                format!("> {t}\n> x\nso"),
                format!("> {t}\n> x\n> {t}\nso"),
            ),
            ("not closed", format!("{t}py\nx"), format!("{t}py\nx\n{t}")),
            ("empty", format!("a\n{t}\n{t}\nb"), "a\nb".into()),
        ] {
            assert_eq!(lay_out(&answer), shown, "{what}");
        }
    }

    #[test]
    fn a_table_that_is_cut_has_its_head_in_each_message() {
        let rows = "| some name | a value that is long |\n".repeat(40);
        let table = format!("Here:\n\n| Name | Value |\n|---|---|\n{rows}\nDone.");
        let pieces = Layout::new(Author::Model, 500).end(&table);
        assert!(pieces.len() > 2);
        for piece in &pieces {
            assert_eq!(piece.matches("Name       Value").count(), 1, "{piece}");
            assert_eq!(piece.matches("```").count(), 2, "{piece}");
        }
        let shown: usize = pieces
            .iter()
            .map(|it| it.matches("some name").count())
            .sum();
        assert_eq!(shown, 40);
    }

    #[test]
    fn cuts_fall_where_they_hurt_least() {
        let item =
            "- An item of a list, which is about as long as a line.\n  - one that is nested\n";
        let list = item.repeat(8);
        let pieces = Layout::new(Author::Model, 300).end(&list);
        assert!(pieces.len() > 1);
        assert!(
            pieces.iter().all(|piece| piece.starts_with("- An item")),
            "{pieces:#?}"
        );
        let spoiler = format!(
            "So: ||{}\n\n{}|| and on",
            "it was he. ".repeat(30),
            "or she. ".repeat(30)
        );
        let pieces = Layout::new(Author::Model, 300).end(&spoiler);
        assert!(pieces.len() > 1);
        for piece in &pieces {
            assert_eq!(piece.matches("||").count(), 2, "{piece}");
        }
        // Code that begins with a space, and code with back-ticks in it.
        let code = format!(
            "{}``\n{} ` {}``",
            "word ".repeat(30),
            "word ".repeat(40),
            "`word ".repeat(90)
        );
        let pieces = Layout::new(Author::Model, 300).end(&code);
        assert!(pieces.len() > 2);
        for piece in &pieces {
            assert!(!piece.contains("```"), "{piece}");
        }
        let link = format!(
            "{}[some words](https://a.example/{})",
            "word ".repeat(40),
            "x".repeat(100)
        );
        let pieces = Layout::new(Author::Model, 300).end(&link);
        assert!(
            pieces[1].starts_with("[some words](https://"),
            "{pieces:#?}"
        );
    }
}
