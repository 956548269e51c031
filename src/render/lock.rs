//! A held command lock in words.

use super::printable;
use crate::address::Address;
use crate::look::Look;
use crate::model::{LockHolder, WaitsFor};
use crate::reap;
use crate::words::ago;

/// `SYNC of 127.0.0.1:4711, sent 12s ago, which waits for the publisher on T/X at 127.0.0.1:4712`.
#[must_use]
pub fn holder(holder: &LockHolder) -> String {
    let by = address(holder.by_peer.as_ref()).map(|by| format!(" of {by}"));
    let asked = holder.asked().map(|asked| format!(", sent {} ago", ago(asked)));
    let (by, asked) = (by.unwrap_or_default(), asked.unwrap_or_default());
    format!("{}{by}{asked}, which waits {}", holder.request, awaited(holder))
}

/// What is to be said of a held lock, and what frees it.
#[must_use]
pub fn held(look: &Look) -> Option<String> {
    let server = look.inventory.server.process.as_ref().filter(|server| server.lock_held)?;
    let Some(holder) = &server.lock_holder else {
        return Some(
            "LOCKED: a command holds the server's command lock; by whom cannot be seen".into(),
        );
    };
    let case = reap::lock::kept_by(look, holder);
    let of = case.map_or_else(String::new, |case| format!(" (of {}, {})", case.id, case.verdict));
    // Whoever lives will come.
    let comes = holder.waits_for == WaitsFor::Subscriber
        || case.is_some_and(|case| !case.verdict.is_stale() && !case.verdict.is_suspect());
    let next = if comes { String::new() } else { format!(": {FREE}") };
    let held = self::holder(holder);
    Some(printable(&format!("LOCKED: the server's command lock is held by {held}{of}{next}")))
}

/// Why a dead session is not dropped.
pub const ENDS_WITH_LOCK: &str = "it ends by itself when the command lock is free";

/// The command that frees the command lock.
pub const FREE: &str = "graphctl sessions reap --include-suspect";

/// Whom the command waits for.
#[must_use]
pub fn awaited(holder: &LockHolder) -> String {
    let at = address(holder.peer.as_ref()).map_or_else(String::new, |at| format!(" at {at}"));
    let on = holder.topic.as_ref().map_or_else(String::new, |topic| format!(" on {topic}"));
    match holder.waits_for {
        WaitsFor::Publisher if holder.gone => format!("for a publisher{on} that has left"),
        WaitsFor::Publisher => format!("for the publisher{on}{at} to confirm"),
        WaitsFor::Subscriber => format!("for the subscriber{on}{at} to confirm, a second at most"),
        WaitsFor::Process => format!("for the process{at} to read its requests"),
        WaitsFor::Client => format!("for its sender{at} to send the rest, or to read the answer"),
    }
}

/// As it is written everywhere.
pub(super) fn address(peer: Option<&(String, u16)>) -> Option<String> {
    let (host, port) = peer.cloned()?;
    Some(Address { host, port }.to_string())
}
