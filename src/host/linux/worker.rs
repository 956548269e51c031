//! Whether Python's multiprocessing started a process, and whether the program that did so is running.

use std::path::Path;

use procfs::process::Process;

use super::descriptors::reads_only;
use super::process::{alive, command};
use crate::host::multiprocessing::{is_of_fork_server, is_worker};
use crate::model::{Holder, Worker};

/// What shows that a process is a worker of another program; `nulls` are its descriptors of `/dev/null`.
///
/// A worker that was forked keeps the command line of its program. Multiprocessing gives it `/dev/null` in place of the
/// standard input that it inherited, as a further descriptor that can only be read (`_close_stdin` of
/// multiprocessing/util.py).
pub(super) fn worker(
    root: &Path,
    process: &Process,
    holder: &Holder,
    nulls: &[u32],
) -> Option<Worker> {
    let has_no_input = || nulls.iter().any(|fd| *fd > 2 && reads_only(process, *fd));
    let is_worker = is_worker(&holder.command) || has_no_input();
    is_worker.then(|| Worker { starter_runs: starter_runs(root, process, holder) })
}

/// The parent of a worker is the program that started it, or a fork server of that program. If that is gone, the worker
/// has another parent, which runs another executable. Of a parent whose executable cannot be read, such as the first
/// process of the machine, the command line must show that.
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
            (Ok(ancestor), Ok(own)) => Some(ancestor == own),
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
