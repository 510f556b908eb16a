//! What the program prints. Whoever reads it may leave before the end, as
//! `head` does: then there is nothing more to say, and no reason to panic, as
//! the standard library's macros of these names do.

use std::fmt;
use std::io::{self, Write};

/// The status with which programs end that wrote into a closed pipe: 128 and
/// the number of `SIGPIPE`.
const PIPE_CLOSED: i32 = 141;

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

/// Prints to standard output, at once. The program ends where nobody reads it.
pub fn print(words: fmt::Arguments<'_>) {
    let mut output = io::stdout().lock();
    let printed = output.write_fmt(words).and_then(|()| output.flush());
    end_if_unread(printed);
}

/// Writes bytes to standard output, in the same way.
pub fn print_bytes(bytes: &[u8]) {
    let mut output = io::stdout().lock();
    let printed = output.write_all(bytes).and_then(|()| output.flush());
    end_if_unread(printed);
}

/// Prints to standard error. What nobody reads there is lost.
pub fn tell(words: fmt::Arguments<'_>) {
    let mut output = io::stderr().lock();
    let told = output.write_fmt(words).and_then(|()| output.flush());
    drop(told);
}

fn end_if_unread(printed: io::Result<()>) {
    match printed {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(PIPE_CLOSED),
        Err(error) => {
            tell(format_args!("error: could not print: {error}\n"));
            std::process::exit(1);
        }
    }
}
