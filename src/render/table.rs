//! `sessions list` for people.

use std::collections::HashSet;

use comfy_table::Cell;
use uuid::Uuid;

use super::lock;
use super::{
    BareTable, COLLIDES, Holders, MOST_LINES, NONE, bare_table, duration, header, id_width, keys,
    number, printable, short, state,
};
use crate::judge::Case;
use crate::look::Look;
use crate::model::{Process, Session};
use crate::options::Terminal;
use crate::words::{self, count};

/// From how many columns on a screen has room for more than what fits 80.
const ROOMY: u16 = 160;

/// The listing: id, age, time without activity, state and component keys; where there is room, also the
/// processes, and the first that speaks for that state.
#[must_use]
pub fn sessions(look: &Look, cases: &[&Case], terminal: Terminal) -> BareTable {
    let width = id_width(look.cases.iter().map(|case| case.id));
    let colliding = colliding(look);
    let roomy = terminal.width.is_some_and(|columns| columns >= ROOMY);
    let (names, last): (&[_], _) = if roomy {
        (&["ID", "AGE", "IDLE", "STATE", "PROCESSES", "COMPONENTS"], "WHY")
    } else {
        (&["ID", "AGE", "IDLE", "STATE"], "COMPONENTS")
    };
    let mut lines = vec![header(names, last)];
    lines.extend(cases.iter().map(|case| {
        let mut cells = vec![
            Cell::new(short(case.id, width)),
            duration(case.age),
            duration(case.idle(&look.inventory)),
            state(case.verdict, case.rate, colliding.contains(&case.id)),
        ];
        let components = keys(&case.keys(&look.inventory));
        if !roomy {
            return (cells, components);
        }
        cells.extend([Cell::new(processes(look, case)), Cell::new(components)]);
        (cells, printable(case.evidence.first().map_or(NONE, String::as_str)))
    }));
    bare_table(terminal, Some(MOST_LINES), lines)
}

/// What collides with something: sessions, and of processes those whom they belong to.
#[must_use]
pub fn colliding(look: &Look) -> HashSet<Uuid> {
    let held_by: HashSet<_> = look.collisions.iter().flat_map(|it| &it.held_by).copied().collect();
    let collides = |case: &&Case| {
        held_by.contains(&case.id)
            || case.processes(&look.inventory).any(|process| held_by.contains(&process.id))
    };
    look.cases.iter().filter(collides).map(|case| case.id).collect()
}

/// The listing with every column, and nothing cut.
#[must_use]
pub fn wide(look: &Look, cases: &[&Case], terminal: Terminal) -> BareTable {
    let names = ["ID", "AGE", "IDLE", "STATE", "PEER", "PROCESSES", "EDGES", "COMPONENTS"];
    let colliding = colliding(look);
    let mut lines = vec![header(&names, "EVIDENCE")];
    lines.extend(cases.iter().map(|case| {
        let session = case.session(&look.inventory);
        let peer = session.and_then(Session::peer);
        let cells = vec![
            Cell::new(case.id),
            duration(case.age),
            duration(case.idle(&look.inventory)),
            state(case.verdict, case.rate, colliding.contains(&case.id)),
            Cell::new(peer.map_or_else(none, |peer| peer.to_string())),
            Cell::new(processes(look, case)),
            Cell::new(session.map_or_else(none, |session| session.edges.to_string())),
            Cell::new(keys(&case.keys(&look.inventory))),
        ];
        (cells, printable(&case.evidence.join("; ")))
    }));
    bare_table(Terminal { width: None, ..terminal }, None, lines)
}

/// What to do next, for below the table; empty if there is nothing to do.
#[must_use]
pub fn footer(look: &Look, cases: &[&Case]) -> String {
    let width = id_width(look.cases.iter().map(|case| case.id));
    let holders = Holders::of(&look.inventory, width);
    let mut text: Vec<_> = look
        .collisions
        .iter()
        .map(|it| format!("{COLLIDES} collision: {}", holders.of_collision(it)))
        .collect();
    text.extend(next_steps(look, cases));
    text.extend(lock::held(look));
    text.join("\n")
}

/// What to do about what is not as it should be, one line each.
pub(super) fn next_steps(look: &Look, cases: &[&Case]) -> Vec<String> {
    let mut text = Vec::new();
    let is_reapable = |case: &&Case| case.verdict.is_stale() && !case.ends_with_lock;
    let stale: Vec<_> = cases.iter().copied().filter(is_reapable).collect();
    let suspect: Vec<_> = cases.iter().filter(|case| case.verdict.is_suspect()).collect();
    if !stale.is_empty() {
        let keys = stale.iter().map(|case| case.keys(&look.inventory).len()).sum();
        let holds = if stale.len() == 1 { "holds" } else { "hold" };
        text.push(format!(
            "stale: {} {holds} {}: graphctl sessions reap --dry-run",
            number(&look.inventory, &stale),
            count(keys, "key", "keys"),
        ));
    }
    let flowing = words::flowing(stale.iter().map(|case| case.rate));
    text.extend(flowing.map(|flowing| {
        flowing + ": to skip flowing sessions: graphctl sessions reap --spare-flowing"
    }));
    if let Some(first) = suspect.first() {
        let width = id_width(look.cases.iter().map(|case| case.id));
        let sessions = words::sessions(suspect.len(), 0);
        text.push(format!(
            "suspect: {sessions}: graphctl sessions show {}",
            short(first.id, width)
        ));
    }
    text
}

fn processes(look: &Look, case: &Case) -> String {
    let name = |process: &Process| {
        let pid = process.pid.map_or_else(none, |pid| pid.to_string());
        format!("{pid}@{}", process.host.as_deref().unwrap_or("?"))
    };
    keys(&case.processes(&look.inventory).map(name).collect::<Vec<_>>())
}

fn none() -> String {
    NONE.to_owned()
}
