//! Whether Python's multiprocessing started a process, and whether the program that did so is running.

use std::path::Path;

use procfs::process::Process;

use super::process::{alive, command, text};
use crate::host::multiprocessing::{is_of_fork_server, is_worker};
use crate::model::{Holder, Worker};

/// How the paths of the semaphores begin that multiprocessing shares between a program and its workers.
const SEMAPHORES: &str = "/dev/shm/sem.";

/// Whether a process is a worker of multiprocessing, or a program that may have some: it has semaphores mapped, as the
/// processes of a pipeline have for their barriers (`ExecutionContext` of ezmsg/core/backend.py).
pub(super) fn uses_multiprocessing(root: &Path, holder: &Holder) -> bool {
    let process = || Process::new_with_root(root.join(holder.pid.to_string())).ok();
    is_worker(&holder.command) || process().and_then(|it| has_semaphores(&it)).unwrap_or(false)
}

/// `None` if that cannot be read.
fn has_semaphores(process: &Process) -> Option<bool> {
    Some(text(process, "maps").ok()?.contains(SEMAPHORES))
}

/// What is known of a process that was started in a fresh interpreter, or by a fork server. A worker that was forked
/// otherwise looks like its program, and is not recognized.
pub(super) fn worker(root: &Path, process: &Process, holder: &Holder) -> Option<Worker> {
    is_worker(&holder.command).then(|| Worker { starter_runs: starter_runs(root, process, holder) })
}

/// The parent of a worker is the program that started it, or a fork server of that program. If that is gone, the worker
/// has another parent, which runs another executable and has no semaphores of multiprocessing; a program may start
/// its workers with another executable (`multiprocessing.set_executable`). Of a parent that cannot be read, such as the
/// first process of the machine, the command line must show that.
fn starter_runs(root: &Path, process: &Process, holder: &Holder) -> Option<bool> {
    let mut forked_by_server = is_of_fork_server(&holder.command);
    let mut parent = holder.parent;
    loop {
        let ancestor = Process::new_with_root(root.join(parent.to_string())).ok()?;
        if forked_by_server && command(&ancestor).is_some_and(|it| is_of_fork_server(&it)) {
            forked_by_server = false;
            parent = alive(&ancestor).ok()?.ppid.unsigned_abs();
            continue;
        }
        return match (ancestor.exe(), process.exe()) {
            (Ok(executable), Ok(own)) => Some(executable == own || has_semaphores(&ancestor)?),
            (Err(_), Ok(_)) => {
                let (ancestor, own) = (program(&ancestor)?, program(process)?);
                (ancestor != own && !ancestor.starts_with("python")).then_some(false)
            }
            (_, Err(_)) => None,
        };
    }
}

/// The file name of the program, by its command line.
fn program(process: &Process) -> Option<String> {
    let command = command(process)?;
    let path = command.split(' ').next()?;
    path.rsplit('/').next().map(str::to_owned)
}
