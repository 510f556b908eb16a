//! LaTeX that models write, as text that reads without it: Discord shows
//! formulas as they are typed.
//!
//! What has no letters of its own in Unicode is written with brackets, as
//! people type it: `\frac{a+b}{2}` becomes `(a+b)/2`. What is unknown stays
//! as it is. The crates that do this were tried: `unicodeit` 0.2.2 writes
//! `\left(` as `≤ft(` and `\log` as `łog`; `mdwright-latex` 0.1.3 writes
//! `\sqrt{x+1}` as `√x+1` and knows neither `\text` nor `\mathbb`.

mod symbols;

use symbols::{ACCENTS, SYMBOLS, WORDS};

/// How deep braces may stand in each other; deeper ones stay as they are.
const DEPTH_MAX: usize = 16;

const RAISED_FROM: &str = "0123456789+-=()abcdefghijklmnoprstuvwxyz−βγδθφχABDEGHIJKLMNOPRTUVW∘*′";
const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ⁻ᵝᵞᵟᶿᵠᵡᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ°*′";
const LOWERED_FROM: &str = "0123456789+-=()aehijklmnoprstuvx−βγρφχ";
const LOWERED: &str = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₋ᵦᵧᵨᵩᵪ";

/// Writes a formula as text, on one line.
pub fn readable(formula: &str) -> String {
    let mut reader = Reader {
        rest: formula,
        depth: 0,
    };
    let read = reader.read_until(None);
    let words: Vec<&str> = read.split_whitespace().collect();
    words.join(" ")
}

/// Whether what stands between two dollars is a formula, and no prices.
pub fn is_formula(text: &str) -> bool {
    let edges = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    if text.is_empty() || edges || text.contains('`') {
        return false;
    }
    let has_command = text
        .split('\\')
        .skip(1)
        .any(|it| it.starts_with(|c: char| c.is_ascii_alphabetic()));
    if has_command || text.contains("_{") || text.contains("^{") {
        return true;
    }
    // Names in an equation may have a few letters; a variable of a shell's is
    // followed by no more than its sign.
    let is_equation = text.contains(['=', '^']) && text.ends_with(|c: char| c.is_alphanumeric());
    let letters = if is_equation { 3 } else { 1 };
    let mut words = text.split(|c: char| !c.is_alphabetic());
    words.all(|word| word.chars().count() <= letters)
        && text.contains(|c: char| c.is_alphabetic() || c == '^')
}

/// Writes a text raised, as far as Unicode can.
pub fn superscript(text: &str) -> String {
    shifted(text, '^', (RAISED_FROM, RAISED))
}

/// Writes a text lowered, as far as Unicode can.
pub fn subscript(text: &str) -> String {
    shifted(text, '_', (LOWERED_FROM, LOWERED))
}

fn shifted(text: &str, mark: char, (from, to): (&str, &str)) -> String {
    let shift = |c: char| {
        let at = from.chars().position(|it| it == c)?;
        to.chars().nth(at)
    };
    let all: Option<String> = text.chars().filter(|c| *c != ' ').map(shift).collect();
    match all {
        Some(all) => all,
        None if text.chars().count() == 1 => format!("{mark}{text}"),
        None => format!("{mark}({text})"),
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    /// Reads up to a closing bracket, which is taken, or the end.
    fn read_until(&mut self, end: Option<char>) -> String {
        let mut read = String::new();
        while let Some(c) = self.rest.chars().next() {
            self.skip(c.len_utf8());
            match c {
                _ if Some(c) == end => return read,
                '\\' => read.push_str(&self.command()),
                '^' => read.push_str(&superscript(&self.argument())),
                '_' => read.push_str(&subscript(&self.argument())),
                '{' => read.push_str(&self.group('}')),
                '}' => {}
                '~' | '&' | '\n' => read.push(' '),
                _ => read.push(c),
            }
        }
        read
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Reads what stands in brackets that are open already.
    fn group(&mut self, end: char) -> String {
        if self.depth >= DEPTH_MAX {
            return String::new();
        }
        self.depth += 1;
        let read = self.read_until(Some(end));
        self.depth -= 1;
        read
    }

    /// Reads what a command or a shift is about: a group or one thing.
    fn argument(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let next = self.rest.chars().next();
        let Some(c) = next.filter(|_| self.depth < DEPTH_MAX) else {
            return String::new();
        };
        self.skip(c.len_utf8());
        self.depth += 1;
        let read = match c {
            '{' => self.read_until(Some('}')).trim().to_owned(),
            '\\' => self.command().trim().to_owned(),
            _ => c.to_string(),
        };
        self.depth -= 1;
        read
    }

    /// Reads what stands in square brackets, if anything does.
    fn option(&mut self) -> Option<String> {
        self.rest.strip_prefix('[')?;
        self.skip(1);
        Some(self.group(']'))
    }

    /// The words between braces, as they are typed.
    fn raw_argument(&mut self) -> String {
        let found = self
            .rest
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'));
        let Some((words, _)) = found else {
            return self.argument();
        };
        let words = words.to_owned();
        self.skip(words.len() + 2);
        words
    }

    fn command(&mut self) -> String {
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic());
        let name = self.rest.get(..end.unwrap_or(self.rest.len()));
        let name = name.unwrap_or_default().to_owned();
        if name.is_empty() {
            let c = self.rest.chars().next().unwrap_or(' ');
            self.skip(c.len_utf8());
            return match c {
                '\\' => "; ".to_owned(),
                ',' | ';' | ':' | ' ' => " ".to_owned(),
                '!' => String::new(),
                '|' => "‖".to_owned(),
                _ => c.to_string(),
            };
        }
        self.skip(name.len());
        self.named_command(&name)
    }

    fn named_command(&mut self, name: &str) -> String {
        if let Some((_, symbol)) = SYMBOLS.iter().find(|(it, _)| *it == name) {
            return (*symbol).to_owned();
        }
        if let Some((_, accent)) = ACCENTS.iter().find(|(it, _)| *it == name) {
            return accented(&self.argument(), *accent);
        }
        if WORDS.contains(&name) {
            return self.word(name);
        }
        match name {
            "frac" | "dfrac" | "tfrac" | "cfrac" => {
                let (above, below) = (self.argument(), self.argument());
                format!("{}/{}", in_brackets(&above), in_brackets(&below))
            }
            "binom" | "dbinom" | "tbinom" => {
                format!("C({}, {})", self.argument(), self.argument())
            }
            "sqrt" => {
                let root = match self.option().as_deref() {
                    None | Some("2") => "√".to_owned(),
                    Some("3") => "∛".to_owned(),
                    Some("4") => "∜".to_owned(),
                    Some(degree) => superscript(degree) + "√",
                };
                root + &in_brackets(&self.argument())
            }
            "text" | "textrm" | "textbf" | "textit" | "texttt" | "mbox" | "operatorname" => {
                self.raw_argument()
            }
            "mathbb" => double_struck(&self.argument()),
            "mathrm" | "mathbf" | "mathit" | "mathsf" | "mathcal" | "mathfrak" | "mathscr"
            | "boldsymbol" | "bm" | "boxed" | "overbrace" | "underbrace" => self.argument(),
            "displaystyle" | "textstyle" | "limits" | "nolimits" => String::new(),
            "left" | "right" | "big" | "Big" | "bigg" | "Bigg" | "bigl" | "bigr" | "Bigl"
            | "Bigr" => {
                // A point stands for no bracket at all.
                if self.rest.starts_with('.') {
                    self.skip(1);
                }
                String::new()
            }
            "begin" | "end" => {
                let environment = self.raw_argument();
                let is_matrix = environment.contains("matrix");
                match (name, is_matrix) {
                    ("begin", true) => "[".to_owned(),
                    ("end", true) => "]".to_owned(),
                    _ => " ".to_owned(),
                }
            }
            "pmod" => format!("(mod {})", self.argument()),
            "not" => accented(&self.argument(), '\u{338}'),
            "tag" | "label" => format!("({})", self.raw_argument()),
            _ if self.rest.starts_with('{') => format!("\\{name}{{{}}}", self.argument()),
            _ => format!("\\{name}"),
        }
    }

    /// The name of a function, with room before what it is applied to.
    fn word(&self, name: &str) -> String {
        let is_apart = self
            .rest
            .starts_with(|c: char| c.is_whitespace() || "({[^_".contains(c));
        if is_apart || self.rest.is_empty() {
            return name.to_owned();
        }
        format!("{name} ")
    }
}

/// A part of a formula in brackets, unless it is a single thing.
fn in_brackets(part: &str) -> String {
    let is_single = part.chars().all(char::is_alphanumeric);
    if is_single && !part.is_empty() {
        return part.to_owned();
    }
    format!("({part})")
}

fn accented(letters: &str, accent: char) -> String {
    letters.chars().flat_map(|c| [c, accent]).collect()
}

fn double_struck(letters: &str) -> String {
    let letter = |c: char| match c {
        'R' => 'ℝ',
        'N' => 'ℕ',
        'Z' => 'ℤ',
        'Q' => 'ℚ',
        'C' => 'ℂ',
        'P' => 'ℙ',
        'E' => '𝔼',
        'F' => '𝔽',
        'H' => 'ℍ',
        _ => c,
    };
    letters.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_read_without_latex() {
        for (formula, read) in [
            ("x^2", "x²"),
            ("E=mc^2", "E=mc²"),
            (r"\frac{a+b}{2}", "(a+b)/2"),
            (r"\sqrt{x^2+1}", "√(x²+1)"),
            (r"\sqrt[3]{8} = 2", "∛8 = 2"),
            (
                r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}",
                "∑ᵢ₌₁ⁿ i = (n(n+1))/2",
            ),
            (r"\int_0^\infty e^{-x^2}\,dx", "∫₀^∞ e^(-x²) dx"),
            (
                r"\text{speed} = \frac{\text{distance}}{\text{time}}",
                "speed = distance/time",
            ),
            (
                r"\lim_{x \to 0} \frac{\sin x}{x} = 1",
                "lim_(x → 0) (sin x)/x = 1",
            ),
            (r"\mathbb{R}^n", "ℝⁿ"),
            (r"\left( \frac{1}{2} \right)", "( 1/2 )"),
            (r"x_{max} \leq \alpha_1 \cdot \beta", "xₘₐₓ ≤ α₁ · β"),
            (r"a \neq b \implies c", "a ≠ b ⟹ c"),
            (r"\vec{v} \times \hat{u}", "v\u{20d7} × u\u{302}"),
            (r"\binom{n}{k}", "C(n, k)"),
            (
                r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
                "[ a b ; c d ]",
            ),
            (
                r"\begin{aligned} a &= b \\ &= c \end{aligned}",
                "a = b ; = c",
            ),
            (r"90^\circ", "90°"),
            (r"\log_2 n", "log₂ n"),
            (r"\unknowncmd{x}", r"\unknowncmd{x}"),
            (r"3 \times 10^{8}\ \mathrm{m/s}", "3 × 10⁸ m/s"),
            (r"\boxed{42}", "42"),
            ("{", ""),
        ] {
            assert_eq!(readable(formula), read, "{formula}");
        }
    }

    #[test]
    fn prices_are_no_formulas() {
        for (text, is) in [
            ("x", true),
            ("n = 5", true),
            ("E=mc^2", true),
            ("pV = nRT", true),
            ("FOO=", false),
            ("total = 5", false),
            ("5 for one, US=", false),
            ("a+b", true),
            (r"\alpha", true),
            ("5 and ", false),
            ("HOME/", false),
            ("5", false),
            ("10-", false),
            ("", false),
            ("the price", false),
        ] {
            assert_eq!(is_formula(text), is, "{text}");
        }
    }

    #[test]
    fn the_tables_of_letters_have_the_same_length() {
        for (from, to) in [(RAISED_FROM, RAISED), (LOWERED_FROM, LOWERED)] {
            assert_eq!(from.chars().count(), to.chars().count());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_formula_can_be_read(formula in r"[\\{}^_&a-f\[\] ]{0,60}") {
            readable(&formula);
        }
    }
}
