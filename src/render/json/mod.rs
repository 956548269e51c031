//! Everything as JSON. Fields may be added and are never renamed; what is not known is `null`.
//! What steers a terminal is escaped, here too. What there may be many of is written while it is made: no second copy of it comes to exist.
#![expect(clippy::missing_errors_doc, reason = "they fail only as what they write to does")]

mod audit;
mod cases;
mod events;
mod keys;
mod run;
mod server;
mod targets;

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

pub use self::audit::{Author, audit_lines};
use self::cases::{collision, view};
pub use self::keys::{Hindrance, check, wait};
pub use self::run::{Left, Ran, run};
use self::server::{LockHolderView, ServerView, lock_holder, server};
use self::targets::{FreedView, SubscriberView, freed, subscriber, target};
use super::printable::Escaping;
use super::status::Endpoints;
use crate::judge::Case;
use crate::look::Look;
use crate::model::Inventory;
use crate::reap::{Planner, Report};
use crate::watch::event::Event;

/// Raised when a field is removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// What everything begins with.
#[derive(Serialize)]
struct Versioned<'a, T> {
    schema_version: u32,
    #[serde(flatten)]
    value: &'a T,
}

impl<'a, T> Versioned<'a, T> {
    const fn of(value: &'a T) -> Self {
        Self { schema_version: SCHEMA_VERSION, value }
    }
}

/// A list whose elements are made one by one, while they are written.
struct Each<F>(F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: IntoIterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

#[derive(Serialize)]
struct ListDocument<'a, S, L, C> {
    server: ServerView<'a>,
    sessions: S,
    leftovers: L,
    collisions: C,
}

#[derive(Serialize)]
struct ReportDocument<'a, T> {
    server: ServerView<'a>,
    dry_run: bool,
    /// As it was given with `--reason`.
    why: Option<&'a str>,
    targets: T,
    lock: Option<FreedView<'a>>,
    /// For how long the server was expected to stand still; only where that is to be noticed.
    expected_freeze_seconds: Option<f64>,
    /// Those who may not have heard what is left to hear.
    unconfirmed_subscribers: Vec<SubscriberView<'a>>,
}

#[derive(Serialize)]
struct StatusDocument<'a> {
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
pub fn list(out: &mut dyn Write, look: &Look, cases: &[&Case]) -> io::Result<()> {
    let inventory = &look.inventory;
    let planner = Planner::new(inventory, &look.held);
    let views = |leftovers: bool| {
        let wanted = cases.iter().filter(move |it| it.session(inventory).is_none() == leftovers);
        wanted.map(|case| view(inventory, case, planner.would_take(case).as_ref()))
    };
    document(
        out,
        &ListDocument {
            server: server(&inventory.server),
            sessions: Each(|| views(false)),
            leftovers: Each(|| views(true)),
            collisions: Each(|| look.collisions.iter().map(collision)),
        },
    )
}

/// `sessions list -o jsonl`: one session or leftover a line.
pub fn list_lines(out: &mut dyn Write, look: &Look, cases: &[&Case]) -> io::Result<()> {
    let planner = Planner::new(&look.inventory, &look.held);
    let mut views =
        cases.iter().map(|case| view(&look.inventory, case, planner.would_take(case).as_ref()));
    views.try_for_each(|view| line(out, &view))
}

/// `sessions drop` and `sessions reap`.
pub fn report(out: &mut dyn Write, report: &Report, why: Option<&str>) -> io::Result<()> {
    document(
        out,
        &ReportDocument {
            server: server(&report.server),
            dry_run: report.extent.dry_run,
            why,
            targets: Each(|| report.targets.iter().map(target)),
            lock: report.lock.as_ref().map(freed),
            expected_freeze_seconds: report.expected_freeze.map(seconds),
            unconfirmed_subscribers: report.unconfirmed.iter().map(subscriber).collect(),
        },
    )
}

/// `-o jsonl` of the same: one target a line.
pub fn report_lines(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    report.targets.iter().try_for_each(|it| line(out, &target(it)))
}

/// `sessions watch -o jsonl`: one event a line, of the server at that address; `why` is for drops.
pub fn event(
    out: &mut dyn Write,
    server: &str,
    why: Option<&str>,
    event: &Event,
) -> io::Result<()> {
    line(out, &events::event(server, why, event))
}

/// `server status`.
pub fn status(out: &mut dyn Write, inventory: &Inventory) -> io::Result<()> {
    let process = inventory.server.process.as_ref();
    let endpoints = Endpoints::of(inventory);
    document(
        out,
        &StatusDocument {
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
        },
    )
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

fn document(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut out = Escaping::to(out);
    serde_json::to_writer_pretty(&mut out, &Versioned::of(value))?;
    writeln!(out)?;
    out.end()
}

fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut out = Escaping::to(out);
    serde_json::to_writer(&mut out, &Versioned::of(value))?;
    writeln!(out)?;
    out.end()
}
