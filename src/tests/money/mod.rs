//! Who pays for what, what it comes to, and which limits hold.

mod accounts;
mod budgets;
mod fees;
mod payers;
mod quotas;
mod receipts;
mod uncounted;
mod usages;
