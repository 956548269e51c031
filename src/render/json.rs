//! Everything as JSON. Fields may be added and are never renamed; what is not known is `null`.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use uuid::Uuid;

use super::lock;
use super::status::{Endpoints, channel};
use crate::admin::DropTarget;
use crate::host::Ended;
use crate::judge::{Case, Collision};
use crate::look::Look;
use crate::model::{
    Holder, Holding, Inventory, LockHolder, Ping, Process, Server, ServerProcess, Session, WaitsFor,
};
use crate::reap::report::Clients;
use crate::reap::{Freed, Heir, HeirEnd, Planner, Report, Target};

/// Raised when a field is removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// How long one command must have held the lock for the server to be wedged: waits of 4 s are normal
/// where subscribers are slow to confirm.
const WEDGED_AFTER: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct ServerView<'a> {
    address: &'a str,
    version: &'a str,
    pid: Option<u32>,
    channel: &'static str,
    /// Not known of a lock that is held at this look and may be free at the next.
    wedged: Option<bool>,
}

#[derive(Serialize)]
struct CaseView<'a> {
    id: Uuid,
    kind: &'static str,
    created_at: Option<String>,
    age_seconds: Option<f64>,
    last_activity_at: Option<String>,
    last_activity_seconds: Option<f64>,
    root: Option<&'a str>,
    components: Vec<&'a str>,
    units: Vec<&'a str>,
    edges: Option<u64>,
    peer: Option<SocketAddr>,
    verdict: &'static str,
    reason: Option<&'static str>,
    /// Messages that its processes publish a second; counted only where the verdict asks for it.
    message_rate: Option<f64>,
    evidence: &'a [String],
    processes: Vec<ProcessView<'a>>,
    /// Those that were seen; `holders_complete` tells whether these are all.
    holders: Option<Vec<HolderView<'a>>>,
    holders_complete: Option<bool>,
    clients: Option<ClientsView>,
}

#[derive(Serialize)]
struct ProcessView<'a> {
    id: Uuid,
    pid: Option<u32>,
    host: Option<&'a str>,
    units: &'a [String],
    ping: Option<&'a str>,
    ping_ms: Option<f64>,
}

#[derive(Serialize)]
struct HolderView<'a> {
    pid: u32,
    command: &'a str,
    state: char,
    age_seconds: f64,
    serving: Option<bool>,
}

#[derive(Serialize)]
struct ClientsView {
    publishers: usize,
    subscribers: usize,
    channels: usize,
    processes: usize,
}

#[derive(Serialize)]
struct CollisionView<'a> {
    kind: &'static str,
    key: &'a str,
    held_by: &'a [Uuid],
}

#[derive(Serialize)]
struct TargetView<'a> {
    id: Uuid,
    kind: &'static str,
    verdict: Option<&'static str>,
    reason: Option<&'static str>,
    message_rate: Option<f64>,
    evidence: &'a [String],
    age_seconds: Option<f64>,
    components: &'a [String],
    outcome: &'static str,
    detail: Option<&'a str>,
    clients: ClientsView,
    /// The processes of this machine that were ended, or in a dry run would be.
    killed: Vec<u32>,
    /// All that it left behind on this machine, if they were to be ended.
    heirs: Vec<HeirView<'a>>,
}

#[derive(Serialize)]
struct HeirView<'a> {
    pid: u32,
    command: &'a str,
    outcome: &'static str,
    detail: Option<&'a str>,
}

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
struct FreedView<'a> {
    holder: LockHolderView<'a>,
    outcome: &'static str,
    detail: Option<&'a str>,
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

#[derive(Serialize)]
struct LockHolderView<'a> {
    request: &'a str,
    by: Option<Uuid>,
    by_peer: Option<String>,
    asked_seconds: Option<f64>,
    waits_for: WaitsFor,
    client: Option<Uuid>,
    peer: Option<String>,
    gone: bool,
    topic: Option<&'a str>,
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
        dry_run: report.dry_run,
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

fn server(server: &Server) -> ServerView<'_> {
    let process = server.process.as_ref();
    ServerView {
        address: &server.address,
        version: &server.version,
        pid: process.map(|process| process.pid),
        channel: channel(server.channel),
        wedged: process.and_then(wedged),
    }
}

fn freed(lock: &Freed) -> FreedView<'_> {
    FreedView {
        holder: lock_holder(&lock.holder),
        outcome: lock.outcome.name(),
        detail: lock.detail.as_deref(),
    }
}

fn wedged(process: &ServerProcess) -> Option<bool> {
    let asked = process.lock_holder.as_ref().and_then(LockHolder::asked);
    if process.lock_held {
        asked.filter(|asked| *asked >= WEDGED_AFTER).map(|_| true)
    } else {
        Some(false)
    }
}

fn lock_holder(holder: &LockHolder) -> LockHolderView<'_> {
    LockHolderView {
        request: &holder.request,
        by: holder.by,
        by_peer: lock::address(holder.by_peer.as_ref()),
        asked_seconds: holder.asked().map(seconds),
        waits_for: holder.waits_for,
        client: holder.client,
        peer: lock::address(holder.peer.as_ref()),
        gone: holder.gone,
        topic: holder.topic.as_deref(),
    }
}

fn view<'a>(inventory: &'a Inventory, case: &'a Case, plan: Option<&DropTarget>) -> CaseView<'a> {
    let session = case.session(inventory);
    let holding = session.and_then(|session| session.holding.as_ref());
    let created = case.age.and_then(|age| inventory.now.checked_sub(age));
    CaseView {
        id: case.id,
        kind: kind(session.is_none()),
        created_at: created.map(time),
        age_seconds: case.age.map(seconds),
        last_activity_at: case.last_activity.map(time),
        last_activity_seconds: case.idle(inventory).map(seconds),
        root: session.and_then(|session| session.root.as_deref()),
        components: case.keys(inventory),
        units: case.units(inventory),
        edges: session.map(|session| session.edges),
        peer: session.and_then(Session::peer),
        verdict: case.verdict.state(),
        reason: case.verdict.reason(),
        message_rate: case.rate,
        evidence: &case.evidence,
        processes: case.processes(inventory).map(process).collect(),
        holders: holding.filter(|it| !it.holders.is_empty()).map(holders),
        holders_complete: holding.map(|holding| holding.unsure.is_none()),
        clients: plan.map(|plan| clients_view(plan.into())),
    }
}

fn holders(holding: &Holding) -> Vec<HolderView<'_>> {
    holding.holders.iter().map(holder).collect()
}

fn holder(holder: &Holder) -> HolderView<'_> {
    HolderView {
        pid: holder.pid,
        command: &holder.command,
        state: holder.state,
        age_seconds: seconds(holder.age),
        serving: holder.serving,
    }
}

fn process(process: &Process) -> ProcessView<'_> {
    let (ping, took) = match &process.ping {
        Ping::NotAsked => (None, None),
        Ping::Answered(took) => (Some("ok"), *took),
        Ping::Heard => (Some("heard"), None),
        Ping::Silent => (Some("timeout"), None),
        Ping::Blocked => (Some("blocked"), None),
        Ping::Failed(code) => (Some(code.as_str()), None),
    };
    ProcessView {
        id: process.id,
        pid: process.pid,
        host: process.host.as_deref(),
        units: &process.units,
        ping,
        ping_ms: took.map(|took| seconds(took * 1000)),
    }
}

fn target(target: &Target) -> TargetView<'_> {
    TargetView {
        id: target.id,
        kind: kind(target.leftover),
        verdict: target.verdict.map(crate::judge::Verdict::state),
        reason: target.verdict.and_then(crate::judge::Verdict::reason),
        message_rate: target.rate,
        evidence: &target.evidence,
        age_seconds: target.age.map(seconds),
        components: &target.components,
        outcome: target.outcome.name(),
        detail: target.detail.as_deref(),
        clients: clients_view(target.clients),
        heirs: target.heirs.iter().map(heir).collect(),
        killed: target.heirs.iter().filter(|it| it.is_ended()).map(|it| it.process.pid).collect(),
    }
}

fn heir(heir: &Heir) -> HeirView<'_> {
    let (outcome, detail) = match &heir.end {
        HeirEnd::Would => ("would-end", None),
        HeirEnd::Spared => ("spared", None),
        HeirEnd::Ended(Ended::Terminated) => ("ended", None),
        HeirEnd::Ended(Ended::Killed) => ("killed", None),
        HeirEnd::Ended(Ended::AlreadyGone) => ("already-gone", None),
        HeirEnd::Ended(Ended::Failed(why)) => ("failed", Some(why.as_str())),
    };
    HeirView { pid: heir.process.pid, command: &heir.process.command, outcome, detail }
}

const fn kind(leftover: bool) -> &'static str {
    if leftover { "leftover" } else { "session" }
}

fn clients_view(clients: Clients) -> ClientsView {
    let Clients { publishers, subscribers, channels, processes } = clients;
    ClientsView { publishers, subscribers, channels, processes }
}

fn collision(collision: &Collision) -> CollisionView<'_> {
    let Collision { kind, key, held_by } = collision;
    CollisionView { kind: kind.name(), key, held_by }
}

fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
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
