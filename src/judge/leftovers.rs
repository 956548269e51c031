//! The verdict on process registrations that a session left behind, with its evidence.
//!
//! It is no proof that a session once registered the same units: a program without metadata may use the same names
//! later. Two conditions must hold. The process was running before that session ended, and no session without
//! components is held by a program that may have started the process.

use std::time::SystemTime;

use super::connections::TICK;
use super::facts::Judged;
use super::ownership::Leftover;
use super::{StaleReason, Verdict};
use crate::model::{Ended, Holder, Holding, Inventory, Link, Process, Session};
use crate::words::list;

/// `unreadable` is a session of which it cannot be known what it registered.
pub(super) fn of_leftover(
    inventory: &Inventory,
    leftover: &Leftover,
    unreadable: Option<&Session>,
) -> Judged {
    let process = &inventory.processes[leftover.process];
    let units = format!("{} owns {}", process.name(), list(&process.units));
    let (verdict, why) = match judge(inventory, leftover, unreadable) {
        Ok(proof) => (Verdict::Stale(StaleReason::Leftover), proof),
        Err(doubt) => (Verdict::Unknown, doubt),
    };
    (verdict, vec![units, why])
}

/// The proof that the pipeline of the process is gone, or what is missing for it.
fn judge(
    inventory: &Inventory,
    leftover: &Leftover,
    unreadable: Option<&Session>,
) -> Result<String, String> {
    let process = &inventory.processes[leftover.process];
    let Some(history) = &inventory.history else {
        return Err(
            "without the admin channel it is not known which session registered them".into()
        );
    };
    if let Some(session) = leftover.claimed_by {
        let session = inventory.sessions[session].id;
        return Err(format!("the younger session {session} has registered some of them too"));
    }
    if let Some(Session { id, .. }) = unreadable {
        return Err(format!("session {id}, which cannot be read, may have them too"));
    }
    let registrations = process.units.iter().filter_map(|unit| history.registrations.get(unit));
    let older = registrations.flatten().filter(|session| Some(session.created) < process.created);
    let older: Vec<&Ended> = older.collect();
    if older.is_empty() {
        return Err("no session is known to have registered them".into());
    }
    if let Some(session) = inventory.sessions.iter().find(|it| may_have_started(it, process)) {
        let program = session.holding.as_ref().and_then(|holding| holding.holders.first());
        let program = program.map_or_else(|| "a program".into(), Holder::name);
        let id = session.id;
        return Err(format!("{program} holds session {id}, and may have started the process"));
    }
    let ends: Vec<SystemTime> = older.iter().filter_map(|session| session.at).collect();
    if ends.iter().any(|end| process.created < Some(*end)) {
        return Ok("the session that registered them is gone".into());
    }
    if ends.iter().any(|end| ran_before(inventory, process, *end)) {
        return Ok("the session that registered them ended while the process was starting".into());
    }
    Err("nothing shows that the process was running before the session that registered them ended"
        .into())
}

/// Whether the program that holds a session without components may run the process: it is the process or an ancestor
/// of it, or it is on the same host and cannot be seen.
fn may_have_started(session: &Session, process: &Process) -> bool {
    if session.graphctl || !session.components.is_empty() {
        return false;
    }
    if let (Some(openers), Some(own)) = (all_of(&session.holding), all_of(&process.holding)) {
        let own: Vec<u32> = own.iter().map(|holder| holder.pid).collect();
        return openers.iter().any(|opener| {
            let descendants = opener.descendants.as_ref();
            own.contains(&opener.pid)
                || descendants.is_none_or(|pids| pids.iter().any(|pid| own.contains(pid)))
        });
    }
    let host = |link: &Option<Link>| link.as_ref()?.peer.map(|peer| peer.ip());
    let hosts = host(&session.link).zip(host(&process.link));
    let times = session.created.zip(process.created);
    hosts.is_none_or(|(session, process)| session == process)
        && times.is_none_or(|(session, process)| session < process)
}

/// The processes that hold a connection, if it is known that these are all.
fn all_of(holding: &Option<Holding>) -> Option<&[Holder]> {
    let holding = holding.as_ref().filter(|it| it.unsure.is_none() && !it.holders.is_empty())?;
    Some(&holding.holders)
}

/// Whether the process is known to have been running at that time, although it had not connected yet.
fn ran_before(inventory: &Inventory, process: &Process, time: SystemTime) -> bool {
    let oldest = all_of(&process.holding).and_then(|it| it.iter().map(|holder| holder.age).max());
    oldest.is_some_and(|age| age > inventory.age_of(time) + TICK)
}
