//! Files that somebody sends from the demo's page, in messages and with commands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::world::{Attachment, Message, World};

/// How many files Discord's client takes with a message, and how large each may
/// be without Nitro.
/// <https://github.com/discord/discord-api-docs/blob/main/developers/reference.mdx>
const FILES_MAX: usize = 10;
const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The largest body of the page's calls that carry files, in bytes: in Base64
/// each three bytes are four.
pub const BODY_BYTES_MAX: usize = 48 * 1024 * 1024;

/// A file as the page sends it.
#[derive(Deserialize)]
pub struct SentFile {
    name: String,
    /// Its bytes in Base64.
    data: String,
}

/// Reads the files of a call; in words, why it does not take them.
pub fn read_files(sent: &[SentFile]) -> Result<Vec<Attachment>, String> {
    if sent.len() > FILES_MAX {
        return Err(format!("Discord takes {FILES_MAX} files with a message"));
    }
    let read = sent.iter().map(|file| {
        let SentFile { name, data } = file;
        let bytes = STANDARD.decode(data);
        let bytes = bytes.map_err(|_| format!("{name} did not arrive whole; attach it again"))?;
        if bytes.len() > FILE_BYTES_MAX {
            return Err(format!(
                "{name} is larger than 10 MB, which Discord does not take"
            ));
        }
        Ok(Attachment::uploaded(name, &bytes))
    });
    read.collect()
}

impl World {
    /// Keeps the file of a command, which its option names by this id. It stands in
    /// no channel, and the bot is not told of it.
    pub fn keep_upload(&self, person: u64, file: Attachment) -> u64 {
        self.with(|state| {
            let id = state.snowflake();
            state.messages.push(Message {
                id,
                author: Some(person),
                only_for: Some(person),
                files: vec![file],
                ..Message::default()
            });
            id
        })
    }
}
