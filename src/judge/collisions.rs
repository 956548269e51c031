//! Keys that are in each other's way.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::{Case, Wanted};
use crate::model::{Inventory, Session};

/// Two holders of something that can have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// What kind of thing.
    pub kind: CollisionKind,
    /// The component key, unit or topic.
    pub key: String,
    /// Ids of the sessions and process registrations that hold it.
    pub held_by: Vec<Uuid>,
}

/// What two can hold that only one should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollisionKind {
    /// A registered component key.
    Component,
    /// A unit that a process owns.
    Unit,
    /// A topic that units publish on.
    Topic,
}

impl CollisionKind {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Unit => "unit",
            Self::Topic => "topic",
        }
    }
}

/// Who holds each of many keys. Most have one holder: more is only kept of those that have more.
struct Holders<'a> {
    first: HashMap<&'a str, &'a Uuid>,
    all: HashMap<&'a str, Vec<Uuid>>,
}

impl<'a> Holders<'a> {
    fn of_up_to(keys: usize) -> Self {
        Self { first: HashMap::with_capacity(keys), all: HashMap::new() }
    }

    /// Counts a session once, also if several of its units publish on one topic.
    fn add(&mut self, key: &'a str, holder: &'a Uuid) {
        let first = *self.first.entry(key).or_insert(holder);
        let last = self.all.get(key).and_then(|all| all.last()).unwrap_or(first);
        if last != holder {
            self.all.entry(key).or_insert_with(|| vec![*first]).push(*holder);
        }
    }
}

/// Every collision among what is on the server, by key.
#[must_use]
pub fn among(inventory: &Inventory, cases: &[Case]) -> Vec<Collision> {
    let all = || inventory.sessions.iter().flat_map(|session| &session.components);
    let mut components = Holders::of_up_to(all().count());
    let mut topics = Holders::of_up_to(all().map(|component| component.outputs().len()).sum());
    for session in &inventory.sessions {
        for component in &session.components {
            components.add(&component.key, &session.id);
            for topic in component.outputs() {
                topics.add(topic, &session.id);
            }
        }
    }
    let kinds = [
        (CollisionKind::Component, components.all),
        (CollisionKind::Unit, foreign_units(inventory, cases)),
        (CollisionKind::Topic, topics.all),
    ];
    let mut collisions: Vec<_> = kinds
        .into_iter()
        .flat_map(|(kind, held)| {
            held.into_iter().map(move |(key, held_by)| Collision {
                kind,
                key: key.to_owned(),
                held_by,
            })
        })
        .collect();
    collisions.sort_by(|a, b| (&a.key, a.kind.name()).cmp(&(&b.key, b.kind.name())));
    collisions
}

/// Units that a session has registered and somebody else's process owns.
fn foreign_units<'a>(inventory: &'a Inventory, cases: &[Case]) -> HashMap<&'a str, Vec<Uuid>> {
    let mut owners =
        HashMap::with_capacity(inventory.processes.iter().map(|it| it.units.len()).sum());
    for (index, process) in inventory.processes.iter().enumerate() {
        owners.extend(process.units.iter().map(|unit| (unit.as_str(), index)));
    }
    let mut units: HashMap<_, Vec<_>> = HashMap::new();
    for case in cases {
        let own: HashSet<_> = case.owners.iter().collect();
        for unit in case.session(inventory).into_iter().flat_map(Session::units) {
            if let Some(owner) = owners.get(unit).filter(|owner| !own.contains(owner)) {
                units.entry(unit).or_default().extend([case.id, inventory.processes[*owner].id]);
            }
        }
    }
    units
}

/// What stands in the way of registering what is wanted.
#[must_use]
pub fn with(inventory: &Inventory, wanted: &Wanted) -> Vec<Collision> {
    let asked = wanted.matcher();
    let mut held: BTreeMap<(&str, &str), Collision> = BTreeMap::new();
    let registered = inventory.sessions.iter().flat_map(|session| {
        let keys = session.components.iter().map(|component| &*component.key);
        keys.map(|key| (CollisionKind::Component, key, session.id))
    });
    let owned = inventory.processes.iter().flat_map(|process| {
        process.units.iter().map(|unit| (CollisionKind::Unit, unit.as_str(), process.id))
    });
    for (kind, key, holder) in registered.chain(owned).filter(|(_, key, _)| asked(key)) {
        let collision = held.entry((key, kind.name())).or_insert_with(|| Collision {
            kind,
            key: key.to_owned(),
            held_by: Vec::new(),
        });
        collision.held_by.push(holder);
    }
    held.into_values().collect()
}
