//! Has the program exited that forked a holder of a session's connection?

use std::path::Path;

use super::parents::Parents;
use super::semaphores::SharedSemaphores;
use super::ties::pipes;
use crate::host::{Resource, ResourceKind};
use crate::model::{Holder, Holding};

/// If no holder of a connection serves it, one that lives elsewhere may still be its opener: a daemon forks after it
/// has opened its session. Only orphans are certain to have inherited it, if no other process shares their semaphores:
/// the program may have become a daemon after its start.
pub(super) fn confirm_heirs(root: &Path, holdings: &mut [Holding]) {
    let is_in_question = |it: &&mut Holding| {
        let served = it.holders.iter().any(|it| it.serving == Some(true));
        !served && it.holders.iter().any(|it| it.lives_elsewhere)
    };
    let in_question: Vec<_> = holdings.iter_mut().filter(is_in_question).collect();
    if in_question.is_empty() {
        return;
    }
    let groups: Vec<_> = in_question.iter().map(|it| it.holders.clone()).collect();
    let mut pipes = pipes(root, &groups.concat()).into_iter();
    let parents = Parents::read(root).ok();
    let mut semaphores = parents.as_ref().map(|it| SharedSemaphores::new(root, it));
    for (holding, group) in in_question.into_iter().zip(&groups) {
        let heirs: Vec<_> = group.iter().collect();
        let are_alone = semaphores.as_mut().is_some_and(|it| it.expect_alone(&heirs).is_ok());
        for (holder, pipes) in holding.holders.iter_mut().zip(&mut pipes) {
            holder.lives_elsewhere &= are_alone && is_orphan(holder, &pipes, group);
        }
    }
}

/// Whether multiprocessing forked the process from a program that has exited. Two pipes connect such a process to its
/// program (`Popen._launch` of multiprocessing/popen_fork.py). Of one it holds only the reading end, of the other only
/// the writing end; the other ends are held by the program, and by processes of the `group` that it forked later. A
/// daemon that forked itself has no such pipes.
fn is_orphan(process: &Holder, resources: &[Resource], group: &[Holder]) -> bool {
    let age = |it: &Holder| (it.start, it.pid);
    let forked_later =
        |it: &Holder| age(it) > age(process) && group.iter().any(|other| other.id() == it.id());
    let is_lost = |it: &Resource| it.unsure.is_none() && it.others.iter().all(forked_later);
    let has_lost = |end| resources.iter().any(|it| it.kind == end && is_lost(it));
    has_lost(ResourceKind::PipeReader { input: false })
        && has_lost(ResourceKind::PipeWriter { output: false })
}
