//! The command line: one file for each verb.

// First, so that its macros stand in the place of the standard library's.
#[macro_use]
mod output;

pub mod assembly;
mod client;
mod completions;
mod default_config;
#[cfg(feature = "demo")]
mod demo;
#[cfg(any(test, feature = "demo"))]
mod demo_month;
mod doctor;
mod health;
mod keygen;
mod process;
#[cfg(any(test, feature = "demo"))]
mod scene;
mod serve;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use assembly::assemble::{Assembled, RunOptions, assemble};
#[cfg(test)]
pub use assembly::readings::catalogue;
#[cfg(test)]
pub use assembly::readings::{Readings, read_all};
#[cfg(any(test, feature = "demo"))]
pub use demo_month::tell_month;
#[cfg(test)]
pub use output::{is_unread, print};
#[cfg(test)]
pub use process::files::raise_limit as raise_file_limit;
#[cfg(test)]
pub use process::log::{layer as log_layer, start as start_log};
#[cfg(any(test, feature = "demo"))]
pub use scene::Scene;

use crate::config::{ConfigErrors, Shards};
use crate::model::redact;

/// How many threads there are beside the workers, for reading the database and
/// resolving host names. Each takes memory of its own.
const BLOCKING_THREADS: usize = 2;

/// A Discord bot that answers with AI models and pays with the right
/// person's key.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    settings: SettingsFile,
    #[command(subcommand)]
    verb: Verb,
}

/// Where the settings are, for verbs that read them.
#[derive(Debug, Args)]
pub struct SettingsFile {
    /// The settings file; left out, `latchkey.toml` in this folder, if any.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl SettingsFile {
    fn path(&self) -> Option<&Path> {
        self.config.as_deref()
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the bot.
    Serve {
        /// Which of Discord's shards this process serves, such as 0-3/8.
        #[arg(long, default_value = "0-0/1")]
        shards: Shards,
        #[command(flatten)]
        settings: SettingsFile,
    },
    /// Try everything in a browser, with nothing set up.
    #[cfg(feature = "demo")]
    Demo {
        /// The port on this machine; 0 takes any that is free.
        #[arg(long, default_value_t = 8_686, value_parser = client::read_port)]
        port: u16,
    },
    /// Make a master key for `BYOK_MASTER_KEY`.
    Keygen,
    /// Check the configuration, the keys, the database and Discord.
    Doctor(SettingsFile),
    /// Print the commented settings file.
    DefaultConfig,
    /// Ask a running bot whether it is well, for container checks.
    Health(SettingsFile),
    /// Print what a shell needs to complete this command line.
    Completions {
        /// Which shell; its own help says where such scripts belong.
        shell: completions::Shell,
    },
    #[command(flatten)]
    Client(client::ClientVerb),
}

impl Verb {
    /// Where its settings are, if what it does depends on them. The demo has
    /// settings of its own.
    fn settings(&mut self) -> Option<&mut SettingsFile> {
        match self {
            Self::Serve { settings, .. } | Self::Doctor(settings) | Self::Health(settings) => {
                Some(settings)
            }
            Self::Client(verb) => verb.settings(),
            #[cfg(feature = "demo")]
            Self::Demo { .. } => None,
            Self::Keygen | Self::DefaultConfig | Self::Completions { .. } => None,
        }
    }
}

/// Runs the program as its command line says.
pub fn run() -> ExitCode {
    run_with(Arguments::parse())
}

fn run_with(arguments: Arguments) -> ExitCode {
    if let Err(error) = process::harden::harden() {
        let why = output::without_number(&error.to_string());
        eprintln!("warning: could not switch off core dumps: {why}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let why = output::without_number(&error.to_string());
            eprintln!("error: could not start: {why}");
            return ExitCode::FAILURE;
        }
    };
    // On a worker thread, so that memory that the start frees is used again by
    // what runs later.
    let done = runtime.block_on(runtime.spawn(dispatch(arguments)));
    let code = match done.unwrap_or_else(|died| Err(died.into())) {
        Ok(code) => code,
        Err(error) => {
            tell_error(&error);
            ExitCode::FAILURE
        }
    };
    // Tasks that did not end in time are not waited for.
    runtime.shutdown_background();
    output::exit_code(code)
}

/// Tells why a verb failed: each wrong setting in a line of its own.
fn tell_error(error: &anyhow::Error) {
    let tell = |words: &str| eprintln!("error: {}", redact(words));
    match error.downcast_ref::<ConfigErrors>() {
        Some(errors) => errors.iter().for_each(|error| tell(&error.to_string())),
        None => tell(&output::explain(error)),
    }
}

async fn dispatch(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments {
        settings: before,
        mut verb,
    } = arguments;
    match verb.settings() {
        Some(behind) => behind.config = behind.config.take().or(before.config),
        None => anyhow::ensure!(
            before.config.is_none(),
            "this verb reads no settings file; run it again without --config"
        ),
    }
    match verb {
        Verb::Serve { shards, settings } => serve::serve(settings.path(), shards).await,
        #[cfg(feature = "demo")]
        Verb::Demo { port } => demo::demo(port).await,
        Verb::Keygen => keygen::keygen(),
        Verb::Doctor(settings) => doctor::doctor(settings.path()).await,
        Verb::DefaultConfig => {
            default_config::default_config();
            Ok(ExitCode::SUCCESS)
        }
        Verb::Health(settings) => health::health(settings.path()).await,
        Verb::Completions { shell } => Ok(completions::completions(shell)),
        Verb::Client(verb) => client::run(verb).await,
    }
}

/// Runs the program with a command line, in a test's child process.
#[cfg(test)]
pub fn run_as(words: &[String]) -> ExitCode {
    run_with(Arguments::parse_from(
        std::iter::once("latchkey").chain(words.iter().map(String::as_str)),
    ))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[tokio::test]
    async fn a_settings_file_is_refused_where_none_is_read() {
        for verb in [
            "demo",
            "keygen",
            "default-config",
            "completions bash",
            "logout",
            "usage",
        ] {
            let words = ["latchkey", "--config", "a.toml"];
            let words = words.into_iter().chain(verb.split(' '));
            let refused = dispatch(Arguments::parse_from(words)).await.unwrap_err();
            let says = refused.to_string();
            assert!(says.contains("without --config"), "{verb}: {says}");
        }
    }

    #[test]
    fn a_settings_file_is_offered_where_one_is_read() {
        let mut command = Arguments::command();
        command.build();
        let offers = |verb: &&clap::Command| verb.get_arguments().any(|it| it.get_id() == "config");
        let verbs = command.get_subcommands().filter(offers);
        let verbs: Vec<&str> = verbs.map(clap::Command::get_name).collect();
        assert_eq!(verbs, ["serve", "doctor", "health", "ask"]);
        for line in ["--config a.toml doctor", "doctor --config a.toml"] {
            let words = std::iter::once("latchkey").chain(line.split(' '));
            let mut read = Arguments::parse_from(words);
            let behind = read.verb.settings().and_then(|it| it.config.clone());
            assert_eq!(behind.or(read.settings.config), Some("a.toml".into()));
        }
    }

    #[test]
    fn options_that_would_do_nothing_are_refused() {
        let read = |line: &str| {
            let words = std::iter::once("latchkey").chain(line.split(' '));
            Arguments::try_parse_from(words).map_err(|error| error.to_string())
        };
        for line in [
            "imagine --json cat",
            "imagine --output a.png cat",
            "keys add runcomfy-serverless --extra deployment=my-app",
        ] {
            assert!(read(line).is_ok(), "{line}");
        }
        for (line, says) in [
            (
                "imagine --json --output a.png cat",
                "'--json' cannot be used with '--output <OUTPUT>'",
            ),
            (
                "keys add runcomfy-serverless --extra deployment",
                "write the field, an equals sign and the value, such as deployment=my-app",
            ),
            (
                "keys add runcomfy-serverless --extra =my-app",
                "write the field, an equals sign and the value, such as deployment=my-app",
            ),
        ] {
            let refused = read(line).unwrap_err();
            assert!(refused.contains(says), "{line}: {refused}");
        }
    }

    #[test]
    fn a_wrong_number_is_answered_with_what_is_to_be_typed() {
        for (line, says) in [
            ("keys --guild abc", "Copy Server ID"),
            ("usage --days 100000", "from 1 to 36500"),
            ("usage --days 0", "from 1 to 36500"),
            ("imagine -n 99 cat", "from 1 to 10"),
            ("imagine -n 300 cat", "from 1 to 10"),
            ("ask --max-tokens many hi", "a number of tokens"),
            ("demo --port abc", "from 1 to 65535"),
        ] {
            let words = std::iter::once("latchkey").chain(line.split(' '));
            let refused = Arguments::try_parse_from(words).unwrap_err().to_string();
            assert!(refused.contains(says), "{line}: {refused}");
            assert!(!refused.contains("..="), "{line}: {refused}");
        }
    }

    #[test]
    fn help_says_something_about_every_verb_and_option() {
        fn silent_in(command: &clap::Command, silent: &mut Vec<String>) {
            let name = command.get_name();
            if command.get_about().is_none() {
                silent.push(name.to_owned());
            }
            let arguments = command.get_arguments().filter(|it| it.get_help().is_none());
            silent.extend(arguments.map(|it| format!("{name} {}", it.get_id())));
            for verb in command.get_subcommands() {
                silent_in(verb, silent);
            }
        }
        let mut command = Arguments::command();
        command.build();
        let mut silent = Vec::new();
        silent_in(&command, &mut silent);
        assert_eq!(silent, Vec::<String>::new());
    }
}
