//! Condemned → looked at again → dropped → verified. [`plan`] is pure; the rest talks to the server.

pub mod plan;
mod reach;
pub mod report;

use std::time::Duration;

use uuid::Uuid;

pub use plan::{Planner, Warrant};
pub use report::{Outcome, Report, Target};

use crate::admin::{self, DropTarget, OutcomeKind};
use crate::error::Result;
use crate::look::{Look, Observer};
use crate::model::Inventory;
use crate::words::list;

/// How long after the first look the second is taken. A regular close or shutdown passes through
/// states that look dead for milliseconds, and a busy process shows a sign of life between the looks.
const SECOND_LOOK_AFTER: Duration = Duration::from_secs(2);

/// A case that is to be dropped, and by what right.
#[derive(Debug)]
pub struct Condemned {
    /// The case.
    pub id: Uuid,
    /// By what right.
    pub warrant: Warrant,
}

/// Looks again, and drops what is condemned again for the same reason; with `dry_run` it stops there.
///
/// # Errors
/// The server did not answer. What was dropped by then is dropped.
pub async fn run(
    observer: &mut Observer,
    first: Look,
    condemned: &[Condemned],
    dry_run: bool,
    command: &'static str,
) -> Result<Report> {
    let look = if condemned.iter().all(|it| it.warrant == Warrant::Force) {
        first
    } else {
        tokio::time::sleep_until((first.taken + SECOND_LOOK_AFTER).into()).await;
        observer.look_again(first.taken).await?
    };
    let mut targets = Vec::new();
    let mut plans = Vec::new();
    let planner = Planner::new(&look.inventory);
    for it in condemned {
        let Some(case) = look.cases.iter().find(|case| case.id == it.id) else {
            targets.push(Target::gone(it.id));
            continue;
        };
        if let Some(plan) = planner.plan(case, it.warrant) {
            targets.push(Target::new(&look.inventory, case, &plan));
            plans.push(plan);
        } else {
            let now = format!("it is {} now: {}", case.verdict, case.evidence.join("; "));
            targets.push(Target::ended(&look.inventory, case, Outcome::Changed, now));
        }
    }
    let mut report = Report { targets, ..Report::new(look.inventory.server, dry_run) };
    if dry_run || plans.is_empty() {
        return Ok(report);
    }
    let outcomes = observer.admin(command)?.drop_targets(&plans).await?;
    let after = observer.inventory().await?;
    for target in &mut report.targets {
        let Some(plan) = plans.iter().find(|plan| plan.id == target.id) else { continue };
        let outcome = outcomes.iter().find(|outcome| outcome.id == target.id);
        (target.outcome, target.detail) = verified(outcome, plan, &after);
    }
    Ok(report)
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
    match outcome.outcome {
        OutcomeKind::AlreadyGone => (Outcome::AlreadyGone, detail),
        OutcomeKind::Changed => (Outcome::Changed, detail),
        OutcomeKind::Failed => (Outcome::Failed, detail),
        OutcomeKind::Dropped => match still_held(plan, after) {
            Some(detail) => (Outcome::Failed, Some(detail)),
            None => (Outcome::Dropped, None),
        },
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
