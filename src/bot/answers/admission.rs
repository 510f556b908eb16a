//! Waiting in line: how many answers one person, or one channel, gets at
//! once, and how many wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lines of one kind, each with so many served at once and so many waiting.
pub struct Lines {
    at_once: usize,
    waiting: usize,
    known: Arc<Mutex<HashMap<u64, Line>>>,
}

struct Line {
    seats: Arc<Semaphore>,
    /// Served and waiting.
    here: usize,
}

/// A place in a line, given up when it is dropped.
pub struct Place {
    key: u64,
    seats: Arc<Semaphore>,
    seat: Option<OwnedSemaphorePermit>,
    lines: Arc<Mutex<HashMap<u64, Line>>>,
}

impl Lines {
    /// Nobody is here yet.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            at_once,
            waiting,
            known: Arc::default(),
        }
    }

    /// Gets in line; none when it is full.
    pub fn enter(&self, key: u64) -> Option<Place> {
        let mut lines = lock(&self.known);
        let line = lines.entry(key).or_insert_with(|| Line {
            seats: Arc::new(Semaphore::new(self.at_once)),
            here: 0,
        });
        if line.here >= self.at_once + self.waiting {
            return None;
        }
        line.here += 1;
        let seats = Arc::clone(&line.seats);
        drop(lines);
        Some(Place {
            key,
            seat: Arc::clone(&seats).try_acquire_owned().ok(),
            seats,
            lines: Arc::clone(&self.known),
        })
    }
}

impl Place {
    /// Whether others come first.
    pub fn must_wait(&self) -> bool {
        self.seat.is_none()
    }

    /// Waits until it is one's turn; first come, first served.
    pub async fn turn(&mut self) {
        if self.seat.is_none() {
            // The semaphore is never closed.
            self.seat = Arc::clone(&self.seats).acquire_owned().await.ok();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = lock(&self.lines);
        if let Some(line) = lines.get_mut(&self.key) {
            line.here -= 1;
            if line.here == 0 {
                lines.remove(&self.key);
            }
        }
    }
}

fn lock(lines: &Mutex<HashMap<u64, Line>>) -> MutexGuard<'_, HashMap<u64, Line>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_is_served_one_waits_and_the_third_is_turned_away() {
        let lines = Lines::new(1, 1);
        let first = lines.enter(7).unwrap();
        assert!(!first.must_wait());
        let mut second = lines.enter(7).unwrap();
        assert!(second.must_wait());
        assert!(lines.enter(7).is_none());
        assert!(!lines.enter(8).unwrap().must_wait());
        drop(first);
        second.turn().await;
        assert!(!second.must_wait());
        assert!(lines.enter(7).unwrap().must_wait());
        drop(second);
        assert!(lock(&lines.known).is_empty());
    }
}
