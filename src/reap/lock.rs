//! A command lock that is held for ever: whose connection keeps it, and may that one be closed? Pure.

use std::time::Duration;

use uuid::Uuid;

use crate::judge::Case;
use crate::look::Look;
use crate::model::{Inventory, Link, LockHolder, WaitsFor};
use crate::reap::Planner;

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

/// The command that has held the lock since before the first look, if whom it waits for has shown no
/// sign of life since then.
#[must_use]
pub fn stuck(first: &Look, second: &Look) -> Option<LockHolder> {
    let holder = holder(&second.inventory)?;
    let before = self::holder(&first.inventory)?;
    let between = second.taken.duration_since(first.taken);
    let the_same = (&before.by_peer, &before.peer, before.client, before.waits_for)
        == (&holder.by_peer, &holder.peer, holder.client, holder.waits_for);
    let asked_before = holder.asked().is_some_and(|asked| asked >= between);
    (the_same && asked_before && is_silent(&second.inventory, holder, between))
        .then(|| holder.clone())
}

/// Who holds the lock at a look, as far as that can be known.
#[must_use]
pub fn holder(inventory: &Inventory) -> Option<&LockHolder> {
    inventory.server.process.as_ref()?.lock_holder.as_ref()
}

fn is_silent(inventory: &Inventory, holder: &LockHolder, since: Duration) -> bool {
    let silent_since = |link: &Link| link.silent_for.is_some_and(|silent| silent >= since);
    match holder.waits_for {
        _ if holder.gone => true,
        // The server waits a second for it, and then goes on.
        WaitsFor::Subscriber => false,
        // It has sent half a request, and the time since then was looked at.
        WaitsFor::Client => true,
        WaitsFor::Publisher | WaitsFor::Process => {
            holder.client.and_then(|id| link_of(inventory, id)).is_some_and(silent_since)
        }
    }
}

fn link_of(inventory: &Inventory, client: Uuid) -> Option<&Link> {
    let endpoints = inventory.endpoints.iter().flatten();
    let endpoint = endpoints.filter(|it| it.id == client).map(|it| &it.link);
    let processes = inventory.processes.iter().filter(|it| it.id == client);
    endpoint.chain(processes.filter_map(|it| it.link.as_ref())).next()
}
