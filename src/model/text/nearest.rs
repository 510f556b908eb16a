//! Which known names somebody may have meant by one that is unknown.

/// How long a part of a name is that tells which one is meant, in bytes.
const PART_BYTES_MIN: usize = 3;

/// The names that are nearest to an unknown one, the nearest first: those that
/// few letters tell from it, and those that it is a part of.
pub fn nearest_names<'a>(
    unknown: &str,
    known: impl Iterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let unknown = unknown.to_ascii_lowercase();
    let far = unknown.chars().count() / 3;
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|name| Some((distance_to(&unknown, name, far)?, name)))
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.dedup();
    found.into_iter().map(|(_, name)| name).take(most).collect()
}

/// How far a name is, with or without what stands before its slashes; none
/// where it is too far.
fn distance_to(unknown: &str, name: &str, far: usize) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    let bare = name.rsplit('/').next().unwrap_or(&name);
    let by_letters = [name.as_str(), bare]
        .into_iter()
        .filter(|name| unknown.len().abs_diff(name.len()) <= far)
        .map(|name| edits(unknown, name));
    if let Some(near) = by_letters.min().filter(|it| *it <= far) {
        return Some(near);
    }
    let last = unknown.rsplit('/').next().unwrap_or(unknown);
    let is_part = last.len() >= PART_BYTES_MIN && bare.contains(last);
    is_part.then(|| far + bare.len() - last.len())
}

/// How many letters must be put in, left out or changed to make one text of
/// another (Levenshtein's distance).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in (1..).zip(from.chars()) {
        let mut before = at - 1;
        let mut left = at;
        let mut next = vec![at];
        for (above, other) in row.iter().skip(1).zip(&to) {
            let changed = before + usize::from(letter != *other);
            left = changed.min(left + 1).min(above + 1);
            before = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_letters_tell_the_nearest_names_apart() {
        for (from, to, number) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("gpt-6-lua", "gpt-6-luna", 1),
            ("ab", "ba", 2),
        ] {
            assert_eq!(edits(from, to), number, "{from} {to}");
        }
        let known = [
            "openai/gpt-6-luna",
            "openai/gpt-6-sol",
            "anthropic/claude-haiku-5-5",
        ];
        for (unknown, nearest) in [
            (
                "openai/gpt-6-lua",
                vec!["openai/gpt-6-luna", "openai/gpt-6-sol"],
            ),
            ("GPT-6-Luna", vec!["openai/gpt-6-luna"]),
            ("gpt-6", vec!["openai/gpt-6-sol", "openai/gpt-6-luna"]),
            ("anthropic/haiku", vec!["anthropic/claude-haiku-5-5"]),
            ("something-else-altogether", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(
                nearest_names(unknown, known.into_iter(), 2),
                nearest,
                "{unknown}"
            );
        }
    }
}
