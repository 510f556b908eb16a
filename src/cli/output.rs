//! What the program prints. Whoever reads it may leave before the end, as
//! `head` does: then there is nothing more to say, and no reason to panic, as
//! the standard library's macros of these names do.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

/// The status with which programs end that wrote into a closed pipe: 128 and
/// the number of `SIGPIPE`.
const PIPE_CLOSED: u8 = 141;

/// Prints a line.
macro_rules! println {
    () => { $crate::cli::output::print(format_args!("\n")) };
    ($($words:tt)*) => {
        $crate::cli::output::print(format_args!("{}\n", format_args!($($words)*)))
    };
}

/// Prints words.
macro_rules! print {
    ($($words:tt)*) => { $crate::cli::output::print(format_args!($($words)*)) };
}

/// Prints a line for people, beside what the program prints.
macro_rules! eprintln {
    () => { $crate::cli::output::tell(format_args!("\n")) };
    ($($words:tt)*) => {
        $crate::cli::output::tell(format_args!("{}\n", format_args!($($words)*)))
    };
}

/// Prints words for people, beside what the program prints.
macro_rules! eprint {
    ($($words:tt)*) => { $crate::cli::output::tell(format_args!($($words)*)) };
}

/// Why nothing more can be printed to standard output, once that is so.
static UNPRINTED: OnceLock<io::ErrorKind> = OnceLock::new();

/// Prints to standard output, at once.
pub fn print(words: fmt::Arguments<'_>) {
    print_with(|output| output.write_fmt(words));
}

/// Writes bytes to standard output, in the same way.
pub fn print_bytes(bytes: &[u8]) {
    print_with(|output| output.write_all(bytes));
}

fn print_with(write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) {
    if is_unread() {
        return;
    }
    let mut output = io::stdout().lock();
    let printed = write(&mut output).and_then(|()| output.flush());
    if let Err(error) = printed
        && UNPRINTED.set(error.kind()).is_ok()
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        tell(format_args!("error: could not print: {error}\n"));
    }
}

/// An error and its causes in one line, each said once, without the numbers
/// that the system has for its reasons.
pub fn explain(error: &anyhow::Error) -> String {
    let (mut said, mut last) = (String::new(), String::new());
    for cause in error.chain() {
        let cause = without_number(&cause.to_string());
        if said.is_empty() {
            said.clone_from(&cause);
        } else if !said.ends_with(&cause) && !cause.ends_with(&last) {
            said = format!("{said}: {cause}");
        }
        last = cause;
    }
    said
}

/// What the system says, without its number.
pub fn without_number(said: &str) -> String {
    let Some((before, behind)) = said.split_once(" (os error ") else {
        return said.to_owned();
    };
    let after = behind.split_once(')').map_or("", |(_, after)| after);
    format!("{before}{}", without_number(after))
}

/// Whether nobody reads what is printed any more, so that whatever goes on for
/// its sake may end.
pub fn is_unread() -> bool {
    UNPRINTED.get().is_some()
}

/// The status that the program ends with, if this is what its verb says.
pub fn exit_code(code: ExitCode) -> ExitCode {
    match UNPRINTED.get() {
        None => code,
        Some(io::ErrorKind::BrokenPipe) => ExitCode::from(PIPE_CLOSED),
        Some(_) => ExitCode::FAILURE,
    }
}

/// Prints to standard error. What nobody reads there is lost.
pub fn tell(words: fmt::Arguments<'_>) {
    let mut output = io::stderr().lock();
    let told = output.write_fmt(words).and_then(|()| output.flush());
    drop(told);
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn an_errors_causes_are_said_once_and_without_numbers() {
        let missing = io::Error::from_raw_os_error(2);
        let twice = format!("could not read a file: {missing}");
        let error = Err::<(), _>(missing).context(twice).context("no start");
        assert_eq!(
            explain(&error.unwrap_err()),
            "no start: could not read a file: No such file or directory"
        );
        let coded = Err::<(), _>(anyhow::anyhow!("Error code 26: no database"));
        let error = coded.context("no database").context("no start");
        assert_eq!(explain(&error.unwrap_err()), "no start: no database");
        assert_eq!(without_number("taken (os error 98), so"), "taken, so");
    }
}
