//! What `drop` and `reap` did, for people.

use comfy_table::{Attribute, Cell, Color};

use super::{bare_table, id_width, lines, printable, short};
use crate::options::Terminal;
use crate::reap::{Outcome, Report, Target};
use crate::words::{self, ago};

/// One line a target: id, age, state, outcome, and the keys or what stood in the way.
#[must_use]
pub fn table(report: &Report, terminal: Terminal, wide: bool) -> String {
    let terminal = if wide { Terminal { width: None, ..terminal } } else { terminal };
    let mut table = bare_table(terminal, &["ID", "AGE", "STATE", "OUTCOME", "COMPONENTS"]);
    let width = if wide { 36 } else { id_width(report.targets.iter().map(|target| target.id)) };
    for target in &report.targets {
        table.add_row(vec![
            Cell::new(short(target.id, width)),
            Cell::new(target.age.map_or_else(|| "-".into(), ago)),
            Cell::new(target.verdict.map_or_else(|| "-".into(), |verdict| verdict.to_string())),
            outcome(target.outcome),
            Cell::new(keys(target)),
        ]);
    }
    if report.targets.is_empty() { String::new() } else { lines(&table) }
}

/// What is to be said about it on standard error.
#[must_use]
pub fn notes(report: &Report) -> String {
    let mut notes: Vec<_> = report.targets.iter().filter_map(note).collect();
    let number = |outcome: Outcome, leftover: bool| {
        let counted = |it: &&Target| it.outcome == outcome && it.leftover == leftover;
        report.targets.iter().filter(counted).count()
    };
    let of = |outcome| words::sessions(number(outcome, false), number(outcome, true));
    notes.push(if report.targets.is_empty() {
        "nothing to drop".into()
    } else if report.dry_run {
        format!("{} would be dropped", of(Outcome::WouldDrop))
    } else {
        format!("{} dropped", of(Outcome::Dropped))
    });
    notes.join("\n")
}

fn note(target: &Target) -> Option<String> {
    let detail = target.detail.as_ref()?;
    Some(printable(&format!("{} {}: {detail}", target.id, target.outcome.name())))
}

fn keys(target: &Target) -> String {
    match target.components.as_slice() {
        [] => "-".into(),
        keys => printable(&keys.join(", ")),
    }
}

fn outcome(outcome: Outcome) -> Cell {
    let cell = Cell::new(outcome.name());
    match outcome {
        Outcome::Dropped | Outcome::AlreadyGone => cell.fg(Color::Green),
        Outcome::WouldDrop => cell,
        Outcome::Refused | Outcome::Changed => cell.fg(Color::Yellow),
        Outcome::Failed => cell.fg(Color::Red).add_attribute(Attribute::Bold),
    }
}
