//! Whole processes: what they take, from their start to their end.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::bare;

const GRAPHCTL: &str = env!("CARGO_BIN_EXE_graphctl");
const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/server/snapshot.py");

/// graphctl with these arguments, on that server.
pub(crate) fn graphctl(address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(GRAPHCTL);
    command.args(["--address", address, "--timeout", "60s"]).args(arguments);
    command
}

/// `graphctl sessions list -o json`.
pub(crate) fn list(address: &str) -> Command {
    graphctl(address, &["sessions", "list", "-o", "json"])
}

/// A Python script that lists by `GraphContext.snapshot()`.
pub(crate) fn snapshot(python: &Path, address: &str) -> Command {
    let mut command = Command::new(python);
    command.args([SNAPSHOT, address]).env("EZMSG_LOGLEVEL", "WARNING");
    command
}

/// A program that sends the request of graphctl's listing and reads the reply.
pub(crate) fn bare(address: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("it knows where it is"));
    command.args([bare::ARGUMENT, address]);
    command
}

/// How long it takes, with nobody to read what it prints.
pub(crate) fn time_of(mut command: Command) -> Duration {
    let begun = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let took = begun.elapsed();
    assert!(status.is_ok_and(|status| status.success()), "it failed: {command:?}");
    took
}

/// What it prints.
pub(crate) fn output_of(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it failed: {command:?}: {complaint}");
    String::from_utf8(output.stdout).expect("it prints text")
}

/// The most memory it has had in use, in bytes, as of the last time that its output was read: that is more
/// than a pipe holds, and comes when all else is done.
pub(crate) fn peak_memory_of(mut command: Command) -> u64 {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut output = child.stdout.take().expect("its output is piped");
    let mut peak = 0;
    while let Ok(1..) = output.read(&mut [0; 4096]) {
        peak = peak.max(high_water_mark(child.id()).unwrap_or_default());
    }
    let status = child.wait().expect("it ends");
    assert!(status.success() && peak > 0, "it failed: {command:?}");
    peak
}

fn high_water_mark(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}
