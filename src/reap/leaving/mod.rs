//! The processes of this machine that a drop leaves behind, from before it until their end.

mod writing;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};
use uuid::Uuid;

use super::heirs::{self, Candidate, DroppedConnections, Obstacle};
use super::report::{Heir, HeirEnd, Outcome, Report};
use crate::admin::DropTarget;
use crate::host::{self, Ended, Held, Means, Sockets, Tcp, Unseen};
use crate::look::{Look, Observer};
use crate::model::{Holder, Inventory, ProcessId, SeenBy};

pub(super) use writing::Sample;
use writing::{QUIET, wait_until_quiet};

/// How long a process that was left behind may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How long a closed connection may take to be seen closed here, and how often that is checked.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A process that is left behind.
struct RemainingProcess {
    process: Holder,
    /// Its outcome.
    end: HeirEnd,
    /// It has no connections any more but those that were dropped, which the server has closed.
    released: bool,
    /// Its sockets before the drop.
    sockets: HashSet<Tcp>,
}

/// The processes that each target leaves behind.
pub(super) struct Leaving {
    by_target: HashMap<Uuid, Vec<ProcessId>>,
    remaining: HashMap<ProcessId, RemainingProcess>,
    parts: BTreeSet<u32>,
    dropped: DroppedConnections,
    /// What they had written before the drop.
    sample: Sample,
}

impl Leaving {
    /// `None` where no process of this machine can be seen. `before` is what they had written at the first look, if
    /// there was more than one.
    pub(super) fn of(
        observer: &Observer,
        look: &Look,
        plans: &[DropTarget],
        before: Option<&Sample>,
    ) -> Option<Self> {
        let dropped = DroppedConnections::of(plans, &look.inventory, observer.own()?.server);
        let mut held = observer.holders(&look.inventory);
        let by_target = heirs::of(plans, &held);
        let openers = heirs::openers(plans, &look.inventory, &held);
        let remaining = |process: &Holder| {
            let opener = openers.get(&process.pid).cloned();
            let grown = || before.and_then(|before| before.grown(observer, process));
            let reason = || grown().or(opener);
            let remaining = RemainingProcess::of(observer, &dropped, process.clone(), reason);
            (process.id(), remaining)
        };
        let mut leaving = Self {
            remaining: by_target.values().flatten().map(remaining).collect(),
            by_target: by_target
                .iter()
                .map(|(target, heirs)| (*target, heirs.iter().map(Holder::id).collect()))
                .collect(),
            parts: heirs::parts(plans, &held),
            dropped,
            sample: Sample::of(observer, by_target.values().flatten()),
        };
        for client in plans.iter().flat_map(|plan| plan.taken.clients()) {
            held.remove(&client);
        }
        leaving.spare_needed(observer, &look.inventory, held);
        leaving.add_elsewhere(plans, &look.held);
        Some(leaving)
    }

    /// Adds the processes that the server saw on its own machine. graphctl cannot examine or end those.
    fn add_elsewhere(&mut self, plans: &[DropTarget], held: &Held) {
        let seen = held.iter().filter(|(_, holding)| holding.seen_by == SeenBy::Server);
        let seen = seen.map(|(client, holding)| (*client, holding.clone())).collect();
        for (target, processes) in heirs::of(plans, &seen) {
            for process in processes {
                let id = process.id();
                if let Entry::Vacant(entry) = self.remaining.entry(id) {
                    entry.insert(RemainingProcess::elsewhere(process));
                    self.by_target.entry(target).or_default().push(id);
                }
            }
        }
    }

    /// Spares the processes that other processes need, or that have work of their own. `staying` says which processes
    /// hold the clients of `inventory` that are not dropped.
    fn spare_needed(&mut self, observer: &Observer, inventory: &Inventory, mut staying: Held) {
        for channel in heirs::channels(inventory) {
            staying.remove(&channel);
        }
        let ending = self.ending();
        let ties = observer.ties(&ending);
        let seen = || ending.iter().zip(&ties);
        for (process, unseen) in seen().filter_map(|(it, ties)| Some((it, ties.as_ref().err()?))) {
            self.settle(process, unseen_end(*unseen));
        }
        let candidate = |(process, ties)| Candidate {
            process,
            ran_units: self.parts.contains(&process.pid),
            ties,
        };
        let seen = seen().filter_map(|(process, ties)| Some((process, ties.as_ref().ok()?)));
        let candidates: Vec<_> = seen.map(candidate).collect();
        let spared = heirs::spared(&candidates, &self.needed(&staying));
        for Candidate { process, .. } in candidates {
            if let Some(why) = spared.get(&process.pid) {
                self.settle(process, HeirEnd::Spared(why.clone()));
            }
        }
    }

    /// By pid: the processes that hold anything that stays, and those that are spared.
    fn needed(&self, staying: &Held) -> BTreeMap<u32, String> {
        let spared = self.remaining.values().filter(|it| matches!(it.end, HeirEnd::Spared(_)));
        let spared = spared.map(|it| &it.process);
        let staying = staying.values().flat_map(|holding| &holding.holders);
        let ending: BTreeSet<_> = self.ending().iter().map(|it| it.pid).collect();
        let needed = staying.chain(spared).filter(|it| !ending.contains(&it.pid));
        needed.map(|process| (process.pid, process.name())).collect()
    }

    /// The processes that are to be ended, as far as that is known by now.
    fn ending(&self) -> Vec<Holder> {
        let ending = self.remaining.values().filter(|it| it.end == HeirEnd::Would);
        let mut ending: Vec<_> = ending.map(|it| it.process.clone()).collect();
        ending.sort_by_key(Holder::id);
        ending
    }

    fn settle(&mut self, process: &Holder, end: HeirEnd) {
        self.remaining.entry(process.id()).and_modify(|it| it.end = end);
    }

    /// Adds to each target the processes that it would leave behind.
    pub(super) fn add_planned(mut self, report: &mut Report) {
        if !report.extent.kill {
            self.name_running();
        }
        self.add_to(report);
    }

    /// Adds to each target the processes that it left behind, each with its end.
    fn add_to(&self, report: &mut Report) {
        for target in &mut report.targets {
            let ids = self.by_target.get(&target.id).into_iter().flatten();
            let heirs = ids.filter_map(|id| self.remaining.get(id));
            target.heirs = heirs.map(RemainingProcess::heir).collect();
        }
    }

    /// Ends the remaining processes of the targets that were dropped, if they are to be ended, and adds them to the
    /// report. `after` is what the server holds now. A process that has taken on something else meanwhile is spared,
    /// and none is killed if the server does not answer.
    pub(super) async fn conclude(
        mut self,
        observer: &mut Observer,
        report: &mut Report,
        after: &Inventory,
    ) {
        self.by_target.retain(|id, _| report.of(&[Outcome::Dropped]).any(|it| it.id == *id));
        let gone: HashSet<ProcessId> = self.by_target.values().flatten().copied().collect();
        self.remaining.retain(|id, _| gone.contains(id));
        self.wait_for_closing(observer).await;
        if report.extent.kill {
            self.spare_writers(observer).await;
            self.end_by(observer, after, Means::Ask(GRACE)).await;
            self.kill_stayed(observer).await;
        } else {
            self.spare_busy(observer, after);
            self.spare_written_since(observer).await;
        }
        self.find_released(observer, after);
        if !report.extent.kill {
            self.name_running();
        }
        self.add_to(report);
    }

    /// Marks the remaining processes as running, and removes those that have exited.
    fn name_running(&mut self) {
        self.remaining.retain(|_, it| !matches!(it.end, HeirEnd::Ended(_)));
        for remaining in self.remaining.values_mut() {
            remaining.end = match remaining.end.clone() {
                HeirEnd::Would => HeirEnd::Running(None),
                HeirEnd::Spared(obstacle) => HeirEnd::Running(Some(obstacle)),
                settled => settled,
            };
        }
    }

    /// Kills the processes that did not end when asked.
    async fn kill_stayed(&mut self, observer: &mut Observer) {
        let stayed = self.remaining.values().filter(|it| it.end == HeirEnd::Ended(Ended::Stayed));
        let stayed: Vec<_> = stayed.map(|it| it.process.clone()).collect();
        if stayed.is_empty() {
            return;
        }
        for process in &stayed {
            self.settle(process, HeirEnd::Would);
        }
        self.spare_writers(observer).await;
        let after = observer.inventory().await;
        if let Ok(after) = &after {
            self.end_by(observer, after, Means::Kill).await;
        }
        for process in &stayed {
            let remaining = self.remaining.get_mut(&process.id());
            match remaining.map(|it| &mut it.end) {
                Some(end @ HeirEnd::Would) => *end = HeirEnd::Ended(Ended::Stayed),
                Some(HeirEnd::Spared(obstacle)) => {
                    *obstacle = Obstacle::AfterAsking(Box::new(obstacle.clone()));
                }
                // It has ended, if late.
                Some(end @ HeirEnd::Ended(Ended::AlreadyGone)) => {
                    *end = HeirEnd::Ended(Ended::Terminated);
                }
                _ => {}
            }
        }
    }

    /// Waits until this machine also sees the connections as closed that the server has closed.
    async fn wait_for_closing(&self, observer: &Observer) {
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        let here = |it: &&RemainingProcess| it.end != HeirEnd::Elsewhere;
        let open = |it: &RemainingProcess| {
            observer.sockets(&it.process).is_ok_and(|sockets| self.dropped.are_open(&sockets))
        };
        while self.remaining.values().filter(here).any(open) && Instant::now() < deadline {
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Marks the spared processes that no process outside of the dropped pipelines needs, as far as can be seen. If a
    /// process that may be the opener is needed, the report gives that as the reason.
    fn find_released(&mut self, observer: &Observer, after: &Inventory) {
        let mut spared = self.remaining.values().filter_map(|it| match &it.end {
            HeirEnd::Spared(obstacle) => Some(obstacle),
            _ => None,
        });
        let needed = if spared.any(Obstacle::is_about_opener) {
            self.needed_by_others(observer, &observer.holders(after))
        } else {
            BTreeMap::new()
        };
        for remaining in self.remaining.values_mut() {
            if remaining.end == HeirEnd::Would {
                remaining.released = true;
            }
            let HeirEnd::Spared(obstacle) = &remaining.end else { continue };
            let may_be_opener = obstacle.is_about_opener();
            let others = needed.get(&remaining.process.pid).filter(|_| may_be_opener).cloned();
            let Ok(sockets) = observer.sockets(&remaining.process) else { continue };
            match remaining.obstacle_now(&sockets, &self.dropped).or(others) {
                None => remaining.released = true,
                Some(now) if may_be_opener => remaining.end = HeirEnd::Spared(now),
                Some(_) => {}
            }
        }
    }

    /// By pid: the spared processes that must not be ended lightly, each with the reason: other processes need them than
    /// those that are left behind, or they have a file open. Their standard input is no reason: whoever launched the
    /// program gave it that.
    fn needed_by_others(&self, observer: &Observer, staying: &Held) -> BTreeMap<u32, Obstacle> {
        let spared = self.remaining.values().filter(|it| matches!(it.end, HeirEnd::Spared(_)));
        let spared: Vec<_> = spared.map(|it| it.process.clone()).collect();
        let mut ties = observer.ties(&spared);
        for ties in ties.iter_mut().flatten() {
            ties.resources.retain(|it| !it.kind.is_from_launcher());
        }
        let seen = || spared.iter().zip(&ties);
        let readable = seen().filter_map(|(process, ties)| Some((process, ties.as_ref().ok()?)));
        let candidate = |(process, ties)| Candidate { process, ran_units: true, ties };
        let candidates: Vec<_> = readable.map(candidate).collect();
        let left: BTreeSet<_> = spared.iter().map(|it| it.pid).collect();
        let staying = staying.values().flat_map(|holding| &holding.holders);
        let staying = staying.filter(|it| !left.contains(&it.pid));
        let needed = heirs::spared(&candidates, &staying.map(|it| (it.pid, it.name())).collect());
        let hidden = seen().filter(|(_, ties)| matches!(ties, Err(Unseen::Hidden)));
        let hidden = hidden.map(|(process, _)| (process.pid, Obstacle::Unreadable));
        needed.into_iter().chain(hidden).collect()
    }

    /// Spares the processes that have written since before the drop, of those for which a command may be advised. This
    /// takes at least `QUIET` in all.
    async fn spare_written_since(&mut self, observer: &Observer) {
        let may_be_advised = |it: &&mut RemainingProcess| match &it.end {
            HeirEnd::Would => true,
            HeirEnd::Spared(obstacle) => obstacle.is_about_opener(),
            _ => false,
        };
        let mut advised: Vec<_> = self.remaining.values_mut().filter(may_be_advised).collect();
        if advised.is_empty() {
            return;
        }
        sleep_until((self.sample.taken + QUIET).into()).await;
        for remaining in &mut advised {
            if let Some(why) = self.sample.grown(observer, &remaining.process) {
                remaining.end = HeirEnd::Spared(why);
            }
        }
    }

    /// Spares the processes that do not stop writing.
    async fn spare_writers(&mut self, observer: &Observer) {
        let ending = self.ending();
        let writing = wait_until_quiet(observer, &ending).await;
        for process in &ending {
            if let Some(why) = writing.get(&process.id()) {
                self.settle(process, HeirEnd::Spared(why.clone()));
            }
        }
    }

    /// Spares the processes that have taken on something else since the drop.
    fn spare_busy(&mut self, observer: &Observer, after: &Inventory) {
        self.dropped.update_after_drop(after);
        for remaining in self.remaining.values_mut().filter(|it| it.end == HeirEnd::Would) {
            remaining.look_again(observer, &self.dropped);
        }
        self.spare_needed(observer, after, observer.holders(after));
    }

    async fn end_by(&mut self, observer: &Observer, after: &Inventory, means: Means) {
        self.spare_busy(observer, after);
        let ending = self.ending();
        let ends = host::end(&ending, means).await;
        for (process, end) in ending.iter().zip(ends) {
            self.settle(process, HeirEnd::Ended(end));
        }
    }
}

impl RemainingProcess {
    /// `reason` is why it is spared, unless its sockets are a reason already.
    fn of(
        observer: &Observer,
        dropped: &DroppedConnections,
        process: Holder,
        reason: impl FnOnce() -> Option<Obstacle>,
    ) -> Self {
        let (sockets, end) = match observer.sockets(&process) {
            Ok(sockets) => {
                let needed = dropped.obstacle(&sockets).or_else(reason);
                (sockets.tcp, needed.map_or(HeirEnd::Would, HeirEnd::Spared))
            }
            Err(unseen) => (Vec::new(), unseen_end(unseen)),
        };
        Self { process, end, released: false, sockets: sockets.into_iter().collect() }
    }

    /// A process of the server's machine.
    fn elsewhere(process: Holder) -> Self {
        Self { process, end: HeirEnd::Elsewhere, released: false, sockets: HashSet::new() }
    }

    fn heir(&self) -> Heir {
        Heir { process: self.process.clone(), end: self.end.clone(), released: self.released }
    }

    fn look_again(&mut self, observer: &Observer, dropped: &DroppedConnections) {
        self.end = match observer.sockets(&self.process) {
            Err(unseen) => unseen_end(unseen),
            Ok(sockets) => {
                let obstacle = self.obstacle_now(&sockets, dropped);
                obstacle.map_or(HeirEnd::Would, HeirEnd::Spared)
            }
        };
    }

    /// Why it must not be ended now, after the drop, when it has these sockets.
    fn obstacle_now(&self, sockets: &Sockets, dropped: &DroppedConnections) -> Option<Obstacle> {
        let new = self.has_connected(sockets, dropped).then_some(Obstacle::NewConnection);
        new.or_else(|| dropped.obstacle(sockets))
    }

    /// Whether it has opened a connection since the look.
    fn has_connected(&self, sockets: &Sockets, dropped: &DroppedConnections) -> bool {
        let new = |socket: &&Tcp| !self.sockets.contains(socket) && !dropped.is_own_channel(socket);
        sockets.tcp.iter().any(|socket| new(&socket))
    }
}

fn unseen_end(unseen: Unseen) -> HeirEnd {
    match unseen {
        Unseen::Gone => HeirEnd::Ended(Ended::AlreadyGone),
        Unseen::Hidden => HeirEnd::Spared(Obstacle::Unreadable),
    }
}
