//! `/proc`: which process holds which socket.

use std::collections::HashSet;

use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process};

/// The processes that hold a socket which listens on `port`, as `pid 4711 (python serve.py)`, as far
/// as they can be seen from here.
#[must_use]
pub fn listeners(port: u16) -> Vec<String> {
    let tcp = procfs::net::tcp().into_iter().chain(procfs::net::tcp6()).flatten();
    let listening =
        |entry: &TcpNetEntry| entry.state == TcpState::Listen && entry.local_address.port() == port;
    let sockets: HashSet<u64> = tcp.filter(listening).map(|entry| entry.inode).collect();
    if sockets.is_empty() {
        return Vec::new();
    }
    let Ok(processes) = procfs::process::all_processes() else { return Vec::new() };
    processes.flatten().filter(|process| holds_any(process, &sockets)).map(|it| name(&it)).collect()
}

/// A process whose descriptors may not be read is not known to hold any.
fn holds_any(process: &Process, sockets: &HashSet<u64>) -> bool {
    let descriptors = process.fd().into_iter().flatten().flatten();
    descriptors.into_iter().any(|descriptor| match descriptor.target {
        FDTarget::Socket(inode) => sockets.contains(&inode),
        _ => false,
    })
}

fn name(process: &Process) -> String {
    let command = process.cmdline().unwrap_or_default().join(" ");
    format!("pid {} ({command})", process.pid)
}
