//! Condemned → looked at again → dropped → verified. [`plan`], [`heirs`], [`lock`] and
//! [`report`] are pure. The rest uses the server, `/proc` and signals.

pub mod freeze;
pub mod heirs;
mod leaving;
pub mod lock;
pub mod plan;
mod reach;
pub mod report;

use std::collections::{HashMap, HashSet};
use std::mem;
use std::time::{Duration, Instant};

use uuid::Uuid;

use leaving::{Leaving, Sample};
use lock::Kept;
pub use plan::{Condemned, Planner, Verdicts, Warrant, verdicts_by_case};
pub use report::{Freed, Heir, HeirEnd, Outcome, Report, Target, kill_command};

use crate::admin::{self, DropTarget, Dropped, OutcomeKind};
use crate::error::Result;
use crate::look::{Look, Observer};
use crate::model::{Inventory, LockHolder};
use crate::words::list;

/// How long after the first look the second is taken. A regular close or shutdown passes through
/// states that look dead for milliseconds, and a busy process shows a sign of life between the looks.
const SECOND_LOOK_AFTER: Duration = Duration::from_secs(2);

/// How many more looks may follow if the second one does not show what the first one proved. On a busy machine a look
/// may see no moment at which a process is idle, or may meet a process that is about to exit or a command lock that is
/// held for a moment.
const FURTHER_LOOKS: usize = 3;

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

/// Looks again, and drops the cases that the last two looks condemn for the same reason. `Force` and `Ended` need no
/// second look, unless processes are to be ended: it shows whether they still write. A dry run drops nothing, and asks
/// the server which drops it would refuse.
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
    let certain = !extent.free && condemned.iter().all(|it| it.warrant.stands_alone());
    let sample = (!certain || extent.kill).then(|| Sample::of_all(observer, &first.inventory));
    let (earlier, look) = if let Some(sample) = &sample {
        let began = sample.taken.max(first.taken);
        let (earlier, last) = look_again(observer, first, condemned, began).await?;
        (Some(earlier), last)
    } else {
        (None, first)
    };
    let kept = earlier.as_ref().filter(|_| extent.free).and_then(|earlier| {
        let between = look.taken.duration_since(earlier.taken);
        lock::kept(&earlier.inventory, &look, between, &observer.holders(&look.inventory))
    });
    let (targets, mut plans) = planned(earlier.as_ref(), &look, condemned);
    let mut report = Report::new(look.inventory.server.clone(), extent, targets);
    if extent.dry_run {
        check_all(observer, &mut report, &mut plans, command).await?;
    }
    let leaving = Leaving::of(observer, &look, &plans, sample.as_ref());
    if let Some(kept) = kept.filter(|it| !frees(&plans, &it.holder)) {
        report.lock = Some(free(observer, kept, extent.dry_run, command).await?);
    }
    if extent.dry_run {
        if let Some(leaving) = leaving {
            leaving.add_planned(&mut report);
        }
    } else if report.of(&[Outcome::WouldDrop, Outcome::Changed]).next().is_some() {
        let after = drop_all(observer, &mut report, &plans, command).await?;
        if let Some(leaving) = leaving {
            leaving.conclude(observer, &mut report, &after).await;
        }
    }
    Ok(report)
}

/// Takes the second look, `SECOND_LOOK_AFTER` after `began`. Up to `FURTHER_LOOKS` more follow as long as the last two
/// do not settle every case. Returns the last two.
async fn look_again(
    observer: &mut Observer,
    first: Look,
    condemned: &[Condemned],
    began: Instant,
) -> Result<(Look, Look)> {
    tokio::time::sleep_until((began + SECOND_LOOK_AFTER).into()).await;
    let mut last = observer.look_again(first.taken).await?;
    let mut earlier = first;
    for _ in 0..FURTHER_LOOKS {
        let (before, now) = (verdicts_by_case(&earlier.cases), verdicts_by_case(&last.cases));
        if condemned.iter().all(|it| it.is_settled(&before, &now)) {
            break;
        }
        tokio::time::sleep_until((last.taken + SECOND_LOOK_AFTER).into()).await;
        let next = observer.look_again(last.taken).await?;
        earlier = mem::replace(&mut last, next);
    }
    Ok((earlier, last))
}

/// What is to become of each condemned case at this look and the one before, and the plans of those that go.
fn planned(
    earlier: Option<&Look>,
    look: &Look,
    condemned: &[Condemned],
) -> (Vec<Target>, Vec<DropTarget>) {
    let planner = Planner::new(&look.inventory, &look.held);
    let before = earlier.map(|earlier| verdicts_by_case(&earlier.cases));
    let cases: HashMap<_, _> = look.cases.iter().map(|case| (case.id, case)).collect();
    let mut plans = Vec::new();
    let target = |it: &Condemned| {
        let Some(&case) = cases.get(&it.id) else {
            return Target::gone(it.id);
        };
        let changed = |now| Target::ended(&look.inventory, case, Outcome::Changed, now);
        match planner.plan(case, it.warrant) {
            None => changed(format!(
                "it was {}, and is {} now: {}",
                it.warrant,
                case.verdict,
                case.evidence.join("; ")
            )),
            Some(_) if before.as_ref().is_some_and(|before| !it.is_borne_out_by(before)) => {
                changed(format!(
                    "the last look found it {}, and the look before did not",
                    it.warrant
                ))
            }
            Some(_) if it.spare_flowing && (case.may_flow() || case.messages != it.messages) => {
                changed("messages may flow from it now".into())
            }
            Some(plan) => {
                let target = Target::new(&look.inventory, case, &plan.taken);
                plans.push(plan);
                Target { left_alone: planner.left_alone(case), ..target }
            }
        }
    };
    (condemned.iter().map(target).collect(), plans)
}

/// Whether a drop closes the connection that a command with the command lock waits for.
fn frees(plans: &[DropTarget], holder: &LockHolder) -> bool {
    let mut dropped = plans.iter().flat_map(|plan| plan.taken.clients());
    holder.client.is_some_and(|client| dropped.any(|dropped| dropped == client))
}

/// Asks the server which of the planned drops it would not carry out now, and removes these from the plans.
async fn check_all(
    observer: &mut Observer,
    report: &mut Report,
    plans: &mut Vec<DropTarget>,
    command: &'static str,
) -> Result<()> {
    if plans.is_empty() {
        return Ok(());
    }
    let outcomes = observer.admin(command)?.check_targets(plans).await?;
    let outcomes: HashMap<Uuid, _> = outcomes.iter().map(|it| (it.id, it)).collect();
    for target in &mut report.targets {
        if let Some(outcome) = outcomes.get(&target.id) {
            (target.outcome, target.detail) = (outcome.outcome.into(), detail(outcome));
        }
    }
    plans.retain(|plan| !outcomes.contains_key(&plan.id));
    Ok(())
}

/// More about an outcome, with the command that does what was refused.
fn detail(outcome: &admin::Outcome) -> Option<String> {
    let detail = outcome.detail.clone()?;
    let refused = outcome.outcome == OutcomeKind::Refused;
    let force = || format!("; to drop it anyway: graphctl sessions drop --force {}", outcome.id);
    Some(if refused { detail + &force() } else { detail })
}

/// Drops, and looks what is there afterwards: what had changed may have been on its way out.
async fn drop_all(
    observer: &mut Observer,
    report: &mut Report,
    plans: &[DropTarget],
    command: &'static str,
) -> Result<Inventory> {
    let channel = observer.admin(command)?;
    let dropped =
        if plans.is_empty() { Dropped::default() } else { channel.drop_targets(plans).await? };
    let after = observer.inventory().await?;
    report.unconfirmed = dropped.unconfirmed;
    let outcomes: HashMap<Uuid, _> = dropped.outcomes.into_iter().map(|it| (it.id, it)).collect();
    let plans: HashMap<Uuid, _> = plans.iter().map(|plan| (plan.id, plan)).collect();
    let present = present(&after);
    for target in &mut report.targets {
        if let Some(plan) = plans.get(&target.id) {
            (target.outcome, target.detail) = verified(outcomes.get(&target.id), plan, &present);
        }
        if target.outcome == Outcome::Changed && !present.contains(&target.id) {
            (target.outcome, target.detail) = (Outcome::AlreadyGone, None);
        }
    }
    Ok(after)
}

/// Closes the connection that a command with the command lock waits for in vain.
async fn free(
    observer: &mut Observer,
    Kept { holder, in_vain }: Kept,
    dry_run: bool,
    command: &'static str,
) -> Result<Freed> {
    if !in_vain {
        let why = "whom it waits for is not proven to be gone or stopped".to_owned();
        return Ok(Freed { holder, outcome: Outcome::Refused, detail: Some(why) });
    }
    if dry_run {
        return Ok(Freed { holder, outcome: Outcome::WouldDrop, detail: None });
    }
    let (outcome, detail) = observer.admin(command)?.free(&holder).await?;
    Ok(Freed { holder, outcome: outcome.into(), detail })
}

/// The sessions and process registrations that are there.
fn present(inventory: &Inventory) -> HashSet<Uuid> {
    let sessions = inventory.sessions.iter().map(|session| session.id);
    sessions.chain(inventory.processes.iter().map(|process| process.id)).collect()
}

/// What became of a target, held against what is `present` now.
fn verified(
    outcome: Option<&admin::Outcome>,
    plan: &DropTarget,
    present: &HashSet<Uuid>,
) -> (Outcome, Option<String>) {
    let Some(outcome) = outcome else {
        return (Outcome::Failed, Some("the server did not say what became of it".into()));
    };
    let detail = detail(outcome);
    let left = still_held(plan, present).filter(|_| outcome.outcome == OutcomeKind::Dropped);
    match left {
        Some(left) => (Outcome::Failed, Some(left)),
        None => (outcome.outcome.into(), detail),
    }
}

/// What of the plan is still on the server. What a relaunch has taken since is not.
fn still_held(plan: &DropTarget, present: &HashSet<Uuid>) -> Option<String> {
    let planned = plan.taken.session.iter().chain(&plan.taken.processes);
    let left: Vec<_> = planned.filter(|id| present.contains(id)).map(Uuid::to_string).collect();
    (!left.is_empty()).then(|| format!("still there: {}", list(&left)))
}
