//! The program that is measured.

use std::path::PathBuf;
use std::process::Command;

/// Builds the program as it is released, and returns where it is. Where the
/// variable `PROGRAM` holds the whole path of another program, that one is
/// returned and nothing is built.
pub fn build_program() -> PathBuf {
    if let Some(named) = program_in("PROGRAM") {
        return named;
    }
    // A benchmark is `target/release/deps/NAME`.
    let this = std::env::current_exe().expect("this runs");
    let target = this.ancestors().nth(3).expect("cargo built this");
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--package",
            "latchkey",
            "--target-dir",
        ])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.is_ok_and(|status| status.success()), "it is built");
    target.join("release/latchkey")
}

/// An older program that the first is compared with, where the variable `BEFORE`
/// holds its path.
pub fn program_before() -> Option<PathBuf> {
    program_in("BEFORE")
}

fn program_in(variable: &str) -> Option<PathBuf> {
    let (_, path) = std::env::vars().find(|(name, _)| name == variable)?;
    Some(std::path::absolute(path).expect("there is a folder"))
}

/// The resident memory of a process, as the kernel counts it.
pub fn rss_kb(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or("0");
    line.split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0.0)
}
