//! `sessions show` for people: everything about one session, line by line.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{FULL_ID, Holders, stacks};
use crate::admin::Taken;
use crate::judge::{Case, LastMessage, StaleReason, SuspectReason, Verdict};
use crate::look::Look;
use crate::model::{EndpointKind, Holder, Holding, Inventory, Ping, Process, SeenBy, Session};
use crate::options::Terminal;
use crate::reap::Planner;
use crate::words::{ago, count, list};

/// Explains a case; `planner` knows what its drop would take along.
#[must_use]
pub fn case(look: &Look, case: &Case, planner: &Planner<'_>, terminal: Terminal) -> String {
    let inventory = &look.inventory;
    let session = case.session(inventory);
    let kind = if session.is_some() { "session" } else { "leftover" };
    let mut fields = vec![(kind, case.id.to_string()), ("state", case.verdict.to_string())];
    fields.extend(case.evidence.iter().map(|evidence| ("", evidence.clone())));
    fields.extend(flow(case).map(|flow| ("", flow)));
    fields.extend(case.age.map(|age| ("age", ago(age))));
    let since = |time| format!("{} ago", ago(inventory.age_of(time)));
    fields.extend(case.last_control.map(|time| ("last control", since(time))));
    match case.last_message {
        LastMessage::At(time) => fields.push(("last message", since(time))),
        LastMessage::Unknown => {
            fields.push((
                "last message",
                "not known: the kernel of the server's machine does not show it".to_owned(),
            ));
        }
        LastMessage::NoChannel => {}
    }
    if let Some(session) = session {
        fields.extend(session.peer().map(|peer| ("client", peer.to_string())));
        fields.extend(named_once("held by", holders(session)));
        fields.extend(session.root.iter().map(|root| ("root", root.clone())));
        fields.push(("edges", session.edges.to_string()));
    }
    fields.extend(named_once("components", components(inventory, case)));
    fields.extend(named_once("processes", case.processes(inventory).map(describe)));
    fields.extend(named_once("left", departed(inventory, case)));
    if let Some(family) = session.and_then(|session| session.family.as_ref()) {
        fields.extend(named_once("running", stacks::positions(family).into_iter()));
    }
    let collisions = look.collisions.iter().filter(|it| it.held_by.contains(&case.id));
    let named = Holders::of(inventory, FULL_ID);
    fields.extend(collisions.map(|it| ("collision", named.of_collision(it))));
    if let Some(taken) = planner.would_take(case) {
        fields.extend(named_once("a drop takes", takes(inventory, &taken).into_iter()));
        fields.extend(named_once("a drop leaves", planner.left_alone(case).into_iter()));
    }
    fields.extend(named_once("next", advice(case, session).into_iter()));
    super::fields(terminal, &fields)
}

/// The Python stacks of the processes of a case.
#[must_use]
pub fn stacks_of(look: &Look, case: &Case) -> String {
    let family = case.session(&look.inventory).and_then(|session| session.family.as_ref());
    let text = family.map(stacks::format_stacks).unwrap_or_default();
    if text.is_empty() { "no Python stacks could be read\n".to_owned() } else { text }
}

/// What a drop takes along, alone.
#[must_use]
pub fn plan(look: &Look, taken: &Taken, terminal: Terminal) -> String {
    let takes = takes(&look.inventory, taken).into_iter();
    super::fields(terminal, &named_once("a drop takes", takes).collect::<Vec<_>>())
}

/// Values of one kind: the first has the name beside it.
fn named_once(
    name: &str,
    values: impl Iterator<Item = String>,
) -> impl Iterator<Item = (&str, String)> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(values)
}

/// What a person must know before the rest: dead as it is, it still sends.
fn flow(case: &Case) -> Option<String> {
    let rate = case.rate.filter(|rate| case.verdict.is_stale() && *rate > 0.0)?;
    Some(format!("AND YET IT PUBLISHES {rate:.0} messages a second, which a drop would end"))
}

fn holders(session: &Session) -> impl Iterator<Item = String> {
    let holding = session.holding.iter();
    holding.flat_map(|Holding { holders, unsure, seen_by }| {
        let unsure = unsure.iter().map(|why| format!("not known for sure: {why}"));
        let place = match seen_by {
            SeenBy::Graphctl => "",
            SeenBy::Server => "on the server's machine, ",
        };
        holders.iter().map(move |it| format!("{place}{}", holder(it))).chain(unsure)
    })
}

fn holder(holder: &Holder) -> String {
    let state = match holder.state {
        'R' => "running",
        'S' | 'I' => "sleeping",
        'D' => "waiting for a device",
        'T' | 't' => "stopped",
        'Z' | 'X' => "dead",
        _ => "in an unknown state",
    };
    let serving = match holder.serving {
        Some(true) => "reads the connection",
        Some(false) if holder.lives_elsewhere => "inherited the connection and does not read it",
        Some(false) => "was not seen reading the connection, and may read it now and then",
        None => "whether it reads the connection cannot be seen",
    };
    format!("{}, started {} ago, {state}: {serving}", holder.name(), ago(holder.age))
}

fn components<'a>(inventory: &'a Inventory, case: &'a Case) -> impl Iterator<Item = String> {
    let units: HashSet<_> = case.units(inventory).into_iter().collect();
    case.keys(inventory).into_iter().map(move |key| {
        if units.contains(key) { key.to_owned() } else { format!("{key} (collection)") }
    })
}

/// Those of its processes that an earlier look saw, and that have left.
fn departed(inventory: &Inventory, case: &Case) -> impl Iterator<Item = String> {
    let departed = inventory.history.iter().flat_map(|history| &history.departed);
    departed.filter_map(|departed| {
        let seen = departed.seen.as_ref().filter(|seen| seen.session == case.id)?;
        let when = ago(inventory.age_of(departed.left));
        Some(format!("{} owned {}, and left {when} ago", seen.name, list(&seen.units)))
    })
}

fn describe(process: &Process) -> String {
    let ping = match &process.ping {
        Ping::NotAsked => "was not asked".into(),
        Ping::Answered(Some(after)) => {
            format!("answered after {:.1} ms", after.as_secs_f64() * 1000.0)
        }
        Ping::Answered(None) => "answered".into(),
        Ping::Heard => "spoke after it was asked".into(),
        Ping::Silent => "did not answer".into(),
        Ping::Blocked => "takes no requests".into(),
        Ping::Failed(code) => format!("answered with {code}"),
    };
    format!("{} {ping}; owns {}", process.name(), process.units.join(", "))
}

/// The clients whose connections a drop would close, a line for each kind.
fn takes(inventory: &Inventory, taken: &Taken) -> Vec<String> {
    let endpoints = inventory.endpoints.iter().flatten();
    let topics: HashMap<Uuid, &str> = endpoints
        .filter_map(|it| match &it.kind {
            EndpointKind::Publisher(topic) | EndpointKind::Subscriber(topic) => {
                Some((it.id, topic.as_str()))
            }
            EndpointKind::Channel(_) => None,
        })
        .collect();
    let processes = inventory.processes.iter().filter(|it| taken.processes.contains(&it.id));
    let processes: Vec<_> = processes.map(Process::name).collect();
    let on = |ids: &[Uuid]| ids.iter().filter_map(|id| topics.get(id).copied()).collect::<Vec<_>>();
    let kinds = [
        (processes.len(), "process registration", "process registrations", list(&processes)),
        (taken.publishers.len(), "publisher", "publishers", list(&on(&taken.publishers))),
        (taken.subscribers.len(), "subscriber", "subscribers", list(&on(&taken.subscribers))),
        (taken.channels.len(), "channel", "channels", "to those publishers".to_owned()),
    ];
    let clients = kinds.into_iter().filter(|(number, ..)| *number > 0);
    let clients =
        clients.map(|(number, one, many, names)| format!("{}: {names}", count(number, one, many)));
    taken.session.iter().map(|_| "the session".to_owned()).chain(clients).collect()
}

/// What to do next; a command stands on a line of its own.
fn advice(case: &Case, session: Option<&Session>) -> Vec<String> {
    let holding = session.and_then(|session| session.holding.as_ref());
    let seen_here = holding.is_some_and(|it| it.seen_by == SeenBy::Graphctl);
    let start_seen = session.is_some_and(|session| session.family.is_some());
    let drop = format!("graphctl sessions drop {}", case.id);
    let force = format!("graphctl sessions drop --force {}", case.id);
    let lines: &[&str] = match case.verdict {
        Verdict::Stale(StaleReason::Headless) if seen_here => {
            &["drop it, and end what still runs of it:", &format!("{drop} --kill")]
        }
        Verdict::Stale(_) => &[&drop],
        Verdict::Suspect(_) if case.may_have_vanished => {
            &["look again in a minute; a reap waits for the proof:", "graphctl sessions reap"]
        }
        Verdict::Suspect(SuspectReason::Partial) => &[
            "check its processes: they may still be working, or may start again; if it is dead:",
            &force,
        ],
        Verdict::Suspect(SuspectReason::NeverStarted) => &[
            "it may still be starting: set --start-timeout to how long a start may take; if it is dead:",
            &force,
        ],
        Verdict::Suspect(SuspectReason::Unresponsive) => &[
            "look at its processes: one that is stopped goes on with kill -CONT; if it is dead:",
            &force,
        ],
        Verdict::Unknown => &["look at its processes; if it is dead:", &force],
        Verdict::Starting if start_seen => &["wait; if it is dead:", &force],
        Verdict::Starting => {
            &["wait, or say with --start-timeout how long your pipelines take to start"]
        }
        Verdict::Live | Verdict::Observer => &["nothing: it is left alone"],
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}
