//! What of wanted keys does not run, on inventories made up for each rule.

#[path = "made_up/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod made_up;

use std::time::Duration;

use graphctl::judge::liveness::missing;
use graphctl::judge::{Lack, Missing, StaleReason, Thresholds, Verdict, Wanted, judge};
use graphctl::model::{Inventory, Link, Ping, Process, Session};
use made_up::{id, inventory, link};

const MINUTES: Thresholds =
    Thresholds { start_timeout: Duration::from_secs(300), heard_within: Duration::ZERO };

/// A session of second 10 with the collection SYSTEM and these units below it.
fn session(units: &[&str]) -> Session {
    made_up::session(10, "SYSTEM", units)
}

fn process(second: u64, unit: &str, ping: Ping) -> Process {
    Process { ping, ..made_up::process(second, &[&format!("SYSTEM/{unit}")]) }
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
        lack("SYSTEM/OLD", Lack::Foreign(id(9, 2))),
        lack("SYSTEM/SUB", Lack::Silent(id(12, 2))),
    ];
    assert_eq!(lacks(&inventory, &["SYSTEM"], &[]), missing);
    assert_eq!(lacks(&inventory, &["SYSTEM/SUB"], &["SYSTEM"]), missing);
    assert_eq!(lacks(&inventory, &["SYSTEM/PUB"], &[]), []);
    assert_eq!(lacks(&inventory, &["SYSTEM/SUB"], &[]), missing[2..]);
}

#[test]
fn what_a_dead_session_registered_is_not_live_whoever_answers() {
    let ghost = Session {
        link: Some(Link { established: Some(false), handled: false, ..link() }),
        ..session(&["PUB"])
    };
    let processes = vec![process(11, "PUB", Ping::Answered(None))];
    let inventory = inventory(vec![ghost], processes);
    let dead = Lack::Dead(id(10, 1), Verdict::Stale(StaleReason::Ghost));
    assert_eq!(lacks(&inventory, &["SYSTEM/PUB"], &[]), [lack("SYSTEM/PUB", dead)]);
    let both = [lack("SYSTEM", dead), lack("SYSTEM/PUB", dead)];
    assert_eq!(lacks(&inventory, &[], &["SYSTEM"]), both);
}
