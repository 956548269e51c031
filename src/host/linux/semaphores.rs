//! The semaphores that multiprocessing shares between a program and its workers, by the memory maps of processes.
//!
//! A worker may become a daemon with all its descriptors closed, and so may the program. The semaphores still show that
//! they belong together.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

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

/// Which processes share semaphores. Each process is read once.
pub(super) struct Sharing<'a> {
    root: &'a Path,
    parents: &'a Parents,
    executables: HashMap<u32, Option<PathBuf>>,
    semaphores: HashMap<u32, Option<HashSet<String>>>,
}

impl<'a> Sharing<'a> {
    pub(super) fn new(root: &'a Path, parents: &'a Parents) -> Self {
        Self { root, parents, executables: HashMap::new(), semaphores: HashMap::new() }
    }

    /// Shows that no other process shares semaphores with these: none but their descendants. Only processes that run
    /// one of their executables are read, for their program forked or spawned them.
    ///
    /// # Errors
    /// Which process does, or why that is not known, in words.
    pub(super) fn expect_alone(&mut self, processes: &[&Holder]) -> Result<(), String> {
        let (mut shared, mut executables) = (HashSet::new(), HashSet::new());
        let mut known = HashSet::new();
        for holder in processes {
            let unreadable = || format!("the memory maps of {} cannot be read", holder.name());
            shared.extend(self.semaphores(holder.pid).ok_or_else(unreadable)?.iter().cloned());
            executables.extend(self.executable(holder.pid).cloned());
            known.insert(holder.pid);
            known.extend(self.parents.descendants(holder.pid.cast_signed()));
        }
        if shared.is_empty() {
            // A runner has some as long as its pipeline may go on.
            return Err("its processes share no semaphores, as those of a runner do".to_owned());
        }
        let parents = self.parents;
        let mut is_relative = |pid: &u32| {
            self.executable(*pid).is_some_and(|it| executables.contains(it))
                && self.semaphores(*pid).is_some_and(|its| !its.is_disjoint(&shared))
        };
        let mut others = parents.all().filter(|pid| !known.contains(pid));
        let Some(other) = others.find(&mut is_relative) else { return Ok(()) };
        let process = open_process(self.root, other).ok();
        let command = process.and_then(|it| command(&it)).unwrap_or_default();
        let name = Holder { command, ..Holder::known_by_pid(other) }.name();
        Err(format!("{name} shares semaphores with its processes"))
    }

    fn executable(&mut self, pid: u32) -> Option<&PathBuf> {
        let read = || open_process(self.root, pid).ok()?.exe().ok();
        self.executables.entry(pid).or_insert_with(read).as_ref()
    }

    fn semaphores(&mut self, pid: u32) -> Option<&HashSet<String>> {
        let read = || semaphores(&open_process(self.root, pid).ok()?);
        self.semaphores.entry(pid).or_insert_with(read).as_ref()
    }
}
