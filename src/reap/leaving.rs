//! The processes of this machine that a drop leaves behind, from before it until their end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use uuid::Uuid;

use super::heirs::{self, Going};
use super::report::{Heir, HeirEnd, Outcome, Report};
use crate::admin::DropTarget;
use crate::host::{self, Ended, Held, Means, Tcp, Unseen};
use crate::look::{Look, Observer};
use crate::model::{Holder, Inventory};

/// How long a process that was left behind may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How long what the server has closed may be on its way, and how often it is looked whether it has come.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A pid alone may be somebody else's by now.
type Name = (u32, u64);

/// A process that is left behind.
struct Left {
    process: Holder,
    /// What is to become of it.
    end: HeirEnd,
    /// Its sockets before the drop.
    sockets: HashSet<Tcp>,
}

/// Who is left behind by each target.
pub(super) struct Leaving {
    by_target: HashMap<Uuid, Vec<Name>>,
    left: HashMap<Name, Left>,
    parts: BTreeSet<u32>,
    going: Going,
}

impl Leaving {
    /// `None` where nobody of this machine can be seen.
    pub(super) fn of(observer: &Observer, look: &Look, plans: &[DropTarget]) -> Option<Self> {
        let going = Going::of(plans, &look.inventory, observer.own()?.server);
        let mut held = observer.holders(&look.inventory);
        let heirs = heirs::of(plans, &held);
        let left = heirs.values().flatten();
        let left = left.map(|process| (name(process), Left::of(observer, &going, process.clone())));
        let names = |heirs: &[Holder]| heirs.iter().map(name).collect();
        let by_target = heirs.iter().map(|(target, heirs)| (*target, names(heirs))).collect();
        let mut leaving =
            Self { by_target, left: left.collect(), parts: heirs::parts(plans, &held), going };
        for client in plans.iter().flat_map(|plan| plan.taken.clients()) {
            held.remove(&client);
        }
        leaving.spare_kin(&held);
        Some(leaving)
    }

    /// Spares the families of those who are needed, by what stays or by what they hold besides.
    fn spare_kin(&mut self, staying: &Held) {
        let spared = self.left.values().filter(|it| matches!(it.end, HeirEnd::Spared(_)));
        let spared = spared.map(|it| &it.process);
        let needed = staying.values().flat_map(|holding| &holding.holders).chain(spared);
        let needed = needed.map(|process| (process.pid, process.parent)).collect();
        let ending = self.left.values().filter(|it| it.end == HeirEnd::Would);
        let ending: Vec<_> = ending.map(|it| it.process.clone()).collect();
        let kin = heirs::kin(&ending, &self.parts, &needed);
        for left in self.left.values_mut().filter(|it| it.end == HeirEnd::Would) {
            if let Some(relative) = kin.get(&left.process.pid) {
                let why = format!("it is of one family with pid {relative}, which is needed");
                left.end = HeirEnd::Spared(why);
            }
        }
    }

    /// Tells what would become of them, or what became.
    pub(super) fn tell(&self, report: &mut Report) {
        for target in &mut report.targets {
            let names = self.by_target.get(&target.id).into_iter().flatten();
            let heirs = names.filter_map(|name| self.left.get(name));
            let heirs = heirs.map(|it| Heir { process: it.process.clone(), end: it.end.clone() });
            target.heirs = heirs.collect();
        }
    }

    /// Ends what is left of the targets that went; `after` is what the server holds now. What has taken on
    /// something else meanwhile is spared, and nobody is killed if the server does not tell what they hold.
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
        self.end_by(observer, after, Means::Ask(GRACE)).await;
        let stayed = |it: &&mut Left| it.end == HeirEnd::Ended(Ended::Stayed);
        let stayed: Vec<_> = self.left.values_mut().filter(stayed).collect();
        if !stayed.is_empty()
            && let Ok(after) = observer.inventory().await
        {
            for left in stayed {
                left.end = HeirEnd::Would;
            }
            self.end_by(observer, &after, Means::Kill).await;
        }
        self.tell(report);
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

    async fn end_by(&mut self, observer: &Observer, after: &Inventory, means: Means) {
        self.going.afterwards(after);
        for left in self.left.values_mut().filter(|it| it.end == HeirEnd::Would) {
            left.look_again(observer, &self.going);
        }
        self.spare_kin(&observer.holders(after));
        let ending = self.left.values().filter(|it| it.end == HeirEnd::Would);
        let ending: Vec<_> = ending.map(|it| it.process.clone()).collect();
        let ends = host::end(&ending, means).await;
        for (process, end) in ending.iter().zip(ends) {
            self.left.entry(name(process)).and_modify(|it| it.end = HeirEnd::Ended(end));
        }
    }
}

impl Left {
    fn of(observer: &Observer, going: &Going, process: Holder) -> Self {
        let (sockets, end) = match observer.sockets(&process) {
            Ok(sockets) => {
                let needed = going.needs(&sockets);
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
                let new = sockets.tcp.iter().find(|it| !self.sockets.contains(it));
                let new = new.filter(|it| !going.is_its_own(it));
                let new = new.map(|_| "it has opened a connection since".to_owned());
                new.or_else(|| going.needs(&sockets)).map_or(HeirEnd::Would, HeirEnd::Spared)
            }
        };
    }
}

fn unseen_end(unseen: Unseen) -> HeirEnd {
    match unseen {
        Unseen::Gone => HeirEnd::Ended(Ended::AlreadyGone),
        Unseen::Hidden => HeirEnd::Spared("its sockets cannot be seen".into()),
    }
}

const fn name(process: &Holder) -> Name {
    (process.pid, process.start)
}
