//! What a process shares with other processes, beside TCP connections. Raw facts: which of them matter is
//! decided elsewhere.

use crate::model::Holder;

/// What a process shares with other processes, beside TCP connections.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    /// The pipes, sockets and terminals that it holds, in the order of its descriptors.
    pub ends: Vec<End>,
    /// It reads `/dev/null` through another descriptor than its standard input. A child of Python's multiprocessing
    /// does that in place of the standard input that it inherited, which it never reads.
    pub input_replaced: bool,
    /// Its running descendants, but for Python's own resource trackers; `None` if they cannot be seen.
    pub descendants: Option<Vec<Holder>>,
}

/// One end of something that has two: a pipe, a FIFO, a unix socket, a UDP socket or a terminal.
#[derive(Clone, Debug)]
pub struct End {
    /// What it is.
    pub kind: EndKind,
    /// The processes that hold the other end, this one included if it holds both.
    pub others: Vec<Holder>,
    /// Why further processes may hold the other end; `None` if these are all.
    pub unsure: Option<String>,
}

/// What a process has one end of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndKind {
    /// The reading end of a pipe or FIFO.
    PipeReader {
        /// It is the standard input, and has no other descriptor.
        input: bool,
    },
    /// The writing end of a pipe or FIFO.
    PipeWriter {
        /// It is the standard output or the standard error.
        output: bool,
    },
    /// A connected unix socket.
    Unix,
    /// A unix socket that listens.
    UnixListener,
    /// A UDP socket on this port.
    Udp(u16),
    /// A file at this path that it may write through its memory: no count shows such writes in time.
    MappedFile(String),
    /// A terminal that it may read, by its path.
    Terminal {
        /// Its path.
        path: String,
        /// It is the standard input.
        input: bool,
    },
}

/// What a process has written since it started: to files, pipes and terminals. Sockets are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes that it gave to the kernel.
    pub bytes: u64,
    /// Bytes that went to a disk because of it: memory-mapped files count here alone.
    pub to_disk: u64,
}
