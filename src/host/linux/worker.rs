//! Whether Python's multiprocessing started a process, and whether the program that did so is running.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use procfs::ProcResult;
use procfs::process::Process;

use super::process::{alive, command, text};
use super::ties::ties;
use super::unix::Peers;
use crate::host::multiprocessing::{is_of_fork_server, is_worker};
use crate::host::{Resource, ResourceKind};
use crate::model::{Holder, ProcessId, Worker};

/// How the paths of the semaphores begin that multiprocessing shares between a program and its workers.
const SEMAPHORES: &str = "/dev/shm/sem.";

/// What the kernel adds to the path of an executable that has no name any more.
const DELETED: &[u8] = b" (deleted)";

/// Of each group of heirs, those that multiprocessing forked from a program that has exited. Two pipes connect such a
/// process to its program (`Popen._launch` of multiprocessing/popen_fork.py). Of one it holds only the reading end, of
/// the other only the writing end; the other ends are held by the program, and by processes that it forked later. A
/// daemon that forked itself has no such pipes.
pub(super) fn orphans(root: &Path, groups: &[Vec<Holder>]) -> Vec<HashSet<ProcessId>> {
    let mut ties = ties(root, &groups.concat(), &Peers::new()).into_iter();
    let of_group = |group: &Vec<Holder>| {
        let ties = group.iter().zip(ties.by_ref());
        let orphans = ties.filter(|(it, ties)| {
            ties.as_ref().is_ok_and(|ties| has_lost_its_program(it, &ties.resources, group))
        });
        orphans.map(|(it, _)| it.id()).collect()
    };
    groups.iter().map(of_group).collect()
}

fn has_lost_its_program(process: &Holder, resources: &[Resource], group: &[Holder]) -> bool {
    let age = |it: &Holder| (it.start, it.pid);
    let forked_later =
        |it: &Holder| age(it) > age(process) && group.iter().any(|other| other.id() == it.id());
    let is_lost = |it: &Resource| it.unsure.is_none() && it.others.iter().all(forked_later);
    let has_lost = |end| resources.iter().any(|it| it.kind == end && is_lost(it));
    has_lost(ResourceKind::PipeReader { input: false })
        && has_lost(ResourceKind::PipeWriter { output: false })
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
        return match (executable(&ancestor), executable(process)) {
            (Ok(executable), Ok(own)) => Some(executable == own || has_semaphores(&ancestor)?),
            (Err(_), Ok(_)) => {
                let (ancestor, own) = (program(&ancestor)?, program(process)?);
                (ancestor != own && !ancestor.starts_with("python")).then_some(false)
            }
            (_, Err(_)) => None,
        };
    }
}

/// The path of the executable, also if that was replaced since the process started.
fn executable(process: &Process) -> ProcResult<PathBuf> {
    let path = process.exe()?.into_os_string().into_vec();
    let path = path.strip_suffix(DELETED).map(<[u8]>::to_vec).unwrap_or(path);
    Ok(OsString::from_vec(path).into())
}

/// The file name of the program, by its command line.
fn program(process: &Process) -> Option<String> {
    let command = command(process)?;
    let path = command.split(' ').next()?;
    path.rsplit('/').next().map(str::to_owned)
}
