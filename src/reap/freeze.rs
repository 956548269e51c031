//! For how long a server stands still that cannot be had to drop in bulk. Pure.

use std::time::Duration;

use crate::judge::Case;
use crate::model::Inventory;

/// A session that goes by itself has the server search all edges of its graph for each of its own. What that
/// takes for one edge, as measured.
const FOR_EACH_EDGE: Duration = Duration::from_micros(6);

/// What nobody notices.
const SHORT: Duration = Duration::from_millis(100);

/// For how long the server will stand still when these go; `None` if that is not to be noticed.
#[must_use]
pub fn expected<'a>(
    inventory: &Inventory,
    condemned: impl Iterator<Item = &'a Case>,
) -> Option<Duration> {
    let server = inventory.server.process.as_ref()?;
    let searched: u64 = inventory.sessions.iter().map(|session| session.edges).sum();
    let going: u64 = condemned.filter_map(|it| it.session(inventory)).map(|it| it.edges).sum();
    let searches = u32::try_from(going.saturating_mul(searched)).unwrap_or(u32::MAX);
    let freeze = FOR_EACH_EDGE.saturating_mul(searches);
    ((!server.in_bulk || server.lock_held) && freeze >= SHORT).then_some(freeze)
}
