//! `sessions list` for people.

use comfy_table::{Attribute, Cell, Row};

use super::{bare_table, collision, color_of, id_width, lines, printable, short};
use crate::judge::Case;
use crate::look::Look;
use crate::options::Terminal;
use crate::words::{self, ago, count};

/// How many lines a session may take in the narrow table before its keys are cut.
const MOST_LINES: usize = 3;

/// The listing: id, age, time without activity, state and component keys.
#[must_use]
pub fn sessions(look: &Look, cases: &[&Case], terminal: Terminal) -> String {
    let mut table = bare_table(terminal, &["ID", "AGE", "IDLE", "STATE", "COMPONENTS"]);
    let width = id_width(look.cases.iter().map(|case| case.id));
    for case in cases {
        let mut row = Row::from(vec![
            Cell::new(short(case.id, width)),
            Cell::new(duration(case.age)),
            Cell::new(duration(case.idle(&look.inventory))),
            state(case),
            Cell::new(keys(look, case)),
        ]);
        if terminal.width.is_some() {
            row.max_height(MOST_LINES);
        }
        table.add_row(row);
    }
    lines(&table)
}

/// The listing with every column, and nothing cut.
#[must_use]
pub fn wide(look: &Look, cases: &[&Case], terminal: Terminal) -> String {
    let header =
        ["ID", "AGE", "IDLE", "STATE", "PEER", "PROCESSES", "EDGES", "COMPONENTS", "EVIDENCE"];
    let mut table = bare_table(Terminal { width: None, ..terminal }, &header);
    for case in cases {
        let session = case.session(&look.inventory);
        let peer = session.and_then(|it| it.link.as_ref()).and_then(|link| link.peer.as_ref());
        let processes: Vec<_> = case.processes(&look.inventory).map(process).collect();
        table.add_row(vec![
            Cell::new(case.id),
            Cell::new(duration(case.age)),
            Cell::new(duration(case.idle(&look.inventory))),
            state(case),
            Cell::new(peer.map_or_else(none, |(host, port)| format!("{}:{port}", printable(host)))),
            Cell::new(if processes.is_empty() { none() } else { processes.join(", ") }),
            Cell::new(session.map_or_else(none, |session| session.edges.to_string())),
            Cell::new(keys(look, case)),
            Cell::new(printable(&case.evidence.join("; "))),
        ]);
    }
    lines(&table)
}

/// What to do next, for below the table; empty if there is nothing to do.
#[must_use]
pub fn footer(look: &Look, cases: &[&Case]) -> String {
    let width = id_width(look.cases.iter().map(|case| case.id));
    let mut text: Vec<_> =
        look.collisions.iter().map(|it| format!("collision: {}", collision(it, width))).collect();
    let stale: Vec<_> = cases.iter().filter(|case| case.verdict.is_stale()).collect();
    let suspect = cases.iter().filter(|case| case.verdict.is_suspect()).count();
    if !stale.is_empty() {
        let keys = stale.iter().map(|case| case.keys(&look.inventory).len()).sum();
        let leftovers = stale.iter().filter(|it| it.session(&look.inventory).is_none()).count();
        let holds = if stale.len() == 1 { "holds" } else { "hold" };
        text.push(format!(
            "stale: {} {holds} {}: graphctl sessions reap --dry-run",
            words::sessions(stale.len() - leftovers, leftovers),
            count(keys, "key", "keys"),
        ));
    }
    if suspect > 0 {
        text.push(format!("suspect: {}: graphctl sessions show ID", words::sessions(suspect, 0)));
    }
    text.join("\n")
}

fn state(case: &Case) -> Cell {
    let cell = Cell::new(case.verdict);
    match color_of(case.verdict) {
        Some(color) if case.verdict.is_stale() => cell.fg(color).add_attribute(Attribute::Bold),
        Some(color) => cell.fg(color),
        None => cell,
    }
}

fn keys(look: &Look, case: &Case) -> String {
    let keys = case.keys(&look.inventory);
    if keys.is_empty() { none() } else { printable(&keys.join(", ")) }
}

fn process(process: &crate::model::Process) -> String {
    let pid = process.pid.map_or_else(none, |pid| pid.to_string());
    printable(&format!("{pid}@{}", process.host.as_deref().unwrap_or("?")))
}

fn duration(duration: Option<std::time::Duration>) -> String {
    duration.map_or_else(none, ago)
}

/// What stands for "not known" or "none" in a column.
fn none() -> String {
    "-".into()
}
