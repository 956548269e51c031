//! Linux: everything is in `/proc`.
//!
//! | file | what it does |
//! |---|---|
//! | [`sockets`] | connection → socket of this machine |
//! | [`walk`] | socket → the processes that hold it, in one pass over all |
//! | [`process`] | what is read of one process |
//! | [`doubt`] | who may hold a socket without being seen |
//! | [`waits`] | what a process waits for: system calls, signals, its terminal |
//! | [`serving`] | does a thread of a holder wait on the socket? |
//! | [`worker`](mod@worker) | did Python's multiprocessing start a process? |
//! | [`orphans`] | has the program exited that forked a holder? |
//! | [`parents`] | which process was started by which |
//! | [`semaphores`] | which processes share semaphores of multiprocessing |
//! | [`holders`] | all of the above, for many connections at once |
//! | [`stacks`] | the Python stacks of processes |
//! | [`lists`] | the kernel's lists of sockets that are not TCP's |
//! | [`descriptors`] | the pipes, sockets, terminals and files of one process |
//! | [`netlink`] | asks the kernel for lists of sockets |
//! | [`unix`] | the other ends of unix sockets |
//! | [`ties`] | the other ends of all these, for many processes at once |
//! | [`copy`] | finds holders in a copy of the `/proc` of the server's machine |
//! | [`end`](mod@end) | ends processes |
//! | [`tree`] | the processes below graphctl itself |
//!
//! Processes come and go while they are looked at, and pids are used again. What is read of a process
//! in one go is read through one handle of its directory, so it is never mixed from two; over longer
//! times a process is its pid together with its start.

mod copy;
mod descriptors;
mod doubt;
mod end;
mod holders;
mod lists;
mod netlink;
mod orphans;
mod parents;
mod process;
mod semaphores;
mod serving;
mod sockets;
mod stacks;
#[cfg(test)]
mod tests;
mod ties;
mod tree;
mod unix;
mod waits;
mod walk;
mod worker;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use procfs::{ProcError, ProcResult};

use stacks::StackReaders;

use super::{Connection, Host, Sockets, Ties, Unseen, Written};
use crate::model::{Family, Holder, Holding};

pub(super) use copy::holders_in;
pub(super) use end::{end, signal};
pub(super) use process::ignores;
pub(super) use process::{uptime, uptime as clock};
pub use tree::Tree;

/// Where this machine tells of itself.
const ROOT: &str = "/proc";

pub(super) fn name() -> Option<String> {
    let name = fs::read_to_string(Path::new(ROOT).join("sys/kernel/hostname")).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// How long to wait before another look at a process that may be at work.
const PAUSE: Duration = Duration::from_millis(20);

/// How often more it is looked for the other ends of what processes share, if it was not certain who holds them. A process
/// that is about to exit cannot be looked into for a moment.
const FURTHER_TRIES: usize = 3;

/// This machine, as far as its `/proc` shows it.
#[derive(Debug)]
pub(super) struct Machine {
    root: PathBuf,
    readers: StackReaders,
}

impl Machine {
    pub(super) fn this() -> Self {
        Self { root: ROOT.into(), readers: StackReaders::default() }
    }
}

impl Host for Machine {
    /// The boot of the machine, and the network namespace in it.
    fn network(&self) -> Option<String> {
        let boot = fs::read_to_string(self.root.join("sys/kernel/random/boot_id")).ok()?;
        let namespace = namespace(&self.root, "net")?;
        Some(format!("{}/{namespace}", boot.trim()))
    }

    fn holders(&self, connections: &[Connection]) -> Vec<Holding> {
        if shows_another_namespace(&self.root) {
            let why = "who holds it cannot be seen: /proc is that of another pid namespace than graphctl's";
            return vec![Holding::unknown(why); connections.len()];
        }
        let mut pause = || thread::sleep(PAUSE);
        let now = process::uptime();
        let holders = sockets::clients(&self.root, connections).and_then(|sockets| {
            holders::holders(&self.root, connections, &sockets, now, &mut pause)
        });
        holders.unwrap_or_else(|error| {
            let why = format!("who holds it cannot be seen on this machine: {error}");
            vec![Holding::unknown(&why); connections.len()]
        })
    }

    fn sockets(&self, holder: &Holder) -> Result<Sockets, Unseen> {
        sockets::of(&self.root, holder).map_err(unseen)
    }

    fn ties(&self, processes: &[Holder]) -> Vec<Result<Ties, Unseen>> {
        if processes.is_empty() {
            return Vec::new();
        }
        let read = || {
            // A kernel that does not list them leaves each of them unknown.
            let peers = unix::peers().unwrap_or_default();
            ties::ties(&self.root, processes, &peers)
        };
        let mut ties = read();
        for _ in 0..FURTHER_TRIES {
            let mut resources = ties.iter().flatten().flat_map(|it| &it.resources);
            if !resources.any(|it| it.unsure.is_some()) {
                break;
            }
            thread::sleep(PAUSE);
            ties = read();
        }
        ties
    }

    fn written(&self, process: &Holder) -> Result<Written, Unseen> {
        process::written(&self.root, process).map_err(unseen)
    }

    fn families(&self, groups: &[&[Holder]]) -> Vec<Family> {
        if groups.is_empty() {
            Vec::new()
        } else {
            stacks::families(&self.root, groups, &self.readers)
        }
    }

    fn listeners(&self, at: SocketAddr) -> Vec<Holder> {
        if shows_another_namespace(&self.root) {
            return Vec::new();
        }
        listeners(&self.root, at).unwrap_or_default()
    }

    fn queue_is_full(&self, at: SocketAddr) -> Option<bool> {
        sockets::queue_is_full(at).ok().flatten()
    }
}

/// Whether the pids of a `/proc` mean other processes to graphctl: it shows the pid namespace of whoever mounted it.
fn shows_another_namespace(root: &Path) -> bool {
    let own = fs::read_link(root.join("self")).ok();
    own.is_some_and(|own| own != Path::new(&std::process::id().to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
fn unseen(error: ProcError) -> Unseen {
    if process::is_gone(&error) { Unseen::Gone } else { Unseen::Hidden }
}

fn listeners(root: &Path, at: SocketAddr) -> ProcResult<Vec<Holder>> {
    let sockets = sockets::listening(root, at)?;
    let walk = walk::walk(root, &sockets, process::uptime())?;
    Ok(walk.found.into_iter().filter_map(|found| Some(found.identity?.holder)).collect())
}

/// The number of a namespace that graphctl is in.
fn namespace(root: &Path, kind: &str) -> Option<u64> {
    let link = fs::read_link(root.join("self/ns").join(kind)).ok()?;
    link.to_str()?.strip_prefix(kind)?.strip_prefix(":[")?.strip_suffix(']')?.parse().ok()
}
