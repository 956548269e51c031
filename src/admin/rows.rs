//! What the admin program answers, field for field as in `program/`.

use serde::Deserialize;
use uuid::Uuid;

use crate::model::LockHolder;

/// One row of an answer. Times are seconds since the Unix epoch on the server's clock.
/// Each is told by its name, with the values of its fields in their order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the server's own attributes")]
pub enum Row {
    /// The program runs.
    Hello { now: f64 },
    /// The server itself.
    Server {
        pid: u32,
        python: String,
        host: String,
        network: Option<String>,
        instance: String,
        lock_held: bool,
        lock_waiters: u64,
        in_bulk: bool,
    },
    /// Who holds the command lock.
    LockHolder(LockHolder),
    /// A session; its components follow.
    Session { connection: Connection, root: Option<String>, edges: u64 },
    /// Components of the session before it: their keys, which of these are no units, and of some the
    /// topics, all by their place among the keys.
    Components { keys: Vec<Box<str>>, others: Vec<usize>, topics: Vec<Topics> },
    /// What the session before it registered cannot be read.
    Unreadable {},
    /// A process registration.
    Process { connection: Connection, pid: Option<u32>, host: Option<String>, units: Vec<String> },
    /// A publisher; `listens` is the port on which it takes its channels.
    Publisher { connection: Connection, topic: String, listens: Option<u32> },
    /// A subscriber.
    Subscriber { connection: Connection, topic: String },
    /// A channel of a publisher.
    Channel { connection: Connection, publisher: Uuid },
    /// Whether nothing of the event histories was thrown away yet.
    History { whole: bool },
    /// What the histories say of a session, present or gone.
    SessionPast { id: Uuid, last: f64, registered: Option<f64>, ended: Option<(f64, u64)> },
    /// What the histories say of a process, present or gone; `endpoint` is the last publisher,
    /// subscriber or channel before it that is gone.
    ProcessPast { id: Uuid, events: u64, last: f64, endpoint: Option<Uuid>, last_change: u64 },
    /// A session, now gone, that registered a key which a process owns.
    Registration { key: String, session: Uuid },
    /// How a process took a ping; `unacked_ms` is how long the same was sent to it again and again
    /// without an acknowledgement.
    Ping { process: Uuid, answer: String, ms: Option<f64>, unacked_ms: Option<f64> },
    /// How many messages the endpoints of a process carried until a time on its own clock, in seconds.
    Traffic { process: Uuid, published: u64, received: u64, seconds: f64 },
    /// How many milliseconds ago a publisher last sent something to a channel in another process.
    Flow { publisher: Uuid, sent_ms: u32 },
    /// The client's end of a connection on the server's machine, by its inode and its user; `None` if it does not
    /// exist.
    Socket { inode: Option<u64>, user: Option<u32> },
    /// The uptime of the server's machine in seconds, and the server's clock at that moment, in seconds since the Unix
    /// epoch.
    Machine { uptime: f64, now: f64 },
    /// A file of `/proc` on the server's machine.
    ProcFile { path: String, text: String },
    /// A link of `/proc` on the server's machine.
    ProcLink { path: String, target: String },
    /// The versions of Python and of ezmsg in the server's own process.
    Interpreter { python: String, ezmsg: String },
    /// A thread of the server's own process, with its calls, innermost first: the function, its file and the line.
    Thread { id: Option<u32>, name: Option<String>, calls: Vec<(String, String, u32)> },
    /// A session that the server's own process holds, and the event loop that serves it: its thread, how many
    /// descriptors it watches, and whether something is scheduled in it.
    Served { session: Uuid, event_loop: Option<(u32, u32, bool)> },
    /// Begins a new sample: the files after it show what threads wait on.
    Sample {},
    /// What became of one target of a drop.
    Outcome(Outcome),
    /// A subscriber that did not confirm in time that it was told what a drop left it to hear.
    Unconfirmed(Unconfirmed),
    /// What became of the connection that was to be ended to free the command lock.
    Freed { outcome: OutcomeKind, detail: Option<String> },
    /// The last row.
    End { error: Option<String> },
}

/// The place of a unit among the keys of its row, the topics of its input streams, and those of its
/// output streams.
pub type Topics = (usize, Vec<String>, Vec<String>);

/// What the server knows of every client's connection.
#[derive(Debug, Deserialize)]
pub struct Connection {
    /// The client's id.
    pub id: Uuid,
    /// Its address and port, as the server sees them.
    pub peer: Option<(String, u16)>,
    /// The server's own address and port on it.
    pub local: Option<(String, u16)>,
    /// The kernel's view; `None` where the server's system does not tell.
    pub tcp: Option<Tcp>,
    /// The server has closed its end, or is about to.
    pub closing: bool,
    /// A task of the server reads from it.
    pub handled: bool,
}

/// From Linux's `struct tcp_info`.
#[derive(Clone, Debug, Deserialize)]
pub struct Tcp {
    /// Its `tcpi_state`.
    pub state: u8,
    /// How long ago the last byte came from the client, in milliseconds.
    pub last_data_received_ms: u32,
    /// How many bytes came from it in all.
    pub received: u64,
}

/// What became of a target.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    /// The target's id.
    pub id: Uuid,
    /// How it went.
    pub outcome: OutcomeKind,
    /// Why, unless it simply went.
    pub detail: Option<String>,
}

/// A subscriber that did not confirm in time that it was told what a drop left it to hear.
#[derive(Clone, Debug, Deserialize)]
pub struct Unconfirmed {
    /// Its id.
    pub id: Uuid,
    /// What it subscribes to.
    pub topic: String,
}

/// What became of a drop.
#[derive(Debug, Default)]
pub struct Dropped {
    /// Of each target.
    pub outcomes: Vec<Outcome>,
    /// Those who may not have heard of it.
    pub unconfirmed: Vec<Unconfirmed>,
}

/// How a drop can end inside the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// It was there and is gone.
    Dropped,
    /// It was gone before.
    AlreadyGone,
    /// A precondition did not hold: nothing was touched.
    Changed,
    /// Its edges carry messages between clients that stay: nothing was touched.
    Refused,
    /// Some of it was closed, and some is still there.
    Failed,
}
