//! The processes of this machine that a drop leaves behind, from before it until their end.

mod writing;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use uuid::Uuid;

use super::heirs::{self, Candidate, Going};
use super::report::{Heir, HeirEnd, Outcome, Report};
use crate::admin::DropTarget;
use crate::host::{self, Ended, Held, Means, Sockets, Tcp, Unseen};
use crate::look::{Look, Observer};
use crate::model::{Holder, Inventory};

pub(super) use writing::Sample;
use writing::wait_until_quiet;

/// How long a process that was left behind may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How long a closed connection may take to be seen closed here, and how often that is checked.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The pid and the start of a process: a pid alone may be used again.
type Name = (u32, u64);

/// A process that is left behind.
struct Left {
    process: Holder,
    /// What is to become of it.
    end: HeirEnd,
    /// Its sockets before the drop.
    sockets: HashSet<Tcp>,
}

/// The processes that each target leaves behind.
pub(super) struct Leaving {
    by_target: HashMap<Uuid, Vec<Name>>,
    left: HashMap<Name, Left>,
    parts: BTreeSet<u32>,
    openers: BTreeMap<u32, String>,
    going: Going,
}

impl Leaving {
    /// `None` where no process of this machine can be seen. `before` is what they had written at the first look.
    pub(super) fn of(
        observer: &Observer,
        look: &Look,
        plans: &[DropTarget],
        before: &Sample,
    ) -> Option<Self> {
        let going = Going::of(plans, &look.inventory, observer.own()?.server);
        let mut held = observer.holders(&look.inventory);
        let by_target = heirs::of(plans, &held);
        let openers = heirs::openers(plans, &look.inventory, &held);
        let left = |process: &Holder| {
            let opener = openers.get(&process.pid).cloned();
            let reason = || opener.or_else(|| before.grown(observer, process));
            (name(process), Left::of(observer, &going, process.clone(), reason))
        };
        let mut leaving = Self {
            left: by_target.values().flatten().map(left).collect(),
            by_target: by_target
                .iter()
                .map(|(target, heirs)| (*target, heirs.iter().map(name).collect()))
                .collect(),
            parts: heirs::parts(plans, &held),
            openers,
            going,
        };
        for client in plans.iter().flat_map(|plan| plan.taken.clients()) {
            held.remove(&client);
        }
        leaving.spare_company(observer, &held);
        Some(leaving)
    }

    /// Spares the processes that have to do with processes that stay.
    fn spare_company(&mut self, observer: &Observer, staying: &Held) {
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
        let spared = heirs::spared(&candidates, &self.needed(staying));
        for Candidate { process, .. } in candidates {
            if let Some(why) = spared.get(&process.pid) {
                self.settle(process, HeirEnd::Spared(why.clone()));
            }
        }
    }

    /// By pid: the processes that hold anything that stays, and those that are spared.
    fn needed(&self, staying: &Held) -> BTreeMap<u32, String> {
        let spared = self.left.values().filter(|it| matches!(it.end, HeirEnd::Spared(_)));
        let spared = spared.map(|it| &it.process);
        let staying = staying.values().flat_map(|holding| &holding.holders);
        let ending: BTreeSet<_> = self.ending().iter().map(|it| it.pid).collect();
        let needed = staying.chain(spared).filter(|it| !ending.contains(&it.pid));
        needed.map(|process| (process.pid, process.name())).collect()
    }

    /// The processes that are to be ended, as far as that is known by now.
    fn ending(&self) -> Vec<Holder> {
        let ending = self.left.values().filter(|it| it.end == HeirEnd::Would);
        let mut ending: Vec<_> = ending.map(|it| it.process.clone()).collect();
        ending.sort_by_key(name);
        ending
    }

    fn settle(&mut self, process: &Holder, end: HeirEnd) {
        self.left.entry(name(process)).and_modify(|it| it.end = end);
    }

    /// Adds to each target the processes that it left behind, each with its end.
    pub(super) fn add_to(&self, report: &mut Report) {
        for target in &mut report.targets {
            let names = self.by_target.get(&target.id).into_iter().flatten();
            let heirs = names.filter_map(|name| self.left.get(name));
            let heirs = heirs.map(|it| Heir { process: it.process.clone(), end: it.end.clone() });
            target.heirs = heirs.collect();
        }
    }

    /// Ends the remaining processes of the targets that were dropped; `after` is what the server holds now. A process
    /// that has taken on something else meanwhile is spared, and none is killed if the server does not answer.
    pub(super) async fn end(
        mut self,
        observer: &mut Observer,
        report: &mut Report,
        after: &Inventory,
    ) {
        self.by_target.retain(|id, _| report.of(&[Outcome::Dropped]).any(|it| it.id == *id));
        let gone: HashSet<Name> = self.by_target.values().flatten().copied().collect();
        self.left.retain(|name, _| gone.contains(name));
        self.wait_for_closing(observer).await;
        self.explain_open(observer);
        self.spare_writers(observer).await;
        self.end_by(observer, after, Means::Ask(GRACE)).await;
        self.kill_stayed(observer).await;
        self.add_to(report);
    }

    /// Kills the processes that did not end when asked.
    async fn kill_stayed(&mut self, observer: &mut Observer) {
        let stayed = self.left.values().filter(|it| it.end == HeirEnd::Ended(Ended::Stayed));
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
            let left = self.left.get_mut(&name(process));
            match left.map(|it| &mut it.end) {
                Some(end @ HeirEnd::Would) => *end = HeirEnd::Ended(Ended::Stayed),
                Some(HeirEnd::Spared(why)) => *why = format!("it was asked to end, and {why}"),
                // It has ended, if late.
                Some(end @ HeirEnd::Ended(Ended::AlreadyGone)) => {
                    *end = HeirEnd::Ended(Ended::Terminated);
                }
                _ => {}
            }
        }
    }

    /// Until the connections that the server has closed are closed here.
    async fn wait_for_closing(&self, observer: &Observer) {
        let deadline = Instant::now() + ON_ITS_WAY;
        let open = |it: &Left| {
            observer.sockets(&it.process).is_ok_and(|sockets| self.going.are_open(&sockets))
        };
        while self.left.values().any(open) && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
    }

    /// A process whose connection the server has not closed has nothing to do with what was dropped: no report must
    /// advise to end it.
    fn explain_open(&mut self, observer: &Observer) {
        for left in self.left.values_mut() {
            let HeirEnd::Spared(why) = &mut left.end else { continue };
            if self.openers.get(&left.process.pid) == Some(why)
                && let Ok(sockets) = observer.sockets(&left.process)
                && self.going.are_open(&sockets)
            {
                Going::STILL_OPEN.clone_into(why);
            }
        }
    }

    /// Spares the processes that do not stop writing.
    async fn spare_writers(&mut self, observer: &Observer) {
        let ending = self.ending();
        let writing = wait_until_quiet(observer, &ending).await;
        for process in &ending {
            if let Some(why) = writing.get(&name(process)) {
                self.settle(process, HeirEnd::Spared(why.clone()));
            }
        }
    }

    async fn end_by(&mut self, observer: &Observer, after: &Inventory, means: Means) {
        self.going.afterwards(after);
        for left in self.left.values_mut().filter(|it| it.end == HeirEnd::Would) {
            left.look_again(observer, &self.going);
        }
        self.spare_company(observer, &observer.holders(after));
        let ending = self.ending();
        let ends = host::end(&ending, means).await;
        for (process, end) in ending.iter().zip(ends) {
            self.settle(process, HeirEnd::Ended(end));
        }
    }
}

impl Left {
    /// `reason` is why it is spared, unless its sockets are a reason already.
    fn of(
        observer: &Observer,
        going: &Going,
        process: Holder,
        reason: impl FnOnce() -> Option<String>,
    ) -> Self {
        let (sockets, end) = match observer.sockets(&process) {
            Ok(sockets) => {
                let needed = going.needs(&sockets).or_else(reason);
                (sockets.tcp, needed.map_or(HeirEnd::Would, HeirEnd::Spared))
            }
            Err(unseen) => (Vec::new(), unseen_end(unseen)),
        };
        Self { process, end, sockets: sockets.into_iter().collect() }
    }

    fn look_again(&mut self, observer: &Observer, going: &Going) {
        self.end = match observer.sockets(&self.process) {
            Err(unseen) => unseen_end(unseen),
            Ok(sockets) => {
                let new = self.has_connected(&sockets, going);
                let new = new.then(|| "it has opened a connection since".to_owned());
                new.or_else(|| going.needs(&sockets)).map_or(HeirEnd::Would, HeirEnd::Spared)
            }
        };
    }

    /// Whether it has opened a connection since the look.
    fn has_connected(&self, sockets: &Sockets, going: &Going) -> bool {
        let new = |socket: &&Tcp| !self.sockets.contains(socket) && !going.is_its_own(socket);
        sockets.tcp.iter().any(|socket| new(&socket))
    }
}

fn unseen_end(unseen: Unseen) -> HeirEnd {
    match unseen {
        Unseen::Gone => HeirEnd::Ended(Ended::AlreadyGone),
        Unseen::Hidden => {
            HeirEnd::Spared("it cannot be seen what it shares with other processes".into())
        }
    }
}

const fn name(process: &Holder) -> Name {
    (process.pid, process.start)
}
