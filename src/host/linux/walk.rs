//! One pass over all processes: which of them hold any of the wanted sockets.
//!
//! Most processes hold none, so of each only the descriptors are read at first, and of each descriptor
//! only what it links to.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use procfs::ProcResult;
use procfs::process::{Process, all_processes_with_root};

use super::process::{Blind, Identity, alive, inode, is_gone, open_process, text, visit_links};
use super::worker::worker;

/// What one pass saw.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The processes that hold a wanted socket, by pid.
    pub(super) found: Vec<Found>,
    /// Those that could not be looked into, by pid.
    pub(super) blind: Vec<Blind>,
}

/// A process that holds wanted sockets.
#[derive(Debug)]
pub(super) struct Found {
    /// Its pid.
    pub(super) pid: i32,
    /// Who it is; `None` if it ended before that could be read.
    pub(super) identity: Option<Identity>,
    /// The inodes of the wanted sockets that it holds.
    pub(super) sockets: HashSet<u64>,
    /// Its epoll instances; `None` if what one of them watches cannot be read.
    pub(super) instances: Option<Vec<Instance>>,
}

/// An epoll instance of a process.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// Its descriptor.
    pub(super) fd: u32,
    /// The inodes of the wanted sockets that it watches.
    pub(super) watches: HashSet<u64>,
}

/// Looks for the holders of the sockets with these inodes; `now` is the time since boot that ages are
/// told of.
pub(super) fn walk(root: &Path, wanted: &HashSet<u64>, now: Duration) -> ProcResult<Walk> {
    let mut walk = Walk::default();
    if wanted.is_empty() {
        return Ok(walk);
    }
    let holds = |process: &Process| Descriptors::read(process, wanted);
    walk.blind = read_all(root, holds, |process, Descriptors { sockets, epolls, .. }| {
        if !sockets.is_empty() {
            walk.found.push(Found {
                pid: process.pid,
                identity: Identity::read(process, now).ok().map(|mut it| {
                    it.holder.worker = worker(root, process, &it.holder);
                    it
                }),
                sockets,
                instances: epolls.iter().map(|fd| instance(process, *fd, wanted)).collect(),
            });
        }
    })?;
    walk.found.sort_by_key(|found| found.pid);
    walk.blind.sort_by_key(|blind| blind.pid);
    Ok(walk)
}

/// Reads the descriptors of every process with `read`, and passes what it returns to `found`. Returns the processes
/// that cannot be looked into. `read` returns `None` for a process without any descriptor.
pub(super) fn read_all<T>(
    root: &Path,
    read: impl Fn(&Process) -> ProcResult<Option<T>>,
    mut found: impl FnMut(&Process, T),
) -> ProcResult<Vec<Blind>> {
    let mut blind = Vec::new();
    for process in all_processes_with_root(root)? {
        let process = match process {
            Ok(process) => process,
            Err(error) if is_gone(&error) => continue,
            Err(_) => {
                blind.push(Blind::NOBODY_KNOWN);
                continue;
            }
        };
        match read(&process) {
            Ok(Some(held)) => found(&process, held),
            Ok(None) => {}
            Err(error) if is_gone(&error) => {}
            Err(_) => blind.extend(Blind::read(&process)),
        }
    }
    // A process that is about to exit cannot be read, and holds nothing a moment later.
    blind.retain(|blind| blind.pid.is_none_or(|pid| !has_exited(root, pid)));
    Ok(blind)
}

fn has_exited(root: &Path, pid: i32) -> bool {
    open_process(root, pid).and_then(|process| alive(&process)).is_err_and(|error| is_gone(&error))
}

/// What matters of the descriptors of a process.
#[derive(Default)]
struct Descriptors {
    any: bool,
    sockets: HashSet<u64>,
    epolls: Vec<u32>,
}

impl Descriptors {
    /// `None` if the process has no descriptors.
    fn read(process: &Process, wanted: &HashSet<u64>) -> ProcResult<Option<Self>> {
        let mut descriptors = Self::default();
        visit_links(process, |fd, link| {
            descriptors.any = true;
            if link == b"anon_inode:[eventpoll]" {
                descriptors.epolls.push(fd);
            } else {
                let inode = inode(link, "socket").filter(|inode| wanted.contains(inode));
                descriptors.sockets.extend(inode);
            }
        })?;
        Ok(descriptors.any.then_some(descriptors))
    }
}

/// What an epoll instance watches is in lines like
/// `tfd:        8 events:       19 data:                8  pos:0 ino:154b87 sdev:8`.
fn instance(process: &Process, fd: u32, wanted: &HashSet<u64>) -> Option<Instance> {
    let mut watches = HashSet::new();
    for line in text(process, &format!("fdinfo/{fd}")).ok()?.lines() {
        if line.starts_with("tfd:") {
            let inode = line.split_whitespace().find_map(|word| word.strip_prefix("ino:"))?;
            let inode = u64::from_str_radix(inode, 16).ok()?;
            watches.extend(Some(inode).filter(|inode| wanted.contains(inode)));
        }
    }
    Some(Instance { fd, watches })
}
