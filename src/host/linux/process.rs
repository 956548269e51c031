//! What is read of one process.

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::time::Duration;

use procfs::process::{Process, Stat, StatFlags};
use procfs::{FromRead, ProcError, ProcResult};
use rustix::fd::AsFd;
use rustix::fs::{Dir, readlinkat};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use crate::host::Written;
use crate::model::Holder;

/// What the kernel adds to the path of a file that has no name any more.
pub(super) const DELETED: &str = " (deleted)";

/// Opens the directory of a process.
///
/// # Errors
/// `NotFound` if there is none with this pid.
pub(super) fn open_process(root: &Path, pid: impl Display) -> ProcResult<Process> {
    Process::new_with_root(root.join(pid.to_string()))
}

/// Who a process is.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// As it is told.
    pub(super) holder: Holder,
    /// The pid of its parent; 0 if that is outside this pid namespace.
    pub(super) parent: i32,
    /// Its Unix session, which is inherited: that of a terminal, a login or a service.
    pub(super) session: i32,
}

impl Identity {
    /// # Errors
    /// `NotFound` if it has ended.
    pub(super) fn read(process: &Process, now: Duration) -> ProcResult<Self> {
        let stat = alive(process)?;
        let command = command(process).unwrap_or_else(|| format!("[{}]", stat.comm));
        let pid = process.pid.unsigned_abs();
        let holder = Holder {
            own_pid: own_pid(process).unwrap_or(pid),
            start: stat.starttime,
            parent: stat.ppid.unsigned_abs(),
            age: now.saturating_sub(since_boot(stat.starttime)),
            command,
            state: stat.state,
            ..Holder::known_by_pid(pid)
        };
        Ok(Self { holder, parent: stat.ppid, session: stat.session })
    }
}

/// The pid of a process in its own pid namespace. A kernel before 4.1 does not show it.
fn own_pid(process: &Process) -> Option<u32> {
    let status = text(process, "status").ok()?;
    let pids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    pids.split_whitespace().next_back()?.parse().ok()
}

/// A process that may not be looked into.
#[derive(Clone, Debug)]
pub(super) struct Blind {
    /// Its pid, where even that is known.
    pub(super) pid: Option<i32>,
    /// Its name.
    pub(super) name: Option<String>,
    /// Its Unix session.
    pub(super) session: Option<i32>,
    /// Its users: real, effective, saved, and for files.
    pub(super) uids: Option<[u32; 4]>,
}

impl Blind {
    /// A process of which nothing at all is known.
    pub(super) const NOBODY_KNOWN: Self = Self { pid: None, name: None, session: None, uids: None };

    /// `None` for those that hold no sockets whatever may be read of them: the kernel's own, and a
    /// process that has ended, even if nobody has noticed yet.
    pub(super) fn read(process: &Process) -> Option<Self> {
        let stat = match process.stat() {
            Ok(stat) if is_kernel(&stat) || is_over(&stat) => return None,
            Ok(stat) => Some(stat),
            Err(error) if is_gone(&error) => return None,
            Err(_) => None,
        };
        let uids = process.status().ok().map(|it| [it.ruid, it.euid, it.suid, it.fuid]);
        let session = stat.as_ref().map(|stat| stat.session);
        Some(Self { pid: Some(process.pid), name: stat.map(|stat| stat.comm), session, uids })
    }
}

/// A pid says nothing of it: in a container, pid 2 is a process like any other.
fn is_kernel(stat: &Stat) -> bool {
    stat.flags & StatFlags::PF_KTHREAD.bits() != 0
}

/// Of a process that has ended in all its threads, nothing is left but its state.
const fn is_over(stat: &Stat) -> bool {
    matches!(stat.state, 'Z' | 'X') && stat.num_threads <= 1
}

/// The state of a process that has not ended.
///
/// # Errors
/// `NotFound` if it has, even if nobody has noticed yet.
pub(super) fn alive(process: &Process) -> ProcResult<Stat> {
    let stat = process.stat()?;
    if is_over(&stat) { Err(ProcError::NotFound(None)) } else { Ok(stat) }
}

/// Whether other threads of a process are running after its main thread has exited.
pub(super) fn main_thread_exited(process: &Process) -> bool {
    process.stat().is_ok_and(|stat| stat.state == 'Z' && !is_over(&stat))
}

/// The command line; `None` if it has none, or cannot be read.
pub(super) fn command(process: &Process) -> Option<String> {
    let Bytes(line) = process.read("cmdline").ok()?;
    let line = String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ");
    (!line.is_empty()).then_some(line)
}

/// The path of the executable, also if that was replaced since the process started.
pub(super) fn executable(process: &Process) -> ProcResult<Vec<u8>> {
    let mut path = process.exe()?.into_os_string().into_vec();
    if path.ends_with(DELETED.as_bytes()) {
        path.truncate(path.len() - DELETED.len());
    }
    Ok(path)
}

/// How long ago the machine was booted.
pub(in crate::host) fn uptime() -> Duration {
    clock_gettime(ClockId::Boottime).try_into().unwrap_or_default()
}

fn since_boot(ticks: u64) -> Duration {
    let second = procfs::ticks_per_second();
    let rest = Duration::from_nanos(ticks % second * 1_000_000_000 / second);
    Duration::from_secs(ticks / second) + rest
}

/// What a process has written.
///
/// # Errors
/// `NotFound` if it has ended.
pub(super) fn written(root: &Path, holder: &Holder) -> ProcResult<Written> {
    let process = open_process(root, holder.pid)?;
    let io = process.io();
    expect_same(&process, holder)?;
    // The process is running, so a missing file means that it cannot be read.
    let io = io.map_err(|_| ProcError::PermissionDenied(None))?;
    Ok(Written { bytes: io.wchar, to_disk: io.write_bytes })
}

/// # Errors
/// `NotFound` if the process has ended, and its pid may be used again.
pub(super) fn expect_same(process: &Process, holder: &Holder) -> ProcResult<()> {
    if alive(process)?.starttime == holder.start { Ok(()) } else { Err(ProcError::NotFound(None)) }
}

/// Whether this process ignores a signal, and so do those that it starts. What cannot be read is not ignored.
pub(crate) fn ignores(signal: i32) -> bool {
    let ignored = Process::myself().and_then(|process| process.status()).map(|it| it.sigign);
    let bit = u32::try_from(signal - 1).ok().and_then(|bit| 1_u64.checked_shl(bit));
    ignored.is_ok_and(|ignored| bit.is_some_and(|bit| ignored & bit != 0))
}

/// The text of a small file; anything can be in it.
///
/// # Errors
/// `NotFound` if the process has ended, or has no such file.
pub(super) fn text(process: &Process, file: &str) -> ProcResult<String> {
    let Bytes(bytes) = process.read(file)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

struct Bytes(Vec<u8>);

impl FromRead for Bytes {
    fn from_read<R: Read>(mut reader: R) -> ProcResult<Self> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// The names in a directory that are numbers: of descriptors, or of threads.
pub(super) fn numbers(directory: impl AsFd) -> ProcResult<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in Dir::read_from(directory).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        numbers.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(numbers)
}

/// Visits the descriptors of a process, each with what it links to, and returns the directory that lists them. A main
/// thread that has exited lists none, so those of another thread are visited.
///
/// # Errors
/// `NotFound` if the process has ended, and `PermissionDenied` if no thread of it lists any.
pub(super) fn visit_links(
    process: &Process,
    mut visit: impl FnMut(u32, &[u8]),
) -> ProcResult<File> {
    let of_main_thread = process.open_relative("fd")?;
    if visit_links_in(&of_main_thread, &mut visit)? || !main_thread_exited(process) {
        return Ok(of_main_thread);
    }
    for thread in numbers(process.open_relative("task")?)? {
        match process.open_relative(format!("task/{thread}/fd")) {
            Ok(directory) if visit_links_in(&directory, &mut visit)? => return Ok(directory),
            Err(error) if !is_gone(&error) => return Err(error),
            _ => {}
        }
    }
    Err(ProcError::PermissionDenied(None))
}

/// Returns whether the directory lists any descriptor.
fn visit_links_in(directory: &File, visit: &mut impl FnMut(u32, &[u8])) -> ProcResult<bool> {
    let mut link = Vec::new();
    let descriptors = numbers(directory)?;
    for fd in &descriptors {
        link = match readlinkat(directory, fd.to_string(), link) {
            Ok(link) => link.into_bytes(),
            // It was closed, or the process has ended.
            Err(Errno::NOENT | Errno::SRCH) => Vec::new(),
            Err(error) => return Err(failure(error)),
        };
        visit(*fd, &link);
    }
    Ok(!descriptors.is_empty())
}

/// The inode in a link such as `socket:[4711]` or `pipe:[4711]`.
pub(super) fn inode(link: &[u8], kind: &str) -> Option<u64> {
    let number = link.strip_prefix(kind.as_bytes())?.strip_prefix(b":[")?.strip_suffix(b"]")?;
    str::from_utf8(number).ok()?.parse().ok()
}

/// A system's error as procfs tells its own.
pub(super) fn failure(errno: Errno) -> ProcError {
    match errno {
        Errno::SRCH => ProcError::NotFound(None),
        errno => std::io::Error::from(errno).into(),
    }
}

/// Whether what was to be read is not there any more.
pub(super) const fn is_gone(error: &ProcError) -> bool {
    matches!(error, ProcError::NotFound(_))
}
