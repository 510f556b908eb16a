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
    /// strength belongs to the name.
    pub fn parse_all(typed: &str) -> Vec<Self> {
        let parts = typed.split(',').map(str::trim);
        parts
            .filter(|part| !part.is_empty())
            .map(Self::parse)
            .collect()
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
        let written = all.iter().map(|lora| match lora.strength {
            1.0 => lora.name.clone(),
            strength => format!("{}:{strength}", lora.name),
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
}
