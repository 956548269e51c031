//! The descriptors of one process that lead to other processes or to files, and the files that it has mapped.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;

use procfs::process::Process;
use procfs::{ProcError, ProcResult};
use rustix::fs::{AtFlags, FileType, StatxFlags, makedev, statx};
use rustix::io::Errno;

use super::lists::{SocketList, UDP, UDP6, UNIX};
use super::process::{DELETED, failure, inode, text, visit_links};

/// The flag of a unix socket that listens, in `/proc/PID/net/unix`.
const LISTENS: u64 = 0x10000;

/// The lowest bits of the flags in `/proc/PID/fdinfo/N`: how the file was opened.
const ACCESS: u32 = 0o3;
const READ_ONLY: u32 = 0o0;
const WRITE_ONLY: u32 = 0o1;

/// Where Linux keeps shared memory that has a name.
const SHARED_MEMORY: &str = "/dev/shm/";

/// The prefixes of shared memory that Python names by itself: `SharedMemory`, in which ezmsg 3.9.0 keeps its messages,
/// and the semaphores of `multiprocessing`.
const MADE_BY_PYTHON: [&str; 2] = ["psm_", "sem.mp-"];

/// The prefixes of files that are deleted as soon as they are made: a semaphore, as the process that made it shows it,
/// and the heap of `multiprocessing`, which may also be in a temporary folder.
const SEMAPHORE: &str = "sem.";
const HEAP: &str = "pym-";

/// Identifies a pipe, FIFO or unix socket that several processes may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    /// A pipe, by its inode.
    Pipe(u64),
    /// A FIFO in a file system, by its device and inode.
    Fifo(u64, u64),
    /// A unix socket, by its inode.
    Unix(u64),
}

/// Something that a process may share with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shared {
    /// A pipe or FIFO, with the descriptors that read and write it.
    Pipe { key: Key, readers: Vec<u32>, writers: Vec<u32> },
    /// A unix socket that does not listen, with its descriptors.
    Unix { inode: u64, descriptors: Vec<u32> },
    /// A unix socket that listens.
    UnixListener,
    /// A UDP socket.
    Udp { port: u16 },
    /// A terminal that can be read.
    Terminal { path: String, input: bool },
    /// A file that is open for writing.
    OpenFile { path: String },
    /// A file that is mapped into memory and can be written there.
    MappedFile { path: String },
}

/// Whether these descriptors are the standard output, the standard error or both, and no other.
pub(super) fn are_output(descriptors: &[u32]) -> bool {
    descriptors.iter().all(|fd| matches!(fd, 1 | 2))
}

/// The descriptors of a process, as far as they may lead to others, and the files that it has mapped.
#[derive(Debug, Default)]
pub(super) struct Descriptors {
    pub(super) shared: Vec<Shared>,
    pub(super) input_replaced: bool,
}

/// Whether a process reads, and whether it writes.
type Access = (bool, bool);

/// A descriptor whose flags cannot be read may be either end.
const EITHER: Access = (true, true);

impl Descriptors {
    /// # Errors
    /// `NotFound` if the process has ended.
    pub(super) fn read(process: &Process) -> ProcResult<Self> {
        let links = Links::read(process)?;
        let mut shared = terminals(&links.by_descriptor);
        shared.extend(pipes_and_files(process, &links)?);
        shared.extend(sockets(process, &links.by_descriptor)?);
        shared.extend(mapped_files(process)?);
        let replaced = |(fd, link): &(u32, Vec<u8>)| {
            *fd > 2
                && link == b"/dev/null"
                && access(process, *fd).is_ok_and(|it| it == (true, false))
        };
        Ok(Self { shared, input_replaced: links.by_descriptor.iter().any(replaced) })
    }

    /// Of a process, only its pipes, FIFOs and open files.
    ///
    /// # Errors
    /// `NotFound` if the process has ended.
    pub(super) fn pipes(process: &Process) -> ProcResult<Self> {
        let links = Links::read(process)?;
        let shared = pipes_and_files(process, &links)?;
        Ok(Self { shared, input_replaced: false })
    }

    /// Which of the wanted ends a process holds, and how; `None` if it has no descriptors at all.
    ///
    /// # Errors
    /// `NotFound` if the process has ended.
    pub(super) fn holding(
        process: &Process,
        wanted: &HashSet<Key>,
    ) -> ProcResult<Option<HashMap<Key, Access>>> {
        let fifos = wanted.iter().any(|key| matches!(key, Key::Fifo(..)));
        let links = Links::read(process)?;
        let mut holding: HashMap<_, Access> = HashMap::new();
        for (fd, link) in &links.by_descriptor {
            let socket = inode(link, "socket").map(Key::Unix);
            let key = match socket {
                Some(key) => Some(key),
                None if fifos || !link.starts_with(b"/") => links.target(*fd, link)?.key(),
                None => None,
            };
            let Some(key) = key.filter(|key| wanted.contains(key)) else { continue };
            let access =
                if socket.is_some() { EITHER } else { access(process, *fd).unwrap_or(EITHER) };
            let (reads, writes) = access;
            let held = holding.entry(key).or_default();
            *held = (held.0 | reads, held.1 | writes);
        }
        Ok((!links.by_descriptor.is_empty()).then_some(holding))
    }
}

/// The descriptors of a process, each with what it links to, and the directory that they were read from.
struct Links {
    directory: File,
    by_descriptor: Vec<(u32, Vec<u8>)>,
}

/// What a descriptor leads to.
enum Target {
    Pipe(Key),
    RegularFile,
    Other,
}

impl Target {
    const fn key(&self) -> Option<Key> {
        match *self {
            Self::Pipe(key) => Some(key),
            Self::RegularFile | Self::Other => None,
        }
    }
}

impl Links {
    fn read(process: &Process) -> ProcResult<Self> {
        let mut by_descriptor = Vec::new();
        let directory = visit_links(process, |fd, link| {
            if !link.is_empty() {
                by_descriptor.push((fd, link.to_owned()));
            }
        })?;
        by_descriptor.sort_unstable();
        Ok(Self { directory, by_descriptor })
    }

    /// What a descriptor with this link leads to. The kernel must answer from its cache: a request to a network file
    /// system that is gone may never return.
    fn target(&self, fd: u32, link: &[u8]) -> ProcResult<Target> {
        if let Some(inode) = inode(link, "pipe") {
            return Ok(Target::Pipe(Key::Pipe(inode)));
        }
        if !link.starts_with(b"/") {
            return Ok(Target::Other);
        }
        let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        let wanted = StatxFlags::TYPE | StatxFlags::INO;
        match statx(&self.directory, fd.to_string(), flags, wanted) {
            Ok(stat) => Ok(match FileType::from_raw_mode(stat.stx_mode.into()) {
                FileType::Fifo => {
                    let device = makedev(stat.stx_dev_major, stat.stx_dev_minor);
                    Target::Pipe(Key::Fifo(device, stat.stx_ino))
                }
                FileType::RegularFile => Target::RegularFile,
                _ => Target::Other,
            }),
            Err(Errno::NOENT | Errno::SRCH) => Ok(Target::Other),
            Err(error) => Err(failure(error)),
        }
    }
}

fn pipes_and_files(process: &Process, links: &Links) -> ProcResult<Vec<Shared>> {
    let mut pipes: BTreeMap<Key, (Vec<u32>, Vec<u32>)> = BTreeMap::new();
    let mut files = BTreeSet::new();
    for (fd, link) in &links.by_descriptor {
        let target = links.target(*fd, link)?;
        let (reads, writes) = match target {
            Target::Other => continue,
            Target::Pipe(_) | Target::RegularFile => access(process, *fd).unwrap_or(EITHER),
        };
        if let Some(key) = target.key() {
            let (readers, writers) = pipes.entry(key).or_default();
            readers.extend(reads.then_some(*fd));
            writers.extend(writes.then_some(*fd));
        } else if writes && !are_output(&[*fd]) {
            let path = String::from_utf8_lossy(link);
            files.extend((!is_made_by_python(&path)).then(|| path.into_owned()));
        }
    }
    let pipe = |(key, (readers, writers))| Shared::Pipe { key, readers, writers };
    let file = |path| Shared::OpenFile { path };
    Ok(pipes.into_iter().map(pipe).chain(files.into_iter().map(file)).collect())
}

/// Whether this is a file that Python made to share memory with its own workers.
fn is_made_by_python(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let in_memory = path.strip_prefix(SHARED_MEMORY) == Some(name);
    let is_deleted = name.ends_with(DELETED);
    let is_named = in_memory && MADE_BY_PYTHON.iter().any(|prefix| name.starts_with(prefix));
    let is_semaphore = in_memory && is_deleted && name.starts_with(SEMAPHORE);
    is_named || is_semaphore || (is_deleted && name.starts_with(HEAP))
}

/// Whether a descriptor can be read, and whether it can be written to, by the octal flags that it was opened with.
fn access(process: &Process, fd: u32) -> ProcResult<Access> {
    let info = text(process, &format!("fdinfo/{fd}"))?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    let unreadable = || ProcError::Other(format!("the flags of descriptor {fd} cannot be read"));
    match flags.ok_or_else(unreadable)? & ACCESS {
        READ_ONLY => Ok((true, false)),
        WRITE_ONLY => Ok((false, true)),
        _ => Ok((true, true)),
    }
}

/// The terminals that a process may read. Standard output and error often are a terminal that it never reads.
fn terminals(links: &[(u32, Vec<u8>)]) -> Vec<Shared> {
    let terminal = |(fd, link): &(u32, Vec<u8>)| {
        let path = String::from_utf8_lossy(link);
        let master = matches!(&*path, "/dev/ptmx" | "/dev/pts/ptmx");
        let terminal = path.starts_with("/dev/pts/") || path.starts_with("/dev/tty");
        let reads = master || (terminal && !matches!(fd, 1 | 2));
        reads.then(|| Shared::Terminal { path: path.into_owned(), input: *fd == 0 && !master })
    };
    links.iter().filter_map(terminal).collect()
}

/// The files that a process may write through its memory, with the shared memory that other processes may have mapped
/// too: files in `/dev/shm`, and those without a name, whose paths begin with `/memfd:` or `/SYSV`. Devices do not
/// count.
fn mapped_files(process: &Process) -> ProcResult<Vec<Shared>> {
    let maps = text(process, "maps")?;
    let path = |line: &str| {
        let access = line.split_whitespace().nth(1)?;
        let path = &line[line.find('/')?..];
        let is_device = path.starts_with("/dev/") && !path.starts_with(SHARED_MEMORY);
        let counts = !is_device && !is_made_by_python(path);
        (access.starts_with("rw") && access.ends_with('s') && counts).then(|| path.to_owned())
    };
    let paths: BTreeSet<_> = maps.lines().filter_map(path).collect();
    Ok(paths.into_iter().map(|path| Shared::MappedFile { path }).collect())
}

/// The sockets of other kinds than TCP that lead to other processes.
fn sockets(process: &Process, links: &[(u32, Vec<u8>)]) -> ProcResult<Vec<Shared>> {
    let mut held: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (fd, link) in links {
        if let Some(inode) = inode(link, "socket") {
            held.entry(inode).or_default().push(*fd);
        }
    }
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let unix = UNIX.read(process, listens)?;
    let mut udp = UDP.read(process, port)?;
    udp.extend(read_if_any(&UDP6, process)?);
    let shared = |(inode, descriptors)| match (unix.get(&inode), udp.get(&inode)) {
        (Some(true), _) => Some(Shared::UnixListener),
        (Some(false), _) => Some(Shared::Unix { inode, descriptors }),
        (None, Some(port)) => Some(Shared::Udp { port: *port }),
        (None, None) => None,
    };
    Ok(held.into_iter().filter_map(shared).collect())
}

/// Whether a unix socket listens.
fn listens(columns: &[&str]) -> Option<bool> {
    let flags = u64::from_str_radix(columns.get(3)?, 16).ok()?;
    Some(flags & LISTENS != 0)
}

/// The port of a UDP socket.
fn port(columns: &[&str]) -> Option<u16> {
    let (_, port) = columns.get(1)?.rsplit_once(':')?;
    u16::from_str_radix(port, 16).ok()
}

/// The ports of UDP sockets. A machine without IPv6 has one list only.
fn read_if_any(list: &SocketList, process: &Process) -> ProcResult<HashMap<u64, u16>> {
    match list.read(process, port) {
        Err(ProcError::NotFound(_)) => Ok(HashMap::new()),
        ports => ports,
    }
}
