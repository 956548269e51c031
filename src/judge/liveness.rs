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

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use uuid::{Timestamp, Uuid};

    use super::{Lack, Missing, missing};
    use crate::judge::{StaleReason, Thresholds, Verdict, Wanted, judge};
    use crate::model::{
        Channel, Component, Inventory, Link, Ping, Process, Server, Session, minted,
    };

    const MINUTES: Thresholds =
        Thresholds { start_timeout: Duration::from_secs(300), heard_within: Duration::ZERO };

    /// An id of that second.
    fn id(second: u64) -> Uuid {
        Uuid::new_v1(Timestamp::from_unix_time(second, 0, 0, 0), &[0; 6])
    }

    fn link(established: bool) -> Link {
        Link {
            peer: None,
            local: None,
            established: Some(established),
            silent_for: None,
            closing: false,
            handled: established,
        }
    }

    /// A session of second 10 with the collection SYSTEM and these units below it.
    fn session(units: &[&str]) -> Session {
        let key = |key: String, unit| Component { key: key.into(), unit, streams: None };
        let units = units.iter().map(|unit| key(format!("SYSTEM/{unit}"), true));
        Session {
            id: id(10),
            created: minted(id(10)),
            link: Some(link(true)),
            graphctl: false,
            root: None,
            components: std::iter::once(key("SYSTEM".into(), false)).chain(units).collect(),
            readable: true,
            registered: true,
            edges: 0,
            last_event: None,
            holding: None,
        }
    }

    fn process(second: u64, unit: &str, ping: Ping) -> Process {
        Process {
            id: id(second),
            created: minted(id(second)),
            link: None,
            pid: None,
            host: None,
            units: vec![format!("SYSTEM/{unit}")],
            ping,
            unacked_for: None,
            traffic: None,
            last_event: None,
        }
    }

    fn inventory(sessions: Vec<Session>, processes: Vec<Process>) -> Inventory {
        Inventory {
            server: Server {
                address: String::new(),
                version: "3.9.0".into(),
                channel: Channel::Admin,
                process: None,
            },
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(20),
            sessions,
            processes,
            endpoints: None,
            history: None,
        }
    }

    fn lacks(inventory: &Inventory, keys: &[&str], roots: &[&str]) -> Vec<(String, Lack)> {
        let owned = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
        let wanted = Wanted { keys: owned(keys), roots: owned(roots) };
        let missing = missing(inventory, &judge(inventory, &MINUTES), &wanted);
        missing.into_iter().map(|Missing { key, lack }| (key, lack)).collect()
    }

    fn lack(key: &str, lack: Lack) -> (String, Lack) {
        (key.to_owned(), lack)
    }

    #[test]
    fn what_answers_is_live_and_so_is_what_holds_nothing_else() {
        let answered = || Ping::Answered(None);
        let processes = vec![process(11, "PUB", answered()), process(12, "SUB", answered())];
        let inventory = inventory(vec![session(&["PUB", "SUB"])], processes);
        for keys in [&["SYSTEM"][..], &["SYSTEM/PUB", "SYSTEM/SUB"], &["SYSTEM", "SYSTEM/SUB"]] {
            assert_eq!(lacks(&inventory, keys, &[]), [], "{keys:?}");
        }
        assert_eq!(lacks(&inventory, &[], &["SYSTEM", "SYSTEM/PUB"]), []);
    }

    #[test]
    fn what_nobody_registered_is_missing_by_name() {
        let inventory = inventory(vec![session(&[])], vec![process(11, "PUB", Ping::Silent)]);
        let absent = [lack("OTHER", Lack::Unregistered), lack("SYSTEM/PUB", Lack::Unregistered)];
        assert_eq!(lacks(&inventory, &["SYSTEM/PUB", "OTHER", "OTHER"], &[]), absent);
        assert_eq!(lacks(&inventory, &[], &["SYS"]), [lack("SYS", Lack::NothingBelow)]);
    }

    #[test]
    fn a_collection_is_as_live_as_all_units_below_it() {
        let processes = vec![
            process(11, "PUB", Ping::Answered(None)),
            process(12, "SUB", Ping::Heard),
            process(9, "OLD", Ping::Answered(None)),
        ];
        let units = ["PUB", "SUB", "OLD", "NEW"];
        let inventory = inventory(vec![session(&units)], processes);
        let missing = [
            lack("SYSTEM/NEW", Lack::Unowned),
            lack("SYSTEM/OLD", Lack::Foreign(id(9))),
            lack("SYSTEM/SUB", Lack::Silent(id(12))),
        ];
        assert_eq!(lacks(&inventory, &["SYSTEM"], &[]), missing);
        assert_eq!(lacks(&inventory, &["SYSTEM/SUB"], &["SYSTEM"]), missing);
        assert_eq!(lacks(&inventory, &["SYSTEM/PUB"], &[]), []);
        assert_eq!(lacks(&inventory, &["SYSTEM/SUB"], &[]), missing[2..]);
    }

    #[test]
    fn what_a_dead_session_registered_is_not_live_whoever_answers() {
        let ghost = Session { link: Some(link(false)), ..session(&["PUB"]) };
        let processes = vec![process(11, "PUB", Ping::Answered(None))];
        let inventory = inventory(vec![ghost], processes);
        let dead = Lack::Dead(id(10), Verdict::Stale(StaleReason::Ghost));
        assert_eq!(lacks(&inventory, &["SYSTEM/PUB"], &[]), [lack("SYSTEM/PUB", dead)]);
        let both = [lack("SYSTEM", dead), lack("SYSTEM/PUB", dead)];
        assert_eq!(lacks(&inventory, &[], &["SYSTEM"]), both);
    }
}
