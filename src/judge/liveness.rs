//! What of wanted keys does not run.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::wanted::is_at_or_below;
use super::{Case, Verdict, Wanted};
use crate::model::{Component, Inventory};

/// A key that is not live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The component key.
    pub key: String,
    /// What it lacks.
    pub lack: Lack,
}

/// Why a key is not live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// No session has registered it.
    Unregistered,
    /// No session has registered it, or anything below it.
    NothingBelow,
    /// It is a unit that no process owns.
    Unowned,
    /// It is a unit that this process owns, which was there before the session that registered it.
    Foreign(Uuid),
    /// It is a unit whose process, this one, did not answer.
    Silent(Uuid),
    /// The session that registered it is dead, whoever answers: its processes are what is left of it.
    Dead(Uuid, Verdict),
}

/// What is missing for all wanted keys to be live, by key: a unit is live if its process answers, a
/// collection or a root if it is registered and all units at and below it are live.
#[must_use]
pub fn missing(inventory: &Inventory, cases: &[Case], wanted: &Wanted) -> Vec<Missing> {
    let registered =
        || inventory.sessions.iter().flat_map(|session| &session.components).map(|it| &*it.key);
    let keys: HashSet<_> = registered().collect();
    let absent = wanted.keys.iter().filter(|key| !keys.contains(key.as_str()));
    let empty =
        wanted.roots.iter().filter(|root| !registered().any(|key| is_at_or_below(key, root)));
    let absent = absent.map(|key| (key.as_str(), Lack::Unregistered));
    let mut lacks: BTreeMap<_, _> =
        absent.chain(empty.map(|root| (root.as_str(), Lack::NothingBelow))).collect();
    let tops = Wanted {
        keys: Vec::new(),
        roots: wanted.keys.iter().chain(&wanted.roots).cloned().collect(),
    };
    let asked = tops.matcher();
    let owners = owners(inventory);
    for case in cases {
        let Some(session) = case.session(inventory) else { continue };
        for component in session.components.iter().filter(|it| asked(&it.key)) {
            if let Some(lack) = lack(inventory, case, component, &owners) {
                lacks.entry(&*component.key).or_insert(lack);
            }
        }
    }
    lacks.into_iter().map(|(key, lack)| Missing { key: key.to_owned(), lack }).collect()
}

/// By unit: the index of the process that owns it.
fn owners(inventory: &Inventory) -> HashMap<&str, usize> {
    let mut owners = HashMap::new();
    for (index, process) in inventory.processes.iter().enumerate() {
        for unit in &process.units {
            owners.entry(unit.as_str()).or_insert(index);
        }
    }
    owners
}

fn lack(
    inventory: &Inventory,
    case: &Case,
    component: &Component,
    owners: &HashMap<&str, usize>,
) -> Option<Lack> {
    if case.verdict.is_stale() {
        return Some(Lack::Dead(case.id, case.verdict));
    }
    if !component.unit {
        return None;
    }
    let Some(&owner) = owners.get(&*component.key) else { return Some(Lack::Unowned) };
    let process = &inventory.processes[owner];
    if !case.owners.contains(&owner) {
        Some(Lack::Foreign(process.id))
    } else if !process.answered() {
        Some(Lack::Silent(process.id))
    } else {
        None
    }
}
