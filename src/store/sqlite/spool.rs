//! The spool: a file beside the database, of a size that never changes, with
//! the attempts that are in no row yet. It takes them while the disk is full or
//! the database is locked, and a process that is killed leaves them in it.
//!
//! It has slots of equal size. One that is taken has an attempt as one line, and
//! one that is free is blank.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;

use foldhash::HashMap;

use crate::model::{
    Amounts, Attempt, AttemptId, KeyId, NanoDollars, PersonId, ProviderId, ServerId, Source, lock,
};
use crate::store::accounts::ledger::{Booking, KnownTokens};

/// The suffix of its name.
pub const SPOOL_SUFFIX: &str = "-spool";
/// How long a line may be, in bytes. A slot lies within one page, so that a
/// process that is killed has written all of it or nothing.
const SLOT_BYTES: usize = 1_024;
/// How many attempts it takes.
const SLOTS: usize = 1_024;
/// How long lines mostly are at the most.
const LINE_BYTES_USUAL: usize = 256;
const BLANK: [u8; SLOT_BYTES] = [0; SLOT_BYTES];

/// Attempts that are in no row yet.
#[derive(Debug)]
pub struct Spool {
    /// None where it could not be made.
    file: Option<File>,
    slots: Mutex<Slots>,
}

/// Which attempts have slots, and which slots are free.
#[derive(Debug, Default)]
struct Slots {
    taken: HashMap<AttemptId, usize>,
    free: Vec<usize>,
}

impl Spool {
    /// Opens or makes the file; and what an earlier process left in it. Where
    /// that fails, the spool takes nothing.
    pub fn open(path: &Path) -> (Self, Vec<Booking>) {
        let (file, bytes) = match open_file(path) {
            Ok((file, bytes)) => (Some(file), bytes),
            Err(error) => {
                let name = path.display();
                tracing::warn!(
                    "could not make {name}, so that every call waits for the disk: {error}"
                );
                (None, Vec::new())
            }
        };
        let (slots, left) = read_slots(&bytes);
        let slots = Mutex::new(slots);
        (Self { file, slots }, left)
    }

    /// Puts an attempt in. False where there is no room, or the file cannot be
    /// written.
    pub fn put(&self, booking: &Booking) -> bool {
        let line = format_line(booking);
        let Some(slot) = lock(&self.slots).take(booking.attempt.id) else {
            return false;
        };
        let is_put = line.len() <= SLOT_BYTES && self.write(line.as_bytes(), slot);
        if !is_put {
            self.forget([booking.attempt.id].into_iter());
        }
        is_put
    }

    /// Forgets attempts that are in rows by now, and leaves nothing of them in
    /// the file.
    pub fn forget(&self, attempts: impl Iterator<Item = AttemptId>) {
        for id in attempts {
            let slot = lock(&self.slots).taken.remove(&id);
            // One that cannot be blanked stays taken; nothing comes of a line
            // whose attempt is in a row.
            if let Some(slot) = slot.filter(|slot| self.write(&BLANK, *slot)) {
                lock(&self.slots).free.push(slot);
            }
        }
    }

    fn write(&self, bytes: &[u8], slot: usize) -> bool {
        let at = (slot * SLOT_BYTES) as u64;
        let written = self.file.as_ref().map(|file| file.write_all_at(bytes, at));
        written.is_some_and(|written| written.is_ok())
    }
}

impl Slots {
    fn take(&mut self, id: AttemptId) -> Option<usize> {
        let slot = self.free.pop()?;
        self.taken.insert(id, slot);
        Some(slot)
    }
}

/// Opens the file, with room for every slot on the disk; and what it has.
fn open_file(path: &Path) -> std::io::Result<(File, Vec<u8>)> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    let (size, mut bytes) = (SLOTS * SLOT_BYTES, Vec::new());
    (&mut file).take(size as u64).read_to_end(&mut bytes)?;
    if bytes.len() < size {
        let had = bytes.len();
        bytes.resize(size, 0);
        file.write_all_at(bytes.get(had..).unwrap_or_default(), had as u64)?;
        file.sync_all()?;
    }
    Ok((file, bytes))
}

/// Reads which slots are free, and which attempts are in the others.
fn read_slots(bytes: &[u8]) -> (Slots, Vec<Booking>) {
    let (mut slots, mut left) = (Slots::default(), Vec::new());
    for (slot, bytes) in bytes.chunks(SLOT_BYTES).enumerate().rev() {
        match first_line(bytes).and_then(parse_line) {
            Some(booking) => {
                slots.taken.insert(booking.attempt.id, slot);
                left.push(booking);
            }
            None => slots.free.push(slot),
        }
    }
    (slots, left)
}

fn first_line(slot: &[u8]) -> Option<&str> {
    let end = slot.iter().position(|byte| *byte == b'\n')?;
    std::str::from_utf8(slot.get(..end)?).ok()
}

/// Writes an attempt as a line.
fn format_line(booking: &Booking) -> String {
    let Booking {
        attempt,
        held,
        counted: _,
        known,
    } = booking;
    let source = attempt.source.as_str();
    let cost = held.cost.map(|cost| cost.0);
    let fields: [Option<&dyn fmt::Display>; 13] = [
        Some(&attempt.id),
        Some(&attempt.person),
        attempt.server.as_ref().map(|it| it as _),
        Some(&source),
        attempt.key.as_ref().map(|it| it as _),
        Some(&attempt.provider),
        Some(&attempt.model),
        Some(&attempt.held_at_ms),
        Some(&held.input_tokens),
        Some(&held.output_tokens),
        Some(&held.images),
        cost.as_ref().map(|it| it as _),
        Some(&known.prompt),
    ];
    let mut line = String::with_capacity(LINE_BYTES_USUAL);
    let mut between = "";
    for field in fields {
        line.push_str(between);
        between = "\t";
        if let Some(field) = field {
            // Writing to a string cannot fail.
            let _ = write!(line, "{field}");
        }
    }
    line.push('\n');
    line
}

/// Parses what [`format_line`] writes, without the end of the line.
fn parse_line(line: &str) -> Option<Booking> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [
        id,
        person,
        server,
        source,
        key,
        provider,
        model,
        held_at_ms,
        input_tokens,
        output_tokens,
        images,
        cost,
        prompt,
    ] = fields.try_into().ok()?;
    let attempt = Attempt {
        id: AttemptId::parse(id)?,
        person: PersonId(person.parse().ok()?),
        server: server.parse().ok().map(ServerId),
        source: Source::parse(source)?,
        key: KeyId::parse(key),
        provider: ProviderId::from(provider),
        model: model.to_owned(),
        held_at_ms: held_at_ms.parse().ok()?,
    };
    let held = Amounts {
        input_tokens: input_tokens.parse().ok()?,
        output_tokens: output_tokens.parse().ok()?,
        images: images.parse().ok()?,
        cost: cost.parse().ok().map(NanoDollars),
    };
    let known = KnownTokens {
        prompt: prompt.parse().ok()?,
        heard: 0,
    };
    Some(Booking {
        attempt,
        held,
        counted: Vec::new(),
        known,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn booking(at: u64) -> Booking {
        Booking {
            attempt: Attempt {
                id: AttemptId(u128::from(at).to_be_bytes()),
                person: PersonId(7),
                server: at.is_multiple_of(2).then_some(ServerId(9)),
                source: Source::Personal,
                key: at.is_multiple_of(3).then_some(KeyId([3; 16])),
                provider: ProviderId::from("openai"),
                model: format!("möwe-{at}"),
                held_at_ms: 1_795_000_000_000,
            },
            held: Amounts {
                input_tokens: 500,
                output_tokens: at,
                images: 0,
                cost: (at % 2 == 1).then_some(NanoDollars(0)),
            },
            counted: Vec::new(),
            known: KnownTokens {
                prompt: 100,
                heard: 0,
            },
        }
    }

    #[test]
    fn what_is_in_no_row_is_there_for_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.db-spool");
        let (mut spool, left) = Spool::open(&path);
        assert_eq!(left, []);
        for round in 0..3 {
            let at = 10 * round;
            for at in at..at + 5 {
                assert!(spool.put(&booking(at)));
            }
            let written = [at, at + 2, at + 4].map(|at| booking(at).attempt.id);
            spool.forget(written.into_iter());
            drop(spool);
            let (again, mut left) = Spool::open(&path);
            left.sort_by_key(|booking| booking.attempt.id);
            assert_eq!(left, [booking(at + 1), booking(at + 3)]);
            again.forget(left.iter().map(|booking| booking.attempt.id));
            // Nothing of anybody stays in the file.
            assert!(std::fs::read(&path).unwrap().iter().all(|byte| *byte == 0));
            spool = again;
        }
    }

    #[test]
    fn it_takes_no_more_than_it_has_room_for_and_nothing_that_is_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.db-spool");
        let (spool, _) = Spool::open(&path);
        let mut long = booking(1);
        long.attempt.model = "m".repeat(SLOT_BYTES);
        assert!(!spool.put(&long));
        let many = 0..2 * SLOTS as u64;
        let put = many.take_while(|at| spool.put(&booking(*at)));
        assert_eq!(put.count(), SLOTS);
        spool.forget([booking(0).attempt.id].into_iter());
        assert!(spool.put(&booking(0)));
        let size = (SLOTS * SLOT_BYTES) as u64;
        assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
    }

    #[test]
    fn a_line_that_was_torn_is_passed_over() {
        let line = format_line(&booking(3));
        let whole = first_line(line.as_bytes()).and_then(parse_line);
        assert_eq!(whole, Some(booking(3)));
        for at in 0..line.len() {
            let (slot, _) = line.as_bytes().split_at(at);
            assert_eq!(first_line(slot).and_then(parse_line), None);
        }
    }

    #[test]
    fn a_spool_that_cannot_be_made_takes_nothing() {
        let (spool, left) = Spool::open(Path::new("/nowhere/latchkey.db-spool"));
        assert_eq!(left, []);
        assert!(!spool.put(&booking(1)));
    }
}
