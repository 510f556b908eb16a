//! Takes the code fence off an answer that is to be JSON and nothing else, piece
//! by piece: models put one around it that are asked in words.

const FENCE: &str = "```";
/// The longest name of a language behind a fence, in bytes.
const NAME_BYTES_MAX: usize = 20;

/// Where in the answer a piece stands.
#[derive(Default)]
enum Place {
    /// Before the first word, or inside the line of the fence.
    #[default]
    Before,
    Inside,
    /// There is no fence.
    Plain,
}

/// Takes a fence off an answer.
#[derive(Default)]
pub struct JsonFence {
    place: Place,
    /// What may still be a part of a fence.
    held: String,
}

impl JsonFence {
    /// What a piece has of the answer.
    pub fn pass(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        if matches!(self.place, Place::Before) {
            self.look_for_fence();
        }
        match self.place {
            Place::Before => String::new(),
            Place::Plain => std::mem::take(&mut self.held),
            Place::Inside => self.release(),
        }
    }

    /// What was kept until the answer had ended.
    pub fn end(&mut self) -> Option<String> {
        let held = std::mem::take(&mut self.held);
        let is_fence = matches!(self.place, Place::Inside) && matches!(held.trim(), "" | FENCE);
        Some(held).filter(|held| !is_fence && !held.is_empty())
    }

    fn look_for_fence(&mut self) {
        let said = self.held.trim_start();
        let Some(line) = said.strip_prefix(FENCE) else {
            if !FENCE.starts_with(said) {
                self.place = Place::Plain;
            }
            return;
        };
        if let Some((_, behind)) = line.split_once('\n') {
            self.held = behind.to_owned();
            self.place = Place::Inside;
        } else if line.len() > NAME_BYTES_MAX {
            self.place = Place::Plain;
        }
    }

    /// Everything but what the end of the fence may begin with.
    fn release(&mut self) -> String {
        let words = self.held.trim_end().trim_end_matches('`').trim_end();
        let kept = self.held.split_off(words.len());
        std::mem::replace(&mut self.held, kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer without its fence, in pieces of so many letters.
    fn taken_off(answer: &str, letters: usize) -> String {
        let mut fence = JsonFence::default();
        let all: Vec<char> = answer.chars().collect();
        let pieces = all
            .chunks(letters)
            .map(|piece| piece.iter().collect::<String>());
        let mut told: String = pieces.map(|piece| fence.pass(&piece)).collect();
        told.extend(fence.end());
        told
    }

    #[test]
    fn a_fence_is_taken_off_and_nothing_else() {
        for (answer, expected) in [
            ("```json\n{\"a\": 1}\n```", "{\"a\": 1}"),
            ("\n```\n{\"a\": \"```\"}\n```\n", "{\"a\": \"```\"}"),
            ("{\"a\": 1}", "{\"a\": 1}"),
            ("{\"a\": \"`\"} ``", "{\"a\": \"`\"} ``"),
            ("``", "``"),
            ("```json\n{\"a\": 1", "{\"a\": 1"),
            ("```json\n{}\n``` That is all.", "{}\n``` That is all."),
            ("", ""),
        ] {
            for letters in [1, 2, 3, 100] {
                assert_eq!(
                    taken_off(answer, letters),
                    expected,
                    "{answer} by {letters}"
                );
            }
        }
    }
}
