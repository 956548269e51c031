//! Which of the heirs may be the program that opened a session. It may run more than the pipeline: a notebook, a
//! launcher, a service. Pure.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Obstacle, parts};
use crate::admin::DropTarget;
use crate::host::{Held, multiprocessing};
use crate::model::{Holder, Holding, Inventory, SeenBy};

/// By pid: why a process may be the program that opened a session that is dropped, or is not known to belong to it.
///
/// `held` says who holds which client, and `inventory` which holders serve their session.
#[must_use]
pub fn openers(
    plans: &[DropTarget],
    inventory: &Inventory,
    held: &Held,
) -> BTreeMap<u32, Obstacle> {
    let parts = parts(plans, held);
    let mut openers = BTreeMap::new();
    for plan in plans {
        match plan.taken.session {
            Some(session) if held.get(&session).is_some_and(|it| !it.holders.is_empty()) => {
                openers.extend(of_session(session, inventory, held, &parts));
            }
            _ => openers.extend(of_unknown_opener(plan, held)),
        }
    }
    openers
}

/// The opener serves the session's connection. Where that cannot be seen, it is the holder that started first, for
/// the others inherited the connection from it.
fn of_session(
    session: Uuid,
    inventory: &Inventory,
    held: &Held,
    parts: &BTreeSet<u32>,
) -> BTreeMap<u32, Obstacle> {
    let seen = inventory.sessions.iter().find(|it| it.id == session);
    let served = seen.and_then(|session| session.holding.as_ref());
    // What the server saw on its own machine is only its word, and its pids may be those of other processes here.
    let served = served.filter(|it| it.seen_by == SeenBy::Graphctl);
    let holders = holders(held.get(&session), served);
    let first = holders.iter().map(|it| it.start).min();
    let why = |holder: &&Holder| {
        let heir = holder.only_inherited();
        let opener = holder.serving == Some(true) || (Some(holder.start) == first && !heir);
        if opener {
            return Some(Obstacle::MayBeOpener);
        }
        let unknown = !heir && !parts.contains(&holder.pid);
        unknown.then_some(Obstacle::MayNotBeHeir)
    };
    holders.into_iter().filter_map(|holder| Some((holder.pid, why(&holder)?))).collect()
}

/// The holders now, with what is known of them from the look: only a look sees which of them serve.
fn holders<'a>(now: Option<&'a Holding>, seen: Option<&'a Holding>) -> Vec<&'a Holder> {
    let seen = seen.map_or(&[][..], |holding| &holding.holders);
    let now = now.map_or(&[][..], |holding| &holding.holders);
    let known =
        |holder: &'a Holder| seen.iter().find(|it| it.id() == holder.id()).unwrap_or(holder);
    now.iter().map(known).collect()
}

/// No holder of the session's connection is seen, or the session is gone: any process that multiprocessing did not
/// start may be the opener.
fn of_unknown_opener(plan: &DropTarget, held: &Held) -> BTreeMap<u32, Obstacle> {
    let holders = plan.taken.clients().filter_map(|client| held.get(&client));
    let holders = holders.flat_map(|holding| &holding.holders);
    let openers = holders.filter(|it| !multiprocessing::is_worker(&it.command));
    openers.map(|holder| (holder.pid, Obstacle::MayBeOpener)).collect()
}
