//! Addresses on which a test's own program listens later.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};

/// An address of this machine that stays free until a program listens there, and
/// between two programs. A port of 127.0.0.1 would not: other tests listen on ports
/// that the system chooses, and every connection leaves from one.
pub fn own_address() -> SocketAddr {
    static MADE: AtomicU8 = AtomicU8::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    let number = MADE.fetch_add(1, Ordering::Relaxed) % 127;
    let host = Ipv4Addr::new(127, 128 + number, high, low);
    let listener = std::net::TcpListener::bind((host, 0)).unwrap();
    listener.local_addr().unwrap()
}
