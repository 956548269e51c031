//! Everything as JSON. Fields may be added and are never renamed; what is not known is `null`.

mod cases;
mod server;
mod targets;

use std::time::{Duration, SystemTime};

use serde::Serialize;

use self::cases::{CaseView, CollisionView, collision, view};
use self::server::{LockHolderView, ServerView, lock_holder, server};
use self::targets::{FreedView, TargetView, freed, target};
use super::status::Endpoints;
use crate::judge::{Case, Collision};
use crate::look::Look;
use crate::model::Inventory;
use crate::reap::{Planner, Report};

/// Raised when a field is removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct ListDocument<'a> {
    schema_version: u32,
    server: ServerView<'a>,
    sessions: Vec<CaseView<'a>>,
    leftovers: Vec<CaseView<'a>>,
    collisions: Vec<CollisionView<'a>>,
}

#[derive(Serialize)]
struct ReportDocument<'a> {
    schema_version: u32,
    server: ServerView<'a>,
    dry_run: bool,
    targets: Vec<TargetView<'a>>,
    lock: Option<FreedView<'a>>,
}

#[derive(Serialize)]
struct CheckDocument<'a> {
    schema_version: u32,
    server: ServerView<'a>,
    free: bool,
    collisions: Vec<CollisionView<'a>>,
}

#[derive(Serialize)]
struct StatusDocument<'a> {
    schema_version: u32,
    server: ServerView<'a>,
    host: Option<&'a str>,
    python: Option<&'a str>,
    lock_held: Option<bool>,
    lock_waiters: Option<u64>,
    lock_holder: Option<LockHolderView<'a>>,
    sessions: usize,
    processes: usize,
    publishers: Option<usize>,
    subscribers: Option<usize>,
    channels: Option<usize>,
}

/// `sessions list` and `sessions show`, with what the drop of each case would take along.
#[must_use]
pub fn list(look: &Look, cases: &[&Case]) -> String {
    let planner = Planner::new(&look.inventory);
    let views = |leftover: bool| {
        let wanted =
            cases.iter().filter(|case| case.session(&look.inventory).is_none() == leftover);
        wanted.map(|case| view(&look.inventory, case, planner.would_take(case).as_ref())).collect()
    };
    document(&ListDocument {
        schema_version: SCHEMA_VERSION,
        server: server(&look.inventory.server),
        sessions: views(false),
        leftovers: views(true),
        collisions: look.collisions.iter().map(collision).collect(),
    })
}

/// `sessions list -o jsonl`: one session or leftover a line.
#[must_use]
pub fn list_lines(look: &Look, cases: &[&Case]) -> String {
    let planner = Planner::new(&look.inventory);
    cases
        .iter()
        .map(|case| line(&view(&look.inventory, case, planner.would_take(case).as_ref())))
        .collect()
}

/// `sessions drop` and `sessions reap`.
#[must_use]
pub fn report(report: &Report) -> String {
    document(&ReportDocument {
        schema_version: SCHEMA_VERSION,
        server: server(&report.server),
        dry_run: report.extent.dry_run,
        targets: report.targets.iter().map(target).collect(),
        lock: report.lock.as_ref().map(freed),
    })
}

/// `-o jsonl` of the same: one target a line.
#[must_use]
pub fn report_lines(report: &Report) -> String {
    report.targets.iter().map(|it| line(&target(it))).collect()
}

/// `sessions check`.
#[must_use]
pub fn check(look: &Look, collisions: &[Collision]) -> String {
    document(&CheckDocument {
        schema_version: SCHEMA_VERSION,
        server: server(&look.inventory.server),
        free: collisions.is_empty(),
        collisions: collisions.iter().map(collision).collect(),
    })
}

/// `server status`.
#[must_use]
pub fn status(inventory: &Inventory) -> String {
    let process = inventory.server.process.as_ref();
    let endpoints = Endpoints::of(inventory);
    document(&StatusDocument {
        schema_version: SCHEMA_VERSION,
        server: server(&inventory.server),
        host: process.map(|process| process.host.as_str()),
        python: process.map(|process| process.python.as_str()),
        lock_held: process.map(|process| process.lock_held),
        lock_waiters: process.map(|process| process.lock_waiters),
        lock_holder: process.and_then(|process| process.lock_holder.as_ref()).map(lock_holder),
        sessions: inventory.sessions.iter().filter(|session| !session.graphctl).count(),
        processes: inventory.processes.len(),
        publishers: endpoints.as_ref().map(|endpoints| endpoints.publishers),
        subscribers: endpoints.as_ref().map(|endpoints| endpoints.subscribers),
        channels: endpoints.as_ref().map(|endpoints| endpoints.channels),
    })
}

const fn kind(leftover: bool) -> &'static str {
    if leftover { "leftover" } else { "session" }
}

fn time(time: SystemTime) -> String {
    // What is reckoned back from a clock that was never set lies before the epoch.
    humantime::format_rfc3339_millis(time.max(SystemTime::UNIX_EPOCH)).to_string()
}

/// Seconds to the millisecond: more digits would only be noise.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

fn document(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data with string keys is JSON") + "\n"
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with string keys is JSON") + "\n"
}
