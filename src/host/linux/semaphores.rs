//! The semaphores that multiprocessing shares between a program and its workers, by the memory maps of processes.
//!
//! A worker may become a daemon with all its descriptors closed, and so may the program. The semaphores still show that
//! they belong together.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use procfs::process::Process;

use super::parents::Parents;
use super::process::{command, executable, open_process, text};
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

/// Compares the semaphores of processes. Each process is read once, so this is for one look only.
pub(super) struct SharedSemaphores<'a> {
    root: &'a Path,
    parents: &'a Parents,
    executables: HashMap<u32, Option<Vec<u8>>>,
    semaphores: HashMap<u32, Option<HashSet<String>>>,
}

impl<'a> SharedSemaphores<'a> {
    pub(super) fn new(root: &'a Path, parents: &'a Parents) -> Self {
        Self { root, parents, executables: HashMap::new(), semaphores: HashMap::new() }
    }

    /// Checks that no process shares semaphores with these, except themselves and their descendants. Only
    /// processes with the same executable are compared: multiprocessing starts a worker with that of its program, and
    /// to read the maps of every process would take longer than the rest of a look. If the maps of another process
    /// cannot be read, it is not noticed.
    ///
    /// # Errors
    /// Names the process that shares semaphores, or says why this is not known.
    pub(super) fn expect_alone(&mut self, processes: &[&Holder]) -> Result<(), String> {
        let (mut shared, mut executables) = (HashSet::new(), HashSet::new());
        let mut known = HashSet::new();
        for holder in processes {
            let pid = holder.pid;
            let unreadable = |what| format!("the {what} of {} cannot be read", holder.name());
            let its = self.semaphores(pid).ok_or_else(|| unreadable("memory maps"))?;
            shared.extend(its.iter().cloned());
            let executable = self.executable(pid).ok_or_else(|| unreadable("executable"))?;
            executables.insert(executable.clone());
            known.insert(pid);
            known.extend(self.parents.descendants(pid.cast_signed()));
        }
        if shared.is_empty() {
            // The processes of a runner have some.
            return Err(
                "its processes have no semaphores of multiprocessing, so others that belong \
                        to them cannot be recognized"
                    .to_owned(),
            );
        }
        let parents = self.parents;
        let mut shares = |pid: &u32| {
            self.executable(*pid).is_none_or(|it| executables.contains(it))
                && self.semaphores(*pid).is_some_and(|its| !its.is_disjoint(&shared))
        };
        let mut others = parents.pids().filter(|pid| !known.contains(pid));
        let Some(other) = others.find(&mut shares) else { return Ok(()) };
        let process = open_process(self.root, other).ok();
        let command = process.and_then(|it| command(&it)).unwrap_or_default();
        let name = Holder { command, ..Holder::known_by_pid(other) }.name();
        Err(format!("{name} shares semaphores with its processes"))
    }

    fn executable(&mut self, pid: u32) -> Option<&Vec<u8>> {
        let read = || executable(&open_process(self.root, pid).ok()?).ok();
        self.executables.entry(pid).or_insert_with(read).as_ref()
    }

    fn semaphores(&mut self, pid: u32) -> Option<&HashSet<String>> {
        let read = || semaphores(&open_process(self.root, pid).ok()?);
        self.semaphores.entry(pid).or_insert_with(read).as_ref()
    }
}
