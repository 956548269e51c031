//! Which heirs have anything to do with processes that stay: by descent, pipes, sockets or terminals. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::{End, EndKind, Ties};
use crate::model::Holder;

/// How Python starts the process that cleans up shared memory. It serves only the program that started it.
const RESOURCE_TRACKER: &str = "from multiprocessing.resource_tracker import main";

/// How Python starts the process that forks the workers of a program.
pub(super) const FORK_SERVER: &str = "from multiprocessing.forkserver import main";

/// A process that may be ended, unless it has to do with processes that stay.
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
/// `staying` are the pids of other processes that are needed. A candidate that is spared stays too, so it may be a
/// reason to spare others.
#[must_use]
pub fn spared(
    candidates: &[Candidate<'_>],
    staying: &BTreeMap<u32, String>,
) -> BTreeMap<u32, String> {
    let mut company = Company {
        ending: candidates.iter().map(|it| it.process.pid).collect(),
        staying: staying.clone(),
    };
    let mut spared = BTreeMap::new();
    loop {
        let ending = candidates.iter().filter(|it| company.ending.contains(&it.process.pid));
        let mut obstacles = ending.filter_map(|it| Some((it.process, company.obstacle(*it)?)));
        let Some((process, why)) = obstacles.next() else { return spared };
        company.ending.remove(&process.pid);
        company.staying.insert(process.pid, process.name());
        spared.insert(process.pid, why);
    }
}

/// Who is to be ended, and who is needed.
struct Company {
    ending: BTreeSet<u32>,
    /// By pid, their names.
    staying: BTreeMap<u32, String>,
}

impl Company {
    fn obstacle(&self, candidate: Candidate<'_>) -> Option<String> {
        let Candidate { process, ties, .. } = candidate;
        let Some(descendants) = &ties.descendants else {
            return Some("it cannot be seen whether it has running descendants".into());
        };
        let runs_on = descendants.iter().find(|it| !self.ending.contains(&it.pid));
        let descendant = runs_on.map(|it| format!("its descendant {} runs on", it.name()));
        let by_end = || ties.ends.iter().find_map(|end| self.obstacle_at(candidate, end));
        let by_parent = || {
            let parent = self.staying.get(&process.parent).filter(|_| !candidate.ran_units);
            parent.map(|name| format!("its parent, {name}, runs on"))
        };
        descendant.or_else(by_end).or_else(by_parent)
    }

    fn obstacle_at(&self, candidate: Candidate<'_>, end: &End) -> Option<String> {
        let (what, verb) = match &end.kind {
            EndKind::Terminal { input: true, .. } | EndKind::PipeReader { input: true }
                if candidate.ties.input_replaced =>
            {
                return None;
            }
            // Every program that is launched inherits these.
            EndKind::PipeWriter { output: true } => return None,
            EndKind::Terminal { path, .. } => return Some(format!("it may read from {path}")),
            EndKind::UnixListener => return Some("it listens on a unix socket".into()),
            EndKind::Udp(port) => return Some(format!("it has a UDP socket on port {port}")),
            EndKind::MappedFile(path) => {
                return Some(format!("it has {path} mapped into its memory, and may write it"));
            }
            EndKind::PipeReader { .. } => ("it reads from a pipe", "writes to"),
            EndKind::PipeWriter { .. } => ("it writes to a pipe", "reads from"),
            EndKind::Unix => ("it has a unix socket", "is connected to"),
        };
        let helper = |it: &Holder| {
            matches!(end.kind, EndKind::PipeWriter { .. }) && self.is_helper(it, candidate.process)
        };
        let other = end.others.iter().find(|it| !self.ending.contains(&it.pid) && !helper(it));
        let other = other.map(|other| format!("{what} that {} {verb}", other.name()));
        let unsure =
            || end.unsure.as_ref().map(|why| format!("{what} of unknown other end: {why}"));
        other.or_else(unsure)
    }

    /// Whether a process is one that Python's multiprocessing keeps beside the workers of a program: it reads from
    /// them only to know when they end.
    fn is_helper(&self, process: &Holder, worker: &Holder) -> bool {
        let tracker = process.command.contains(RESOURCE_TRACKER);
        // What it forks has the same command line.
        let fork_server = process.pid == worker.parent
            && process.command.contains(FORK_SERVER)
            && !self.staying.contains_key(&process.pid);
        tracker || fork_server
    }
}
