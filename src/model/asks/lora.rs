//! LoRAs as people and programs type them: `a`, `a:0.8`, and several with
//! commas between them.

/// The most that one picture is painted with.
pub const LORAS_MAX: usize = 8;
/// The strongest that one is taken, to either side.
const STRENGTH_MAX: f64 = 10.0;

/// A file of a host's that changes how a workflow paints, and how strongly.
#[derive(Clone, Debug, PartialEq)]
pub struct Lora {
    pub name: String,
    pub strength: f64,
}

impl Lora {
    /// Reads all that are typed. What follows a name's colon and is no
    /// strength belongs to the name, and so does a comma behind a backslash.
    pub fn parse_all(typed: &str) -> Vec<Self> {
        Self::parse_among(typed, &[])
    }

    /// Reads all that are typed where these files are: a comma that stands in a
    /// file's name parts nothing.
    pub fn parse_among(typed: &str, there: &[String]) -> Vec<Self> {
        let parts = split_at_commas(typed);
        let (mut all, mut at) = (Vec::new(), 0);
        while at < parts.len() {
            let names = |lora: &Self| there.iter().any(|file| lora.is_called(file));
            let longer = (at + 2..=parts.len()).rev().find_map(|end| {
                let joined = Self::parse(parts.get(at..end)?.join(",").trim());
                names(&joined).then_some((joined, end))
            });
            let alone = || (Self::parse(parts[at].trim()), at + 1);
            let (lora, end) = longer.unwrap_or_else(alone);
            all.push(lora);
            at = end;
        }
        all.retain(|lora| !lora.name.is_empty());
        all
    }

    fn parse(part: &str) -> Self {
        let split = part.rsplit_once(':').and_then(|(name, strength)| {
            let strength = strength.trim().parse::<f64>().ok()?;
            let fits = strength.abs() <= STRENGTH_MAX && !name.trim().is_empty();
            fits.then(|| (name.trim(), strength))
        });
        let (name, strength) = split.unwrap_or((part, 1.0));
        Self {
            name: name.to_owned(),
            strength,
        }
    }

    /// Writes several as they are read.
    pub fn write_all(all: &[Self]) -> String {
        let written = all.iter().map(|lora| {
            let name = lora.name.replace(',', "\\,");
            match lora.strength {
                1.0 => name,
                strength => format!("{name}:{strength}"),
            }
        });
        written.collect::<Vec<_>>().join(", ")
    }

    /// Whether a file of a host's is the one that is meant: without regard to
    /// case, and to the ending that most have.
    pub fn is_called(&self, file: &str) -> bool {
        let (meant, file) = (self.name.to_lowercase(), file.to_lowercase());
        meant == file || file.strip_suffix(".safetensors") == Some(meant.as_str())
    }
}

/// The parts between commas, but for those behind a backslash.
fn split_at_commas(typed: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut goes_on = false;
    for part in typed.split(',') {
        let bare = part.strip_suffix('\\');
        match parts.last_mut().filter(|_| goes_on) {
            Some(last) => {
                last.push(',');
                last.push_str(bare.unwrap_or(part));
            }
            None => parts.push(bare.unwrap_or(part).to_owned()),
        }
        goes_on = bare.is_some();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loras_are_read_as_people_type_them() {
        for (typed, written) in [
            ("a.safetensors", "a.safetensors"),
            ("a:0.8, b", "a:0.8, b"),
            (" a : 0.8 ,b:1,, c:-0.5 ", "a:0.8, b, c:-0.5"),
            ("styles/a:2", "styles/a:2"),
            ("a:1000", "a:1000"),
            ("a:b", "a:b"),
            (":1", ":1"),
            ("a:nan", "a:nan"),
            (" , ", ""),
        ] {
            let read = Lora::parse_all(typed);
            assert_eq!(Lora::write_all(&read), written, "{typed}");
            assert_eq!(Lora::parse_all(written), read, "{typed}");
        }
        assert!((Lora::parse_all("a:nan")[0].strength - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn names_are_matched_without_regard_to_case() {
        let lora = &Lora::parse_all("WoodCut:0.5")[0];
        for (file, is_it) in [
            ("woodcut", true),
            ("Woodcut.safetensors", true),
            ("styles/woodcut.safetensors", false),
            ("woodcut2.safetensors", false),
        ] {
            assert_eq!(lora.is_called(file), is_it, "{file}");
        }
    }

    #[test]
    fn a_comma_in_a_files_name_parts_nothing() {
        let there = ["Ink, wash.safetensors".to_owned(), "wood".to_owned()];
        for (typed, written) in [
            ("ink, wash:0.5, wood", "ink\\, wash:0.5, wood"),
            (
                "wood, Ink, wash.safetensors",
                "wood, Ink\\, wash.safetensors",
            ),
            ("ink\\, wash", "ink\\, wash"),
            ("ink, wood", "ink, wood"),
        ] {
            let read = Lora::parse_among(typed, &there);
            assert_eq!(Lora::write_all(&read), written, "{typed}");
            assert_eq!(Lora::parse_all(written), read, "{typed}");
        }
    }
}
