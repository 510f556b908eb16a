//! Ids of attempts.

use std::sync::Mutex;

use anyhow::Context;

use crate::model::{AttemptId, lock};

/// Makes an id that begins with the time, so that new rows are neighbours in
/// the table.
pub fn make_id(now_ms: i64) -> anyhow::Result<AttemptId> {
    let AttemptId(mut id) = AttemptId::first_at(now_ms);
    let (_, rest) = id.split_at_mut(6);
    rest.copy_from_slice(&draw_random()?);
    Ok(AttemptId(id))
}

/// Draws random bytes. The system is asked for those of a hundred ids at once,
/// since the call takes as long as the drawing.
fn draw_random() -> anyhow::Result<[u8; 10]> {
    static DRAWN: Mutex<Vec<[u8; 10]>> = Mutex::new(Vec::new());
    let mut drawn = lock(&DRAWN);
    if drawn.is_empty() {
        let mut new = [[0; 10]; 100];
        getrandom::fill(new.as_flattened_mut())?;
        drawn.extend(new);
    }
    drawn.pop().context("nothing was drawn")
}
