//! Reads secrets that are typed without being shown, or piped in. They are
//! never arguments, which others on the machine can read.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::Context;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// The most that is read of a key and what is around it.
const KEY_BYTES_MAX: u64 = 64 * 1024;

/// Reads a key as [`read_secret`] does; from a pipe as a whole, since what
/// is pasted around a key may fill several lines.
pub fn read_key(what: &str) -> anyhow::Result<SecretString> {
    if io::stdin().is_terminal() {
        return read_secret(what);
    }
    let mut typed = Zeroizing::new(String::new());
    let input = io::stdin().lock();
    input.take(KEY_BYTES_MAX).read_to_string(&mut typed)?;
    let key = typed.trim();
    anyhow::ensure!(!key.is_empty(), "nothing was typed, so nothing was done");
    Ok(SecretString::from(key))
}

/// Reads a secret from the terminal without showing it, or from a pipe.
pub fn read_secret(what: &str) -> anyhow::Result<SecretString> {
    let input = io::stdin();
    let mut typed = Zeroizing::new(String::new());
    if input.is_terminal() {
        let shown = tcgetattr(&input).context("the terminal can't be read")?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        eprint!("{what} (not shown): ");
        io::stderr().flush()?;
        tcsetattr(&input, OptionalActions::Flush, &hidden).context("the terminal can't hide")?;
        let read = input.lock().read_line(&mut typed);
        tcsetattr(&input, OptionalActions::Flush, &shown)
            .context("the terminal stays hidden; run `stty echo`")?;
        eprintln!();
        read?;
    } else {
        input.lock().read_line(&mut typed)?;
    }
    let secret = typed.trim();
    anyhow::ensure!(!secret.is_empty(), "nothing was typed, so nothing was done");
    Ok(SecretString::from(secret))
}
