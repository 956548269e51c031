//! What a process shares with other processes, other than TCP connections, and what it has written. Raw facts:
//! `reap` decides which of them matter.

use crate::model::Holder;

/// How the paths of memory begin that other processes may have mapped too: POSIX, `memfd_create`, System V.
const SHARED_MEMORY: [&str; 3] = ["/dev/shm/", "/memfd:", "/SYSV"];

/// What a process shares with other processes, other than TCP connections.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    /// The pipes, sockets, terminals and files that it holds.
    pub resources: Vec<Resource>,
    /// It reads `/dev/null` through another descriptor than its standard input. A child of Python's multiprocessing
    /// does that in place of the standard input that it inherited, which it never reads.
    pub input_replaced: bool,
    /// Its running descendants, but for Python's own resource trackers; `None` if they cannot be seen.
    pub descendants: Option<Vec<Holder>>,
}

/// One end of a pipe, a FIFO or a unix socket; or a UDP socket, a terminal or a file, which have one end only.
#[derive(Clone, Debug)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// The processes that hold the other end, this one included if it holds both.
    pub others: Vec<Holder>,
    /// Why further processes may hold the other end; `None` if these are all.
    pub unsure: Option<String>,
}

/// What a process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// The reading end of a pipe or FIFO.
    PipeReader {
        /// It is the standard input, and has no other descriptor.
        input: bool,
    },
    /// The writing end of a pipe or FIFO.
    PipeWriter {
        /// It is the standard output or the standard error, and has no other descriptor that writes.
        output: bool,
    },
    /// A connected unix socket.
    Unix {
        /// It is the standard output or the standard error, and has no other descriptor.
        output: bool,
    },
    /// A unix socket that listens.
    UnixListener,
    /// A UDP socket on this port.
    Udp(u16),
    /// A file at this path that is open for writing through another descriptor than the standard output and the
    /// standard error. Shared memory that Python makes for itself is left out.
    OpenFile(String),
    /// A file or shared memory at this path that is mapped for writing. [`Written`] shows such writes too late or
    /// never. Shared memory that Python makes for itself is left out.
    MappedFile(String),
    /// A terminal that it may read, by its path.
    Terminal {
        /// Its path.
        path: String,
        /// It is the standard input.
        input: bool,
    },
}

impl ResourceKind {
    /// Whether a program has it because of how it was launched: what its standard input reads from.
    #[must_use]
    pub const fn is_from_launcher(&self) -> bool {
        matches!(self, Self::Terminal { input: true, .. } | Self::PipeReader { input: true })
    }

    /// Whether it is a file, and no memory that other processes may have mapped too.
    #[must_use]
    pub fn is_file(&self) -> bool {
        let (Self::OpenFile(path) | Self::MappedFile(path)) = self else { return false };
        !SHARED_MEMORY.iter().any(|prefix| path.starts_with(prefix))
    }
}

/// What a process has written since it started, to files, pipes, terminals and sockets. What it has sent on sockets
/// by `send`, as Python's sockets and asyncio do, is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes that it gave to `write` and its relatives.
    pub bytes: u64,
    /// Bytes that it caused to be written to a disk. Writes to mapped files are counted only here.
    pub to_disk: u64,
}
