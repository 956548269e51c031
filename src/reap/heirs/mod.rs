//! Which processes of this machine a drop leaves behind, and which of them may be ended. Pure.
//!
//! Here an heir is any process that holds a connection of a dropped client, in most cases because it inherited it. An
//! heir is ended only if every fact below is known, and none shows that another program needs it:
//!
//! | file | why an heir is not ended |
//! |---|---|
//! | [`connections`] | TCP sockets of anything that is not dropped |
//! | [`opener`] | the process may be the program that opened the session |
//! | [`writing`] | the process still writes |
//! | [`sharing`] | running descendants; pipes, other sockets and terminals that lead to needed processes; open files |
//! | [`obstacle`] | all of these as values, and in words |

mod connections;
mod obstacle;
mod opener;
mod sharing;
mod writing;

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use crate::admin::DropTarget;
use crate::host::Held;
use crate::model::{EndpointKind, Holder, Inventory};

pub use connections::DroppedConnections;
pub use obstacle::Obstacle;
pub use opener::openers;
pub use sharing::{Candidate, spared};
pub use writing::still_writes;

/// By target: the processes that hold any of the clients that go with it.
#[must_use]
pub fn of(plans: &[DropTarget], held: &Held) -> HashMap<Uuid, Vec<Holder>> {
    let heirs = |plan: &DropTarget| {
        let holdings = plan.taken.clients().filter_map(|client| held.get(&client));
        let mut seen = HashSet::new();
        let holders = holdings.flat_map(|holding| &holding.holders);
        holders.filter(|it| seen.insert(it.id())).cloned().collect()
    };
    plans.iter().map(|plan| (plan.id, heirs(plan))).collect()
}

/// The channels on the server. A channel serves only the subscribers of its own process, so a process that holds no
/// other client is not needed for it. It stays when the publisher has left already, and is not dropped then.
#[must_use]
pub fn channels(inventory: &Inventory) -> HashSet<Uuid> {
    let endpoints = inventory.endpoints.iter().flatten();
    let channels = endpoints.filter(|it| matches!(it.kind, EndpointKind::Channel(_)));
    channels.map(|it| it.id).collect()
}

/// The pids of the processes that ran units of what is dropped: they hold other clients than the session, whose
/// connection may only be inherited.
#[must_use]
pub fn parts(plans: &[DropTarget], held: &Held) -> BTreeSet<u32> {
    let session = |plan: &DropTarget, client: &Uuid| plan.taken.session == Some(*client);
    let clients =
        plans.iter().flat_map(|plan| plan.taken.clients().filter(move |it| !session(plan, it)));
    let holders = clients.filter_map(|client| held.get(&client)).flat_map(|it| &it.holders);
    holders.map(|holder| holder.pid).collect()
}
