//! Has the linker put the functions that run next to each other.
//!
//! The kernel reads a program in pieces of 64 kB, and all of a piece counts
//! as memory. Most of our functions are code for Discord's every object that
//! never runs: with those that run between them, nearly all 15 MB of it
//! were in memory. `often.txt` lists what runs in the gateway's benchmark,
//! what is called most often first: that makes a call faster, too. `record`
//! writes it again. A name that the program does not have, since a
//! dependency or the compiler is another, is passed over.

#![expect(clippy::disallowed_methods, reason = "cargo tells by variables")]

use std::env::var;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=assets/layout/often.txt");
    let Some(linker) = lld() else { return };
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/layout/often.txt");
    let mut arguments = vec![
        "-fuse-ld=lld".to_owned(),
        format!("-B{linker}"),
        format!("-Wl,--symbol-ordering-file={list}"),
        "-Wl,--no-warn-symbol-ordering".to_owned(),
    ];
    if reads_packed_relocations() {
        arguments.push("-Wl,-z,pack-relative-relocs".to_owned());
    }
    for argument in arguments {
        println!("cargo::rustc-link-arg-bin=latchkey={argument}");
    }
}

/// Whether the C library here knows relocations that take a hundredth of
/// their space: those since glibc 2.36 do.
fn reads_packed_relocations() -> bool {
    let asked = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let said = asked.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
    let minor = said.ok().and_then(|said| {
        let minor = said.trim().strip_prefix("glibc 2.")?;
        minor.split('.').next()?.parse::<u32>().ok()
    });
    minor >= Some(36)
}

/// Where the compiler's own linker is, if it is the one that links: others
/// know no such list.
fn lld() -> Option<String> {
    let is = |name, value: &str| var(name).is_ok_and(|it| it == value);
    if !is("PROFILE", "release") || !is("TARGET", "x86_64-unknown-linux-gnu") {
        return None;
    }
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("link") || var("RUSTC_LINKER").is_ok() {
        return None;
    }
    let asked = Command::new(var("RUSTC").ok()?)
        .args(["--print", "sysroot"])
        .output();
    let sysroot = String::from_utf8(asked.ok()?.stdout).ok()?;
    let folder = Path::new(sysroot.trim()).join("lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld");
    let has_linker = folder.join("ld.lld").exists();
    has_linker.then(|| folder.display().to_string())
}
