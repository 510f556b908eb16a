//! The parts that pages are made of. Each is a function that returns markup;
//! the look of each stands in `assets/console/console.css`.

pub mod chart;
pub mod form;
pub mod gauge;
pub mod icon;
pub mod key;
pub mod ladder;
pub mod limits;
pub mod link;
pub mod money;
pub mod note;
pub mod payer;
pub mod persona;
pub mod when;
