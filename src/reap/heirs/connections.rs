//! Which TCP sockets a process may have and still be ended. Pure.

use std::collections::HashSet;
use std::net::SocketAddr;

use uuid::Uuid;

use super::{Obstacle, channels};
use crate::admin::DropTarget;
use crate::host::{Sockets, Tcp};
use crate::model::{Inventory, Link};

/// The connections that a drop closes. A process that has no others may be ended.
#[derive(Debug)]
pub struct DroppedConnections {
    server: SocketAddr,
    /// The addresses of clients that are dropped.
    dropped: HashSet<SocketAddr>,
    /// The addresses of clients that are not dropped, without channels.
    kept: HashSet<SocketAddr>,
    /// The ports on which publishers listen that are dropped.
    ports: HashSet<u16>,
    /// The addresses of all publishers: a process that only subscribes to one loses nothing.
    publishers: HashSet<SocketAddr>,
    /// The drop is over, and has closed connections.
    over: bool,
}

impl DroppedConnections {
    /// The connections of these plans, for clients that connected to `server`.
    #[must_use]
    pub fn of(plans: &[DropTarget], inventory: &Inventory, server: SocketAddr) -> Self {
        let planned: HashSet<Uuid> = plans.iter().flat_map(|plan| plan.taken.clients()).collect();
        let endpoints = || inventory.endpoints.iter().flatten();
        let listening = || endpoints().filter_map(|it| Some((it, it.listens?)));
        Self {
            server,
            dropped: peers(inventory, |id| planned.contains(&id)),
            kept: kept(inventory, &planned),
            ports: listening().filter(|(it, _)| planned.contains(&it.id)).map(|it| it.1).collect(),
            publishers: listening()
                .filter_map(|(it, port)| Some(SocketAddr::new(it.link.peer?.ip(), port)))
                .collect(),
            over: false,
        }
    }

    /// Updates it after the drop. The clients in this inventory were not dropped, nor those that connected meanwhile.
    pub fn update_after_drop(&mut self, inventory: &Inventory) {
        self.kept = kept(inventory, &HashSet::new());
        self.over = true;
    }

    /// Why a process with these sockets must not be ended; `None` if they are no reason.
    #[must_use]
    pub fn obstacle(&self, sockets: &Sockets) -> Option<Obstacle> {
        if sockets.others && !self.over {
            return Some(Obstacle::UnknownSocket);
        }
        let open = self.over && self.are_open(sockets);
        let open = open.then_some(Obstacle::StillConnected);
        sockets.tcp.iter().find_map(|socket| self.obstacle_at(*socket)).or(open)
    }

    /// Whether the connection of a client that is dropped is still open. A server may list the connection of any
    /// process as such a client's, but what it has not closed was not dropped.
    #[must_use]
    pub fn are_open(&self, sockets: &Sockets) -> bool {
        let is_dropped =
            |it: &&Tcp| it.remote == Some(self.server) && self.dropped.contains(&it.local);
        sockets.tcp.iter().filter(is_dropped).any(|socket| sockets.open.contains(socket))
    }

    /// Whether a socket is one on which a dropped publisher accepts its channels: these connect at any time.
    #[must_use]
    pub fn is_own_channel(&self, socket: &Tcp) -> bool {
        self.ports.contains(&socket.local.port())
    }

    fn obstacle_at(&self, Tcp { local, remote }: Tcp) -> Option<Obstacle> {
        let Some(remote) = remote else {
            let own = self.ports.contains(&local.port());
            return (!own).then(|| Obstacle::Listens(local.port()));
        };
        // A connection to somewhere else may have the same port here.
        if remote.port() == self.server.port() && self.kept.contains(&local) {
            return Some(Obstacle::HoldsOtherClient);
        }
        let own = remote == self.server
            || self.ports.contains(&local.port())
            || self.publishers.contains(&remote);
        (!own).then_some(Obstacle::ConnectedTo(remote))
    }
}

/// The addresses of the clients that are not dropped, without channels.
fn kept(inventory: &Inventory, dropped: &HashSet<Uuid>) -> HashSet<SocketAddr> {
    let channels = channels(inventory);
    peers(inventory, |id| !dropped.contains(&id) && !channels.contains(&id))
}

/// The addresses of these clients.
fn peers(inventory: &Inventory, wanted: impl Fn(Uuid) -> bool) -> HashSet<SocketAddr> {
    let link = |it: &Option<Link>| it.as_ref().and_then(|link| link.peer);
    let sessions = inventory.sessions.iter().map(|it| (it.id, link(&it.link)));
    let processes = inventory.processes.iter().map(|it| (it.id, link(&it.link)));
    let endpoints = inventory.endpoints.iter().flatten().map(|it| (it.id, it.link.peer));
    let all = sessions.chain(processes).chain(endpoints);
    all.filter(|(id, _)| wanted(*id)).filter_map(|(_, peer)| peer).collect()
}
