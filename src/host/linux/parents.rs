//! Which process was started by which, as the kernel lists it now.
//!
//! A process whose parent has exited gets another parent, so it is missing among the descendants of the first one. An
//! empty list does not prove that a process never started others.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use procfs::ProcResult;
use procfs::process::all_processes_with_root;

use super::process::{alive, command, is_gone, open_process};
use crate::host::multiprocessing;

/// The running processes of a machine, by their parent.
pub(super) struct Parents {
    root: PathBuf,
    children: HashMap<i32, Vec<(i32, u64)>>,
    /// The state of every process could be read.
    pub(super) complete: bool,
}

impl Parents {
    /// # Errors
    /// `/proc` cannot be read.
    pub(super) fn read(root: &Path) -> ProcResult<Self> {
        let mut children: HashMap<i32, Vec<(i32, u64)>> = HashMap::new();
        let mut complete = true;
        for process in all_processes_with_root(root)? {
            match process.and_then(|process| Ok((process.pid, alive(&process)?))) {
                Ok((pid, stat)) => {
                    children.entry(stat.ppid).or_default().push((pid, stat.starttime));
                }
                Err(error) if is_gone(&error) => {}
                Err(_) => complete = false,
            }
        }
        Ok(Self { root: root.to_owned(), children, complete })
    }

    /// The children of a process: pid, and start in clock ticks since boot.
    pub(super) fn children(&self, pid: i32) -> &[(i32, u64)] {
        self.children.get(&pid).map_or(&[], Vec::as_slice)
    }

    /// The pids of all running processes whose state could be read.
    pub(super) fn pids(&self) -> impl Iterator<Item = u32> {
        self.children.values().flatten().map(|(pid, _)| pid.unsigned_abs())
    }

    /// The descendants of a process that may run code of its program.
    pub(super) fn descendants(&self, pid: i32) -> Vec<u32> {
        let mut descendants = Vec::new();
        let mut next = vec![pid];
        while let Some(parent) = next.pop() {
            for (child, _) in self.children(parent) {
                if !self.is_resource_tracker(*child) {
                    descendants.push(child.unsigned_abs());
                    next.push(*child);
                }
            }
        }
        descendants.sort_unstable();
        descendants
    }

    fn is_resource_tracker(&self, pid: i32) -> bool {
        let process = open_process(&self.root, pid);
        let command = process.ok().and_then(|process| command(&process));
        command.is_some_and(|command| multiprocessing::is_resource_tracker(&command))
    }
}
