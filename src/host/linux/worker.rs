//! Whether Python's multiprocessing started a process, and whether the program that did so is running.

use std::path::Path;

use procfs::process::Process;

use super::process::{alive, command, executable, open_process};
use super::semaphores::semaphores;
use crate::host::multiprocessing::{is_of_fork_server, is_worker};
use crate::model::{Holder, Worker};

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
        let ancestor = open_process(root, parent).ok()?;
        if forked_by_server && command(&ancestor).is_some_and(|it| is_of_fork_server(&it)) {
            forked_by_server = false;
            parent = alive(&ancestor).ok()?.ppid.unsigned_abs();
            continue;
        }
        return match (executable(&ancestor), executable(process)) {
            (Ok(executable), Ok(own)) => {
                Some(executable == own || !semaphores(&ancestor)?.is_empty())
            }
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
