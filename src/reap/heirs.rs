//! Which processes of this machine a drop leaves behind, and which of them may be ended. Pure.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::report::{Heir, HeirEnd};
use crate::admin::DropTarget;
use crate::host::Held;
use crate::model::Holder;

/// What is left of one target.
#[derive(Debug, Default)]
pub struct Heirs {
    /// Processes that hold connections of it and of nothing else.
    pub end: Vec<Holder>,
    /// Processes that also hold what is not dropped, or are the server itself.
    pub spare: Vec<Holder>,
}

impl Heirs {
    /// Leaves alone what holds any client at all by now.
    pub fn spare_holders(&mut self, held: &Held) {
        let needed: HashSet<_> = held.values().flat_map(|it| &it.holders).map(name).collect();
        let (spare, end) = self.end.drain(..).partition(|it| needed.contains(&name(it)));
        self.end = end;
        self.spare.extend::<Vec<_>>(spare);
    }

    /// As a dry run tells them.
    #[must_use]
    pub fn untouched(self) -> Vec<Heir> {
        let end = self.end.into_iter().map(|process| Heir { process, end: HeirEnd::Would });
        let spare = self.spare.into_iter().map(|process| Heir { process, end: HeirEnd::Spared });
        end.chain(spare).collect()
    }
}

/// By target: the processes that hold any of the clients that go with it.
#[must_use]
pub fn of(plans: &[DropTarget], held: &Held) -> HashMap<Uuid, Heirs> {
    let planned: HashSet<Uuid> = plans.iter().flat_map(DropTarget::clients).collect();
    let staying = held.iter().filter(|(client, _)| !planned.contains(*client));
    let needed: HashSet<_> = staying.flat_map(|(_, holding)| &holding.holders).map(name).collect();
    let heirs = |plan: &DropTarget| {
        let mut heirs = Heirs::default();
        let mut seen = HashSet::new();
        let holdings = plan.clients().filter_map(|client| held.get(&client));
        for holder in holdings.flat_map(|holding| &holding.holders) {
            if !seen.insert(name(holder)) {
                continue;
            }
            if needed.contains(&name(holder)) { &mut heirs.spare } else { &mut heirs.end }
                .push(holder.clone());
        }
        heirs
    };
    plans.iter().map(|plan| (plan.id, heirs(plan))).collect()
}

/// A pid alone may be somebody else's by now.
const fn name(holder: &Holder) -> (u32, u64) {
    (holder.pid, holder.start)
}
