//! Sessions, leftovers, and what belongs to them.

use std::net::SocketAddr;

use serde::Serialize;
use uuid::Uuid;

use super::{kind, seconds, time};
use crate::admin::Taken;
use crate::judge::{Case, Collision, Lack, LastMessage, Missing};
use crate::model::{
    Family, Frame, Holder, Holding, Inventory, Member, Ping, Process, SeenBy, Session, Thread,
};
use crate::reap::report::Clients;

#[derive(Serialize)]
pub(super) struct CaseView<'a> {
    id: Uuid,
    kind: &'static str,
    created_at: Option<String>,
    age_seconds: Option<f64>,
    last_activity_at: Option<String>,
    last_activity_seconds: Option<f64>,
    last_control_at: Option<String>,
    last_control_seconds: Option<f64>,
    last_message_at: Option<String>,
    last_message_seconds: Option<f64>,
    root: Option<&'a str>,
    components: Vec<&'a str>,
    units: Vec<&'a str>,
    edges: Option<u64>,
    peer: Option<SocketAddr>,
    verdict: &'static str,
    reason: Option<&'static str>,
    /// Messages that its processes publish a second; counted only where the verdict asks for it.
    messages_per_second: Option<f64>,
    evidence: &'a [String],
    processes: Vec<ProcessView<'a>>,
    /// Those that were seen; `holders_complete` tells whether these are all. Both are `null` where nobody
    /// was looked for: no verdict depends on it, and `show` was not asked.
    holders: Option<Vec<HolderView<'a>>>,
    holders_complete: Option<bool>,
    clients: Option<ClientsView>,
    /// The Python stacks of its processes; `null` if they were not read.
    stacks: Option<Vec<StacksView<'a>>>,
}

#[derive(Serialize)]
struct StacksView<'a> {
    pid: u32,
    command: &'a str,
    python: Option<&'a str>,
    ezmsg: Option<&'a str>,
    /// Why they could not be read.
    unread: Option<String>,
    threads: Vec<ThreadView<'a>>,
}

#[derive(Serialize)]
struct ThreadView<'a> {
    id: Option<u32>,
    name: Option<&'a str>,
    frames: Vec<FrameView<'a>>,
}

#[derive(Serialize)]
struct FrameView<'a> {
    function: &'a str,
    file: &'a str,
    line: u32,
}

#[derive(Serialize)]
struct ProcessView<'a> {
    id: Uuid,
    pid: Option<u32>,
    host: Option<&'a str>,
    units: &'a [String],
    ping: Option<&'static str>,
    /// ezmsg's own error code, if the ping failed.
    ping_error: Option<&'a str>,
    ping_ms: Option<f64>,
}

#[derive(Serialize)]
struct HolderView<'a> {
    pid: u32,
    command: &'a str,
    state: char,
    age_seconds: f64,
    serving: Option<bool>,
    lives_elsewhere: bool,
    /// `graphctl`, or `server` if the server saw it on its own machine.
    seen_by: &'static str,
}

#[derive(Serialize)]
pub(super) struct ClientsView {
    publishers: usize,
    subscribers: usize,
    channels: usize,
    processes: usize,
}

#[derive(Serialize)]
pub(super) struct CollisionView<'a> {
    kind: &'static str,
    key: &'a str,
    held_by: &'a [Uuid],
}

#[derive(Serialize)]
pub(super) struct MissingView<'a> {
    key: &'a str,
    reason: &'static str,
    /// The session or process registration that has the key, and is not what it takes.
    holder: Option<Uuid>,
}

pub(super) fn view<'a>(
    inventory: &'a Inventory,
    case: &'a Case,
    taken: Option<&Taken>,
) -> CaseView<'a> {
    let session = case.session(inventory);
    let holding = session.and_then(|session| session.holding.as_ref());
    let created = case.age.and_then(|age| inventory.now.checked_sub(age));
    let ago = |time| seconds(inventory.age_of(time));
    let last_message = match case.last_message {
        LastMessage::At(time) => Some(time),
        LastMessage::NoChannel | LastMessage::Unknown => None,
    };
    CaseView {
        id: case.id,
        kind: kind(session.is_none()),
        created_at: created.map(time),
        age_seconds: case.age.map(seconds),
        last_activity_at: case.last_activity().map(time),
        last_activity_seconds: case.idle(inventory).map(seconds),
        last_control_at: case.last_control.map(time),
        last_control_seconds: case.last_control.map(ago),
        last_message_at: last_message.map(time),
        last_message_seconds: last_message.map(ago),
        root: session.and_then(|session| session.root.as_deref()),
        components: case.keys(inventory),
        units: case.units(inventory),
        edges: session.map(|session| session.edges),
        peer: session.and_then(Session::peer),
        verdict: case.verdict.state(),
        reason: case.verdict.reason(),
        messages_per_second: case.rate,
        evidence: &case.evidence,
        processes: case.processes(inventory).map(process).collect(),
        holders: holding.filter(|it| !it.holders.is_empty()).map(holders),
        holders_complete: holding.map(|holding| holding.unsure.is_none()),
        clients: taken.map(|taken| clients_view(taken.into())),
        stacks: session.and_then(|it| it.family.as_ref()).map(stacks),
    }
}

fn stacks(family: &Family) -> Vec<StacksView<'_>> {
    family.members.iter().map(stacks_view).collect()
}

fn stacks_view(Member { process, stacks, .. }: &Member) -> StacksView<'_> {
    let read = stacks.as_ref().ok();
    StacksView {
        pid: process.pid,
        command: &process.command,
        python: read.map(|it| it.python.as_str()),
        ezmsg: read.and_then(|it| it.ezmsg.as_deref()),
        unread: stacks.as_ref().err().map(ToString::to_string),
        threads: read.iter().flat_map(|it| &it.threads).map(thread).collect(),
    }
}

fn thread(Thread { id, name, frames }: &Thread) -> ThreadView<'_> {
    ThreadView {
        id: *id,
        name: name.as_deref(),
        frames: frames
            .iter()
            .map(|Frame { function, file, line }| FrameView { function, file, line: *line })
            .collect(),
    }
}

fn holders(holding: &Holding) -> Vec<HolderView<'_>> {
    let seen_by = match holding.seen_by {
        SeenBy::Graphctl => "graphctl",
        SeenBy::Server => "server",
    };
    holding.holders.iter().map(|it| holder(it, seen_by)).collect()
}

fn holder<'a>(holder: &'a Holder, seen_by: &'static str) -> HolderView<'a> {
    HolderView {
        pid: holder.pid,
        command: &holder.command,
        state: holder.state,
        age_seconds: seconds(holder.age),
        serving: holder.serving,
        lives_elsewhere: holder.lives_elsewhere,
        seen_by,
    }
}

fn process(process: &Process) -> ProcessView<'_> {
    let (ping, error, took) = match &process.ping {
        Ping::NotAsked => (None, None, None),
        Ping::Answered(took) => (Some("ok"), None, *took),
        Ping::Heard => (Some("heard"), None, None),
        Ping::Silent => (Some("timeout"), None, None),
        Ping::Blocked => (Some("blocked"), None, None),
        Ping::Failed(code) => (Some("failed"), Some(code.as_str()), None),
    };
    ProcessView {
        id: process.id,
        pid: process.pid,
        host: process.host.as_deref(),
        units: &process.units,
        ping,
        ping_error: error,
        ping_ms: took.map(|took| (took.as_secs_f64() * 1e6).round() / 1e3),
    }
}

pub(super) fn clients_view(clients: Clients) -> ClientsView {
    let Clients { publishers, subscribers, channels, processes } = clients;
    ClientsView { publishers, subscribers, channels, processes }
}

pub(super) fn collision(collision: &Collision) -> CollisionView<'_> {
    let Collision { kind, key, held_by } = collision;
    CollisionView { kind: kind.name(), key, held_by }
}

pub(super) fn missing(missing: &Missing) -> MissingView<'_> {
    let (reason, holder) = match missing.lack {
        Lack::Unregistered | Lack::NothingBelow => ("unregistered", None),
        Lack::Unowned => ("unowned", None),
        Lack::Foreign(owner) => ("foreign", Some(owner)),
        Lack::Silent(owner) => ("silent", Some(owner)),
        Lack::Dead(session, _) => ("stale", Some(session)),
    };
    MissingView { key: &missing.key, reason, holder }
}
