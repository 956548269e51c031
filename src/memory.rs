//! What earlier looks tell that one look cannot: whose units a process owned that has left since, at what rate
//! messages flow, and what was proven dead. Pure.

use std::collections::{HashMap, HashSet};
use std::time::{Instant, SystemTime};

use uuid::Uuid;

use crate::judge::Case;
use crate::model::{Departed, History, Inventory, Process, Seen, Traffic, minted};

/// What was seen of one server. It holds no more than that server does, and those who left sessions that
/// are still there.
#[derive(Debug, Default)]
pub struct Memory {
    /// The owners of units that were there at the last look.
    owners: HashMap<Uuid, Seen>,
    /// Those that have left, and when.
    departed: HashMap<Uuid, (SystemTime, Seen)>,
    /// What the processes had carried at the last look.
    traffic: HashMap<Uuid, Traffic>,
    /// The cases that the last look proved dead.
    proven_dead: HashSet<Uuid>,
    last: Option<Instant>,
}

impl Memory {
    /// When the last look was taken; `None` before the first.
    #[must_use]
    pub const fn last(&self) -> Option<Instant> {
        self.last
    }

    /// The cases that the last look proved dead.
    #[must_use]
    pub const fn proven_dead(&self) -> &HashSet<Uuid> {
        &self.proven_dead
    }

    /// Adds to what was just listed what is remembered.
    pub fn recall(&mut self, inventory: &mut Inventory) {
        let present: HashSet<_> = inventory.processes.iter().map(|process| process.id).collect();
        let left = self.owners.extract_if(|id, _| !present.contains(id));
        self.departed.extend(left.map(|(id, seen)| (id, (inventory.now, seen))));
        let sessions: HashSet<_> = inventory.sessions.iter().map(|session| session.id).collect();
        self.departed.retain(|_, (_, seen)| sessions.contains(&seen.session));
        if let Some(history) = &mut inventory.history {
            self.name_departed(history);
        }
        for process in &mut inventory.processes {
            let earlier = self.traffic.get(&process.id);
            process.traffic = process.traffic.map(|now| earlier.map_or(now, |it| now.since(it)));
        }
    }

    /// The histories know to the millisecond when a process left, but forget after 10,000 events.
    fn name_departed(&mut self, history: &mut History) {
        for departed in &mut history.departed {
            if let Some((left, seen)) = self.departed.get_mut(&departed.id) {
                *left = departed.left;
                departed.seen = Some(seen.clone());
            }
        }
        let known: HashSet<_> = history.departed.iter().map(|departed| departed.id).collect();
        let forgotten = self.departed.iter().filter(|(id, _)| !known.contains(id));
        history.departed.extend(forgotten.filter_map(|(id, (left, seen))| {
            let (created, seen) = (minted(*id)?, Some(seen.clone()));
            Some(Departed { id: *id, created, left: *left, endpoint: None, seen })
        }));
    }

    /// Remembers a look, which was taken at that time.
    pub fn keep(&mut self, inventory: &Inventory, cases: &[Case], taken: Instant) {
        self.owners.clear();
        let mut shared = HashSet::new();
        for case in cases {
            let Some(session) = case.session(inventory) else { continue };
            let units: HashSet<_> = session.units().collect();
            for process in case.processes(inventory) {
                let seen = Seen {
                    session: session.id,
                    name: process.name(),
                    units: owned(process, &units).cloned().collect(),
                };
                if self.owners.insert(process.id, seen).is_some() {
                    shared.insert(process.id);
                }
            }
        }
        // Of one that owns units of several sessions it is not told of which it was when it left.
        self.owners.retain(|id, _| !shared.contains(id));
        let carried = |it: &Process| Some((it.id, it.traffic?));
        self.traffic = inventory.processes.iter().filter_map(carried).collect();
        let dead = cases.iter().filter(|case| case.verdict.is_stale());
        self.proven_dead = dead.map(|case| case.id).collect();
        self.last = Some(taken);
    }
}

fn owned<'a>(process: &'a Process, units: &HashSet<&str>) -> impl Iterator<Item = &'a String> {
    process.units.iter().filter(|unit| units.contains(unit.as_str()))
}
