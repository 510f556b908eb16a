//! JSON in bodies, with its order and its numbers as they were written.

pub mod fields_reader;
pub mod json;
pub mod json_fence;
pub mod json_size;
pub mod raw_object;
