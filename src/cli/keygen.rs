//! `latchkey keygen`: makes a master key.

use std::process::ExitCode;

use secrecy::ExposeSecret;

use crate::vault::MasterKey;

/// Makes a master key. It is printed to standard output, so that it can be
/// redirected to a file; what to do with it is printed to standard error.
pub fn keygen() -> anyhow::Result<ExitCode> {
    let key = MasterKey::generate()?;
    eprintln!(
        "A new master key, known as {}. Set it as BYOK_MASTER_KEY.",
        key.kid()
    );
    eprintln!(
        "Keep a copy apart from the database: without it, stored keys can't be opened again."
    );
    println!("{}", key.to_hex().expose_secret());
    Ok(ExitCode::SUCCESS)
}
