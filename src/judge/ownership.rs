//! Which process runs which unit of which session.

use std::collections::HashMap;

use crate::model::{Component, Inventory, Process, Session};

/// Who owns what.
pub(super) struct Ownership<'a> {
    /// One entry a session, in the inventory's order.
    pub(super) sessions: Vec<Owned<'a>>,
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
pub(super) struct Owned<'a> {
    /// Indices of the processes that own any of them.
    pub(super) owners: Vec<usize>,
    /// Units that no process owns.
    pub(super) unowned: Vec<&'a Component>,
    /// Units owned by a process that was there before the session, with that process's index.
    pub(super) foreign: Vec<(&'a str, usize)>,
}

impl Owned<'_> {
    /// Every unit has an owner of its session.
    pub(super) fn is_whole(&self) -> bool {
        self.unowned.is_empty() && self.foreign.is_empty()
    }
}

impl<'a> Ownership<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let owned = inventory.processes.iter().map(|process| process.units.len()).sum();
        let mut owner_of = HashMap::with_capacity(owned);
        for (index, process) in inventory.processes.iter().enumerate() {
            for unit in &process.units {
                owner_of.entry(unit.as_str()).or_insert(index);
            }
        }
        // By process: the last session that it was seen to own units of.
        let mut attached = vec![None; inventory.processes.len()];
        let owned = |(index, session): (usize, &'a Session)| {
            let mut owned = Owned::default();
            for unit in session.components.iter().filter(|component| component.unit) {
                match owner_of.get(&*unit.key) {
                    None => owned.unowned.push(unit),
                    Some(&owner) if older(&inventory.processes[owner], session) => {
                        owned.foreign.push((&*unit.key, owner));
                    }
                    Some(&owner) => {
                        if attached[owner].replace(index) != Some(index) {
                            owned.owners.push(owner);
                        }
                    }
                }
            }
            owned
        };
        let sessions: Vec<_> = inventory.sessions.iter().enumerate().map(owned).collect();
        let mut claims = HashMap::new();
        for (session, owned) in sessions.iter().enumerate() {
            claims.extend(owned.foreign.iter().map(|(_, process)| (*process, session)));
        }
        let leftovers = (0..inventory.processes.len())
            .filter(|&process| {
                attached[process].is_none() && !inventory.processes[process].units.is_empty()
            })
            .map(|process| Leftover { process, claimed_by: claims.get(&process).copied() })
            .collect();
        Self { sessions, leftovers }
    }
}

/// A pipeline opens its session before its processes connect; so what connected earlier is another's,
/// and what is not known to have connected later may be.
fn older(process: &Process, session: &Session) -> bool {
    match (process.created, session.created) {
        (Some(process), Some(session)) => process < session,
        _ => true,
    }
}
