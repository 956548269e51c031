//! Which process runs which unit of which session.

use std::collections::HashMap;

use crate::model::{Inventory, Process, Session};

/// Who owns what.
pub(super) struct Ownership {
    /// One entry a session, in the inventory's order.
    pub(super) sessions: Vec<Owned>,
    /// Indices of processes that own units of no session that could be theirs.
    pub(super) leftovers: Vec<usize>,
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
        let leftovers = (0..inventory.processes.len())
            .filter(|&index| !attached[index] && !inventory.processes[index].units.is_empty())
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

/// A pipeline opens its session before its processes connect; so what connected earlier is another's.
fn older(process: &Process, session: &Session) -> bool {
    match (process.created, session.created) {
        (Some(process), Some(session)) => process < session,
        _ => false,
    }
}
