//! Which heirs are needed by processes that are not ended, or have work of their own: by descent, pipes, sockets,
//! terminals or files. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::Obstacle;
use crate::host::{Resource, ResourceKind, Ties, multiprocessing};
use crate::model::Holder;

/// A process that may be ended, unless a process that is not ended needs it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The process.
    pub process: &'a Holder,
    /// It ran units of what is dropped.
    pub ran_units: bool,
    /// What it shares with other processes.
    pub ties: &'a Ties,
}

/// By pid: the candidates that must not be ended, each with the reason.
///
/// `needed` are other processes that are needed, by pid, with their names. A candidate that is spared is needed too, so
/// it may be a reason to spare others. An open file is the reason only if there is no other one, because
/// it does not show that another process needs this one.
#[must_use]
pub fn spared(
    candidates: &[Candidate<'_>],
    needed: &BTreeMap<u32, String>,
) -> BTreeMap<u32, Obstacle> {
    let mut partition = Partition {
        ending: candidates.iter().map(|it| it.process.pid).collect(),
        needed: needed.clone(),
    };
    let mut spared = BTreeMap::new();
    loop {
        let ending = || candidates.iter().filter(|it| partition.ending.contains(&it.process.pid));
        let by_others = || ending().find_map(|it| Some((it.process, partition.obstacle(*it)?)));
        let by_file = || ending().find_map(|it| Some((it.process, file(it.ties)?)));
        let Some((process, obstacle)) = by_others().or_else(by_file) else { return spared };
        partition.ending.remove(&process.pid);
        partition.needed.insert(process.pid, process.name());
        spared.insert(process.pid, obstacle);
    }
}

/// The obstacle that a process has a file open or mapped for writing, if it has one.
fn file(ties: &Ties) -> Option<Obstacle> {
    let is_file =
        |it: &&ResourceKind| matches!(it, ResourceKind::OpenFile(_) | ResourceKind::MappedFile(_));
    ties.resources.iter().map(|it| &it.kind).find(is_file).cloned().map(Obstacle::Holds)
}

/// The pids of the processes that are to be ended, and the processes that are needed.
struct Partition {
    ending: BTreeSet<u32>,
    /// By pid, their names.
    needed: BTreeMap<u32, String>,
}

impl Partition {
    fn obstacle(&self, candidate: Candidate<'_>) -> Option<Obstacle> {
        let Candidate { process, ties, .. } = candidate;
        let Some(descendants) = &ties.descendants else {
            return Some(Obstacle::DescendantsUnknown);
        };
        let descendant = descendants.iter().find(|it| !self.ending.contains(&it.pid));
        let descendant = descendant.map(|it| Obstacle::Descendant(it.name()));
        let by_resource = || ties.resources.iter().find_map(|it| self.obstacle_at(candidate, it));
        let by_parent = || {
            let parent = self.needed.get(&process.parent).filter(|_| !candidate.ran_units);
            parent.map(|name| Obstacle::Parent(name.clone()))
        };
        descendant.or_else(by_resource).or_else(by_parent)
    }

    fn obstacle_at(&self, candidate: Candidate<'_>, resource: &Resource) -> Option<Obstacle> {
        let what = &resource.kind;
        match what {
            ResourceKind::Terminal { input: true, .. }
            | ResourceKind::PipeReader { input: true }
                if candidate.ties.input_replaced =>
            {
                return None;
            }
            // Every program that is launched inherits these.
            ResourceKind::PipeWriter { output: true } | ResourceKind::Unix { output: true } => {
                return None;
            }
            ResourceKind::OpenFile(_) | ResourceKind::MappedFile(_) => return None,
            ResourceKind::Terminal { .. } | ResourceKind::UnixListener | ResourceKind::Udp(_) => {
                return Some(Obstacle::Holds(what.clone()));
            }
            ResourceKind::PipeReader { .. }
            | ResourceKind::PipeWriter { .. }
            | ResourceKind::Unix { .. } => {}
        }
        let helper = |it: &Holder| {
            matches!(what, ResourceKind::PipeWriter { .. }) && self.is_helper(it, candidate.process)
        };
        let other = resource.others.iter().find(|it| !self.ending.contains(&it.pid) && !helper(it));
        if let Some(other) = other {
            return Some(Obstacle::Shares { what: what.clone(), with: other.name() });
        }
        let unsure = resource.unsure.clone()?;
        Some(Obstacle::MayShare { what: what.clone(), unsure })
    }

    /// Whether a process is one that Python's multiprocessing keeps for the workers of a program: it reads from
    /// them only to see when they end.
    fn is_helper(&self, process: &Holder, worker: &Holder) -> bool {
        // What a fork server forks has the same command line.
        let fork_server = process.pid == worker.parent
            && multiprocessing::is_of_fork_server(&process.command)
            && !self.needed.contains_key(&process.pid);
        multiprocessing::is_resource_tracker(&process.command) || fork_server
    }
}
