//! How much memory bodies may take, all calls of the process together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::lock::lock;
use crate::model::ids::PersonId;
use crate::model::requests::pieces::Pieces;

/// The largest body that counts as small. Small bodies have memory of their
/// own, so that large ones keep nobody from a short question.
pub const SMALL_BYTES_MAX: usize = 64 * 1024;
/// The longest body that takes no memory of the budget: the buffers of
/// connections are as large.
const FREE_BYTES_MAX: usize = 4 * 1024;
/// What a large body takes, in times its length: it is written anew for its
/// provider, or for its caller.
const COPIES: usize = 2;
/// How long a body waits for memory.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// One permit of a pool is this much.
const UNIT_BYTES: usize = 1024;
/// How much of the memory for large requests one person may take: one part
/// in so many.
const SHARES: u32 = 2;

/// What memory is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryUse {
    /// An answer that is read whole.
    Answer,
    /// A body that is parsed into a tree of values.
    Tree,
}

/// The memory for bodies. Each use has a pool of its own: a call that holds
/// memory for its body waits for memory for its answer, and calls that wait
/// for each other would never end.
#[derive(Debug)]
pub struct MemoryBudget {
    small: Pool,
    requests: Pool,
    answers: Pool,
    trees: Pool,
    /// What each person may take of the memory for large requests, for those
    /// who have taken some.
    shares: Arc<Mutex<HashMap<PersonId, Arc<Semaphore>>>>,
}

/// The memory for one use. Whoever finds too little waits in line.
#[derive(Debug)]
struct Pool {
    free: Arc<Semaphore>,
    units: u32,
}

/// Memory that was found. Dropping it gives it back.
#[derive(Debug)]
pub struct MemoryPermit {
    _of_pool: OwnedSemaphorePermit,
    _of_person: Option<PersonPermit>,
}

/// A part of a person's share.
#[derive(Debug)]
struct PersonPermit {
    person: PersonId,
    /// None once it was given back.
    taken: Option<OwnedSemaphorePermit>,
    share: Option<Arc<Semaphore>>,
    shares: Arc<Mutex<HashMap<PersonId, Arc<Semaphore>>>>,
}

/// Why no memory was found in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMemory {
    /// The bodies of all calls together take all of it.
    InUse,
    /// The person's own calls take their share of it.
    ShareInUse,
}

impl MemoryBudget {
    /// Divides so many bytes among all uses.
    pub fn new(bytes: usize) -> Self {
        let eighths = |number: usize| Pool::new(bytes / 8 * number);
        Self {
            small: eighths(1),
            requests: eighths(3),
            answers: eighths(2),
            trees: eighths(2),
            shares: Arc::default(),
        }
    }

    /// Waits for memory. A body that needs more than there ever is takes all
    /// of it.
    pub async fn reserve(&self, what: MemoryUse, bytes: usize) -> Result<MemoryPermit, NoMemory> {
        Ok(MemoryPermit {
            _of_pool: self.pool(what).take(bytes).await?,
            _of_person: None,
        })
    }

    /// Does the same for a large body of a person's, within their share.
    pub async fn reserve_for(
        &self,
        person: PersonId,
        bytes: usize,
    ) -> Result<MemoryPermit, NoMemory> {
        // First the share: whoever has used it up waits in no line of others.
        let of_person = self.take_of_share(person, bytes).await?;
        Ok(MemoryPermit {
            _of_pool: self.requests.take(bytes).await?,
            _of_person: Some(of_person),
        })
    }

    /// Waits for memory for a small body, which shares that of large ones
    /// where there is none for small ones alone.
    async fn reserve_small(
        &self,
        owner: BodyOwner,
        bytes: usize,
    ) -> Result<MemoryPermit, NoMemory> {
        let of_pool = match (self.small.try_take(bytes), owner) {
            (Some(taken), _) => taken,
            (None, BodyOwner::Caller(_)) => self.requests.take(bytes).await?,
            (None, BodyOwner::Provider) => self.answers.take(bytes).await?,
        };
        Ok(MemoryPermit {
            _of_pool: of_pool,
            _of_person: None,
        })
    }

    async fn take_of_share(
        &self,
        person: PersonId,
        bytes: usize,
    ) -> Result<PersonPermit, NoMemory> {
        let units = (self.requests.units / SHARES).max(1);
        let share = {
            let mut shares = lock(&self.shares);
            let new = || Arc::new(Semaphore::new(units as usize));
            Arc::clone(shares.entry(person).or_insert_with(new))
        };
        let mut permit = PersonPermit {
            person,
            taken: None,
            share: Some(Arc::clone(&share)),
            shares: Arc::clone(&self.shares),
        };
        let taking = share.acquire_many_owned(units_of(bytes).min(units));
        let taken = timeout(WAIT_MAX, taking).await;
        permit.taken = Some(
            taken
                .ok()
                .and_then(Result::ok)
                .ok_or(NoMemory::ShareInUse)?,
        );
        Ok(permit)
    }

    fn pool(&self, what: MemoryUse) -> &Pool {
        match what {
            MemoryUse::Answer => &self.answers,
            MemoryUse::Tree => &self.trees,
        }
    }
}

impl Pool {
    fn new(bytes: usize) -> Self {
        let units = units_of(bytes).max(1);
        Self {
            free: Arc::new(Semaphore::new(units as usize)),
            units,
        }
    }

    fn try_take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = units_of(bytes).min(self.units);
        Arc::clone(&self.free).try_acquire_many_owned(units).ok()
    }

    async fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, NoMemory> {
        if let Some(taken) = self.try_take(bytes) {
            return Ok(taken);
        }
        let units = units_of(bytes).min(self.units);
        let taking = Arc::clone(&self.free).acquire_many_owned(units);
        let taken = timeout(WAIT_MAX, taking).await;
        taken.ok().and_then(Result::ok).ok_or(NoMemory::InUse)
    }
}

impl MemoryPermit {
    /// Ties the memory to what it was found for: it is given back once
    /// nobody holds any part of these bytes any more.
    pub fn attach(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(HeldBytes {
            bytes,
            _permit: self,
        })
    }
}

/// Whose body it is that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyOwner {
    /// That of a call that a person makes.
    Caller(PersonId),
    /// The answer of a provider.
    Provider,
}

/// A body that comes piece by piece, and takes memory of the budget while it
/// grows.
pub struct BodyBuffer<'a> {
    budget: &'a MemoryBudget,
    owner: BodyOwner,
    /// The length that its sender announced.
    announced: Option<usize>,
    pieces: Pieces,
    permit: Option<MemoryPermit>,
    /// For how many bytes there is memory.
    covered: usize,
}

impl<'a> BodyBuffer<'a> {
    /// An empty buffer.
    pub fn new(budget: &'a MemoryBudget, owner: BodyOwner, announced: Option<usize>) -> Self {
        Self {
            budget,
            owner,
            announced,
            pieces: Pieces::default(),
            permit: None,
            covered: FREE_BYTES_MAX,
        }
    }

    /// How much came, in bytes.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Adds a piece, once there is memory for it.
    pub async fn push(&mut self, piece: Bytes) -> Result<(), NoMemory> {
        let needed = self.len() + piece.len();
        if needed > self.covered {
            // In a box: otherwise the future of every short body would have
            // room for this wait too.
            Box::pin(self.cover(needed)).await?;
        }
        self.pieces.push(piece);
        Ok(())
    }

    /// Waits for memory for so many bytes. A body of which only a little has
    /// come takes little, whatever its sender announced.
    async fn cover(&mut self, needed: usize) -> Result<(), NoMemory> {
        let announced = self.announced.filter(|length| *length >= needed);
        if needed <= SMALL_BYTES_MAX {
            let length = announced.unwrap_or_else(|| needed.next_power_of_two());
            self.covered = length.min(SMALL_BYTES_MAX);
            let permit = self.budget.reserve_small(self.owner, self.covered).await?;
            self.permit = Some(permit);
            return Ok(());
        }
        let length = announced.unwrap_or_else(|| needed.next_power_of_two());
        let bytes = length.saturating_mul(COPIES);
        let permit = match self.owner {
            BodyOwner::Caller(person) => self.budget.reserve_for(person, bytes).await?,
            BodyOwner::Provider => self.budget.reserve(MemoryUse::Answer, bytes).await?,
        };
        self.permit = Some(permit);
        self.covered = length;
        self.pieces.expect(length);
        Ok(())
    }

    /// The whole body, and the memory that it takes.
    pub fn finish(self) -> (Bytes, Option<MemoryPermit>) {
        (self.pieces.join(), self.permit)
    }
}

/// The memory for something that grows.
#[derive(Debug, Default)]
pub struct GrowingPermit {
    permit: Option<MemoryPermit>,
    covered: usize,
}

impl GrowingPermit {
    /// Waits for memory for so many bytes of an answer. What is short takes
    /// none.
    pub async fn cover(&mut self, budget: &MemoryBudget, bytes: usize) -> Result<(), NoMemory> {
        if bytes <= self.covered.max(SMALL_BYTES_MAX) {
            return Ok(());
        }
        let bytes = bytes.next_power_of_two();
        let reserving = budget.reserve(MemoryUse::Answer, bytes);
        self.permit = Some(Box::pin(reserving).await?);
        self.covered = bytes;
        Ok(())
    }
}

struct HeldBytes {
    bytes: Bytes,
    _permit: MemoryPermit,
}

impl AsRef<[u8]> for HeldBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for PersonPermit {
    fn drop(&mut self) {
        drop(self.taken.take());
        drop(self.share.take());
        let mut shares = lock(&self.shares);
        // The map's own is the last: nobody has taken any of it, or waits.
        let is_unused = |share: &Arc<Semaphore>| Arc::strong_count(share) == 1;
        if shares.get(&self.person).is_some_and(is_unused) {
            shares.remove(&self.person);
        }
    }
}

/// How many permits so many bytes take.
fn units_of(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;
    const MIA: PersonId = PersonId(1);
    const OMAR: PersonId = PersonId(2);

    fn free_in(pool: &Pool) -> usize {
        pool.free.available_permits() * UNIT_BYTES
    }

    fn free_of(budget: &MemoryBudget, what: MemoryUse) -> usize {
        free_in(budget.pool(what))
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_no_memory_waits_and_is_refused_after_a_while() {
        let budget = MemoryBudget::new(8 * MIB);
        let first = budget.reserve(MemoryUse::Answer, 2 * MIB).await.unwrap();
        let refused = budget.reserve(MemoryUse::Answer, 1).await;
        assert_eq!(refused.unwrap_err(), NoMemory::InUse);
        // Others have memory of their own.
        budget.reserve(MemoryUse::Tree, 1).await.unwrap();
        budget.reserve_for(MIA, 1).await.unwrap();
        let small = budget.reserve_small(BodyOwner::Provider, 1).await;
        small.unwrap();
        let waiting = budget.reserve(MemoryUse::Answer, 1);
        let (waited, ()) = tokio::join!(waiting, async { drop(first) });
        drop(waited.unwrap());
        // More than there ever is.
        let all = budget.reserve(MemoryUse::Tree, 100 * MIB).await.unwrap();
        assert_eq!(free_of(&budget, MemoryUse::Tree), 0);
        drop(all);
        assert_eq!(free_of(&budget, MemoryUse::Tree), 2 * MIB);
    }

    #[tokio::test(start_paused = true)]
    async fn one_person_takes_no_more_than_a_share() {
        let budget = MemoryBudget::new(32 * MIB);
        let share = 6 * MIB;
        let half = budget.reserve_for(MIA, share / 2).await.unwrap();
        let other_half = budget.reserve_for(MIA, share / 2).await.unwrap();
        let refused = budget.reserve_for(MIA, UNIT_BYTES).await;
        assert_eq!(refused.unwrap_err(), NoMemory::ShareInUse);
        let omars = budget.reserve_for(OMAR, share).await.unwrap();
        assert_eq!(free_in(&budget.requests), 0);
        drop((half, other_half, omars));
        assert_eq!(free_in(&budget.requests), 12 * MIB);
        assert!(lock(&budget.shares).is_empty());
    }

    #[tokio::test]
    async fn a_body_takes_memory_as_it_comes() {
        let budget = MemoryBudget::new(8 * MIB);
        let small = |budget: &MemoryBudget| free_in(&budget.small);
        let mut body = BodyBuffer::new(&budget, BodyOwner::Caller(MIA), Some(400 * 1024));
        let mut came = 0;
        for (bytes, taken) in [
            (4, (0, 0)),
            (1, (64, 0)),
            (59, (64, 0)),
            (1, (0, 800)),
            (335, (0, 800)),
        ] {
            body.push(Bytes::from(vec![b'x'; bytes * 1024]))
                .await
                .unwrap();
            came += bytes;
            assert_eq!(small(&budget), MIB - taken.0 * 1024, "{came}");
            assert_eq!(
                free_in(&budget.requests),
                3 * MIB - taken.1 * 1024,
                "{came}"
            );
        }
        let (bytes, permit) = body.finish();
        assert_eq!(bytes.len(), came * 1024);
        drop(permit);
        // One that does not say how long it is.
        let mut body = BodyBuffer::new(&budget, BodyOwner::Provider, None);
        for _ in 0..100 {
            body.push(Bytes::from(vec![b'x'; 1024])).await.unwrap();
        }
        assert_eq!(free_of(&budget, MemoryUse::Answer), 2 * MIB - 256 * 1024);
        assert_eq!(small(&budget), MIB);
    }

    #[tokio::test]
    async fn memory_is_given_back_with_the_last_of_its_bytes() {
        let budget = MemoryBudget::new(8 * MIB);
        let tree = MemoryUse::Tree;
        let permit = budget.reserve(tree, UNIT_BYTES).await.unwrap();
        let body = permit.attach(Bytes::from_static(b"{\"a\":1}"));
        let part = body.slice(1..4);
        drop(body);
        assert_eq!(free_of(&budget, tree), 2 * MIB - UNIT_BYTES);
        assert_eq!(&part[..], b"\"a\"");
        drop(part);
        assert_eq!(free_of(&budget, tree), 2 * MIB);
    }
}
