//! The texts that a completion goes on with: each of them is answered.

use super::{Refused, Shape, Step, Walker};

static TOKENS: Shape = Shape::List(&Shape::Number);

impl Walker<'_> {
    /// Counts the prompts: a text is one, and so is a list of tokens.
    pub(super) fn prompts(&mut self) -> Result<(), Refused> {
        if self.cursor.peek()? == b'"' {
            self.findings.prompts = 1;
            return Ok(self.cursor.skip_value()?);
        }
        self.cursor.expect(b'[')?;
        let (mut items, mut has_prompts) = (0, false);
        while self.cursor.peek()? != b']' {
            self.path.push(Step::Index(items));
            match self.cursor.peek()? {
                b'"' => {
                    has_prompts = true;
                    self.value(&Shape::Text)?;
                }
                b'[' => {
                    has_prompts = true;
                    self.value(&TOKENS)?;
                }
                _ => self.value(&Shape::Number)?,
            }
            self.path.pop();
            items += 1;
            self.cursor.skip_blanks();
            if !self.cursor.eat(b',') {
                break;
            }
        }
        self.findings.prompts = if has_prompts { items as u64 } else { 1 };
        Ok(self.cursor.skip_closing()?)
    }
}
