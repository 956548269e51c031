//! What this machine knows of the processes at the other end: the only room that reads `/proc`.
//!
//! What cannot be seen is told as unsure, with the reason, and never means that nobody is there.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
pub mod multiprocessing;
mod neighbours;
mod ties;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

use std::collections::HashSet;
use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::model::{Family, Holder, Holding};
#[cfg(target_os = "linux")]
pub use linux::Tree;
pub use neighbours::{
    Held, Own, add_seen_by_server, clients_without_holders, connections, find_holders,
    holders_of_all,
};
pub use ties::{Resource, ResourceKind, Ties, Written};

/// A connection from a client to the server, as the server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The client's end.
    pub client: SocketAddr,
    /// The server's end.
    pub server: SocketAddr,
    /// What is to be known of it.
    pub role: Role,
}

impl Connection {
    /// Its two ends.
    #[must_use]
    pub const fn ends(&self) -> Ends {
        Ends { client: self.client, server: self.server }
    }
}

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    /// The client's.
    pub client: SocketAddr,
    /// The server's.
    pub server: SocketAddr,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A session's: it matters which of its holders serves it.
    Session,
    /// A process registration's that has answered a ping: somebody serves it.
    Answered,
    /// Any other client's.
    Other,
}

/// The TCP sockets of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// Those that listen or are connected.
    pub tcp: Vec<Tcp>,
    /// Those of them that the other end has not closed.
    pub open: HashSet<Tcp>,
    /// It has others of which it cannot be seen what they are. A closed connection is one.
    pub others: bool,
}

/// Why something of a process is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// It has ended.
    Gone,
    /// It may not be looked into.
    Hidden,
}

/// A TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tcp {
    /// Its own end.
    pub local: SocketAddr,
    /// The other end; `None` if it listens.
    pub remote: Option<SocketAddr>,
}

/// A machine, as far as its processes can be seen.
pub trait Host: Debug {
    /// The network that its sockets are in: the same text, the same sockets. `None` if it has no name.
    fn network(&self) -> Option<String>;

    /// Who holds the client's end of each connection, in their order.
    fn holders(&self, connections: &[Connection]) -> Vec<Holding>;

    /// The TCP sockets of a process.
    ///
    /// # Errors
    /// Why they cannot be told.
    fn sockets(&self, holder: &Holder) -> Result<Sockets, Unseen>;

    /// What each of these processes shares with other processes beside TCP connections, in their order.
    ///
    /// # Errors
    /// Why that is not known.
    fn ties(&self, processes: &[Holder]) -> Vec<Result<Ties, Unseen>>;

    /// What a process has written.
    ///
    /// # Errors
    /// Why that is not known.
    fn written(&self, process: &Holder) -> Result<Written, Unseen>;

    /// For each group of processes, in their order: these, and their running descendants, with their Python stacks.
    fn families(&self, groups: &[&[Holder]]) -> Vec<Family>;

    /// The processes that hold a socket which listens at this address, as far as they can be seen.
    fn listeners(&self, at: SocketAddr) -> Vec<Holder>;

    /// Whether the queue of a socket that listens at this address is full, so that the kernel accepts no further
    /// connection for it; `None` if no such socket is seen.
    fn queue_is_full(&self, at: SocketAddr) -> Option<bool>;
}

/// The name of the thread that reads the memory of other processes. If it panics, the stacks are unknown.
pub const STACK_READER_THREAD: &str = "stacks";

/// The machine that graphctl runs on.
#[must_use]
pub fn here() -> impl Host {
    system::Machine::this()
}

/// What another machine's `/proc` and kernel showed of connections to a server, by the paths below `/proc`.
#[derive(Clone, Debug, Default)]
pub struct RawProc {
    /// How long ago that machine was booted.
    pub uptime: Duration,
    /// Of each connection, in their order, the inode and the user of the client's end; `None` if it is not there. The
    /// inode is 0 if no process holds it any more.
    pub sockets: Vec<Option<(u64, u32)>>,
    /// Files, with their texts.
    pub files: Vec<(String, String)>,
    /// Links, with what they link to.
    pub links: Vec<(String, String)>,
    /// The files that show what threads wait on, one entry for each reading.
    pub samples: Vec<Vec<(String, String)>>,
}

/// Which processes held the client's end of each connection on that machine, in their order.
///
/// # Errors
/// The data is invalid, or the copy cannot be written.
pub fn holders_in(raw: RawProc, connections: &[Connection]) -> io::Result<Vec<Holding>> {
    system::holders_in(raw, connections)
}

/// The name of this machine, where the system tells it.
#[must_use]
pub fn name() -> Option<String> {
    system::name()
}

/// How ending a process went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ended after it was asked to.
    Terminated,
    /// It did not end when asked.
    Stayed,
    /// It did not end when asked, and was killed.
    Killed,
    /// It had ended before.
    AlreadyGone,
    /// It runs on, for that reason.
    Failed(String),
}

/// How a process is to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// It is asked to end (SIGTERM), and has so long to do it.
    Ask(Duration),
    /// It is killed (SIGKILL).
    Kill,
}

/// Ends processes, all at once. Their ends are told in the order of the holders.
///
/// A process is signalled only while it is certain to be the one that was seen. The first process of
/// the machine, graphctl itself and those it runs below are never signalled.
pub async fn end(holders: &[Holder], means: Means) -> Vec<Ended> {
    system::end(holders, means).await
}

/// Asks a process to end, or kills it, and does not wait for that.
///
/// # Errors
/// Why it was not signalled; it may have ended, as [`end`] would tell.
#[cfg(target_os = "linux")]
pub fn signal(holder: &Holder, kill: bool) -> Result<(), Ended> {
    system::signal(holder, kill)
}

/// How long ago this machine was booted, also if it slept meanwhile.
#[cfg(target_os = "linux")]
#[must_use]
pub fn uptime() -> Duration {
    system::uptime()
}

/// A clock that also advances while the machine sleeps, unlike `Instant`. Only the time between two readings has a
/// meaning.
#[must_use]
pub fn clock() -> Duration {
    system::clock()
}

/// Whether this process ignores a signal, and what it starts will too.
#[cfg(target_os = "linux")]
#[must_use]
pub fn ignores(signal: i32) -> bool {
    system::ignores(signal)
}
