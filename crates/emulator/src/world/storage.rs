//! A bucket in which files are kept, as plain data.

use std::collections::BTreeMap;
use std::time::SystemTime;

/// One bucket, whom it belongs to, and what is in it.
pub struct StorageState {
    pub bucket: String,
    pub region: String,
    pub key_id: String,
    pub secret: String,
    /// Whether the key may put files into it.
    pub takes_files: bool,
    /// Whether the key may take files out of it.
    pub deletes_files: bool,
    /// The time by its clock, where a test holds it.
    pub now: Option<SystemTime>,
    /// By the names that files have in the bucket.
    pub objects: BTreeMap<String, StoredObject>,
    /// How many calls it was sent.
    pub calls: u32,
}

/// A file in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    pub kind: String,
    pub bytes: Vec<u8>,
}

impl Default for StorageState {
    fn default() -> Self {
        Self {
            bucket: "made-up-bucket".into(),
            region: "made-up-1".into(),
            key_id: "MADEUPKEYID000000000".into(),
            secret: "made-up-secret-of-the-bucket".into(),
            takes_files: true,
            deletes_files: true,
            now: None,
            objects: BTreeMap::new(),
            calls: 0,
        }
    }
}

impl StorageState {
    /// Returns the time by the bucket's clock, in seconds since 1970.
    pub fn now_s(&self) -> i64 {
        let now = self.now.unwrap_or_else(SystemTime::now);
        now.duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            })
    }
}
