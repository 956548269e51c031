//! Whether another look may show what this one missed. On a busy machine, a look may see no moment at which a process
//! is idle, may get no answer in time, or may meet a process that is about to exit.

use super::activity::is_whole;
use super::facts::Facts;
use super::{SuspectReason, Verdict};
use crate::model::{Holder, Holding, Member, Process, Session, StacksError, Worker};

/// Whether another look may help, in three cases: a holder watches the session's connection, but none was seen waiting
/// on it; the stacks of its processes were not read whole; or its processes did not report their messages.
pub(super) fn of_session(facts: &Facts<'_>, verdict: Verdict) -> bool {
    let session = facts.session;
    session.units().next().is_some()
        && (is_unserved(session)
            || has_incomplete_stacks(session)
            || lacks_messages(facts, verdict))
}

/// The same for a leftover: the program that started its process has exited.
pub(super) fn of_leftover(process: &Process) -> bool {
    let lost = |it: &Holder| it.worker == Some(Worker { starter_runs: Some(false) });
    process.holding.as_ref().is_some_and(|it| it.holders.iter().any(lost))
}

fn is_unserved(session: &Session) -> bool {
    let holders = session.holding.as_ref().map_or(&[][..], |it: &Holding| &it.holders);
    holders.iter().any(|it| it.watches) && holders.iter().all(|it| it.serving != Some(true))
}

fn has_incomplete_stacks(session: &Session) -> bool {
    let is_incomplete = |it: &Member| match &it.stacks {
        Ok(stacks) => !stacks.threads.iter().all(|thread| is_whole(it, thread)),
        Err(why) => matches!(why, StacksError::Gone | StacksError::Failed(_)),
    };
    session.family.iter().flat_map(|it| &it.members).any(is_incomplete)
}

/// Whether it is `never-started` only because its processes did not report their messages.
fn lacks_messages(facts: &Facts<'_>, verdict: Verdict) -> bool {
    let never_started = verdict == Verdict::Suspect(SuspectReason::NeverStarted);
    never_started && facts.session.family.is_some() && facts.messages().is_none()
}
