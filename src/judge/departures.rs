//! Which session lost a process, where the evidence allows only one.
//!
//! The server forgets what a process owned when it leaves; its histories keep that it was there. A
//! departed process is charged to a session only if publishers or subscribers were made between that
//! session and the process, and if it cannot have been anybody else's: not of another session that
//! was there and lacks a process, and not of one that is gone by now and was there, or had been there
//! less than a start ago.

use std::time::{Duration, SystemTime};

use super::ownership::{Owned, Ownership};
use crate::model::{Departed, Ended, Inventory, Session};

/// What one session lost.
#[derive(Clone, Default)]
pub(super) struct Losses {
    /// When the processes left that it must have had.
    pub(super) certain: Vec<SystemTime>,
    /// How many more it may have had.
    pub(super) possible: usize,
}

/// One entry a session, in the inventory's order.
pub(super) fn losses(
    inventory: &Inventory,
    ownership: &Ownership,
    start_timeout: Duration,
) -> Vec<Losses> {
    let mut losses = vec![Losses::default(); inventory.sessions.len()];
    let Some(history) = &inventory.history else { return losses };
    for departed in &history.departed {
        let of_the_gone =
            || history.ended.iter().any(|ended| was_perhaps_of(ended, departed, start_timeout));
        let candidates: Vec<_> = (0..inventory.sessions.len())
            .filter(|&index| {
                let session = &inventory.sessions[index];
                could_have_lost(inventory, session, &ownership.sessions[index], departed)
            })
            .collect();
        match candidates[..] {
            [only]
                if history.whole
                    && made_for(departed, &inventory.sessions[only])
                    && !of_the_gone() =>
            {
                losses[only].certain.push(departed.left);
            }
            _ => candidates.into_iter().for_each(|index| losses[index].possible += 1),
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

/// Publishers or subscribers were made after the session was opened, and before the process came.
fn made_for(departed: &Departed, session: &Session) -> bool {
    session.created.is_some_and(|created| departed.endpoint > Some(created))
}

/// Whether the departed process may have belonged to a session that is gone.
fn was_perhaps_of(ended: &Ended, departed: &Departed, start_timeout: Duration) -> bool {
    if ended.created >= departed.created {
        return false;
    }
    let Some(at) = ended.at.filter(|at| *at <= departed.created) else { return true };
    // It ended before the process came. Backends that outlive their session may still come after it,
    // for as long as a start may take.
    departed.created.duration_since(at).is_ok_and(|since| since < start_timeout)
}
