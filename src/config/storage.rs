//! A bucket for pictures that Discord does not take.

use serde::Deserialize;

use super::{ConfigErrors, check_range, check_url};

/// The longest that a signed address of S3's works, in hours: seven days.
const LINK_HOURS_MAX: u64 = 168;

/// Where pictures are put that Discord does not take. What it is signed with
/// comes from the environment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    pub endpoint: String,
    pub bucket: String,
    pub region: String,
    pub public_url: String,
    pub link_hours: u32,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            bucket: String::new(),
            region: "auto".into(),
            public_url: String::new(),
            link_hours: 168,
        }
    }
}

impl Storage {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        for (setting, url) in [
            ("images.storage.endpoint", &self.endpoint),
            ("images.storage.public_url", &self.public_url),
        ] {
            if !url.is_empty() {
                errors.keep(check_url(setting, url));
            }
        }
        let hours = u64::from(self.link_hours);
        let hours = check_range("images.storage.link_hours", hours, 1..=LINK_HOURS_MAX);
        errors.keep(hours);
    }
}
