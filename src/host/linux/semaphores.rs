//! The semaphores that multiprocessing shares between a program and its workers, by the memory maps of processes.
//!
//! A worker may become a daemon with all its descriptors closed, and so may the program. The semaphores still show that
//! they belong together.

use std::collections::HashSet;
use std::path::Path;

use procfs::process::{Process, all_processes_with_root};

use super::parents::Parents;
use super::process::{alive, command, open_process, text};
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
    // Reading the maps of every process would take most of the time of a look.
    let runs_same =
        |it: &Process| it.exe().map_or(true, |executable| executables.contains(&executable));
    let is_adopted_since = |it: &Process| {
        let Ok(stat) = alive(it) else { return false };
        if stat.starttime < oldest {
            return false;
        }
        let parent = open_process(root, stat.ppid.unsigned_abs()).and_then(|it| it.exe());
        !parent.is_ok_and(|it| executables.contains(&it))
    };
    let mut known: HashSet<u32> = processes.iter().map(|it| it.pid).collect();
    for process in processes {
        known.extend(parents.descendants(process.pid.cast_signed()));
    }
    let mut others = all_processes_with_root(root).ok()?.filter_map(Result::ok);
    let other = others.find(|it| {
        !known.contains(&it.pid.unsigned_abs())
            && is_adopted_since(it)
            && runs_same(it)
            && semaphores(it).is_some_and(|its| !its.is_disjoint(&shared))
    })?;
    let command = command(&other).unwrap_or_default();
    Some(Holder { command, ..Holder::known_by_pid(other.pid.unsigned_abs()) }.name())
}
