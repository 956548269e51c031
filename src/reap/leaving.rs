//! The processes of this machine that a drop leaves behind, from before it until their end.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use super::heirs::{self, Going};
use super::report::{Heir, HeirEnd, Outcome, Report};
use crate::admin::DropTarget;
use crate::host;
use crate::look::{Look, Observer};
use crate::model::{Holder, Inventory};

/// How long a process that was left behind may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// Who is left behind by each target, and what each is needed for besides.
pub(super) struct Leaving {
    by_target: HashMap<Uuid, Vec<(Holder, Option<String>)>>,
    going: Going,
}

impl Leaving {
    /// `None` where nobody of this machine can be seen.
    pub(super) fn of(observer: &Observer, look: &Look, plans: &[DropTarget]) -> Option<Self> {
        let going = Going::of(plans, &look.inventory, observer.own()?.server);
        let with_need = |heir: Holder| {
            let needed = going.needs(observer.sockets(&heir).as_ref());
            (heir, needed)
        };
        let by_target = heirs::of(plans, &observer.holders(&look.inventory))
            .into_iter()
            .map(|(target, heirs)| (target, heirs.into_iter().map(with_need).collect()))
            .collect();
        Some(Self { by_target, going })
    }

    /// Tells what would become of them.
    pub(super) fn tell(mut self, report: &mut Report) {
        for target in &mut report.targets {
            let heirs = self.by_target.remove(&target.id).unwrap_or_default().into_iter();
            let end = |needed: Option<String>| needed.map_or(HeirEnd::Would, HeirEnd::Spared);
            target.heirs =
                heirs.map(|(process, needed)| Heir { process, end: end(needed) }).collect();
        }
    }

    /// Ends what is left of the targets that went; `after` is what the server holds now. What has taken on
    /// something else meanwhile is spared.
    pub(super) async fn end(mut self, observer: &Observer, report: &mut Report, after: &Inventory) {
        let going = self.going.afterwards(after);
        for target in report.targets.iter_mut().filter(|it| it.outcome == Outcome::Dropped) {
            let mut ending = Vec::new();
            for (process, needed) in self.by_target.remove(&target.id).unwrap_or_default() {
                match needed.or_else(|| going.needs(observer.sockets(&process).as_ref())) {
                    Some(why) => target.heirs.push(Heir { process, end: HeirEnd::Spared(why) }),
                    None => ending.push(process),
                }
            }
            let ends = host::end(&ending, GRACE).await.into_iter().map(HeirEnd::Ended);
            let ended = ending.into_iter().zip(ends).map(|(process, end)| Heir { process, end });
            target.heirs.extend(ended);
        }
    }
}
