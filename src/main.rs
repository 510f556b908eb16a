//! The `latchkey` program; everything is in the library.

use std::alloc::System;
use std::process::ExitCode;

// It takes the place of the C library's, which `System` asks: to ask it so
// is quicker than through its own type, which has each alignment looked at.
use mimalloc as _;
use zeroizing_alloc::ZeroAlloc;

/// Wipes memory when it is freed, so that no copy of a key stays behind.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    latchkey::run()
}
