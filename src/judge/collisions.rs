//! Keys that are in each other's way.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::Case;
use crate::model::Inventory;

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

/// Every collision among what is on the server, by key.
#[must_use]
pub fn among(inventory: &Inventory, cases: &[Case]) -> Vec<Collision> {
    let mut components: HashMap<&str, Vec<Uuid>> = HashMap::new();
    let mut topics: HashMap<&str, Vec<Uuid>> = HashMap::new();
    for session in &inventory.sessions {
        for component in &session.components {
            components.entry(&component.key).or_default().push(session.id);
            for topic in component.outputs() {
                let holders = topics.entry(topic).or_default();
                if holders.last() != Some(&session.id) {
                    holders.push(session.id);
                }
            }
        }
    }
    let owned = inventory.processes.iter().enumerate();
    let owners: HashMap<&str, usize> = owned
        .flat_map(|(index, process)| process.units.iter().map(move |it| (it.as_str(), index)))
        .collect();
    let mut units: HashMap<&str, Vec<Uuid>> = HashMap::new();
    for case in cases.iter().filter(|case| case.session(inventory).is_some()) {
        for unit in case.units(inventory) {
            let owner = owners.get(unit).filter(|owner| !case.owners.contains(owner));
            if let Some(owner) = owner {
                units.entry(unit).or_default().extend([case.id, inventory.processes[*owner].id]);
            }
        }
    }
    let kinds = [
        (CollisionKind::Component, components),
        (CollisionKind::Unit, units),
        (CollisionKind::Topic, topics),
    ];
    let mut collisions: Vec<_> = kinds
        .into_iter()
        .flat_map(|(kind, holders)| {
            holders
                .into_iter()
                .filter(|(_, held_by)| held_by.len() > 1)
                .map(move |(key, held_by)| Collision { kind, key: key.to_owned(), held_by })
        })
        .collect();
    collisions.sort_by(|a, b| (&a.key, a.kind.name()).cmp(&(&b.key, b.kind.name())));
    collisions
}

/// What stands in the way of registering `keys`, or anything at or below one of `roots`.
#[must_use]
pub fn with(inventory: &Inventory, keys: &[String], roots: &[String]) -> Vec<Collision> {
    let asked = |key: &str| {
        let below = |root: &String| {
            key.strip_prefix(root.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        keys.iter().any(|asked| asked == key) || roots.iter().any(below)
    };
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
