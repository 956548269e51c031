//! Condemned → looked at again → dropped → verified. [`plan`] is pure; the rest talks to the server.

pub mod heirs;
pub mod lock;
pub mod plan;
mod reach;
pub mod report;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use heirs::Heirs;
pub use plan::{Planner, Warrant};
pub use report::{Freed, Heir, HeirEnd, Outcome, Report, Target};

use crate::admin::{self, DropTarget, OutcomeKind};
use crate::error::Result;
use crate::host::{self, Held};
use crate::look::{Look, Observer};
use crate::model::{Inventory, LockHolder};
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
    let (look, stuck) = if extent.free || condemned.iter().any(|it| it.warrant != Warrant::Force) {
        tokio::time::sleep_until((first.taken + SECOND_LOOK_AFTER).into()).await;
        let second = observer.look_again(first.taken).await?;
        let stuck = lock::stuck(&first, &second).filter(|_| extent.free);
        (second, stuck)
    } else {
        (first, None)
    };
    let mut targets = Vec::new();
    let mut plans = Vec::new();
    let planner = Planner::new(&look.inventory);
    for it in condemned {
        let Some(case) = look.cases.iter().find(|case| case.id == it.id) else {
            targets.push(Target::gone(it.id));
            continue;
        };
        if it.spare_flowing && case.may_flow() {
            let now = "messages flow from it now".to_owned();
            targets.push(Target::ended(&look.inventory, case, Outcome::Changed, now));
        } else if let Some(plan) = planner.plan(case, it.warrant) {
            targets.push(Target::new(&look.inventory, case, &plan));
            plans.push(plan);
        } else {
            let now = format!("it is {} now: {}", case.verdict, case.evidence.join("; "));
            targets.push(Target::ended(&look.inventory, case, Outcome::Changed, now));
        }
    }
    let held = if extent.kill { observer.holders(&look.inventory) } else { Held::new() };
    let mut left = heirs::of(&plans, &look.inventory, &held);
    // What is dropped anyway frees the lock by that.
    let dropped: HashSet<_> = plans.iter().flat_map(DropTarget::clients).collect();
    let stuck = stuck.filter(|it| it.client.is_none_or(|client| !dropped.contains(&client)));
    let mut report = Report { targets, ..Report::new(look.inventory.server, extent.dry_run) };
    if let Some(holder) = stuck {
        report.lock = Some(free(observer, holder, extent.dry_run, command).await?);
    }
    if extent.dry_run || plans.is_empty() {
        for target in &mut report.targets {
            target.heirs = left.remove(&target.id).map(Heirs::untouched).unwrap_or_default();
        }
        return Ok(report);
    }
    let outcomes = observer.admin(command)?.drop_targets(&plans).await?;
    let after = observer.inventory().await?;
    for target in &mut report.targets {
        let Some(plan) = plans.iter().find(|plan| plan.id == target.id) else { continue };
        let outcome = outcomes.iter().find(|outcome| outcome.id == target.id);
        (target.outcome, target.detail) = verified(outcome, plan, &after);
    }
    if extent.kill {
        let held = observer.holders(&after);
        end_heirs(&mut report, left, &held).await;
    }
    Ok(report)
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

/// Ends what is left of the targets that went. What it holds on the server now, it has taken since.
async fn end_heirs(report: &mut Report, mut left: HashMap<Uuid, Heirs>, held: &Held) {
    for target in report.targets.iter_mut().filter(|it| it.outcome == Outcome::Dropped) {
        let Some(mut heirs) = left.remove(&target.id) else { continue };
        heirs.spare_holders(held);
        let ends = host::end(&heirs.end, KILL_GRACE).await;
        let ended = heirs.end.into_iter().zip(ends.into_iter().map(HeirEnd::Ended));
        let spared = heirs.spare.into_iter().map(|process| (process, HeirEnd::Spared));
        target.heirs = ended.chain(spared).map(|(process, end)| Heir { process, end }).collect();
    }
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
