//! Logging: as lines for people or as JSON, and never with a secret.
//!
//! Three measures keep secrets out. Secrets have types that do not print.
//! Libraries do not log below warn, whatever `RUST_LOG` says, and serenity's
//! gateway client does not log at all, since it prints payloads. And a filter
//! takes out of every line whatever looks like a secret.

use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Environment;
use crate::model::redact;
use secrecy::ExposeSecret;

const OURS: &str = "latchkey";
/// Modules that never log: this one prints the whole of a payload that it
/// cannot parse, keys included.
const SILENCED: &[&str] = &["serenity::gateway"];

/// Starts logging to standard error, as `LOG_FORMAT` and `RUST_LOG` say.
pub fn start(environment: &Environment) {
    let level = environment.plain("RUST_LOG");
    let json = environment
        .plain("LOG_FORMAT")
        .is_some_and(|format| format.expose_secret() == "json");
    let directives = level.as_ref().map_or("info", |level| level.expose_secret());
    let layer = layer(directives, json, io::stderr);
    // A second start, as in tests, changes nothing.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    std::panic::set_hook(Box::new(|panic| {
        // The panic's message may quote a secret; its place is enough to find
        // the fault.
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!("panicked at {place}");
    }));
}

/// The format, the levels and the filter of the log, over any writer.
pub fn layer<S, W>(directives: &str, json: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = EnvFilter::builder().parse_lossy(directives);
    let filter = wanted.and(filter_fn(may_log));
    let writer = Scrubbed(writer);
    if json {
        tracing_subscriber::fmt::layer()
            .json()
            .with_writer(writer)
            .with_filter(filter)
            .boxed()
    } else {
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(writer)
            .with_filter(filter)
            .boxed()
    }
}

fn may_log(line: &Metadata<'_>) -> bool {
    let target = line.target();
    let ours = target == OURS || target.starts_with("latchkey::");
    let silenced = SILENCED.iter().any(|prefix| target.starts_with(prefix));
    ours || (*line.level() <= Level::WARN && !silenced)
}

/// Makes [`Scrubber`]s.
struct Scrubbed<W>(W);

/// A writer that takes everything that looks like a secret out of each line.
struct Scrubber<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Scrubbed<W> {
    type Writer = Scrubber<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Scrubber(self.0.make_writer())
    }
}

impl<W: Write> Write for Scrubber<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(redact(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_secret_that_slips_into_a_line_is_taken_out() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::registry().with(layer("trace", true, move || writer.clone()));
        tracing::subscriber::with_default(log, || {
            tracing::info!(
                url = "https://x.example/?key=made-up-secret",
                "sk-made-up-0123456789 said no"
            );
            tracing::warn!(target: "serenity::gateway::ws", "text: made-up-payload");
            tracing::debug!(target: "hyper::client", "made-up-header");
            tracing::trace!("a line of ours");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(
            text.contains("a line of ours") && text.contains("[redacted] said no"),
            "{text}"
        );
        assert!(!text.contains("made-up"), "{text}");
    }
}
