//! An inventory → verdicts, plans and text.

use std::time::{Duration, Instant};

use graphctl::host::Held;
use graphctl::judge::{self, Thresholds};
use graphctl::look::Look;
use graphctl::model::Inventory;
use graphctl::options::Terminal;
use graphctl::reap::{Planner, Warrant};
use graphctl::render::{explain, json, lock, status, table};
use uuid::{Uuid, uuid};

/// The session that looks. Its id is the server's time.
pub(crate) const OWN: Uuid = uuid!("5a1b2c3d-4e5f-11f1-8000-0123456789ab");

const TERMINAL: Terminal =
    Terminal { width: Some(80), color: false, screen: None, prompt_width: None };

const THRESHOLDS: Thresholds =
    Thresholds { start_timeout: Duration::from_secs(300), heard_within: Duration::ZERO };

pub(crate) fn holds(inventory: Inventory) {
    let cases = judge::judge(&inventory, &THRESHOLDS);
    let collisions = judge::collisions::among(&inventory, &cases);
    let look = Look {
        inventory,
        cases,
        collisions,
        held: Held::new(),
        taken: Instant::now(),
        clock: Duration::ZERO,
        took: Duration::ZERO,
    };
    plan(&look);
    for text in texts(&look) {
        let harmful = text.chars().find(|it| it.is_control() && *it != '\n');
        assert_eq!(harmful, None, "{text:?}");
    }
    is_json(&look);
}

/// Only what its verdict condemns is dropped.
fn plan(look: &Look) {
    let planner = Planner::new(&look.inventory, &look.held);
    for case in &look.cases {
        let condemned = case.verdict.is_stale() || case.verdict.is_suspect();
        let warrant = Warrant::of(case.verdict);
        assert_eq!(warrant.is_some(), condemned, "{case:?}");
        let target = warrant.and_then(|warrant| planner.plan(case, warrant));
        assert!(target.is_none_or(|target| target.id == case.id), "{case:?}");
    }
}

fn texts(look: &Look) -> Vec<String> {
    let planner = Planner::new(&look.inventory, &look.held);
    let cases: Vec<_> = look.cases.iter().collect();
    let explained = |case| explain::case(look, case, &planner, TERMINAL);
    let mut texts: Vec<String> = cases.iter().copied().map(explained).collect();
    texts.push(table::sessions(look, &cases, TERMINAL).to_string());
    texts.push(table::wide(look, &cases, TERMINAL).to_string());
    texts.push(table::footer(look, &cases));
    texts.push(status::server(&look.inventory, TERMINAL));
    texts.push(status::collisions(&look.inventory, &look.cases, &look.collisions));
    texts.extend(lock::held(look));
    texts
}

fn is_json(look: &Look) {
    let cases: Vec<_> = look.cases.iter().collect();
    let mut document = Vec::new();
    json::list(&mut document, look, &cases).expect("memory takes everything");
    let listed: serde_json::Value = serde_json::from_slice(&document).expect("it is JSON");
    let number = |of: &str| listed[of].as_array().map_or(0, Vec::len);
    assert_eq!(number("sessions") + number("leftovers"), cases.len());
    let mut lines = Vec::new();
    json::list_lines(&mut lines, look, &cases).expect("memory takes everything");
    let lines = String::from_utf8(lines).expect("JSON is text");
    assert_eq!(lines.matches('\n').count(), cases.len(), "a case is one line");
}
