//! What a GraphServer holds, as plain data. No socket, no clock, no terminal.
//!
//! `None` always means "not known" and never "none": a snapshot knows less than the admin channel.

mod holders;
mod stacks;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use holders::{EventLoop, Holder, Holding, ProcessId, SeenBy, Worker};
pub use stacks::{Family, Frame, Member, Stacks, StacksError, Thread};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The `root_name` under which graphctl registers its own sessions.
pub const OWN_ROOT: &str = "graphctl";

/// A server and everything it holds, as one look saw it.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub struct ServerProcess {
    /// Its pid, on its own host.
    pub pid: u32,
    /// Its host name.
    pub host: String,
    /// The network that its sockets are in, as [`Host::network`](crate::host::Host::network) names it.
    pub network: Option<String>,
    /// Another text, another server: also where the process is the same and has started a second one.
    pub instance: String,
    /// Its Python version.
    pub python: String,
    /// Whether a command holds the server's command lock.
    pub lock_held: bool,
    /// How many commands wait for that lock, without that of graphctl itself.
    pub lock_waiters: u64,
    /// Which command holds it, and whom that waits for; `None` where the lock is free too.
    pub lock_holder: Option<LockHolder>,
    /// Whether it can be had to drop many sessions at once: left to itself it stands still over each.
    pub in_bulk: bool,
}

/// The command that holds the server's command lock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LockHolder {
    /// Its name in ezmsg's `Command`, such as `SYNC`.
    pub request: String,
    /// The client that sent it; `None` for a connection that is no client, or not yet.
    pub by: Option<Uuid>,
    /// The address and port of the connection it came on, as the server sees them.
    pub by_peer: Option<(String, u16)>,
    /// How many milliseconds ago the last byte came on that connection. That was the end of the command,
    /// unless its client has sent more ahead.
    pub asked_ms: Option<u32>,
    /// What kind of client it waits for.
    pub waits_for: WaitsFor,
    /// The client it waits for: the end of its connection frees the lock. `None` for a connection that
    /// is no client, or not yet: that is known by `peer` alone.
    pub client: Option<Uuid>,
    /// The address and port of the connection it waits for, as the server sees them.
    pub peer: Option<(String, u16)>,
    /// The client has left, and the command waits for it in vain.
    pub gone: bool,
    /// The topic of the publisher or subscriber it waits for.
    pub topic: Option<String>,
}

impl LockHolder {
    /// How long before the look it was sent.
    #[must_use]
    pub fn asked(&self) -> Option<Duration> {
        self.asked_ms.map(|ms| Duration::from_millis(ms.into()))
    }
}

/// Whom a command that holds the lock waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WaitsFor {
    /// A publisher, which must confirm that it has paused.
    Publisher,
    /// A subscriber, which must confirm that it knows its publishers; the server gives it 1 s.
    Subscriber,
    /// A process, which must read what was routed to it.
    Process,
    /// The sender of the command itself, which must send the rest of it, or read the answer.
    Client,
}

/// A session: one `GraphContext`.
#[derive(Clone, Debug)]
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
    /// How many edges of the graph it owns.
    pub edges: u64,
    /// The latest event in the server's histories that it caused.
    pub last_event: Option<SystemTime>,
    /// Who holds the client's end of its connection; `None` if this machine was not asked.
    pub holding: Option<Holding>,
    /// The processes that may run its units, with their Python stacks; `None` if these were not read.
    pub family: Option<Family>,
}

impl Session {
    /// Its client's address and port, as the server sees them.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.link.as_ref()?.peer
    }

    /// The processes of this machine that are seen to hold its connection; `None` if none is.
    #[must_use]
    pub fn holders_here(&self) -> Option<&[Holder]> {
        let seen_here = self.holding.as_ref().filter(|it| it.seen_by == SeenBy::Graphctl);
        seen_here.map(|it| &*it.holders).filter(|it| !it.is_empty())
    }

    /// Adds the stacks of the process that opened it, as the server reported them from inside that process. The process
    /// has this `pid`, and `serving` is its event loop that serves the session.
    pub fn add_opener(&mut self, pid: u32, serving: Option<EventLoop>, stacks: &Arc<Stacks>) {
        let unsure = "its other processes cannot be seen from here".to_owned();
        let unseen = || Family { members: Vec::new(), unsure: Some(unsure) };
        let family = self.family.get_or_insert_with(unseen);
        let is_it = |it: &&mut Member| it.process.pid == pid || it.process.own_pid == pid;
        let seen = |process: Holder| Holder {
            serving: serving.map_or(process.serving, |_| Some(true)),
            serving_loop: serving.or(process.serving_loop),
            ..process
        };
        if let Some(member) = family.members.iter_mut().find(is_it) {
            member.process = seen(member.process.clone());
            member.stacks = Ok(stacks.clone());
            return;
        }
        let holders = self.holding.iter().flat_map(|it| &it.holders);
        let known = holders.into_iter().find(|it| it.pid == pid || it.own_pid == pid).cloned();
        let process = seen(known.unwrap_or_else(|| Holder::known_by_pid(pid)));
        family.members.push(Member::new(process, true, Ok(stacks.clone())));
    }

    /// The keys of its units.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.components.iter().filter(|component| component.unit).map(|unit| &*unit.key)
    }
}

/// A registered component.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its component key (ezmsg: its address).
    pub key: Box<str>,
    /// A unit, which a process must own for it to run; else a collection.
    pub unit: bool,
    /// Its streams. `None` also where the server did not tell them: no client is on any of their topics,
    /// and no process owns a unit of its session.
    pub streams: Option<Box<Streams>>,
}

impl Component {
    /// The topics its input streams subscribe to.
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        self.streams.as_ref().map_or(&[], |streams| &streams.inputs)
    }

    /// The topics its output streams publish on.
    #[must_use]
    pub fn outputs(&self) -> &[String] {
        self.streams.as_ref().map_or(&[], |streams| &streams.outputs)
    }
}

/// The topics of a unit's streams.
#[derive(Clone, Debug)]
pub struct Streams {
    /// Those its input streams subscribe to.
    pub inputs: Vec<String>,
    /// Those its output streams publish on.
    pub outputs: Vec<String>,
}

/// A process that registered units.
#[derive(Clone, Debug)]
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
    /// How long the server's kernel has sent it the same again and again without an acknowledgement from
    /// its host; `None` if everything is acknowledged.
    pub unacked_for: Option<Duration>,
    /// What its publishers and subscribers have carried; `None` if it was not asked or did not answer.
    pub traffic: Option<Traffic>,
    /// The latest event in the server's histories that it caused.
    pub last_event: Option<SystemTime>,
    /// The number of the last event in the history of topology events by which it took or gave away units.
    pub last_change: Option<u64>,
    /// Who holds the client's end of its connection; `None` if this machine was not asked.
    pub holding: Option<Holding>,
}

impl Process {
    /// Whether it answered a ping.
    #[must_use]
    pub const fn answered(&self) -> bool {
        matches!(self.ping, Ping::Answered(_))
    }

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

/// What the publishers and subscribers of a process have carried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Messages published since it started.
    pub published: u64,
    /// Messages received since it started.
    pub received: u64,
    /// When it told, in seconds on its own clock.
    pub seconds: f64,
    /// Messages published a second since it told before.
    pub rate: Option<f64>,
}

impl Traffic {
    /// Messages published and received.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.published.saturating_add(self.received)
    }

    /// The same, with the rate since an earlier reading.
    #[must_use]
    pub fn since(self, earlier: &Self) -> Self {
        let seconds = self.seconds - earlier.seconds;
        let published = self.published.checked_sub(earlier.published).filter(|_| seconds > 0.0);
        #[expect(clippy::cast_precision_loss, reason = "nobody publishes 2^52 messages at once")]
        let rate = published.map(|published| published as f64 / seconds);
        Self { rate, ..self }
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
#[derive(Clone, Debug)]
pub struct Link {
    /// The client's address and port, as the server sees them.
    pub peer: Option<SocketAddr>,
    /// The server's own address and port on it.
    pub local: Option<SocketAddr>,
    /// Whether the client's end is open; `None` where the system does not tell.
    pub established: Option<bool>,
    /// How long ago the client last sent a byte.
    pub silent_for: Option<Duration>,
    /// How many bytes the client has sent in all.
    pub received: Option<u64>,
    /// The server has closed its end.
    pub closing: bool,
    /// A task of the server still reads from it.
    pub handled: bool,
}

impl Link {
    /// Whether both ends have the same address: they are on one machine.
    #[must_use]
    pub fn is_within_one_machine(&self) -> bool {
        matches!((self.peer, self.local), (Some(peer), Some(local)) if peer.ip() == local.ip())
    }
}

/// A publisher, a subscriber or a channel.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its id.
    pub id: Uuid,
    /// When it connected.
    pub created: Option<SystemTime>,
    /// Its connection.
    pub link: Link,
    /// Of a publisher: the port on which it takes its channels.
    pub listens: Option<u16>,
    /// Of a publisher: how long ago it last sent something to a channel in another process, by the kernel.
    pub sent: Option<Duration>,
    /// What it is.
    pub kind: EndpointKind,
}

/// What an endpoint does.
#[derive(Clone, Debug)]
pub enum EndpointKind {
    /// Publishes on a topic.
    Publisher(String),
    /// Subscribes to a topic.
    Subscriber(String),
    /// Carries the messages of a publisher to one process.
    Channel(Uuid),
}

/// What the server's histories of settings and topology events tell.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Nothing of it was thrown away yet (the server keeps the last 10,000 events of each kind).
    pub whole: bool,
    /// Processes that owned units and left.
    pub departed: Vec<Departed>,
    /// Sessions that registered components and are gone.
    pub ended: Vec<Ended>,
    /// By unit that a process owns: the sessions, now gone, that registered it.
    pub registrations: HashMap<String, Vec<Ended>>,
}

impl History {
    /// The sessions, now gone, that registered any of the process's units before it connected.
    pub fn earlier_sessions<'a>(&'a self, process: &'a Process) -> impl Iterator<Item = &'a Ended> {
        let sessions = process.units.iter().filter_map(|unit| self.registrations.get(unit));
        sessions.flatten().filter(|session| Some(session.created) < process.created)
    }
}

/// A process that owned units and left.
#[derive(Clone, Debug)]
pub struct Departed {
    /// The id of its registration.
    pub id: Uuid,
    /// When it connected.
    pub created: SystemTime,
    /// When it left.
    pub left: SystemTime,
    /// When the last publisher, subscriber or channel before it connected that is gone too. A process
    /// makes its own just before it connects to register its units.
    pub endpoint: Option<SystemTime>,
    /// What an earlier look saw of it.
    pub seen: Option<Seen>,
}

/// A process that was seen with the units it owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The session that they are of.
    pub session: Uuid,
    /// How it is called: [`Process::name`].
    pub name: String,
    /// Those of its units.
    pub units: Vec<String>,
}

/// A session that registered components and is gone.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When it was opened.
    pub created: SystemTime,
    /// When it ended, where the histories show it.
    pub at: Option<SystemTime>,
    /// The number of that event in the history of topology events.
    pub event: Option<u64>,
}

/// When a version 1 UUID was minted; `None` for other UUIDs.
#[must_use]
pub fn minted(id: Uuid) -> Option<SystemTime> {
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds))
}
