//! Which session lost a process, where the evidence allows only one.
//!
//! The server forgets what a process owned when it leaves; its histories keep that it was there. A
//! departed process is charged to a session only if publishers or subscribers were made between that
//! session and the process, and if it cannot have been anybody else's: not of another session that
//! was there and lacks a process, and not of one that is gone by now.

use std::time::{Duration, SystemTime};

use super::ownership::{Owned, Ownership};
use crate::model::{Departed, Ended, History, Inventory, Session};

/// One entry a session, in the inventory's order: when the processes left that it must have had.
pub(super) fn losses(
    inventory: &Inventory,
    ownership: &Ownership,
    start_timeout: Duration,
) -> Vec<Vec<SystemTime>> {
    let mut losses = vec![Vec::new(); inventory.sessions.len()];
    let Some(history) = inventory.history.as_ref().filter(|history| history.whole) else {
        return losses;
    };
    for departed in &history.departed {
        if history.ended.iter().any(|ended| was_perhaps_of(ended, departed, history, start_timeout))
        {
            continue;
        }
        let mut candidates = (0..inventory.sessions.len()).filter(|&index| {
            let session = &inventory.sessions[index];
            could_have_lost(inventory, session, &ownership.sessions[index], departed)
        });
        if let (Some(only), None) = (candidates.next(), candidates.next())
            && departed.endpoint > inventory.sessions[only].created
        {
            losses[only].push(departed.left);
        }
    }
    losses
}

fn could_have_lost(
    inventory: &Inventory,
    session: &Session,
    owned: &Owned,
    departed: &Departed,
) -> bool {
    let was_there = session.created.is_none_or(|created| created < departed.created);
    let had_units = session.units().next().is_some() || session.registered;
    // The server lets no two processes own a unit: a session whose every unit had its owner before
    // the departed one left has lost nobody.
    let complete = session.units().next().is_some()
        && owned.unowned.is_empty()
        && owned.foreign.is_empty()
        && owned.owners.iter().all(|owner| {
            inventory.processes[*owner].created.is_some_and(|created| created < departed.left)
        });
    was_there && had_units && !complete
}

/// Whether the departed process may have belonged to a session that is gone.
fn was_perhaps_of(
    ended: &Ended,
    departed: &Departed,
    history: &History,
    start_timeout: Duration,
) -> bool {
    if ended.created >= departed.created {
        return false;
    }
    let Some(at) = ended.at.filter(|at| *at <= departed.created) else { return true };
    // It ended before the process came. Backends that outlive their session may still come after it,
    // unless it ended as pipelines do, after its processes, or long before.
    let ended_after_its_own =
        history.departed.iter().any(|other| ended.created < other.created && other.left <= at);
    let since = departed.created.duration_since(at).unwrap_or_default();
    !ended_after_its_own && since < start_timeout
}
