//! Finds data that tests read and that is not part of the repository:
//! recordings of providers, published test vectors, interface documents.

use std::path::{Path, PathBuf};

/// The folder, from the top of the repository. `.ci/run` reads this line.
const FOLDER: &str = "../shared";

/// Finds a file by its path in the folder beside the repository. Where it is
/// missing, the calling test is reported as skipped.
pub fn file(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(FOLDER)
        .join(path);
    if found.is_file() {
        return Some(found);
    }
    super::skip_outside(&format!("outside data {path} is not here"))
}
