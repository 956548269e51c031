//! The admin program's rows → [`Inventory`].

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::admin::{Connection, Row, Topics};
use crate::model::{
    Channel, Component, Departed, Ended, Endpoint, EndpointKind, History, Inventory, Link, Ping,
    Process, Server, ServerProcess, Session, Streams, Traffic, minted,
};

/// A process that only ever left caused one event; one that registered units before that, two.
const EVENTS_OF_AN_OWNER: u64 = 2;

/// In the kernel's `enum tcp_state`.
const TCP_ESTABLISHED: u8 = 1;

/// The end of the year 9999, since the epoch: later times have no name in RFC 3339.
const END_OF_TIME: Duration = Duration::from_secs(253_402_300_799);

/// What the histories say of one session.
struct SessionPast {
    last: SystemTime,
    registered: Option<SystemTime>,
    ended: Option<(SystemTime, u64)>,
}

/// What the histories say of one process.
struct ProcessPast {
    events: u64,
    last: SystemTime,
    endpoint: Option<SystemTime>,
    last_change: u64,
}

/// Adds the rows of a measurement to what was listed: of who told twice also a rate.
pub fn add_traffic(inventory: &mut Inventory, rows: Vec<Row>) {
    let mut measured = HashMap::new();
    for row in rows {
        if let Row::Traffic { process, published, received, seconds } = row {
            let traffic = Traffic { published, received, seconds, rate: None };
            measured
                .entry(process)
                .and_modify(|earlier| *earlier = traffic.since(earlier))
                .or_insert(traffic);
        }
    }
    for process in &mut inventory.processes {
        process.traffic = measured.get(&process.id).copied();
    }
}

/// What the rows of a listing have told so far.
#[derive(Default)]
pub struct Listing {
    process: Option<ServerProcess>,
    now: Option<SystemTime>,
    sessions: Vec<Session>,
    processes: Vec<Process>,
    endpoints: Vec<Endpoint>,
    whole: bool,
    sessions_past: HashMap<Uuid, SessionPast>,
    processes_past: HashMap<Uuid, ProcessPast>,
    registrations: HashMap<String, Vec<Uuid>>,
    pings: HashMap<Uuid, (Ping, Option<Duration>)>,
    traffic: Vec<Row>,
    flows: HashMap<Uuid, Duration>,
}

impl Listing {
    /// Takes the next row.
    pub fn add(&mut self, row: Row) {
        match row {
            Row::Hello { now } => self.now = Some(unix(now)),
            Row::Server {
                pid,
                python,
                host,
                network,
                instance,
                lock_held,
                lock_waiters,
                in_bulk,
            } => {
                self.process = Some(ServerProcess {
                    pid,
                    host,
                    network,
                    instance,
                    python,
                    lock_held,
                    lock_waiters,
                    lock_holder: None,
                    in_bulk,
                });
            }
            Row::LockHolder(holder) => {
                if let Some(process) = &mut self.process {
                    process.lock_holder = Some(holder);
                }
            }
            Row::Session { connection, root, edges } => {
                self.sessions.push(session(connection, root, edges));
            }
            Row::Components { keys, others, topics } => {
                if let Some(session) = self.sessions.last_mut() {
                    add_components(&mut session.components, keys, &others, topics);
                }
            }
            Row::Unreadable {} => {
                if let Some(session) = self.sessions.last_mut() {
                    session.readable = false;
                    session.components.clear();
                }
            }
            Row::Process { connection, pid, host, units } => {
                self.processes.push(process(connection, pid, host, units));
            }
            Row::Publisher { connection, topic, listens } => {
                let publisher = endpoint(connection, EndpointKind::Publisher(topic));
                let listens = listens.and_then(|port| port.try_into().ok());
                self.endpoints.push(Endpoint { listens, ..publisher });
            }
            Row::Subscriber { connection, topic } => {
                self.endpoints.push(endpoint(connection, EndpointKind::Subscriber(topic)));
            }
            Row::Channel { connection, publisher } => {
                self.endpoints.push(endpoint(connection, EndpointKind::Channel(publisher)));
            }
            row => self.add_past(row),
        }
    }

    /// Histories and pings, which tell of what was listed before.
    fn add_past(&mut self, row: Row) {
        match row {
            Row::History { whole } => self.whole = whole,
            Row::SessionPast { id, last, registered, ended } => {
                let registered = registered.map(unix);
                let ended = ended.map(|(at, event)| (unix(at), event));
                let past = SessionPast { last: unix(last), registered, ended };
                self.sessions_past.insert(id, past);
            }
            Row::ProcessPast { id, events, last, endpoint, last_change } => {
                let endpoint = endpoint.and_then(minted);
                let past = ProcessPast { events, last: unix(last), endpoint, last_change };
                self.processes_past.insert(id, past);
            }
            Row::Registration { key, session } => {
                self.registrations.entry(key).or_default().push(session);
            }
            Row::Ping { process, answer, ms, unacked_ms } => {
                let ping = (ping(&answer, ms), unacked_ms.and_then(milliseconds));
                self.pings.insert(process, ping);
            }
            traffic @ Row::Traffic { .. } => self.traffic.push(traffic),
            Row::Flow { publisher, sent_ms } => {
                self.flows.insert(publisher, Duration::from_millis(sent_ms.into()));
            }
            _ => {}
        }
    }

    /// All that was told. `own` is the session that asked; `address` and `version` describe the server.
    #[must_use]
    pub fn into_inventory(mut self, own: Uuid, address: String, version: String) -> Inventory {
        let now = self.now.or_else(|| minted(own)).unwrap_or(SystemTime::UNIX_EPOCH);
        let until_now = |past: SystemTime| Some(past).filter(|past| *past <= now);
        for session in &mut self.sessions {
            session.graphctl = super::is_graphctl(session, own);
            let past = self.sessions_past.get(&session.id);
            session.last_event = past.and_then(|past| until_now(past.last));
        }
        for process in &mut self.processes {
            let past = self.processes_past.get(&process.id);
            process.last_event = past.and_then(|past| until_now(past.last));
            process.last_change = past.map(|past| past.last_change);
            (process.ping, process.unacked_for) =
                self.pings.remove(&process.id).unwrap_or((Ping::NotAsked, None));
        }
        for endpoint in &mut self.endpoints {
            endpoint.sent = self.flows.get(&endpoint.id).copied();
        }
        let ended = ended(&self.sessions, self.sessions_past);
        let history = History {
            whole: self.whole,
            departed: departed(&self.processes, self.processes_past),
            registrations: registrations(self.registrations, &ended),
            ended: ended.into_values().collect(),
        };
        let mut inventory = Inventory {
            server: Server { address, version, channel: Channel::Admin, process: self.process },
            now,
            sessions: self.sessions,
            processes: self.processes,
            endpoints: Some(self.endpoints),
            history: Some(history),
        };
        super::sort(&mut inventory);
        add_traffic(&mut inventory, self.traffic);
        inventory
    }
}

/// Adds the components of one row, of which these are `others` than units.
fn add_components(
    components: &mut Vec<Component>,
    keys: Vec<Box<str>>,
    others: &[usize],
    topics: Vec<Topics>,
) {
    let first = components.len();
    components.extend(keys.into_iter().map(|key| Component { key, unit: true, streams: None }));
    for at in others {
        if let Some(component) = components.get_mut(first + at) {
            component.unit = false;
        }
    }
    for (at, inputs, outputs) in topics {
        if let Some(component) = components.get_mut(first + at) {
            component.streams = Some(Box::new(Streams { inputs, outputs }));
        }
    }
}

fn session(connection: Connection, root: Option<String>, edges: u64) -> Session {
    Session {
        id: connection.id,
        created: minted(connection.id),
        link: Some(link(connection)),
        graphctl: false,
        root,
        components: Vec::new(),
        readable: true,
        edges,
        last_event: None,
        holding: None,
        family: None,
    }
}

fn process(
    connection: Connection,
    pid: Option<u32>,
    host: Option<String>,
    mut units: Vec<String>,
) -> Process {
    units.sort();
    Process {
        id: connection.id,
        created: minted(connection.id),
        link: Some(link(connection)),
        pid,
        host,
        units,
        ping: Ping::NotAsked,
        unacked_for: None,
        traffic: None,
        last_event: None,
        last_change: None,
        holding: None,
    }
}

fn endpoint(connection: Connection, kind: EndpointKind) -> Endpoint {
    let (id, created) = (connection.id, minted(connection.id));
    Endpoint { id, created, link: link(connection), listens: None, sent: None, kind }
}

fn link(connection: Connection) -> Link {
    let tcp = connection.tcp.as_ref();
    Link {
        established: tcp.map(|tcp| tcp.state == TCP_ESTABLISHED),
        silent_for: tcp.map(|tcp| Duration::from_millis(tcp.last_data_received_ms.into())),
        received: tcp.map(|tcp| tcp.received),
        peer: connection.peer.and_then(socket_address),
        local: connection.local.and_then(socket_address),
        closing: connection.closing,
        handled: connection.handled,
    }
}

fn ping(answer: &str, ms: Option<f64>) -> Ping {
    match answer {
        "ok" => Ping::Answered(ms.and_then(milliseconds)),
        "heard" => Ping::Heard,
        "timeout" => Ping::Silent,
        "blocked" => Ping::Blocked,
        other => Ping::Failed(other.to_owned()),
    }
}

fn departed(processes: &[Process], past: HashMap<Uuid, ProcessPast>) -> Vec<Departed> {
    let present: HashSet<Uuid> = processes.iter().map(|process| process.id).collect();
    past.into_iter()
        .filter(|(id, past)| !present.contains(id) && past.events >= EVENTS_OF_AN_OWNER)
        .filter_map(|(id, ProcessPast { last, endpoint, .. })| {
            Some(Departed { id, created: minted(id)?, left: last, endpoint, seen: None })
        })
        .collect()
}

/// The sessions that registered components and are gone, by id.
fn ended(sessions: &[Session], past: HashMap<Uuid, SessionPast>) -> HashMap<Uuid, Ended> {
    let present: HashSet<Uuid> = sessions.iter().map(|session| session.id).collect();
    past.into_iter()
        .filter(|(id, _)| !present.contains(id))
        .filter_map(|(id, past)| {
            let registered = past.registered?;
            let (at, event) = past.ended.filter(|(at, _)| *at > registered).unzip();
            Some((id, Ended { created: minted(id)?, at, event }))
        })
        .collect()
}

fn registrations(
    by_key: HashMap<String, Vec<Uuid>>,
    ended: &HashMap<Uuid, Ended>,
) -> HashMap<String, Vec<Ended>> {
    let known = |ids: Vec<Uuid>| ids.iter().filter_map(|id| ended.get(id).copied()).collect();
    by_key.into_iter().map(|(key, ids)| (key, known(ids))).collect()
}

/// A link-local IPv6 address comes with its scope, as in `fe80::1%eth0`.
fn socket_address((host, port): (String, u16)) -> Option<SocketAddr> {
    let address: IpAddr = host.split('%').next()?.parse().ok()?;
    Some(SocketAddr::new(address.to_canonical(), port))
}

fn milliseconds(ms: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(ms / 1000.0).ok()
}

/// A time that clients may have made up: the epoch stands for one that makes no sense.
fn unix(seconds: f64) -> SystemTime {
    let since = Duration::try_from_secs_f64(seconds).ok().filter(|since| *since <= END_OF_TIME);
    SystemTime::UNIX_EPOCH + since.unwrap_or_default()
}
