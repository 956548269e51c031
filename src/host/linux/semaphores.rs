//! The semaphores that multiprocessing shares between a program and its workers, by the memory maps of processes.
//!
//! A worker may become a daemon with all its descriptors closed, and so may the program. The semaphores still show that
//! they belong together.

use std::collections::HashSet;
use std::path::Path;

use procfs::process::Process;

use super::parents::Parents;
use super::process::{command, open_process, text};
use crate::model::Holder;

/// How the paths of these semaphores begin.
const SEMAPHORES: &str = "/dev/shm/sem.";

/// The semaphores that a process has mapped, each by its device and inode. `None` if that cannot be read.
pub(super) fn semaphores(process: &Process) -> Option<HashSet<String>> {
    let maps = text(process, "maps").ok()?;
    let is_semaphore = |line: &&str| line.contains(SEMAPHORES);
    let name = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().skip(3).take(2).collect();
        columns.join(" ")
    };
    Some(maps.lines().filter(is_semaphore).map(name).collect())
}

/// A process that shares semaphores with one of these, and is neither one of them nor a descendant of one, in words. It
/// is not older than all of them and runs the same executable, for their program forked or spawned it; and its parent
/// does not, for another process has adopted it. Processes whose maps cannot be read are left out.
pub(super) fn relative(root: &Path, processes: &[&Holder], parents: &Parents) -> Option<String> {
    let open = |it: &&Holder| open_process(root, it.pid).ok();
    let opened: Vec<_> = processes.iter().filter_map(open).collect();
    let shared: HashSet<_> = opened.iter().filter_map(semaphores).flatten().collect();
    if shared.is_empty() {
        return None;
    }
    let executables: HashSet<_> = opened.iter().filter_map(|it| it.exe().ok()).collect();
    let oldest = processes.iter().map(|it| it.start).min()?;
    let runs_same = |it: &Process| it.exe().is_ok_and(|it| executables.contains(&it));
    let mut known: HashSet<u32> = processes.iter().map(|it| it.pid).collect();
    for process in processes {
        known.extend(parents.descendants(process.pid.cast_signed()));
    }
    let is_adopted = |parent: u32| !open_process(root, parent).is_ok_and(|it| runs_same(&it));
    // Reading the maps of every process would take most of the time of a look.
    let mut others = parents
        .started_since(oldest)
        .filter(|(pid, parent)| !known.contains(pid) && is_adopted(*parent))
        .filter_map(|(pid, _)| open_process(root, pid).ok());
    let other = others.find(|it| {
        (runs_same(it) || it.exe().is_err())
            && semaphores(it).is_some_and(|its| !its.is_disjoint(&shared))
    })?;
    let command = command(&other).unwrap_or_default();
    Some(Holder { command, ..Holder::known_by_pid(other.pid.unsigned_abs()) }.name())
}
