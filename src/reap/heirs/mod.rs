//! Which processes of this machine a drop leaves behind, and which of them may be ended. Pure.
//!
//! An heir is a process that holds a connection of what is dropped: as a rule it inherited it. It is ended only if
//! nothing shows that it is needed for anything else, and nothing that could show it is hidden:
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
use crate::model::Holder;

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
        holders.filter(|it| seen.insert((it.pid, it.start))).cloned().collect()
    };
    plans.iter().map(|plan| (plan.id, heirs(plan))).collect()
}

/// The pids of the processes that ran units of what is dropped: they hold more of it than a session, which they
/// may only have inherited.
#[must_use]
pub fn parts(plans: &[DropTarget], held: &Held) -> BTreeSet<u32> {
    let session = |plan: &DropTarget, client: &Uuid| plan.taken.session == Some(*client);
    let clients =
        plans.iter().flat_map(|plan| plan.taken.clients().filter(move |it| !session(plan, it)));
    let holders = clients.filter_map(|client| held.get(&client)).flat_map(|it| &it.holders);
    holders.map(|holder| holder.pid).collect()
}
