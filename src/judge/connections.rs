//! What connections prove by themselves: closed, inherited by nobody who serves them, or dead.

use std::time::Duration;

use super::facts::{Facts, Judged};
use super::{StaleReason, Verdict};
use crate::model::{Holder, Holding, Link, Ping, Process, SeenBy};
use crate::words::{ago, count, list};

/// For how long a host must have left the same unacknowledged to be taken for gone. A shorter partition
/// heals, and up to the next repetition, which may come as much later, nobody knows.
pub(super) const HALF_OPEN_AFTER: Duration = Duration::from_secs(50);

/// The kernel counts a process's start in ticks of this length: its age may be too long by one. A pipeline
/// was seen to fork its backends 5 ms after it had opened its session.
const TICK: Duration = Duration::from_millis(10);

/// What a closed connection proves. A regular close passes through the same states for a few
/// milliseconds; whoever acts on this looks twice.
pub(super) fn closed(link: &Link) -> Option<Judged> {
    let open = link.established.unwrap_or(true) && !link.closing;
    match (open, link.handled) {
        (true, _) => None,
        (false, false) => Some((
            Verdict::Stale(StaleReason::Ghost),
            vec![
                "its connection is closed, and no task of the server reads from it any more".into(),
            ],
        )),
        (false, true) => Some((
            Verdict::Stale(StaleReason::ClientClosed),
            vec!["its connection is closed, and the server is held up before it can notice".into()],
        )),
    }
}

/// The opener is gone: every process that holds the connection is known, each started after the session was opened,
/// each waits on something else, and the program that forked each has exited. The session would have ended with its
/// opener if these had not inherited the connection. Age alone is no proof: a daemon forks after it has opened its
/// session, and a clock may be set.
///
/// Whoever said something on it since an earlier look, `heard_within`, lives.
pub(super) fn headless(facts: &Facts<'_>, heard_within: Duration) -> Option<Judged> {
    let holders = facts.session.holding.as_ref()?.all()?;
    let silent = facts.session.link.as_ref()?.silent_for?;
    if silent < heard_within {
        return None;
    }
    let age = facts.inventory.age_of(facts.session.created?);
    let is_heir = |holder: &Holder| holder.only_inherited() && may_be_younger(holder, age);
    if !holders.iter().all(is_heir) {
        return None;
    }
    let heirs: Vec<_> = holders.iter().map(|heir| format!("pid {}", heir.pid)).collect();
    let number = count(heirs.len(), "process", "processes");
    let kept = format!("its connection lives on in {number} forked later: {}", list(&heirs));
    let mut evidence = vec![
        "the process that opened it is gone".to_owned(),
        kept,
        "each of them answered a ping on a connection of its own, and none was seen reading this one".to_owned(),
    ];
    let by_server = facts.session.holding.as_ref().is_some_and(|it| it.seen_by == SeenBy::Server);
    evidence
        .extend(by_server.then(|| "the server saw these processes on its own machine".to_owned()));
    Some((Verdict::Stale(StaleReason::Headless), evidence))
}

/// A note if all holders of the connection run units of sessions, and none of them was seen reading it. A runner that was
/// stopped leaves this if its program has forked the backends of another runner meanwhile. It proves nothing: one of them
/// may still use the connection.
pub(super) fn held_by_backends(facts: &Facts<'_>) -> Option<String> {
    let holders = facts.session.holding.as_ref()?.all()?;
    let holds = |process: &Process, holder: &Holder| {
        let of_process = process.holding.as_ref().and_then(Holding::all);
        of_process.is_some_and(|all| all.iter().any(|it| it.id() == holder.id()))
    };
    let runs_units = |holder: &Holder| {
        facts.inventory.processes.iter().any(|it| !it.units.is_empty() && holds(it, holder))
    };
    let is_unread =
        |it: &Holder| !it.watches && it.serving != Some(true) && it.serving_loop.is_none();
    if !holders.iter().all(|it| is_unread(it) && runs_units(it)) {
        return None;
    }
    let pids: Vec<_> = holders.iter().map(|it| format!("pid {}", it.pid)).collect();
    Some(format!(
        "only processes that run units hold its connection, and none was seen reading it: {}; \
         a runner that was stopped may have left it to them",
        list(&pids)
    ))
}

/// Whether a process may have started after a session of this age was opened.
pub(super) fn may_be_younger(process: &Holder, session_age: Duration) -> bool {
    process.age <= session_age + TICK
}

/// What is known of the processes that hold the connection, in words.
pub(super) fn opener(facts: &Facts<'_>) -> String {
    match &facts.session.holding {
        None => "which process opened it cannot be seen from here".into(),
        Some(Holding { unsure: Some(why), .. }) => {
            format!("which process opened it cannot be seen: {why}")
        }
        Some(Holding { holders, .. }) if holders.is_empty() => {
            "no process is seen to hold its connection".into()
        }
        Some(Holding { holders, .. }) => {
            let names: Vec<_> = holders.iter().map(Holder::name).collect();
            format!("its connection is held by {}", list(&names))
        }
    }
}

/// For how long the client's host has left unacknowledged what was sent to each process of the session.
/// `None` unless every owner runs there and is silent, and the session's own connection was as long; also
/// if a process that was there before the session owns a unit: whose that is cannot be told.
pub(super) fn unacked_for(facts: &Facts<'_>) -> Option<Duration> {
    if !facts.owned.foreign.is_empty() {
        return None;
    }
    let link = facts.session.link.as_ref()?;
    let host = link.peer?.ip();
    let of_owner = |process: &Process| {
        let there = process.link.as_ref()?.peer?.ip() == host;
        let silent = matches!(process.ping, Ping::Silent | Ping::Blocked);
        process.unacked_for.filter(|_| there && silent)
    };
    let unacked: Option<Vec<_>> = facts.owners().map(of_owner).collect();
    Some(unacked?.into_iter().min()?.min(link.silent_for?))
}

/// Whether all speaks for it that the client's host has vanished, and only time is missing for the proof.
pub(super) fn may_have_vanished(facts: &Facts<'_>) -> bool {
    unacked_for(facts).is_some_and(|unacked| unacked < HALF_OPEN_AFTER)
}

/// The client's host vanished without a word.
pub(super) fn half_open(facts: &Facts<'_>) -> Option<Judged> {
    let unacked = unacked_for(facts).filter(|unacked| *unacked >= HALF_OPEN_AFTER)?;
    let host = facts.session.peer()?.ip();
    let asked = count(facts.owned.owners.len(), "process", "processes");
    let evidence = vec![format!(
        "its host {host} has acknowledged nothing that was sent to its {asked} for {}",
        ago(unacked)
    )];
    Some((Verdict::Stale(StaleReason::HalfOpen), evidence))
}
