//! A command lock that is held for ever: whose connection keeps it, and may that one be closed? Pure.

use std::time::Duration;

use super::Planner;
use crate::host::Held;
use crate::judge::{Case, Verdict};
use crate::look::Look;
use crate::model::{Holder, Holding, Inventory, LockHolder, WaitsFor};

/// How long a request may stay half sent: a partition of the network heals in less.
const HALF_SENT_FOR: Duration = Duration::from_secs(60);

/// The case whose drop closes the connection that the command waits for, if there is one.
#[must_use]
pub fn kept_by<'a>(look: &'a Look, holder: &LockHolder) -> Option<&'a Case> {
    let client = holder.client?;
    let planner = Planner::new(&look.inventory, &look.held);
    let takes = |case: &&Case| {
        planner.would_take(case).is_some_and(|taken| taken.clients().any(|it| it == client))
    };
    look.cases.iter().find(takes)
}

/// A command that keeps the lock.
#[derive(Debug)]
pub struct Kept {
    /// The command.
    pub holder: LockHolder,
    /// Whom it waits for is proven not to come: it has left, is stopped, or has begun a request and said
    /// nothing more for long.
    ///
    /// Silence alone proves nothing: a publisher confirms SYNC when its subscribers have read what it sent.
    pub in_vain: bool,
}

/// The command that has held the lock since before the look `before`, and still does at the look `now`,
/// `between` later; `held` is who holds clients on this machine.
#[must_use]
pub fn kept(before: &Inventory, now: &Look, between: Duration, held: &Held) -> Option<Kept> {
    let (first, second) = (holder(before)?, holder(&now.inventory)?);
    let the_same = (&first.by_peer, &first.peer, first.client, first.waits_for)
        == (&second.by_peer, &second.peer, second.client, second.waits_for);
    let asked = second.asked()?;
    let in_vain = match second.waits_for {
        _ if second.gone => true,
        // The server waits a second for it, and then goes on.
        WaitsFor::Subscriber => return None,
        WaitsFor::Client => asked >= HALF_SENT_FOR,
        WaitsFor::Publisher | WaitsFor::Process => {
            let lives = kept_by(now, second).is_some_and(|case| case.verdict == Verdict::Live);
            let stopped =
                second.client.and_then(|client| held.get(&client)).is_some_and(all_are_stopped);
            stopped && !lives
        }
    };
    (the_same && asked >= between).then(|| Kept { holder: second.clone(), in_vain })
}

fn all_are_stopped(holding: &Holding) -> bool {
    let stopped = |holder: &Holder| holder.state == 'T';
    let all = !holding.holders.is_empty() && holding.holders.iter().all(stopped);
    all && holding.unsure.is_none()
}

/// Who holds the lock at a look, as far as that can be known.
#[must_use]
pub fn holder(inventory: &Inventory) -> Option<&LockHolder> {
    inventory.server.process.as_ref()?.lock_holder.as_ref()
}
