//! `latchkey completions`: prints what a shell needs to complete the command
//! line.

use std::process::ExitCode;

use clap::{CommandFactory, ValueEnum};
use clap_complete::{Generator, shells};

use super::Arguments;
use super::output::print_bytes;

/// The name of the program, as shells complete it.
const PROGRAM: &str = "latchkey";

/// A shell.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the completions for a shell.
pub fn completions(shell: Shell) -> ExitCode {
    let script = match shell {
        Shell::Bash => write_script(shells::Bash),
        Shell::Zsh => write_script(shells::Zsh),
        Shell::Fish => write_script(shells::Fish),
    };
    print_bytes(&script);
    ExitCode::SUCCESS
}

fn write_script(shell: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), PROGRAM, &mut script);
    script
}
