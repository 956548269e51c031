//! Which session lost a process, where the evidence allows only one.
//!
//! The server forgets what a process owned when it leaves; its histories keep that it was there. A
//! departed process is charged to a session only if it cannot have been anybody else's: not of
//! another session that was there and lacks a process, and not of one that is gone by now.

use std::time::SystemTime;

use super::ownership::{Owned, Ownership};
use crate::model::{Departed, Inventory, Session};

/// One entry a session, in the inventory's order: when the processes left that it must have had.
pub(super) fn losses(inventory: &Inventory, ownership: &Ownership) -> Vec<Vec<SystemTime>> {
    let mut losses = vec![Vec::new(); inventory.sessions.len()];
    let Some(history) = inventory.history.as_ref().filter(|history| history.whole) else {
        return losses;
    };
    for departed in &history.departed {
        let of_the_gone = history.ended.iter().any(|ended| {
            ended.created < departed.created && ended.at.is_none_or(|at| at > departed.created)
        });
        let mut candidates = (0..inventory.sessions.len()).filter(|&index| {
            could_have_lost(
                inventory,
                &inventory.sessions[index],
                &ownership.sessions[index],
                departed,
            )
        });
        if let (false, Some(only), None) = (of_the_gone, candidates.next(), candidates.next()) {
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
    // The server lets no two processes own a unit: a session whose every unit had its owner before
    // the departed one left has lost nobody.
    let complete = owned.unowned.is_empty()
        && owned.foreign.is_empty()
        && owned.owners.iter().all(|owner| {
            inventory.processes[*owner].created.is_some_and(|created| created < departed.left)
        });
    session.units().next().is_some() && was_there && !complete
}
