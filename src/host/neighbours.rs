//! Which clients of a server are on this machine, and which processes they are.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use uuid::Uuid;

use super::{Connection, Host, RawProc, Role, holders_in};
use crate::model::{Holder, Holding, Inventory, Link, Process, SeenBy};
use crate::words::list;

/// By client of a server: which processes hold its end of the connection, as graphctl or the server saw them.
pub type Held = HashMap<Uuid, Holding>;

/// Our own connection to the server, as we see it.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// Our session.
    pub session: Uuid,
    /// Our end.
    pub client: SocketAddr,
    /// The server's end.
    pub server: SocketAddr,
    /// When the server listed what it holds.
    pub listed: Instant,
}

/// Whether an address that the server tells means the same to this machine.
struct Sight {
    /// The server's end of our own connection.
    server: SocketAddr,
    /// The server sees our own connection as we do: no tunnel, no proxy, no translation of addresses.
    transparent: bool,
    network: ServerNetwork,
}

/// Whether the server's sockets are those of our own network.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ServerNetwork {
    Ours,
    Another,
    /// Nothing identifies the server's.
    Unknown,
    /// Nothing identifies ours.
    OursUnknown,
}

impl ServerNetwork {
    fn of(server: Option<&str>, ours: Option<&str>) -> Self {
        match (server, ours) {
            (None, _) => Self::Unknown,
            (_, None) => Self::OursUnknown,
            (server, ours) if server == ours => Self::Ours,
            _ => Self::Another,
        }
    }

    /// Why the client's end of a loopback connection to the server is not looked for here.
    const fn obstacle(self) -> Option<&'static str> {
        Some(match self {
            Self::Ours => return None,
            Self::Another => {
                "its client is on the server's own machine or in its container, and graphctl is not"
            }
            Self::Unknown => {
                "its client is on the server's own machine or in its container, and it is not known \
                 whether graphctl is there too: the server does not show its network"
            }
            Self::OursUnknown => {
                "its client is on the server's own machine or in its container, and it is not known \
                 whether graphctl is there too: graphctl cannot read which network it is in"
            }
        })
    }
}

impl Sight {
    fn of(inventory: &Inventory, own: Own, host: &dyn Host) -> Self {
        let ours = inventory.sessions.iter().find(|session| session.id == own.session);
        let link = ours.and_then(|session| session.link.as_ref());
        let server = inventory.server.process.as_ref();
        let network = server.and_then(|server| server.network.as_deref());
        Self {
            server: own.server,
            transparent: link
                .is_some_and(|it| (it.peer, it.local) == (Some(own.client), Some(own.server))),
            network: ServerNetwork::of(network, host.network().as_deref()),
        }
    }

    /// How long ago the server's clock showed `now`, at `listed` or shortly before. On one machine there
    /// is one clock, and what the answer took on its way does not matter.
    fn since(&self, now: SystemTime, listed: Instant) -> Duration {
        if self.network == ServerNetwork::Ours {
            SystemTime::now().duration_since(now).unwrap_or_default()
        } else {
            listed.elapsed()
        }
    }

    /// Where to look for the client's end of a connection, or why that cannot be known.
    ///
    /// Only connections to the very address that we are connected to ourselves are looked for: whatever
    /// a server says, it cannot point at a process that has nothing to do with it.
    fn connection(&self, link: &Link, role: Role) -> Result<Connection, &'static str> {
        let (Some(client), Some(server)) = (link.peer, link.local) else {
            return Err("the server does not tell its client's address");
        };
        if !self.transparent {
            Err("graphctl reaches the server through a tunnel or a proxy, \
                 and cannot tell which clients are on this machine")
        } else if server != self.server {
            Err("its client reached the server by another address than graphctl")
        } else if let Some(why) = self.network.obstacle().filter(|_| client.ip().is_loopback()) {
            Err(why)
        } else {
            Ok(Connection { client, server, role })
        }
    }
}

/// The processes that have a connection, each with it.
fn processes(inventory: &Inventory) -> impl Iterator<Item = (Uuid, &Link, Role)> {
    let role = |it: &Process| if it.answered() { Role::Answered } else { Role::Other };
    let processes = inventory.processes.iter();
    processes.filter_map(move |it| Some((it.id, it.link.as_ref()?, role(it))))
}

/// The publishers, subscribers and channels, each with its connection.
fn endpoints(inventory: &Inventory) -> impl Iterator<Item = (Uuid, &Link, Role)> {
    inventory.endpoints.iter().flatten().map(|it| (it.id, &it.link, Role::Other))
}

/// Finds which processes of this machine hold each client's end of its connection, and adds that to the sessions
/// and to the process registrations.
pub fn find_holders(inventory: &mut Inventory, own: Own, host: &dyn Host) -> Held {
    let sight = Sight::of(inventory, own, host);
    let (mut held, mut ids, mut connections) = (Held::new(), Vec::new(), Vec::new());
    for session in inventory.sessions.iter().filter(|session| !session.graphctl) {
        let Some(link) = session.link.as_ref() else { continue };
        match sight.connection(link, Role::Session) {
            Ok(connection) => {
                ids.push(session.id);
                connections.push(connection);
            }
            Err(why) => {
                held.insert(session.id, Holding::unknown(why));
            }
        }
    }
    for (id, link, role) in processes(inventory).chain(endpoints(inventory)) {
        if let Ok(connection) = sight.connection(link, role) {
            ids.push(id);
            connections.push(connection);
        }
    }
    if connections.is_empty() {
        return take_over(held, inventory);
    }
    let since_the_look = sight.since(inventory.now, own.listed);
    for (id, mut holding) in ids.into_iter().zip(host.holders(&connections)) {
        for holder in &mut holding.holders {
            holder.age = holder.age.saturating_sub(since_the_look);
        }
        held.insert(id, holding);
    }
    take_over(held, inventory)
}

fn take_over(mut held: Held, inventory: &mut Inventory) -> Held {
    for session in &mut inventory.sessions {
        session.holding = held.get(&session.id).cloned();
    }
    for process in &mut inventory.processes {
        if let (Some(pid), Some(holding)) = (process.pid, held.get_mut(&process.id)) {
            check_registered_pid(holding, pid);
        }
        process.holding = held.get(&process.id).cloned();
    }
    held
}

/// Marks a holding as unsure if no holder has the registered pid: a relay, such as that of ssh, may hold the
/// connection.
fn check_registered_pid(holding: &mut Holding, pid: u32) {
    if !holding.holders.is_empty() && holding.holders.iter().all(|it| it.own_pid != pid) {
        let names: Vec<_> = holding.holders.iter().map(Holder::name).collect();
        holding.unsure =
            Some(format!("its pid is {pid}, and its connection is held by {}", list(&names)));
    }
}

/// The clients whose holders are not all seen on this machine, with their connections as the server sees them. With
/// `with_endpoints`, this includes publishers, subscribers and channels.
#[must_use]
pub fn clients_without_holders(
    inventory: &Inventory,
    held: &Held,
    with_endpoints: bool,
) -> Vec<(Uuid, Connection)> {
    let is_unseen = |id: &Uuid| held.get(id).is_none_or(|it| it.all().is_none());
    let ours = inventory.sessions.iter().filter(|session| !session.graphctl);
    let sessions = ours.filter_map(|it| Some((it.id, it.link.as_ref()?, Role::Session)));
    let endpoints = with_endpoints.then(|| endpoints(inventory)).into_iter().flatten();
    let clients = sessions.chain(processes(inventory)).chain(endpoints);
    let clients = clients.filter(|(id, ..)| is_unseen(id));
    let connection = |(id, link, role): (Uuid, &Link, Role)| {
        Some((id, Connection { client: link.peer?, server: link.local?, role }))
    };
    clients.filter_map(connection).collect()
}

/// Adds to `held` and to the inventory what the server's machine showed of these clients. `seen` is the server's clock
/// at that moment, in seconds since the Unix epoch.
pub fn add_seen_by_server(
    inventory: &mut Inventory,
    held: &mut Held,
    clients: &[(Uuid, Connection)],
    raw: RawProc,
    seen: f64,
) {
    let connections: Vec<_> = clients.iter().map(|(_, connection)| *connection).collect();
    let now = inventory.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let since = Duration::try_from_secs_f64(seen - now.as_secs_f64()).unwrap_or_default();
    // Invalid data is ignored: the holders stay unknown.
    let holdings = holders_in(raw, &connections).unwrap_or_default();
    for ((id, _), mut holding) in clients.iter().zip(holdings) {
        let is_known = |it: &Holding| !it.holders.is_empty();
        if holding.all().is_none() && (!is_known(&holding) || held.get(id).is_some_and(is_known)) {
            continue;
        }
        for holder in &mut holding.holders {
            holder.age = holder.age.saturating_sub(since);
        }
        held.insert(*id, Holding { seen_by: SeenBy::Server, ..holding });
    }
    *held = take_over(std::mem::take(held), inventory);
}

/// By client of a server: its connection, of those that are certain to mean the same to this machine.
#[must_use]
pub fn connections(inventory: &Inventory, own: Own, host: &dyn Host) -> HashMap<Uuid, Connection> {
    let sight = Sight::of(inventory, own, host);
    let sessions = inventory.sessions.iter();
    let sessions = sessions.filter_map(|it| Some((it.id, it.link.as_ref()?, Role::Session)));
    let clients = sessions.chain(processes(inventory)).chain(endpoints(inventory));
    // Nobody asks what the holders wait on, which takes time to see.
    let connection = |(id, link, _)| Some((id, sight.connection(link, Role::Other).ok()?));
    clients.filter_map(connection).collect()
}

/// Who holds each client of the server on this machine, of those of whom it can be told.
#[must_use]
pub fn holders_of_all(inventory: &Inventory, own: Own, host: &dyn Host) -> Held {
    let (ids, connections): (Vec<_>, Vec<_>) =
        connections(inventory, own, host).into_iter().unzip();
    ids.into_iter().zip(host.holders(&connections)).collect()
}
