//! Why a process must not be ended, as values and in words.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;

use crate::host::ResourceKind;

/// Why a process must not be ended. Other processes are named as [`Holder::name`](crate::model::Holder::name) does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The server has not closed its connection, so nothing of it was dropped.
    StillConnected,
    /// It holds a client of the server that is not dropped.
    HoldsOtherClient,
    /// It listens on this TCP port.
    Listens(u16),
    /// It is connected to this address.
    ConnectedTo(SocketAddr),
    /// It has opened a connection since the look.
    NewConnection,
    /// It has a socket that is in no list of the kernel.
    UnknownSocket,
    /// Its descriptors cannot be read.
    Unreadable,
    /// It may be the program that opened a session.
    MayBeOpener,
    /// It holds a session's connection, and may not have inherited it.
    MayNotBeHeir,
    /// It has written between two readings of `/proc/PID/io`.
    StillWrites,
    /// What it has written cannot be read.
    WritesUnknown,
    /// It has this running descendant.
    Descendant(String),
    /// Its descendants cannot be seen.
    DescendantsUnknown,
    /// Its parent is this process, which is needed.
    Parent(String),
    /// It holds a file, a terminal or a socket through which it may do work that no other process shows.
    Holds(ResourceKind),
    /// It shares something with another process.
    Shares {
        /// What.
        what: ResourceKind,
        /// The other process.
        with: String,
    },
    /// It is not known with which processes it shares something.
    MayShare {
        /// What.
        what: ResourceKind,
        /// Why that is not known.
        unsure: String,
    },
    /// It did not end when it was asked to, and must not be killed.
    AfterAsking(Box<Obstacle>),
}

impl Obstacle {
    /// Whether nothing shows that another process needs this one, so that a person may decide to end it.
    #[must_use]
    pub fn may_be_overridden(&self) -> bool {
        match self {
            Self::MayBeOpener => true,
            Self::Holds(what) => what.is_file(),
            Self::AfterAsking(obstacle) => obstacle.may_be_overridden(),
            _ => false,
        }
    }

    /// Whether it says no more than that the process may be the program that opened the session.
    #[must_use]
    pub const fn is_about_opener(&self) -> bool {
        matches!(self, Self::MayBeOpener | Self::MayNotBeHeir)
    }
}

impl Display for Obstacle {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::StillConnected => f.write_str("the server has not closed its connection"),
            Self::HoldsOtherClient => f.write_str("it also holds a client that is not dropped"),
            Self::Listens(port) => write!(f, "it listens on port {port}"),
            Self::ConnectedTo(address) => write!(f, "it is also connected to {address}"),
            Self::NewConnection => f.write_str("it has opened a new connection"),
            Self::UnknownSocket => f.write_str("it has a socket whose other end cannot be seen"),
            Self::Unreadable => {
                f.write_str("graphctl may not read what it shares with other processes")
            }
            Self::MayBeOpener => {
                f.write_str("it may have opened the session, and it may do other work")
            }
            Self::MayNotBeHeir => f.write_str(
                "it is not certain that it only inherited the session's connection, and it may do other work",
            ),
            Self::StillWrites => f.write_str("it is still writing"),
            Self::WritesUnknown => f.write_str("it is not known whether it writes"),
            Self::Descendant(name) => write!(f, "its descendant {name} is running"),
            Self::DescendantsUnknown => {
                f.write_str("it cannot be seen whether it has running descendants")
            }
            Self::Parent(name) => write!(f, "its parent, {name}, is running"),
            Self::Holds(what) => f.write_str(&holds(what)),
            Self::Shares { what, with } => {
                write!(f, "{} that {with} {}", holds(what), verb(what))
            }
            Self::MayShare { what, unsure } => {
                write!(f, "{} whose other end is not known: {unsure}", holds(what))
            }
            Self::AfterAsking(obstacle) => write!(f, "it was asked to end, and {obstacle}"),
        }
    }
}

/// That a process holds it.
fn holds(what: &ResourceKind) -> String {
    match what {
        ResourceKind::PipeReader { .. } => "it reads from a pipe".into(),
        ResourceKind::PipeWriter { .. } => "it writes to a pipe".into(),
        ResourceKind::Unix { .. } => "it has a unix socket".into(),
        ResourceKind::UnixListener => "it listens on a unix socket".into(),
        ResourceKind::Udp(port) => format!("it has a UDP socket on port {port}"),
        ResourceKind::OpenFile(path) => {
            format!("it has {path} open for writing, and may hold data that is not saved")
        }
        ResourceKind::MappedFile(path) => {
            format!("it has {path} mapped into its memory, and may write it")
        }
        ResourceKind::Terminal { path, .. } => format!("it may read from {path}"),
    }
}

/// What the process at the other end does with it.
const fn verb(what: &ResourceKind) -> &'static str {
    match what {
        ResourceKind::PipeReader { .. } => "writes to",
        ResourceKind::PipeWriter { .. } => "reads from",
        ResourceKind::Unix { .. } => "is connected to",
        _ => "has too",
    }
}
