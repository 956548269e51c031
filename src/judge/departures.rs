//! Which session lost a process.
//!
//! The server forgets what a process owned when the process leaves; its histories only keep that it was there. If
//! an earlier look saw which units the process owned, the loss is certain. Otherwise it is inferred: the process is
//! attributed to a session if publishers or subscribers were made between that session and the process, and if no
//! other session is a candidate. Candidates are the other sessions that were there and lack a process, with or
//! without components, and the sessions that are gone by now and were there then, or less than a start timeout before.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::ownership::{Owned, Ownership};
use crate::model::{Departed, Inventory, Session};

/// What one session lost.
#[derive(Clone, Default)]
pub(super) struct Losses {
    /// When the processes left that an earlier look saw with its units.
    pub(super) seen: Vec<SystemTime>,
    /// When the processes left that no look saw, and that can have belonged to no other session.
    pub(super) inferred: Vec<SystemTime>,
    /// How many more it may have had; not counted where every unit has its owner.
    pub(super) possible: usize,
}

/// A session that can have had the process.
struct Loser<'a> {
    /// Its place in the inventory.
    index: usize,
    session: &'a Session,
    /// The end of the time in which it lacked an owner.
    whole: End,
}

/// When something came to its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    At(SystemTime),
    /// It has not, or nobody knows when.
    Open,
}

/// One entry a session, in the inventory's order.
///
/// On a long-lived server both sessions and departed are many, so each is not held against each: they are
/// gone through by age, and of those that were there is kept what decides.
pub(super) fn losses(
    inventory: &Inventory,
    ownership: &Ownership<'_>,
    start_timeout: Duration,
) -> Vec<Losses> {
    let mut losses = vec![Losses::default(); inventory.sessions.len()];
    let Some(history) = &inventory.history else { return losses };
    let (seen, mut departed): (Vec<_>, Vec<_>) =
        history.departed.iter().partition(|departed| departed.seen.is_some());
    if !seen.is_empty() {
        count_seen(&mut losses, inventory, ownership, &seen);
    }
    departed.sort_by_key(|departed| departed.created);
    let losers = losers(inventory, ownership);
    for Loser { index, session, .. } in losers.iter().filter(|loser| loser.whole == End::Open) {
        let before = departed.partition_point(|departed| !was_there(session, departed));
        losses[*index].possible = departed.len() - before;
    }
    if !history.whole {
        return losses;
    }
    let mut ended: Vec<_> = history.ended.iter().collect();
    ended.sort_by_key(|ended| ended.created);
    let (mut losers, mut ended) = (losers.into_iter().peekable(), ended.into_iter().peekable());
    // Of those that were there: the two that lacked an owner for longest, and the last end of one that is
    // gone.
    let mut longest: Vec<Loser<'_>> = Vec::new();
    let mut last_end = None;
    for departed in departed {
        while let Some(loser) = losers.next_if(|loser| was_there(loser.session, departed)) {
            longest.push(loser);
            longest.sort_by_key(|loser| Reverse(loser.whole));
            longest.truncate(2);
        }
        while let Some(ended) = ended.next_if(|ended| ended.created < departed.created) {
            last_end = last_end.max(Some(ended.at.map_or(End::Open, End::At)));
        }
        let mut candidates = longest.iter().filter(|it| it.whole >= End::At(departed.left));
        if let (Some(only), None) = (candidates.next(), candidates.next())
            && made_for(departed, only.session)
            && !last_end.is_some_and(|end| reaches(end, departed, start_timeout))
        {
            let losses = &mut losses[only.index];
            losses.inferred.push(departed.left);
            losses.possible = losses.possible.saturating_sub(1);
        }
    }
    losses
}

/// Counts the processes that an earlier look saw, if what they owned has no process since.
fn count_seen(
    losses: &mut [Losses],
    inventory: &Inventory,
    ownership: &Ownership<'_>,
    departed: &[&Departed],
) {
    let sessions = inventory.sessions.iter().enumerate();
    let places: HashMap<_, _> = sessions.map(|(index, session)| (session.id, index)).collect();
    for Departed { left, seen, .. } in departed {
        let Some(seen) = seen else { continue };
        let Some(&index) = places.get(&seen.session) else { continue };
        let unowned = &ownership.sessions[index].unowned;
        if seen.units.iter().any(|unit| unowned.iter().any(|it| *it.key == **unit)) {
            losses[index].seen.push(*left);
        }
    }
}

/// The sessions that can have lost a process, oldest first; one whose age is not known was always there. A
/// session without components can run processes too, by ezmsg's own low-level API.
fn losers<'a>(inventory: &'a Inventory, ownership: &Ownership<'_>) -> Vec<Loser<'a>> {
    let sessions = inventory.sessions.iter().zip(&ownership.sessions).enumerate();
    let mut losers: Vec<_> = sessions
        .filter(|(_, (session, _))| !session.graphctl)
        .map(|(index, (session, owned))| Loser {
            index,
            session,
            whole: whole(inventory, session, owned),
        })
        .collect();
    losers.sort_by_key(|loser| loser.session.created);
    losers
}

/// When every unit of a session had its owner. The server lets no two processes own a unit: from then on
/// it has lost nobody.
fn whole(inventory: &Inventory, session: &Session, owned: &Owned<'_>) -> End {
    if session.units().next().is_none() || !owned.is_whole() {
        return End::Open;
    }
    let came = |owner: &usize| inventory.processes[*owner].created.map_or(End::Open, End::At);
    owned.owners.iter().map(came).max().unwrap_or(End::Open)
}

/// The session was opened before the process came.
fn was_there(session: &Session, departed: &Departed) -> bool {
    session.created < Some(departed.created)
}

/// Publishers or subscribers were made after the session was opened, and before the process came.
fn made_for(departed: &Departed, session: &Session) -> bool {
    session.created.is_some_and(|created| departed.endpoint > Some(created))
}

/// Whether a process may have belonged to a session that was opened before it and ended then.
fn reaches(end: End, departed: &Departed, start_timeout: Duration) -> bool {
    let End::At(at) = end else { return true };
    // If it ended before the process came: backends that outlive their session may still come after it,
    // for as long as a start may take.
    departed.created.duration_since(at).map_or(true, |since| since < start_timeout)
}
