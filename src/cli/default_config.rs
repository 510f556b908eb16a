//! `latchkey default-config`: prints the commented settings file.

use crate::config;

/// Prints the commented settings file that is compiled in.
pub fn default_config() {
    print!("{}", config::EXAMPLE);
}
