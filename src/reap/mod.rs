//! Condemned → looked at again → dropped → verified. [`plan`] is pure; the rest talks to the server.

pub mod heirs;
pub mod lock;
pub mod plan;
mod reach;
pub mod report;

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use heirs::Going;
pub use plan::{Planner, Warrant};
pub use report::{Freed, Heir, HeirEnd, Outcome, Report, Target};

use crate::admin::{self, DropTarget, OutcomeKind};
use crate::error::Result;
use crate::host;
use crate::look::{Look, Observer};
use crate::model::{Holder, Inventory, LockHolder};
use crate::words::list;

/// How long after the first look the second is taken. A regular close or shutdown passes through
/// states that look dead for milliseconds, and a busy process shows a sign of life between the looks.
const SECOND_LOOK_AFTER: Duration = Duration::from_secs(2);

/// How long a process that was left behind may take to end when it is asked to.
const KILL_GRACE: Duration = Duration::from_secs(5);

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Tell what would be done, and do nothing.
    pub dry_run: bool,
    /// Also end the processes of this machine that are left behind.
    pub kill: bool,
    /// Also close the connection that a command with the server's command lock waits for in vain.
    pub free: bool,
}

/// A case that is to be dropped, and by what right.
#[derive(Debug)]
pub struct Condemned {
    /// The case.
    pub id: Uuid,
    /// By what right.
    pub warrant: Warrant,
    /// Only if no messages flow from it.
    pub spare_flowing: bool,
    /// How many had flowed when it was condemned.
    pub messages: Option<u64>,
}

/// Looks again, and drops what is condemned again for the same reason; a dry run stops there.
///
/// # Errors
/// The server did not answer. What was dropped by then is dropped.
pub async fn run(
    observer: &mut Observer,
    first: Look,
    condemned: &[Condemned],
    extent: Extent,
    command: &'static str,
) -> Result<Report> {
    let forced = !extent.free && condemned.iter().all(|it| it.warrant == Warrant::Force);
    let (look, stuck) = if forced {
        (first, None)
    } else {
        tokio::time::sleep_until((first.taken + SECOND_LOOK_AFTER).into()).await;
        let second = observer.look_again(first.taken).await?;
        let stuck = if extent.free {
            lock::stuck(&first, &second, &observer.holders(&second.inventory))
        } else {
            None
        };
        (second, stuck)
    };
    let (targets, plans) = planned(&look, condemned);
    let mut leaving = if extent.kill { Leaving::of(observer, &look, &plans) } else { None };
    let mut report = Report { targets, ..Report::new(look.inventory.server, extent.dry_run) };
    if let Some(holder) = stuck.filter(|it| !frees(&plans, it)) {
        report.lock = Some(free(observer, holder, extent.dry_run, command).await?);
    }
    if extent.dry_run {
        for target in &mut report.targets {
            let heirs = leaving.as_mut().map(|leaving| leaving.take(target.id));
            target.heirs = heirs.into_iter().flatten().map(untouched).collect();
        }
    } else if !plans.is_empty() {
        let after = drop_all(observer, &mut report, &plans, command).await?;
        if let Some(leaving) = leaving {
            leaving.end(observer, &mut report, &after).await;
        }
    }
    Ok(report)
}

/// A process that a drop leaves behind, and what it is needed for.
type Left = (Holder, Option<String>);

/// The processes of this machine that a drop leaves behind.
struct Leaving {
    by_target: HashMap<Uuid, Vec<Left>>,
    going: Going,
}

impl Leaving {
    /// `None` where nobody of this machine can be seen.
    fn of(observer: &Observer, look: &Look, plans: &[DropTarget]) -> Option<Self> {
        let going = Going::of(plans, &look.inventory, observer.own()?.server);
        let with_need = |heir: Holder| {
            let needed = going.needs(observer.sockets(&heir).as_ref());
            (heir, needed)
        };
        let by_target = heirs::of(plans, &observer.holders(&look.inventory)).into_iter();
        let by_target = by_target
            .map(|(target, heirs)| (target, heirs.into_iter().map(with_need).collect()))
            .collect();
        Some(Self { by_target, going })
    }

    fn take(&mut self, target: Uuid) -> Vec<Left> {
        self.by_target.remove(&target).unwrap_or_default()
    }

    /// Ends what is left of the targets that went; what has taken on something else meanwhile is spared.
    async fn end(mut self, observer: &Observer, report: &mut Report, after: &Inventory) {
        let going = self.going.clone().afterwards(after);
        for target in report.targets.iter_mut().filter(|it| it.outcome == Outcome::Dropped) {
            let needed = |(heir, needed): Left| {
                let needed = needed.or_else(|| going.needs(observer.sockets(&heir).as_ref()));
                (heir, needed)
            };
            let heirs = self.by_target.remove(&target.id).unwrap_or_default().into_iter();
            let (spared, ending): (Vec<_>, Vec<_>) =
                heirs.map(needed).partition(|(_, needed)| needed.is_some());
            let ending: Vec<_> = ending.into_iter().map(|(process, _)| process).collect();
            let ends = host::end(&ending, KILL_GRACE).await;
            let ended = ending.into_iter().zip(ends.into_iter().map(HeirEnd::Ended));
            let ended = ended.map(|(process, end)| Heir { process, end });
            target.heirs = ended.chain(spared.into_iter().map(untouched)).collect();
        }
    }
}

fn untouched((process, needed): Left) -> Heir {
    Heir { process, end: needed.map_or(HeirEnd::Would, HeirEnd::Spared) }
}

/// What is to become of each condemned case at this look, and the plans of those that go.
fn planned(look: &Look, condemned: &[Condemned]) -> (Vec<Target>, Vec<DropTarget>) {
    let planner = Planner::new(&look.inventory);
    let mut plans = Vec::new();
    let target = |it: &Condemned| {
        let Some(case) = look.cases.iter().find(|case| case.id == it.id) else {
            return Target::gone(it.id);
        };
        let changed = |now| Target::ended(&look.inventory, case, Outcome::Changed, now);
        match planner.plan(case, it.warrant) {
            None => changed(format!("it is {} now: {}", case.verdict, case.evidence.join("; "))),
            Some(_) if it.spare_flowing && (case.may_flow() || case.messages != it.messages) => {
                changed("messages flow from it now".into())
            }
            Some(plan) => {
                let target = Target::new(&look.inventory, case, &plan);
                plans.push(plan);
                target
            }
        }
    };
    (condemned.iter().map(target).collect(), plans)
}

/// Whether a drop closes the connection that a command with the command lock waits for.
fn frees(plans: &[DropTarget], holder: &LockHolder) -> bool {
    let mut dropped = plans.iter().flat_map(DropTarget::clients);
    holder.client.is_some_and(|client| dropped.any(|dropped| dropped == client))
}

/// Drops in one step of the server, and looks what is there afterwards.
async fn drop_all(
    observer: &mut Observer,
    report: &mut Report,
    plans: &[DropTarget],
    command: &'static str,
) -> Result<Inventory> {
    let outcomes = observer.admin(command)?.drop_targets(plans).await?;
    let after = observer.inventory().await?;
    for target in &mut report.targets {
        let Some(plan) = plans.iter().find(|plan| plan.id == target.id) else { continue };
        let outcome = outcomes.iter().find(|outcome| outcome.id == target.id);
        (target.outcome, target.detail) = verified(outcome, plan, &after);
    }
    Ok(after)
}

/// Closes the connection that a command with the command lock waits for in vain.
async fn free(
    observer: &mut Observer,
    holder: LockHolder,
    dry_run: bool,
    command: &'static str,
) -> Result<Freed> {
    if dry_run {
        return Ok(Freed { holder, outcome: Outcome::WouldDrop, detail: None });
    }
    let (outcome, detail) = observer.admin(command)?.free(&holder).await?;
    Ok(Freed { holder, outcome: outcome.into(), detail })
}

/// What became of a target, held against a look at what is there now.
fn verified(
    outcome: Option<&admin::Outcome>,
    plan: &DropTarget,
    after: &Inventory,
) -> (Outcome, Option<String>) {
    let Some(outcome) = outcome else {
        return (Outcome::Failed, Some("the server did not say what became of it".into()));
    };
    let detail = outcome.detail.clone();
    let left = still_held(plan, after).filter(|_| outcome.outcome == OutcomeKind::Dropped);
    match left {
        Some(left) => (Outcome::Failed, Some(left)),
        None => (outcome.outcome.into(), detail),
    }
}

/// What of the plan is still on the server. What a relaunch has taken since is not.
fn still_held(plan: &DropTarget, after: &Inventory) -> Option<String> {
    let sessions = after.sessions.iter().map(|session| session.id);
    let processes = after.processes.iter().map(|process| process.id);
    let planned = |id: &Uuid| plan.session == Some(*id) || plan.processes.contains(id);
    let left: Vec<_> = sessions.chain(processes).filter(planned).map(|id| id.to_string()).collect();
    (!left.is_empty()).then(|| format!("still there: {}", list(&left)))
}
