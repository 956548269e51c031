//! Which processes of this machine a drop leaves behind, and which of them may be ended. Pure.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use uuid::Uuid;

use crate::admin::DropTarget;
use crate::host::{Held, Sockets, Tcp};
use crate::model::{Holder, Inventory, Link};

/// By target: the processes that hold any of the clients that go with it.
#[must_use]
pub fn of(plans: &[DropTarget], held: &Held) -> HashMap<Uuid, Vec<Holder>> {
    let heirs = |plan: &DropTarget| {
        let holdings = plan.clients().filter_map(|client| held.get(&client));
        let mut seen = HashSet::new();
        let holders = holdings.flat_map(|holding| &holding.holders);
        holders.filter(|it| seen.insert((it.pid, it.start))).cloned().collect()
    };
    plans.iter().map(|plan| (plan.id, heirs(plan))).collect()
}

/// What a process may be connected to, and be ended all the same: what goes, and nothing else.
#[derive(Debug)]
pub struct Going {
    server: SocketAddr,
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
    /// Of these plans, for clients that came to `server`.
    #[must_use]
    pub fn of(plans: &[DropTarget], inventory: &Inventory, server: SocketAddr) -> Self {
        let planned: HashSet<Uuid> = plans.iter().flat_map(DropTarget::clients).collect();
        let endpoints = || inventory.endpoints.iter().flatten();
        let listening = || endpoints().filter_map(|it| Some((it, it.listens?)));
        Self {
            server,
            staying: peers(inventory, &planned),
            ports: listening().filter(|(it, _)| planned.contains(&it.id)).map(|it| it.1).collect(),
            publishers: listening()
                .filter_map(|(it, port)| Some(SocketAddr::new(it.link.peer?.ip(), port)))
                .collect(),
            over: false,
        }
    }

    /// The same after the drop: all clients that are there now stay, also those that came meanwhile.
    #[must_use]
    pub fn afterwards(self, inventory: &Inventory) -> Self {
        Self { staying: peers(inventory, &HashSet::new()), over: true, ..self }
    }

    /// Why a process with these sockets is needed for something else; `None` if it is not.
    #[must_use]
    pub fn needs(&self, sockets: Option<&Sockets>) -> Option<String> {
        let Some(sockets) = sockets else { return Some("its sockets cannot be seen".into()) };
        if sockets.others && !self.over {
            return Some("it has a socket that cannot be made out".into());
        }
        sockets.tcp.iter().find_map(|socket| self.needs_socket(*socket))
    }

    fn needs_socket(&self, Tcp { local, remote }: Tcp) -> Option<String> {
        let Some(remote) = remote else {
            let own = self.ports.contains(&local.port());
            return (!own).then(|| format!("it listens on port {}", local.port()));
        };
        if self.staying.contains(&local) {
            return Some("it also holds a client that is not dropped".into());
        }
        let own = remote == self.server
            || self.ports.contains(&local.port())
            || self.publishers.contains(&remote);
        (!own).then(|| format!("it is also connected to {remote}"))
    }
}

/// The ends of all clients but these.
fn peers(inventory: &Inventory, without: &HashSet<Uuid>) -> HashSet<SocketAddr> {
    let link = |it: &Option<Link>| it.as_ref().and_then(|link| link.peer);
    let sessions = inventory.sessions.iter().map(|it| (it.id, link(&it.link)));
    let processes = inventory.processes.iter().map(|it| (it.id, link(&it.link)));
    let endpoints = inventory.endpoints.iter().flatten().map(|it| (it.id, it.link.peer));
    let all = sessions.chain(processes).chain(endpoints);
    all.filter(|(id, _)| !without.contains(id)).filter_map(|(_, peer)| peer).collect()
}
