//! The descriptors of one process that lead to other processes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use procfs::process::Process;
use procfs::{ProcError, ProcResult};
use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;

use super::process::{failure, inode, text, visit_links};

/// The flag of a unix socket that listens, in `/proc/PID/net/unix`.
const LISTENS: u64 = 0x10000;

/// The lowest bits of the flags in `/proc/PID/fdinfo/N`: how the file was opened.
const ACCESS: u32 = 0o3;
const READ_ONLY: u32 = 0o0;
const WRITE_ONLY: u32 = 0o1;

/// What names an end that may be held by several processes.
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
    Pipe { key: Key, readers: Vec<u32>, writers: Vec<u32>, output: bool },
    /// A unix socket that does not listen.
    Unix { inode: u64 },
    /// A unix socket that listens.
    UnixListener,
    /// A UDP socket.
    Udp { port: u16 },
    /// A terminal that can be read.
    Terminal { path: String, input: bool },
    /// A file that is mapped into memory and can be written there.
    MappedFile { path: String },
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
        let links = links(process)?;
        let mut shared = terminals(&links);
        shared.extend(pipes(process, &links)?);
        shared.extend(sockets(process, &links)?);
        shared.extend(mapped_files(process)?);
        let replaced = |(fd, link): &(u32, Vec<u8>)| {
            *fd > 2
                && link == b"/dev/null"
                && access(process, *fd).is_ok_and(|it| it == (true, false))
        };
        Ok(Self { shared, input_replaced: links.iter().any(replaced) })
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
        let links = links(process)?;
        let mut holding: HashMap<_, Access> = HashMap::new();
        for (fd, link) in &links {
            let socket = inode(link, "socket").map(Key::Unix);
            let key = match socket {
                Some(key) => Some(key),
                None if fifos || !link.starts_with(b"/") => pipe(process, *fd, link)?,
                None => None,
            };
            let Some(key) = key.filter(|key| wanted.contains(key)) else { continue };
            let access =
                if socket.is_some() { EITHER } else { access(process, *fd).unwrap_or(EITHER) };
            let (reads, writes) = access;
            let held = holding.entry(key).or_default();
            *held = (held.0 | reads, held.1 | writes);
        }
        Ok((!links.is_empty()).then_some(holding))
    }
}

fn links(process: &Process) -> ProcResult<Vec<(u32, Vec<u8>)>> {
    let mut links = Vec::new();
    visit_links(process, |fd, link| {
        if !link.is_empty() {
            links.push((fd, link.to_owned()));
        }
    })?;
    links.sort_unstable();
    Ok(links)
}

/// The pipe or FIFO that a descriptor leads to.
fn pipe(process: &Process, fd: u32, link: &[u8]) -> ProcResult<Option<Key>> {
    if let Some(inode) = inode(link, "pipe") {
        return Ok(Some(Key::Pipe(inode)));
    }
    if !link.starts_with(b"/") {
        return Ok(None);
    }
    let directory = process.open_relative("fd")?;
    match statat(&directory, fd.to_string(), AtFlags::empty()) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Fifo => {
            Ok(Some(Key::Fifo(stat.st_dev, stat.st_ino)))
        }
        Ok(_) | Err(Errno::NOENT | Errno::SRCH) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

fn pipes(process: &Process, links: &[(u32, Vec<u8>)]) -> ProcResult<Vec<Shared>> {
    let mut pipes: BTreeMap<Key, (Vec<u32>, Vec<u32>)> = BTreeMap::new();
    let mut outputs = HashSet::new();
    for (fd, link) in links {
        let Some(key) = pipe(process, *fd, link)? else { continue };
        let (reads, writes) = access(process, *fd).unwrap_or(EITHER);
        let (readers, writers) = pipes.entry(key).or_default();
        readers.extend(reads.then_some(*fd));
        writers.extend(writes.then_some(*fd));
        outputs.extend(matches!(fd, 1 | 2).then_some(key));
    }
    let shared = |(key, (readers, writers))| {
        let output = outputs.contains(&key);
        Shared::Pipe { key, readers, writers, output }
    };
    Ok(pipes.into_iter().map(shared).collect())
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

/// The files that a process may write through its memory. Neither devices nor shared memory count, and a file that
/// was deleted is lost anyway.
fn mapped_files(process: &Process) -> ProcResult<Vec<Shared>> {
    let maps = text(process, "maps")?;
    let path = |line: &str| {
        let access = line.split_whitespace().nth(1)?;
        let path = &line[line.find('/')?..];
        let counts = !path.starts_with("/dev/") && !path.ends_with(" (deleted)");
        (access.starts_with("rw") && access.ends_with('s') && counts).then(|| path.to_owned())
    };
    let paths: BTreeSet<_> = maps.lines().filter_map(path).collect();
    Ok(paths.into_iter().map(|path| Shared::MappedFile { path }).collect())
}

/// The sockets of other kinds than TCP that lead to other processes.
fn sockets(process: &Process, links: &[(u32, Vec<u8>)]) -> ProcResult<Vec<Shared>> {
    let held: Vec<_> = links.iter().filter_map(|(_, link)| inode(link, "socket")).collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let unix = unix(process)?;
    let mut udp = udp(process, "udp")?;
    udp.extend(udp_if_any(process, "udp6")?);
    let shared = |inode: u64| match (unix.get(&inode), udp.get(&inode)) {
        (Some(true), _) => Some(Shared::UnixListener),
        (Some(false), _) => Some(Shared::Unix { inode }),
        (None, Some(port)) => Some(Shared::Udp { port: *port }),
        (None, None) => None,
    };
    Ok(held.into_iter().filter_map(shared).collect())
}

/// By inode: the unix sockets of a process's network, and whether each listens.
fn unix(process: &Process) -> ProcResult<HashMap<u64, bool>> {
    let list = text(process, "net/unix")?;
    let socket = |line: &str| {
        let mut words = line.split_whitespace();
        let flags = u64::from_str_radix(words.nth(3)?, 16).ok()?;
        Some((words.nth(2)?.parse().ok()?, flags & LISTENS != 0))
    };
    Ok(list.lines().filter_map(socket).collect())
}

/// By inode: the UDP sockets of a process's network, with their ports.
fn udp(process: &Process, list: &str) -> ProcResult<HashMap<u64, u16>> {
    let list = text(process, &format!("net/{list}"))?;
    let socket = |line: &str| {
        let mut words = line.split_whitespace();
        let (_, port) = words.nth(1)?.rsplit_once(':')?;
        Some((words.nth(7)?.parse().ok()?, u16::from_str_radix(port, 16).ok()?))
    };
    Ok(list.lines().filter_map(socket).collect())
}

/// A machine without IPv6 has one list only.
fn udp_if_any(process: &Process, list: &str) -> ProcResult<HashMap<u64, u16>> {
    match udp(process, list) {
        Err(ProcError::NotFound(_)) => Ok(HashMap::new()),
        udp => udp,
    }
}
