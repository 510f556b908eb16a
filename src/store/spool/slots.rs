//! A file of slots, whose size never changes, so that a full disk keeps nothing
//! from it. A slot that is taken has one line of an attempt, and one that is
//! free is blank.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Read, Result, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;

use foldhash::HashMap;
use rustix::fs::{FallocateFlags, fallocate};

use crate::model::{AttemptId, lock};

/// How long a line may be, in bytes. A slot lies within one page, so that a
/// process that is killed has written all of it or nothing.
pub const SLOT_BYTES: usize = 1_024;
/// How many slots a file has: for 8,192 settlements, as many as the writer keeps
/// before calls are refused, and 1,024 attempts that have not ended.
pub const SLOTS: usize = 9_216;
/// How many bytes are read at once.
const READ_BYTES: usize = 64 * SLOT_BYTES;
const BLANK: [u8; SLOT_BYTES] = [0; SLOT_BYTES];

/// The file, and what of it is taken.
#[derive(Debug)]
pub struct SlotFile {
    file: File,
    slots: Mutex<Slots>,
}

/// Which attempts have slots, and which slots are free.
#[derive(Debug, Default)]
struct Slots {
    /// An attempt has two where a process died between a new line and the end of
    /// the old one.
    taken: HashMap<AttemptId, Vec<usize>>,
    free: Vec<usize>,
}

impl SlotFile {
    /// Opens or makes the file, readable by its owner only, with room for every
    /// slot on the disk.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self {
            file,
            slots: Mutex::default(),
        })
    }

    /// Whether no other process has the file. It is ours until this is dropped.
    pub fn claim(&self) -> Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Reads what an earlier process left. `id_of` takes each line and names its
    /// attempt; none where it is damaged, of which nothing stays.
    pub fn read(&self, mut id_of: impl FnMut(&str) -> Option<AttemptId>) -> Result<()> {
        let mut slots = Slots::default();
        let mut file = BufReader::with_capacity(READ_BYTES, &self.file);
        let mut bytes = Vec::with_capacity(SLOT_BYTES);
        for slot in 0..SLOTS {
            bytes.clear();
            file.by_ref()
                .take(SLOT_BYTES as u64)
                .read_to_end(&mut bytes)?;
            let is_free = bytes.is_empty() || bytes == BLANK;
            let line = (!is_free).then(|| first_line(&bytes)).flatten();
            if let Some(id) = line.and_then(&mut id_of) {
                slots.taken.entry(id).or_default().push(slot);
                continue;
            }
            if !is_free {
                self.write(&BLANK, slot);
            }
            slots.free.push(slot);
        }
        // What is in it is read, even if there is no room for more.
        self.make_room()?;
        // The first ones are taken first.
        slots.free.reverse();
        *lock(&self.slots) = slots;
        Ok(())
    }

    /// Gives the file its size, with room for all of it on the disk.
    fn make_room(&self) -> Result<()> {
        let (had, size) = (self.file.metadata()?.len(), (SLOTS * SLOT_BYTES) as u64);
        if had >= size {
            return Ok(());
        }
        if fallocate(&self.file, FallocateFlags::empty(), 0, size).is_err() {
            // Not every file system can set room aside.
            let mut file = &self.file;
            file.seek(SeekFrom::End(0))?;
            std::io::copy(&mut std::io::repeat(0).take(size - had), &mut file)?;
        }
        self.file.sync_all()
    }

    /// Puts a line of an attempt in, in the place of what the file had of it.
    /// False where fewer slots than `kept_free` would be left, or the file cannot
    /// be written.
    pub fn put(&self, id: AttemptId, line: &str, kept_free: usize) -> bool {
        let slot = {
            let mut slots = lock(&self.slots);
            let has_room = line.len() <= SLOT_BYTES && slots.free.len() > kept_free;
            slots.free.pop_if(|_| has_room)
        };
        let Some(slot) = slot else {
            return false;
        };
        if !self.write(line.as_bytes(), slot) {
            self.blank(vec![slot]);
            return false;
        }
        let older = lock(&self.slots).taken.insert(id, vec![slot]);
        self.blank(older.unwrap_or_default());
        true
    }

    /// Leaves nothing of attempts in the file.
    pub fn forget(&self, attempts: impl Iterator<Item = AttemptId>) {
        let forgotten = {
            let mut slots = lock(&self.slots);
            if slots.taken.is_empty() {
                return;
            }
            let slots = attempts.filter_map(|id| slots.taken.remove(&id));
            slots.flatten().collect()
        };
        self.blank(forgotten);
    }

    /// Waits until everything that was put in is on the disk.
    pub fn sync(&self) -> Result<()> {
        self.file.sync_data()
    }

    /// Blanks and frees slots. One that cannot be blanked stays taken; nothing
    /// comes of a line whose attempt is in a row.
    fn blank(&self, mut slots: Vec<usize>) {
        slots.retain(|slot| self.write(&BLANK, *slot));
        if !slots.is_empty() {
            lock(&self.slots).free.append(&mut slots);
        }
    }

    fn write(&self, bytes: &[u8], slot: usize) -> bool {
        let at = (slot * SLOT_BYTES) as u64;
        self.file.write_all_at(bytes, at).is_ok()
    }
}

/// The line in a slot; none where it has no end.
pub fn first_line(slot: &[u8]) -> Option<&str> {
    let end = slot.iter().position(|byte| *byte == b'\n')?;
    std::str::from_utf8(slot.get(..end)?).ok()
}
