//! Who pays for what, what it comes to, and which limits hold.

mod accounts;
mod budgets;
mod endings;
mod fees;
mod free_calls;
mod jobs;
mod payers;
mod quotas;
mod receipts;
mod sounds;
mod uncounted;
mod usages;
mod used_up;
