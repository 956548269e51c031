//! The processes below graphctl: who they are, and where they are connected to.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use procfs::ProcResult;
use procfs::process::{Process, all_processes_with_root};

use super::process::{Identity, alive, ticks, uptime};
use super::sockets;
use crate::host::Ends;
use crate::model::Holder;

/// The living processes below this one that started after it was made.
///
/// Those that became children before, of a shell that then executed graphctl, are none of ours.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    top: i32,
    since: u64,
}

/// What tells where a process belongs.
struct Kin {
    parent: i32,
    start: u64,
}

impl Tree {
    /// What will be started from now on.
    #[must_use]
    pub fn from_now() -> Self {
        Self::of(Path::new(super::ROOT), std::process::id().cast_signed(), ticks(uptime()))
    }

    /// Below this process, with starts in clock ticks since the machine was booted.
    pub(super) fn of(root: &Path, top: i32, since: u64) -> Self {
        Self { root: root.to_owned(), top, since }
    }

    /// Oldest first. One whose parent ends while this is read may be missing.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn living(&self) -> ProcResult<Vec<Holder>> {
        let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
        for process in all_processes_with_root(&self.root)? {
            // What may not be read at all is not below us: we could read its parent at least.
            let Ok(process) = process else { continue };
            if let Some(kin) = kin(&process)
                && kin.start >= self.since
            {
                children.entry(kin.parent).or_default().push(process.pid);
            }
        }
        let now = uptime();
        let mut living = Vec::new();
        let mut next = vec![self.top];
        while let Some(parent) = next.pop() {
            for pid in children.remove(&parent).unwrap_or_default() {
                let process = Process::new_with_root(self.root.join(pid.to_string()));
                living.extend(process.and_then(|it| Identity::read(&it, now)).map(|it| it.holder));
                next.push(pid);
            }
        }
        living.sort_by_key(|it| (it.start, it.pid));
        Ok(living)
    }

    /// Their connections to this port of anybody, as far as they can be seen.
    #[must_use]
    pub fn connections(&self, living: &[Holder], port: u16) -> HashSet<Ends> {
        sockets::connections(&self.root, living, port)
    }

    /// Of these connections: those of which somebody of this machine holds the client's end.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn held(&self, connections: &[Ends]) -> ProcResult<HashSet<Ends>> {
        let sockets = sockets::of_clients(&self.root, connections)?;
        let held = connections.iter().zip(sockets).filter(|(_, socket)| socket.inode().is_some());
        Ok(held.map(|(ends, _)| *ends).collect())
    }
}

fn kin(process: &Process) -> Option<Kin> {
    let stat = alive(process).ok()?;
    Some(Kin { parent: stat.ppid, start: stat.starttime })
}
