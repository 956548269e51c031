//! Systems without `/proc`: nothing is known of their processes.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use super::{Connection, Ended, Host, Means, RawProc, Sockets, Ties, Unseen, Written};
use crate::model::{Family, Holder, Holding};

const WHY: &str = "this system has no /proc";

/// A machine whose processes cannot be seen.
#[derive(Debug)]
pub(super) struct Machine;

impl Machine {
    pub(super) const fn this() -> Self {
        Self
    }
}

impl Host for Machine {
    fn network(&self) -> Option<String> {
        None
    }

    fn holders(&self, connections: &[Connection]) -> Vec<Holding> {
        vec![Holding::unknown(WHY); connections.len()]
    }

    fn sockets(&self, _holder: &Holder) -> Result<Sockets, Unseen> {
        Err(Unseen::Hidden)
    }

    fn ties(&self, processes: &[Holder]) -> Vec<Result<Ties, Unseen>> {
        vec![Err(Unseen::Hidden); processes.len()]
    }

    fn written(&self, _process: &Holder) -> Result<Written, Unseen> {
        Err(Unseen::Hidden)
    }

    fn families(&self, groups: &[&[Holder]]) -> Vec<Family> {
        let unsure = Some(WHY.to_owned());
        groups.iter().map(|_| Family { members: Vec::new(), unsure: unsure.clone() }).collect()
    }

    fn listeners(&self, _at: SocketAddr) -> Vec<Holder> {
        Vec::new()
    }

    fn queue_is_full(&self, _at: SocketAddr) -> Option<bool> {
        None
    }
}

pub(super) fn holders_in(_: RawProc, _: &[Connection]) -> io::Result<Vec<Holding>> {
    Err(io::Error::other(WHY))
}

pub(super) const fn name() -> Option<String> {
    None
}

/// Wall-clock time. Setting the clock looks like a suspended machine, or hides one.
pub(super) fn clock() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Nobody can be ended who cannot be named for good.
#[expect(clippy::unused_async, reason = "it takes time on systems where it can be done")]
pub(super) async fn end(holders: &[Holder], _means: Means) -> Vec<Ended> {
    vec![Ended::Failed(WHY.into()); holders.len()]
}
