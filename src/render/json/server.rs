//! The server, and who holds its lock.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use super::seconds;
use crate::model::{LockHolder, Server, ServerProcess, WaitsFor};
use crate::render::lock;
use crate::render::status::channel;

/// How long one command must have held the lock for the server to be wedged: waits of 4 s are normal
/// where subscribers are slow to confirm.
const WEDGED_AFTER: Duration = Duration::from_secs(10);

#[derive(Serialize)]
pub(super) struct ServerView<'a> {
    address: &'a str,
    version: &'a str,
    pid: Option<u32>,
    channel: &'static str,
    /// Not known of a lock that is held at this look and may be free at the next.
    wedged: Option<bool>,
}

/// A server of which nothing else may be known.
#[derive(Serialize)]
pub(super) struct AddressView<'a> {
    pub(super) address: &'a str,
}

#[derive(Serialize)]
pub(super) struct LockHolderView<'a> {
    request: &'a str,
    by: Option<Uuid>,
    by_peer: Option<String>,
    asked_seconds: Option<f64>,
    waits_for: WaitsFor,
    client: Option<Uuid>,
    peer: Option<String>,
    gone: bool,
    topic: Option<&'a str>,
}

pub(super) fn server(server: &Server) -> ServerView<'_> {
    let process = server.process.as_ref();
    ServerView {
        address: &server.address,
        version: &server.version,
        pid: process.map(|process| process.pid),
        channel: channel(server.channel),
        wedged: process.and_then(wedged),
    }
}

fn wedged(process: &ServerProcess) -> Option<bool> {
    let asked = process.lock_holder.as_ref().and_then(LockHolder::asked);
    if process.lock_held {
        asked.filter(|asked| *asked >= WEDGED_AFTER).map(|_| true)
    } else {
        Some(false)
    }
}

pub(super) fn lock_holder(holder: &LockHolder) -> LockHolderView<'_> {
    LockHolderView {
        request: &holder.request,
        by: holder.by,
        by_peer: lock::address(holder.by_peer.as_ref()),
        asked_seconds: holder.asked().map(seconds),
        waits_for: holder.waits_for,
        client: holder.client,
        peer: lock::address(holder.peer.as_ref()),
        gone: holder.gone,
        topic: holder.topic.as_deref(),
    }
}
