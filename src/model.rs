//! What a GraphServer holds, as plain data. No socket, no clock, no terminal.
//!
//! `None` always means "not known" and never "none": a snapshot knows less than the admin channel.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::address::Address;

/// The `root_name` under which graphctl registers its own sessions.
pub const OWN_ROOT: &str = "graphctl";

/// A server and everything it holds, as one look saw it.
#[derive(Debug)]
pub struct Inventory {
    /// The server itself.
    pub server: Server,
    /// The server's clock at the look.
    pub now: SystemTime,
    /// All sessions, oldest first.
    pub sessions: Vec<Session>,
    /// All process registrations, oldest first.
    pub processes: Vec<Process>,
    /// Publishers, subscribers and channels.
    pub endpoints: Option<Vec<Endpoint>>,
    /// What the server's event histories tell of those that are gone.
    pub history: Option<History>,
}

impl Inventory {
    /// How long before the look something was; zero for what lies ahead of the server's clock.
    #[must_use]
    pub fn age_of(&self, time: SystemTime) -> Duration {
        self.now.duration_since(time).unwrap_or_default()
    }
}

/// The server process.
#[derive(Debug)]
pub struct Server {
    /// `host:port` as it was connected to.
    pub address: String,
    /// Its ezmsg version.
    pub version: String,
    /// Which way the inventory was taken.
    pub channel: Channel,
    /// What only the admin channel tells.
    pub process: Option<ServerProcess>,
}

/// Which way an inventory was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Through the admin channel.
    Admin,
    /// From SESSION_SNAPSHOT.
    Snapshot,
}

/// The server process, as it describes itself.
#[derive(Debug)]
pub struct ServerProcess {
    /// Its pid, on its own host.
    pub pid: u32,
    /// Its host name.
    pub host: String,
    /// Its Python version.
    pub python: String,
    /// Whether a command holds the server's command lock.
    pub lock_held: bool,
    /// How many commands wait for that lock.
    pub lock_waiters: u64,
}

/// A session: one `GraphContext`.
#[derive(Debug)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// When the server opened it.
    pub created: Option<SystemTime>,
    /// Its connection.
    pub link: Option<Link>,
    /// Whether it belongs to a graphctl, this one or another.
    pub graphctl: bool,
    /// The root name it registered.
    pub root: Option<String>,
    /// Its components, by key.
    pub components: Vec<Component>,
    /// Whether what it registered could be read.
    pub readable: bool,
    /// Whether it ever registered components, as far as the histories tell.
    pub registered: bool,
    /// How many edges of the graph it owns.
    pub edges: u64,
    /// The latest event in the server's histories that it caused.
    pub last_event: Option<SystemTime>,
}

impl Session {
    /// Its client's address and port, as the server sees them.
    #[must_use]
    pub fn peer(&self) -> Option<String> {
        let (host, port) = self.link.as_ref()?.peer.clone()?;
        Some(Address { host, port }.to_string())
    }

    /// The keys of its units.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.components.iter().filter(|component| component.unit).map(|unit| unit.key.as_str())
    }
}

/// A registered component.
#[derive(Debug)]
pub struct Component {
    /// Its component key (ezmsg: its address).
    pub key: String,
    /// A unit, which a process must own for it to run; else a collection.
    pub unit: bool,
    /// The topics its input streams subscribe to.
    pub inputs: Vec<String>,
    /// The topics its output streams publish on.
    pub outputs: Vec<String>,
}

/// A process that registered units.
#[derive(Debug)]
pub struct Process {
    /// The id of its registration.
    pub id: Uuid,
    /// When it connected.
    pub created: Option<SystemTime>,
    /// Its connection.
    pub link: Option<Link>,
    /// Its pid, on its own host.
    pub pid: Option<u32>,
    /// Its host name.
    pub host: Option<String>,
    /// The units it owns, sorted.
    pub units: Vec<String>,
    /// How it took a ping.
    pub ping: Ping,
    /// The latest event in the server's histories that it caused.
    pub last_event: Option<SystemTime>,
}

impl Process {
    /// How it is called in words: its pid, which a person can look up, or else its id.
    #[must_use]
    pub fn name(&self) -> String {
        match (self.pid, &self.host) {
            (Some(pid), Some(host)) => format!("pid {pid} on {host}"),
            (Some(pid), None) => format!("pid {pid}"),
            _ => format!("process {}", self.id),
        }
    }
}

/// How a process took a ping.
#[derive(Clone, Debug, PartialEq)]
pub enum Ping {
    /// It was not asked.
    NotAsked,
    /// It answered, after that time.
    Answered(Option<Duration>),
    /// Its answer was not read in time, but something came from it after the ping.
    Heard,
    /// It did not answer in time.
    Silent,
    /// It could not be asked: earlier requests still wait to be sent to it.
    Blocked,
    /// Something else went wrong: ezmsg's own error code, in lower case.
    Failed(String),
}

/// What the server knows of a client's connection.
#[derive(Debug)]
pub struct Link {
    /// The client's address and port, as the server sees them.
    pub peer: Option<(String, u16)>,
    /// Whether the client's end is open; `None` where the system does not tell.
    pub established: Option<bool>,
    /// How long ago the client last sent a byte.
    pub silent_for: Option<Duration>,
    /// The server has closed its end.
    pub closing: bool,
    /// A task of the server still reads from it.
    pub handled: bool,
}

/// A publisher, a subscriber or a channel.
#[derive(Debug)]
pub struct Endpoint {
    /// Its id.
    pub id: Uuid,
    /// When it connected.
    pub created: Option<SystemTime>,
    /// The host part of its peer address.
    pub host: Option<String>,
    /// What it is.
    pub kind: EndpointKind,
}

/// What an endpoint does.
#[derive(Debug)]
pub enum EndpointKind {
    /// Publishes on a topic.
    Publisher(String),
    /// Subscribes to a topic.
    Subscriber(String),
    /// Carries the messages of a publisher to one process.
    Channel(Uuid),
}

/// What the server's histories of settings and topology events tell.
#[derive(Debug, Default)]
pub struct History {
    /// Nothing of it was thrown away yet (the server keeps the last 10,000 events of each kind).
    pub whole: bool,
    /// Processes that owned units and left.
    pub departed: Vec<Departed>,
    /// Sessions that registered components and are gone.
    pub ended: Vec<Ended>,
    /// By component key: the sessions, now gone, that registered it.
    pub registrations: HashMap<String, Vec<Uuid>>,
}

/// A process that owned units and left.
#[derive(Debug)]
pub struct Departed {
    /// When it connected.
    pub created: SystemTime,
    /// When it left.
    pub left: SystemTime,
    /// When the last publisher, subscriber or channel before it connected that is gone too. A process
    /// makes its own just before it connects to register its units.
    pub endpoint: Option<SystemTime>,
}

/// A session that registered components and is gone.
#[derive(Debug)]
pub struct Ended {
    /// When it was opened.
    pub created: SystemTime,
    /// When it ended, where the histories show it.
    pub at: Option<SystemTime>,
}

/// When a version 1 UUID was minted; `None` for other UUIDs.
#[must_use]
pub fn minted(id: Uuid) -> Option<SystemTime> {
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds))
}
