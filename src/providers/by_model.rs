//! Tables of what holds for models whose names begin alike.

/// What holds for models of a provider whose names begin so.
pub struct ByModel<T> {
    provider: &'static str,
    begins: &'static [&'static str],
    value: T,
}

/// A row of such a table.
pub const fn row<T>(
    provider: &'static str,
    begins: &'static [&'static str],
    value: T,
) -> ByModel<T> {
    ByModel {
        provider,
        begins,
        value,
    }
}

/// What holds for a model: the first row that fits counts.
pub fn find<T: Copy>(rows: &[ByModel<T>], provider: &str, model: &str) -> Option<T> {
    let fits = |row: &&ByModel<T>| {
        row.provider == provider && row.begins.iter().any(|begin| model.starts_with(begin))
    };
    rows.iter().find(fits).map(|row| row.value)
}
