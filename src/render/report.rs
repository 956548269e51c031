//! What `drop` and `reap` did, for people.

use std::collections::HashSet;
use std::time::Duration;

use comfy_table::{Attribute, Cell, Color};

use super::lock;
use super::{
    BareTable, FULL_ID, MOST_LINES, NONE, bare_table, duration, header, id_width, keys, printable,
    short, state,
};
use crate::admin::Unconfirmed;
use crate::host::Ended;
use crate::model::Inventory;
use crate::options::Terminal;
use crate::reap::{Freed, Heir, HeirEnd, Outcome, Report, Target, kill_command};
use crate::words;

/// One line a target: id, age, state, outcome, and the keys or what stood in the way.
#[must_use]
pub fn table(report: &Report, terminal: Terminal, wide: bool) -> BareTable {
    if report.targets.is_empty() {
        return BareTable(Vec::new());
    }
    let terminal = if wide { Terminal { width: None, ..terminal } } else { terminal };
    let width = if wide { FULL_ID } else { id_width(report.targets.iter().map(|it| it.id)) };
    let mut lines = vec![header(&["ID", "AGE", "STATE", "OUTCOME"], "COMPONENTS")];
    lines.extend(report.targets.iter().map(|target| {
        let cells = vec![
            Cell::new(short(target.id, width)),
            duration(target.age),
            target.verdict.map_or_else(|| Cell::new(NONE), |it| state(it, target.rate, false)),
            outcome(target.outcome),
        ];
        (cells, keys(&target.components))
    }));
    bare_table(terminal, Some(MOST_LINES), lines)
}

/// What is to be said about it on standard error.
#[must_use]
pub fn notes(report: &Report) -> String {
    let mut notes: Vec<_> = report.targets.iter().filter_map(note).collect();
    notes.extend(report.targets.iter().flat_map(left_alone));
    notes.extend(heirs(&report.targets.iter().collect::<Vec<_>>(), report.extent.dry_run));
    notes.extend(end_too(report));
    notes.extend(nobody_left(report));
    notes.extend(report.unconfirmed.iter().map(unconfirmed));
    notes.extend(report.lock.as_ref().map(freed));
    if report.extent.dry_run {
        notes.extend(words::flowing(report.of(&[Outcome::WouldDrop]).map(|target| target.rate)));
    }
    let number = |outcome: Outcome, leftover: bool| {
        report.of(&[outcome]).filter(|target| target.leftover == leftover).count()
    };
    let of = |outcome| words::sessions(number(outcome, false), number(outcome, true));
    if report.of(&[Outcome::AlreadyGone]).next().is_some() {
        notes.push(format!("{} already gone", of(Outcome::AlreadyGone)));
    }
    notes.push(if report.targets.is_empty() && report.lock.is_some() {
        return notes.join("\n");
    } else if report.targets.is_empty() {
        "nothing to drop".into()
    } else if report.extent.dry_run {
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

fn left_alone(target: &Target) -> impl Iterator<Item = String> {
    target.left_alone.iter().map(|it| printable(&format!("{} leaves {it}", target.id)))
}

/// That there was nobody to end, although that was asked for.
fn nobody_left(report: &Report) -> Option<String> {
    let mut gone = report.of(&[Outcome::Dropped, Outcome::WouldDrop]).peekable();
    let nobody = report.extent.kill && gone.peek().is_some() && gone.all(|it| it.heirs.is_empty());
    nobody.then(|| "no process of this machine is seen to hold what is dropped".into())
}

/// What is to be said before a drop of the server's standing still over it.
#[must_use]
pub fn freeze(inventory: &Inventory, freeze: Duration) -> String {
    let seconds = freeze.as_secs_f64();
    let seconds = if seconds < 10.0 { format!("{seconds:.1}") } else { format!("{seconds:.0}") };
    let frozen = format!("expect it to be frozen for about {seconds} s");
    if inventory.server.process.as_ref().is_some_and(|it| it.in_bulk) {
        format!("this server's command lock is held: if it stays so, {frozen} when that is free")
    } else {
        format!("this server cannot drop in bulk: {frozen}")
    }
}

/// Whom the server told in vain what is left to hear.
fn unconfirmed(subscriber: &Unconfirmed) -> String {
    let Unconfirmed { id, topic } = subscriber;
    printable(&format!("subscriber {id} of {topic} did not confirm in time that it heard of this"))
}

/// What became of the connection that kept the command lock.
fn freed(lock: &Freed) -> String {
    let awaited = format!("{} waits {}", lock.holder.request, lock::awaited(&lock.holder));
    let detail = lock.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
    let what = match lock.outcome {
        Outcome::Dropped if lock.holder.gone => {
            "the server has given that up, and the command lock is free of it"
        }
        Outcome::Dropped => "that connection was closed, and the command lock is free of it",
        Outcome::WouldDrop => "that connection would be closed, to free the command lock",
        Outcome::AlreadyGone => "the command lock is free already",
        Outcome::Changed | Outcome::Refused => "it is left alone",
        Outcome::Failed => "that connection was closed, and it still waits",
    };
    printable(&format!("{awaited}: {what}{detail}"))
}

/// What became of the processes that these left behind, and the command that ends those that are still running.
#[must_use]
pub fn heirs(targets: &[&Target], dry_run: bool) -> Vec<String> {
    // One process may have held connections of several targets.
    let mut named = HashSet::new();
    let heirs = targets.iter().flat_map(|target| &target.heirs);
    let heirs: Vec<_> = heirs.filter(|it| named.insert(it.process.id())).collect();
    let running = heirs.iter().copied().filter(|it| it.end == HeirEnd::Running(None));
    let running: Vec<_> = running.filter(|it| it.released).collect();
    let it = if running.len() == 1 { "it" } else { "them" };
    let end = (!running.is_empty()).then(|| format!("to end {it}: {}", kill_command(&running)));
    heirs.iter().map(|it| heir(it, dry_run)).chain(end).collect()
}

/// How to have the processes ended too that would go on running, if nothing speaks against that.
fn end_too(report: &Report) -> Option<String> {
    let heirs = report.targets.iter().flat_map(|target| &target.heirs);
    let number = heirs.filter(|it| it.end == HeirEnd::Running(None)).count();
    let it = if number == 1 { "it" } else { "them" };
    (report.extent.dry_run && number > 0).then(|| format!("--kill ends {it} too"))
}

/// What became of a process that was left behind.
fn heir(heir: &Heir, dry_run: bool) -> String {
    let because = heir.reason().map_or_else(String::new, |reason| format!(": {reason}"));
    let what = match &heir.end {
        HeirEnd::Would => "would be ended".to_owned(),
        HeirEnd::Spared(_) => format!("is left alone{because}"),
        HeirEnd::Running(_) if dry_run => format!("would go on running{because}"),
        HeirEnd::Running(_) => format!("is still running{because}"),
        HeirEnd::Elsewhere => format!(
            "ran on the server's machine, and may still be running; on that machine: ps -fp {}",
            heir.process.pid
        ),
        HeirEnd::Ended(Ended::Terminated) => "ended".to_owned(),
        HeirEnd::Ended(Ended::Stayed) => "did not end when asked".to_owned(),
        HeirEnd::Ended(Ended::Killed) => "did not end when asked, and was killed".to_owned(),
        HeirEnd::Ended(Ended::AlreadyGone) => "had ended".to_owned(),
        HeirEnd::Ended(Ended::Failed(why)) => format!("could not be ended: {why}"),
    };
    printable(&format!("{} {what}", heir.process.name()))
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
