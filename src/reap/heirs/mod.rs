//! Which processes of this machine a drop leaves behind, and which of them may be ended. Pure.
//!
//! An heir is a process that holds a connection of what is dropped. It is ended only if nothing shows that it
//! is needed for anything else, and nothing that could show it is hidden:
//!
//! | file | what is in the way |
//! |---|---|
//! | [`going`] | TCP sockets of anything that stays |
//! | [`opener`] | the process may be the program that opened the session |
//! | [`writing`] | the process still writes |
//! | [`company`] | running descendants, pipes, other sockets and terminals that lead to processes that stay |

mod company;
mod going;
mod opener;
mod writing;

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use crate::admin::DropTarget;
use crate::host::Held;
use crate::model::Holder;

pub use company::{Candidate, spared};
pub use going::Going;
pub use opener::{openers, started_by_multiprocessing};
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
