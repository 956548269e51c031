//! Which TCP sockets a process may have and be ended all the same. Pure.

use std::collections::HashSet;
use std::net::SocketAddr;

use uuid::Uuid;

use crate::admin::DropTarget;
use crate::host::{Sockets, Tcp};
use crate::model::{Inventory, Link};

/// What a process may be connected to, and be ended all the same: what goes, and nothing else.
#[derive(Debug)]
pub struct Going {
    server: SocketAddr,
    /// The ends of clients that go.
    leaving: HashSet<SocketAddr>,
    /// The ends of clients that stay.
    staying: HashSet<SocketAddr>,
    /// Ports on which publishers that go listen.
    ports: HashSet<u16>,
    /// Where any publisher listens: to hear one is nothing that would be lost.
    publishers: HashSet<SocketAddr>,
    /// The drop is over, and has closed connections.
    over: bool,
}

impl Going {
    /// Why a process is spared that still has a connection which was to be dropped.
    pub(in crate::reap) const STILL_OPEN: &'static str = "the server has not closed its connection";

    /// Of these plans, for clients that came to `server`.
    #[must_use]
    pub fn of(plans: &[DropTarget], inventory: &Inventory, server: SocketAddr) -> Self {
        let planned: HashSet<Uuid> = plans.iter().flat_map(|plan| plan.taken.clients()).collect();
        let endpoints = || inventory.endpoints.iter().flatten();
        let listening = || endpoints().filter_map(|it| Some((it, it.listens?)));
        Self {
            server,
            leaving: peers(inventory, |id| planned.contains(&id)),
            staying: peers(inventory, |id| !planned.contains(&id)),
            ports: listening().filter(|(it, _)| planned.contains(&it.id)).map(|it| it.1).collect(),
            publishers: listening()
                .filter_map(|(it, port)| Some(SocketAddr::new(it.link.peer?.ip(), port)))
                .collect(),
            over: false,
        }
    }

    /// After the drop: all clients that are there now stay, also those that came meanwhile.
    pub fn afterwards(&mut self, inventory: &Inventory) {
        self.staying = peers(inventory, |_| true);
        self.over = true;
    }

    /// Why a process with these sockets is needed for something else; `None` if it is not.
    #[must_use]
    pub fn needs(&self, sockets: &Sockets) -> Option<String> {
        if sockets.others && !self.over {
            return Some("it has a socket whose other end cannot be seen".into());
        }
        let open = self.over && self.are_open(sockets);
        let open = open.then(|| Self::STILL_OPEN.into());
        sockets.tcp.iter().find_map(|socket| self.needs_socket(*socket)).or(open)
    }

    /// Whether the connection of a client that goes is still there: a server may say of anybody's that it is
    /// one, but what it has not closed was not dropped.
    #[must_use]
    pub fn are_open(&self, sockets: &Sockets) -> bool {
        let goes = |it: &&Tcp| it.remote == Some(self.server) && self.leaving.contains(&it.local);
        sockets.tcp.iter().filter(goes).any(|socket| sockets.open.contains(socket))
    }

    /// Whether a socket is one on which a publisher that goes takes its channels: they come and go.
    #[must_use]
    pub fn is_its_own(&self, socket: &Tcp) -> bool {
        self.ports.contains(&socket.local.port())
    }

    fn needs_socket(&self, Tcp { local, remote }: Tcp) -> Option<String> {
        let Some(remote) = remote else {
            let own = self.ports.contains(&local.port());
            return (!own).then(|| format!("it listens on port {}", local.port()));
        };
        // A connection to somewhere else may have the same port here.
        if remote.port() == self.server.port() && self.staying.contains(&local) {
            return Some("it also holds a client that is not dropped".into());
        }
        let own = remote == self.server
            || self.ports.contains(&local.port())
            || self.publishers.contains(&remote);
        (!own).then(|| format!("it is also connected to {remote}"))
    }
}

/// The ends of these clients.
fn peers(inventory: &Inventory, wanted: impl Fn(Uuid) -> bool) -> HashSet<SocketAddr> {
    let link = |it: &Option<Link>| it.as_ref().and_then(|link| link.peer);
    let sessions = inventory.sessions.iter().map(|it| (it.id, link(&it.link)));
    let processes = inventory.processes.iter().map(|it| (it.id, link(&it.link)));
    let endpoints = inventory.endpoints.iter().flatten().map(|it| (it.id, it.link.peer));
    let all = sessions.chain(processes).chain(endpoints);
    all.filter(|(id, _)| wanted(*id)).filter_map(|(_, peer)| peer).collect()
}
