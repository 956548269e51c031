//! The Python stacks of processes, read from their memory. Nothing is stopped or written to.
//!
//! The memory changes while it is read, so a reading can be wrong. A caller that acts on one compares it with another.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::iter::successors;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use procfs::process::Process;
use procfs::{ProcError, ProcResult};
use py_spy::config::LockingStrategy;
use py_spy::{Config, PythonSpy, StackTrace};

use super::doubt::Doubts;
use super::parents::Parents;
use super::process::{Blind, Identity, expect_same, is_gone, numbers, open_process, text, uptime};
use super::semaphores::SharedSemaphores;
use super::waits::{handled_signals, threads, waits_at_terminal};
use crate::host::STACK_READER_THREAD;
use crate::model::{Family, Frame, Holder, Member, ProcessId, Stacks, StacksError, Thread};

/// Time limit for all readings of one look. A reading took 4 to 160 ms when measured.
const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// How many processes are read in one look.
const MOST_PROCESSES: usize = 64;

/// A process with more threads than this is not read.
const MOST_THREADS: usize = 256;

/// A process of which a thread has more frames than this is not read.
const MOST_FRAMES: usize = 512;

/// The readers of earlier looks. Each knows where its process keeps its stacks; finding that takes most of the first
/// reading.
#[derive(Default)]
pub(super) struct StackReaders(RefCell<HashMap<ProcessId, PythonSpy>>);

impl fmt::Debug for StackReaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("StackReaders").field(&self.0.borrow().len()).finish()
    }
}

/// See [`Host::families`](crate::host::Host::families).
pub(super) fn families(root: &Path, groups: &[&[Holder]], readers: &StackReaders) -> Vec<Family> {
    let now = uptime();
    let blind: &[Blind] = &[];
    let parents = Parents::read(root).ok();
    let listed = parents.as_ref().is_some_and(|it| it.complete) && !Doubts::new(root, blind).hidden;
    let family = |holders: &&[Holder]| {
        let mut members: Vec<_> = holders.iter().map(|it| (it.clone(), true)).collect();
        for holder in *holders {
            let descendants =
                parents.iter().flat_map(|it| it.descendants(holder.pid.cast_signed()));
            for pid in descendants {
                if members.iter().all(|(it, _)| it.pid != pid) {
                    let process = open_process(root, pid);
                    let identity = process.and_then(|process| Identity::read(&process, now));
                    members.extend(identity.ok().map(|it| (it.holder, false)));
                }
            }
        }
        members
    };
    let families: Vec<Vec<(Holder, bool)>> = groups.iter().map(family).collect();
    let processes = families.iter().flatten().map(|(process, _)| process);
    let stacks = read_all(root, processes, readers);
    let unread = || {
        Err(StacksError::Failed(format!("more than {MOST_PROCESSES} processes were to be read")))
    };
    let member = |(process, holds): (Holder, bool)| {
        let stacks = stacks.get(&process.id()).cloned().unwrap_or_else(unread);
        let opened = open_process(root, process.pid).ok();
        Member {
            handled_signals: opened.as_ref().and_then(handled_signals),
            waits_at_terminal: opened.as_ref().is_some_and(waits_at_terminal),
            threads: opened.as_ref().and_then(threads),
            ..Member::new(process, holds, stacks)
        }
    };
    let mut semaphores = parents.as_ref().map(|it| SharedSemaphores::new(root, it));
    let family = |members: Vec<(Holder, bool)>| {
        let processes: Vec<_> = members.iter().map(|(process, _)| process).collect();
        let unsure = match &mut semaphores {
            Some(semaphores) if listed => semaphores.expect_alone(&processes).err(),
            _ => Some("not every process of this machine can be seen".to_owned()),
        };
        Family { members: members.into_iter().map(member).collect(), unsure }
    };
    families.into_iter().map(family).collect()
}

type Reading = Result<Arc<Stacks>, StacksError>;

/// Reads these processes, each once. A separate thread does that, because the kernel may block a read.
fn read_all<'a>(
    root: &Path,
    processes: impl Iterator<Item = &'a Holder>,
    readers: &StackReaders,
) -> HashMap<ProcessId, Reading> {
    let mut wanted: Vec<Holder> = Vec::new();
    for process in processes {
        if wanted.len() < MOST_PROCESSES && wanted.iter().all(|it| it.id() != process.id()) {
            wanted.push(process.clone());
        }
    }
    let (results, received) = mpsc::channel();
    let (root, queue) = (root.to_owned(), wanted.clone());
    let mut known = readers.0.take();
    known.retain(|id, _| wanted.iter().any(|it| it.id() == *id));
    let reader = Builder::new().name(STACK_READER_THREAD.to_owned()).spawn(move || {
        for process in queue {
            let known_before = known.contains_key(&process.id());
            let mut reading = read(&root, &process, &mut known);
            if reading.is_err() && known_before {
                // The process may have called `execve` since the last look.
                reading = read(&root, &process, &mut known);
            }
            if results.send((process.id(), reading.map(Arc::new))).is_err() {
                break;
            }
        }
        known
    });
    let (mut readings, failed) = receive(&received, wanted.len());
    // The reader thread exits after its last result. Without all results it may be blocked for ever, and is not joined.
    if readings.len() == wanted.len()
        && let Ok(reader) = reader
        && let Ok(known) = reader.join()
    {
        readers.0.replace(known);
    }
    for process in wanted {
        readings.entry(process.id()).or_insert_with(|| Err(StacksError::Failed(failed.clone())));
    }
    readings
}

/// Receives `count` readings, or those that arrive in time. Also returns why the others are missing, in words.
fn receive(
    received: &Receiver<(ProcessId, Reading)>,
    count: usize,
) -> (HashMap<ProcessId, Reading>, String) {
    let mut readings = HashMap::new();
    let deadline = Instant::now() + READ_TIMEOUT;
    while readings.len() < count {
        match received.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((process, reading)) => {
                readings.insert(process, reading);
            }
            Err(RecvTimeoutError::Timeout) => {
                let seconds = READ_TIMEOUT.as_secs();
                return (readings, format!("reading took longer than {seconds} s"));
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    (readings, "the reader ended early".to_owned())
}

fn read(
    root: &Path,
    holder: &Holder,
    readers: &mut HashMap<ProcessId, PythonSpy>,
) -> Result<Stacks, StacksError> {
    let process = open_process(root, holder.pid).map_err(stacks_error)?;
    expect_same(&process, holder).map_err(stacks_error)?;
    if !maps_python(&process).map_err(stacks_error)? {
        return Err(StacksError::NotPython);
    }
    let config = Config { blocking: LockingStrategy::NonBlocking, ..Config::default() };
    let reader = readers
        .remove(&holder.id())
        .map_or_else(|| PythonSpy::new(holder.pid.cast_signed(), &config), Ok);
    let read = reader.and_then(|mut reader| Ok((reader.get_stack_traces()?, reader)));
    let (traces, reader) = read.map_err(|error| {
        expect_same(&process, holder).map_or_else(stacks_error, |()| py_spy_error(error.as_ref()))
    })?;
    let python = reader.version.to_string();
    readers.insert(holder.id(), reader);
    expect_same(&process, holder).map_err(stacks_error)?;
    let too_deep = |it: &StackTrace| it.frames.len() > MOST_FRAMES;
    if traces.len() > MOST_THREADS || traces.iter().any(too_deep) {
        return Err(StacksError::Failed("it has too many threads or calls".to_owned()));
    }
    let places = StackPointers::read(&process);
    // Python keeps the ids of the process's own pid namespace.
    let shares_pids = holder.own_pid == holder.pid;
    let pthreads: Vec<u64> = traces.iter().map(|it| it.thread_id).collect();
    let thread = |trace: StackTrace| {
        let id = trace.os_thread_id.filter(|_| shares_pids).and_then(|id| u32::try_from(id).ok());
        Thread {
            id: id.or_else(|| places.thread(trace.thread_id, &pthreads, holder.pid)),
            name: trace.thread_name,
            frames: trace.frames.into_iter().map(frame).collect(),
        }
    };
    let threads: Vec<_> = traces.into_iter().map(thread).collect();
    let ezmsg = ezmsg_version(&process, &threads);
    Ok(Stacks { python, ezmsg, threads })
}

fn frame(frame: py_spy::Frame) -> Frame {
    let py_spy::Frame { name, filename, line, .. } = frame;
    Frame { function: name, file: filename, line: line.try_into().unwrap_or_default() }
}

fn stacks_error(error: ProcError) -> StacksError {
    match error {
        error if is_gone(&error) => StacksError::Gone,
        ProcError::PermissionDenied(_) => StacksError::Forbidden,
        error => StacksError::Failed(error.to_string()),
    }
}

fn py_spy_error(error: &(dyn Error + 'static)) -> StacksError {
    let mut errors = successors(Some(error), |error| Error::source(*error));
    let is_forbidden = |it: &(dyn Error + 'static)| {
        let error = it.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    if errors.any(is_forbidden) {
        StacksError::Forbidden
    } else {
        StacksError::Failed(error.to_string())
    }
}

/// Whether a path in the process's memory map contains `python`, as those of the interpreter, its library and its
/// modules do.
fn maps_python(process: &Process) -> ProcResult<bool> {
    Ok(text(process, "maps")?.lines().any(|line| line.contains("python")))
}

/// The stack pointers of the threads of a process. Python before 3.11 does not keep the system's id of a thread, and
/// later versions keep the one in the process's own pid namespace. All keep the address of its descriptor, which glibc
/// places at the top of the thread's stack.
struct StackPointers {
    /// By thread: its stack pointer.
    pointers: Vec<(u32, u64)>,
}

impl StackPointers {
    fn read(process: &Process) -> Self {
        let threads = process.open_relative("task").and_then(numbers).unwrap_or_default();
        let place = |thread: u32| {
            let call = text(process, &format!("task/{thread}/syscall")).ok()?;
            let pointer = call.split_whitespace().nth_back(1)?.strip_prefix("0x")?;
            Some((thread, u64::from_str_radix(pointer, 16).ok()?))
        };
        Self { pointers: threads.into_iter().filter_map(place).collect() }
    }

    /// The thread whose descriptor is at this address, given all `descriptors`; `main` is the main thread.
    fn thread(&self, descriptor: u64, descriptors: &[u64], main: u32) -> Option<u32> {
        let above = |pointer: u64| descriptors.iter().copied().filter(|it| *it > pointer).min();
        let mut found = self
            .pointers
            .iter()
            .filter(|(thread, pointer)| *thread != main && above(*pointer) == Some(descriptor));
        match (found.next(), found.next()) {
            (Some((thread, _)), None) => Some(*thread),
            _ => None,
        }
    }
}

/// The version of ezmsg that one of these threads runs, as pip recorded it beside the package.
fn ezmsg_version(process: &Process, threads: &[Thread]) -> Option<String> {
    let mut files = threads.iter().flat_map(|it| &it.frames).map(|frame| Path::new(&frame.file));
    let package = |file: &Path| {
        let mut folders = file.ancestors();
        folders
            .find(|it| it.ends_with("ezmsg/core"))
            .and_then(|it| Some(it.parent()?.parent()?.to_owned()))
    };
    let site: PathBuf = files.find_map(package)?;
    let seen = Path::new(super::ROOT).join(format!("{}/root", process.pid));
    let entries = fs::read_dir(seen.join(site.strip_prefix("/").ok()?)).ok()?;
    let version = |entry: io::Result<fs::DirEntry>| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        Some(name.strip_prefix("ezmsg-")?.strip_suffix(".dist-info")?.to_owned())
    };
    let versions: Vec<String> = entries.filter_map(version).collect();
    <[String; 1]>::try_from(versions).ok().map(|[version]| version)
}
