//! Characters that show nothing, and texts that are made of nothing else.

/// Whether a character shows nothing: zero-width characters, fillers and
/// blanks of writing systems, marks of direction, byte order marks, variation
/// selectors, tags, controls.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Whether there is nothing to be seen in a text, so that it says nothing.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_see_says_nothing() {
        for blank in [
            "",
            " \n\t",
            "\u{a0}\u{2003}\u{3000}",
            "\u{200b}\u{3164}",
            "\u{200b}\u{2800}",
            "\u{115f}\u{1160}\u{ffa0}",
            "\u{ad}\u{200d}\u{200e}\u{202e}\u{2060}\u{2063}\u{feff}",
            "\u{fe0f}\u{e0100}\u{e007f}",
            "\u{0}\u{7f}\u{85}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in [
            "?",
            ".",
            "\u{200b}a",
            "ㅋ",
            "한글",
            "⠁",
            "❤\u{fe0f}",
            "👩\u{200d}🚀",
            "🏴\u{e0067}\u{e007f}",
        ] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
