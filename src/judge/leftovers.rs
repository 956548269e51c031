//! The verdict on process registrations that a session left behind, with its evidence.
//!
//! An earlier session with the same units is no proof, even if the process was running then: a program without metadata
//! may take over the names. All of this must hold:
//!
//! - No younger session has registered the units, and no session that cannot be read may have.
//! - The process owned its units before the earlier session ended, by the order of events in the server's history, and
//!   started after that session was opened.
//! - Multiprocessing started the process, and the program that did so is gone.
//! - The process holds no session.

use super::connections;
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
    if history.earlier_sessions(process).next().is_none() {
        return Err("no session is known to have registered them".into());
    }
    let owned_in = |session: &&Ended| owned_before_the_end(process, session);
    let sessions: Vec<_> = history.earlier_sessions(process).filter(owned_in).collect();
    if sessions.is_empty() {
        return Err(
            "nothing shows that it owned them before the session that registered them ended".into(),
        );
    }
    let Some(holders) = process.holding.as_ref().and_then(Holding::all) else {
        return Err(
            "the process cannot be seen from here, and the program that started it may be running"
                .into(),
        );
    };
    if let Some(holder) = holders.iter().find(|it| !has_lost_its_starter(it)) {
        let name = holder.name();
        return Err(format!("nothing shows that the program that started {name} is gone"));
    }
    let may_be_of = |session: &&Ended| {
        let age = inventory.age_of(session.created);
        holders.iter().all(|it| connections::may_be_younger(it, age))
    };
    if !sessions.iter().any(may_be_of) {
        return Err("the process is older than the session that registered them".into());
    }
    let pids: Vec<u32> = holders.iter().map(|holder| holder.pid).collect();
    let mut open = inventory.sessions.iter().filter(|session| !session.graphctl);
    if let Some(session) = open.find(|it| may_hold(process, &pids, it)) {
        return Err(format!("it may also hold session {}", session.id));
    }
    Ok("the session that registered them is gone, and so is the program that started the process"
        .into())
}

/// Whether the process last took or gave away units before the session ended.
fn owned_before_the_end(process: &Process, session: &Ended) -> bool {
    matches!((process.last_change, session.event), (Some(change), Some(end)) if change < end)
}

/// Whether multiprocessing started the process, and the program that did so is gone.
fn has_lost_its_starter(holder: &Holder) -> bool {
    holder.worker.is_some_and(|worker| worker.starter_runs == Some(false))
}

/// Whether the process, which has these pids, may hold the session's connection: it is seen to, or the holders of the
/// open connection are not seen. A process reaches the server from one address.
fn may_hold(process: &Process, pids: &[u32], session: &Session) -> bool {
    let host = |link: &Option<Link>| link.as_ref()?.peer.map(|peer| peer.ip());
    let hosts = host(&session.link).zip(host(&process.link));
    if hosts.is_some_and(|(session, process)| session != process) {
        return false;
    }
    match session.holding.as_ref().and_then(Holding::all) {
        Some(holders) => holders.iter().any(|holder| pids.contains(&holder.pid)),
        None => session.link.as_ref().is_none_or(|link| connections::closed(link).is_none()),
    }
}
