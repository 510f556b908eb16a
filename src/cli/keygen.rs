//! `latchkey keygen`.

use std::process::ExitCode;

use secrecy::ExposeSecret;

use crate::vault::MasterKey;

/// Makes a master key. The key goes to standard output, so that it can be
/// put into a file; what to do with it goes to standard error.
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
