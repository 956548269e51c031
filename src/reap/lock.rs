//! A command lock that is held for ever: whose connection keeps it, and may that one be closed? Pure.

use std::time::Duration;

use super::Planner;
use crate::host::Held;
use crate::judge::Case;
use crate::look::Look;
use crate::model::{Holder, Holding, Inventory, LockHolder, WaitsFor};

/// How long a request may stay half sent: a partition of the network heals in less.
const HALF_SENT_FOR: Duration = Duration::from_secs(30);

/// The case whose drop closes the connection that the command waits for, if there is one.
#[must_use]
pub fn kept_by<'a>(look: &'a Look, holder: &LockHolder) -> Option<&'a Case> {
    let client = holder.client?;
    let planner = Planner::new(&look.inventory);
    let takes = |case: &&Case| {
        planner.would_take(case).is_some_and(|plan| plan.clients().any(|it| it == client))
    };
    look.cases.iter().find(takes)
}

/// The command that has held the lock since before the first look, if whom it waits for is proven not to
/// come: it has left, is stopped, or has begun a request and said nothing more for long.
///
/// Silence alone proves nothing: a publisher confirms SYNC when its subscribers have read what it sent.
#[must_use]
pub fn stuck(first: &Look, second: &Look, held: &Held) -> Option<LockHolder> {
    let holder = holder(&second.inventory)?;
    let before = self::holder(&first.inventory)?;
    let between = second.taken.duration_since(first.taken);
    let the_same = (&before.by_peer, &before.peer, before.client, before.waits_for)
        == (&holder.by_peer, &holder.peer, holder.client, holder.waits_for);
    let asked = holder.asked()?;
    let never_comes = match holder.waits_for {
        _ if holder.gone => true,
        // The server waits a second for it, and then goes on.
        WaitsFor::Subscriber => false,
        WaitsFor::Client => asked >= HALF_SENT_FOR,
        WaitsFor::Publisher | WaitsFor::Process => {
            holder.client.and_then(|client| held.get(&client)).is_some_and(all_are_stopped)
        }
    };
    (the_same && asked >= between && never_comes).then(|| holder.clone())
}

fn all_are_stopped(holding: &Holding) -> bool {
    let stopped = |holder: &Holder| matches!(holder.state, 'T' | 't');
    let all = !holding.holders.is_empty() && holding.holders.iter().all(stopped);
    all && holding.unsure.is_none()
}

/// Who holds the lock at a look, as far as that can be known.
#[must_use]
pub fn holder(inventory: &Inventory) -> Option<&LockHolder> {
    inventory.server.process.as_ref()?.lock_holder.as_ref()
}
