//! Where a tree was connected, and which clients of a server are its own.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

use uuid::Uuid;

use crate::host::{Connection, Ends, Tree, uptime};
use crate::model::{Holder, Inventory};

/// When a tree is first looked at after its start, and how long it is left alone at the most. In between
/// each pause is twice the last.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How much longer a client may seem to be there than its command: two clocks, and the way between them.
const CLOCKS_DIFFER: Duration = Duration::from_secs(1);

/// The connections that a tree was seen to have to the port of its server.
#[derive(Debug)]
pub(super) struct Trail {
    port: u16,
    /// By the clock that nobody sets, and that goes on while the machine sleeps.
    began: Duration,
    pause: Duration,
    due: Instant,
    seen: HashSet<Ends>,
}

/// What of a tree is on a server.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Its sessions and process registrations, with their connections.
    pub(super) clients: HashMap<Uuid, Ends>,
    /// Their component keys and units.
    pub(super) keys: BTreeSet<String>,
}

impl Trail {
    /// Of what is started now.
    pub(super) fn begin(port: u16) -> Self {
        let (began, due) = (uptime(), Instant::now() + FIRST_LOOK);
        Self { port, began, pause: FIRST_LOOK, due, seen: HashSet::new() }
    }

    /// When the tree is to be looked at next.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// Looks where the tree is connected, and puts the next look off.
    pub(super) fn follow(&mut self, tree: &Tree, living: &[Holder]) {
        self.seen.extend(tree.connections(living, self.port));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.due = Instant::now() + self.pause;
    }

    /// Whether it led nowhere near a server.
    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What was on the server at this listing, which was taken `now`, by the time since boot: what came on one
    /// of its connections, and was not there before the tree was.
    pub(super) fn own(
        &self,
        inventory: &Inventory,
        connections: &HashMap<Uuid, Connection>,
        now: Duration,
    ) -> Own {
        let longest = now.saturating_sub(self.began) + CLOCKS_DIFFER;
        let ours = |id: &Uuid, created: Option<SystemTime>| {
            let ends = connections.get(id)?.ends();
            let young = inventory.age_of(created?) <= longest;
            (young && self.seen.contains(&ends)).then_some((*id, ends))
        };
        let mut own = Own::default();
        for session in &inventory.sessions {
            if let Some(client) = ours(&session.id, session.created) {
                own.clients.extend([client]);
                own.keys.extend(session.components.iter().map(|it| it.key.to_string()));
            }
        }
        for process in &inventory.processes {
            if let Some(client) = ours(&process.id, process.created) {
                own.clients.extend([client]);
                own.keys.extend(process.units.iter().cloned());
            }
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Role;
    use crate::model::{Channel, Component, Link, Ping, Process, Server, Session};

    const PORT: u16 = 25978;
    const SECOND: Duration = Duration::from_secs(1);

    fn ends(port: u16) -> Ends {
        Ends { client: ([127, 0, 0, 1], port).into(), server: ([127, 0, 0, 1], PORT).into() }
    }

    fn session(id: u128, created: SystemTime) -> Session {
        let key = Component { key: format!("KEY{id}").into(), unit: true, streams: None };
        Session {
            id: Uuid::from_u128(id),
            created: Some(created),
            link: None,
            graphctl: false,
            root: None,
            components: vec![key],
            readable: true,
            edges: 0,
            last_event: None,
            holding: None,
            family: None,
        }
    }

    fn process(id: u128, created: SystemTime) -> Process {
        Process {
            id: Uuid::from_u128(id),
            created: Some(created),
            link: None::<Link>,
            pid: None,
            host: None,
            units: vec![format!("UNIT{id}")],
            ping: Ping::NotAsked,
            unacked_for: None,
            traffic: None,
            last_event: None,
            last_change: None,
            holding: None,
        }
    }

    /// On a server whose clock is an hour behind: what came before the tree on a port that it has now, what it
    /// has, what others have, and a process of its own.
    #[test]
    fn its_own_came_on_its_connections_and_after_it() {
        let (began, now) = (940 * SECOND, 1000 * SECOND);
        let mut trail = Trail::begin(PORT);
        trail.began = began;
        trail.seen.extend([ends(1), ends(2), ends(4)]);
        let there = SystemTime::now() - 3600 * SECOND;
        let ago = |seconds| there - seconds * SECOND;
        let inventory = Inventory {
            server: Server {
                address: String::new(),
                version: String::new(),
                channel: Channel::Admin,
                process: None,
            },
            now: there,
            sessions: vec![session(1, ago(90)), session(2, ago(30)), session(3, ago(30))],
            processes: vec![process(4, ago(20))],
            endpoints: None,
            history: None,
        };
        let connection = |id: u16| {
            let Ends { client, server } = ends(id);
            (Uuid::from_u128(id.into()), Connection { client, server, role: Role::Other })
        };
        let own = trail.own(&inventory, &(1..=4).map(connection).collect(), now);
        let mut clients: Vec<_> = own.clients.into_iter().collect();
        clients.sort_by_key(|(id, _)| *id);
        assert_eq!(clients, [(Uuid::from_u128(2), ends(2)), (Uuid::from_u128(4), ends(4))]);
        assert_eq!(own.keys.into_iter().collect::<Vec<_>>(), ["KEY2", "UNIT4"]);
        // What cannot be placed on this machine is nobody's.
        assert!(trail.own(&inventory, &HashMap::new(), now).clients.is_empty());
    }
}
