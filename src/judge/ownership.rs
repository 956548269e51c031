//! Which process runs which unit of which session.

use std::collections::HashMap;

use crate::model::{Inventory, Process, Session};

/// Who owns what.
pub(super) struct Ownership {
    /// One entry a session, in the inventory's order.
    pub(super) sessions: Vec<Owned>,
    /// In the inventory's order.
    pub(super) leftovers: Vec<Leftover>,
}

/// A process that owns units of no session that could be its own.
pub(super) struct Leftover {
    /// Its index.
    pub(super) process: usize,
    /// The index of a younger session that has registered some of its units.
    pub(super) claimed_by: Option<usize>,
}

/// The units of one session.
#[derive(Default)]
pub(super) struct Owned {
    /// Indices of the processes that own any of them.
    pub(super) owners: Vec<usize>,
    /// Units that no process owns.
    pub(super) unowned: Vec<String>,
    /// Units owned by a process that was there before the session, with that process's index.
    pub(super) foreign: Vec<(String, usize)>,
}

impl Ownership {
    pub(super) fn of(inventory: &Inventory) -> Self {
        let mut owner_of = HashMap::new();
        for (index, process) in inventory.processes.iter().enumerate() {
            for unit in &process.units {
                owner_of.entry(unit.as_str()).or_insert(index);
            }
        }
        let sessions: Vec<_> = inventory
            .sessions
            .iter()
            .map(|session| owned(session, &owner_of, &inventory.processes))
            .collect();
        let mut attached = vec![false; inventory.processes.len()];
        for &owner in sessions.iter().flat_map(|owned| &owned.owners) {
            attached[owner] = true;
        }
        let mut claims = HashMap::new();
        for (session, owned) in sessions.iter().enumerate() {
            claims.extend(owned.foreign.iter().map(|(_, process)| (*process, session)));
        }
        let leftovers = (0..inventory.processes.len())
            .filter(|&process| !attached[process] && !inventory.processes[process].units.is_empty())
            .map(|process| Leftover { process, claimed_by: claims.get(&process).copied() })
            .collect();
        Self { sessions, leftovers }
    }
}

fn owned(session: &Session, owner_of: &HashMap<&str, usize>, processes: &[Process]) -> Owned {
    let mut owned = Owned::default();
    for unit in session.units() {
        match owner_of.get(unit) {
            None => owned.unowned.push(unit.to_owned()),
            Some(&owner) if older(&processes[owner], session) => {
                owned.foreign.push((unit.to_owned(), owner));
            }
            Some(&owner) if owned.owners.contains(&owner) => {}
            Some(&owner) => owned.owners.push(owner),
        }
    }
    owned
}

/// A pipeline opens its session before its processes connect; so what connected earlier is another's,
/// and what is not known to have connected later may be.
fn older(process: &Process, session: &Session) -> bool {
    match (process.created, session.created) {
        (Some(process), Some(session)) => process < session,
        _ => true,
    }
}
