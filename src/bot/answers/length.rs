//! How long a message may be.
//!
//! A message holds [`LIMIT`] characters. Discord counts code points
//! (`docs/discord.md` §3.1); we count UTF-16 units, which are never fewer.

/// The longest message, in UTF-16 units.
pub const LIMIT: usize = 2_000;

/// UTF-16 units.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
