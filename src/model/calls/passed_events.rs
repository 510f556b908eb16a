//! How much of a stream its caller has got, where its dialect numbers the events.

/// What the events so far have told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedEvents {
    pub count: u64,
    /// What they call the answer.
    pub response_id: Option<String>,
}
