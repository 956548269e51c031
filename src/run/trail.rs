//! Where a tree was connected, and which clients of a server are its own.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

use uuid::Uuid;

use crate::host::{Connection, Ends, Tree};
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
    began: SystemTime,
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
        let (began, due) = (SystemTime::now(), Instant::now() + FIRST_LOOK);
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

    /// What was on the server at this listing, which was taken `now` by our clock: what came on one of its
    /// connections, and was not there before the tree was.
    pub(super) fn own(
        &self,
        inventory: &Inventory,
        connections: &HashMap<Uuid, Connection>,
        now: SystemTime,
    ) -> Own {
        let longest = now.duration_since(self.began).unwrap_or_default() + CLOCKS_DIFFER;
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
