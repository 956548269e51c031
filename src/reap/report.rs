//! What became of each target. Plain data for the renderers.

use std::time::Duration;

use uuid::Uuid;

use super::Extent;
use super::heirs::Obstacle;
use crate::admin::{OutcomeKind, Taken, Unconfirmed};
use crate::exit::Exit;
use crate::host::Ended;
use crate::judge::{Case, Verdict};
use crate::model::{Holder, Inventory, LockHolder, Server};

/// What became of everything that was to be dropped.
#[derive(Debug)]
pub struct Report {
    /// The server.
    pub server: Server,
    /// How far it was to go.
    pub extent: Extent,
    /// In the order of the listing.
    pub targets: Vec<Target>,
    /// What became of a command that kept the server's command lock.
    pub lock: Option<Freed>,
    /// For how long the server was expected to stand still, if that is to be noticed.
    pub expected_freeze: Option<Duration>,
    /// Subscribers that may not have heard what they have left to hear.
    pub unconfirmed: Vec<Unconfirmed>,
}

/// A command that kept the server's command lock, and was to be freed from its wait.
#[derive(Debug)]
pub struct Freed {
    /// The command.
    pub holder: LockHolder,
    /// What became of the connection that it waited for.
    pub outcome: Outcome,
    /// Why, unless it was simply closed.
    pub detail: Option<String>,
}

/// One session or leftover that was to be dropped.
#[derive(Debug)]
pub struct Target {
    /// Its id.
    pub id: Uuid,
    /// It is a process registration that a session left behind.
    pub leftover: bool,
    /// What it was judged; `None` if it was gone before.
    pub verdict: Option<Verdict>,
    /// Why, in words.
    pub evidence: Vec<String>,
    /// Messages that its processes still published a second, as far as they told.
    pub rate: Option<f64>,
    /// How old it was.
    pub age: Option<Duration>,
    /// The component keys it held.
    pub components: Vec<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, unless it simply went.
    pub detail: Option<String>,
    /// Which clients went or would go with it.
    pub clients: Clients,
    /// Clients and processes that stay because they may belong to another program, in words.
    pub left_alone: Vec<String>,
    /// Processes that it left behind.
    pub heirs: Vec<Heir>,
}

/// A process that a target left behind on this machine.
#[derive(Clone, Debug)]
pub struct Heir {
    /// The process.
    pub process: Holder,
    /// What became of it.
    pub end: HeirEnd,
    /// It was not ended, and after the drop nothing shows that another process needs it: all its remaining TCP
    /// connections are dropped ones that the server has closed, and it shares nothing. Only then may the report advise
    /// the command that ends it.
    pub released: bool,
}

impl Heir {
    /// The obstacle to ending it, if there is one.
    #[must_use]
    pub const fn obstacle(&self) -> Option<&Obstacle> {
        match &self.end {
            HeirEnd::Spared(obstacle) | HeirEnd::Running(Some(obstacle)) => Some(obstacle),
            _ => None,
        }
    }

    /// That obstacle in words, with the command that ends the process where that is a person's decision.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let obstacle = self.obstacle()?;
        Some(match self.end_command() {
            Some(command) => format!("{obstacle}; to end it anyway: {command}"),
            None => obstacle.to_string(),
        })
    }

    /// The command that ends it, if it is running and nothing shows that another process needs it.
    #[must_use]
    pub fn end_command(&self) -> Option<String> {
        let may_be_ended = match &self.end {
            HeirEnd::Running(None) => true,
            _ => self.obstacle().is_some_and(Obstacle::may_be_overridden),
        };
        (self.released && may_be_ended).then(|| kill_command(&[self]))
    }

    /// It runs no more, or would not.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        match &self.end {
            HeirEnd::Would => true,
            HeirEnd::Spared(_) | HeirEnd::Running(_) | HeirEnd::Elsewhere => false,
            HeirEnd::Ended(ended) => !matches!(ended, Ended::Failed(_) | Ended::Stayed),
        }
    }
}

/// The command that ends these processes. A stopped one must be continued to end.
#[must_use]
pub fn kill_command(heirs: &[&Heir]) -> String {
    let pids = |heirs: &mut dyn Iterator<Item = &&Heir>| {
        heirs.map(|it| it.process.pid.to_string()).collect::<Vec<_>>().join(" ")
    };
    let all = pids(&mut heirs.iter());
    let stopped = pids(&mut heirs.iter().filter(|it| it.process.state == 'T'));
    let go_on = if stopped.is_empty() { String::new() } else { format!("; kill -CONT {stopped}") };
    format!("kill {all}{go_on}")
}

/// What became of a process that was left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeirEnd {
    /// It would be ended.
    Would,
    /// It is not ended, for this reason.
    Spared(Obstacle),
    /// It is running, and was not to be ended. With what speaks against ending it.
    Running(Option<Obstacle>),
    /// The server saw it on its own machine, where it may be running.
    Elsewhere,
    /// It was to be ended.
    Ended(Ended),
}

/// How it ended for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is gone, which was verified.
    Dropped,
    /// It would be dropped.
    WouldDrop,
    /// It was gone before it could be dropped.
    AlreadyGone,
    /// A guard held: nothing was touched.
    Refused,
    /// It was not any more what it was when it was judged: nothing was touched.
    Changed,
    /// Some of it is still there.
    Failed,
}

impl From<OutcomeKind> for Outcome {
    fn from(kind: OutcomeKind) -> Self {
        match kind {
            OutcomeKind::Dropped => Self::Dropped,
            OutcomeKind::AlreadyGone => Self::AlreadyGone,
            OutcomeKind::Changed => Self::Changed,
            OutcomeKind::Refused => Self::Refused,
            OutcomeKind::Failed => Self::Failed,
        }
    }
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::WouldDrop => "would-drop",
            Self::AlreadyGone => "already-gone",
            Self::Refused => "refused",
            Self::Changed => "changed",
            Self::Failed => "failed",
        }
    }
}

/// How many clients of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clients {
    /// Publishers.
    pub publishers: usize,
    /// Subscribers.
    pub subscribers: usize,
    /// Channels.
    pub channels: usize,
    /// Process registrations.
    pub processes: usize,
}

impl From<&Taken> for Clients {
    fn from(taken: &Taken) -> Self {
        Self {
            publishers: taken.publishers.len(),
            subscribers: taken.subscribers.len(),
            channels: taken.channels.len(),
            processes: taken.processes.len(),
        }
    }
}

impl Report {
    /// A report on these targets.
    #[must_use]
    pub const fn new(server: Server, extent: Extent, targets: Vec<Target>) -> Self {
        Self { server, extent, targets, lock: None, expected_freeze: None, unconfirmed: Vec::new() }
    }

    /// A report on these cases if it never gets known what became of them.
    #[must_use]
    pub fn unsettled(inventory: &Inventory, cases: &[&Case], extent: Extent) -> Self {
        let why = "graphctl did not come to know what became of it";
        let target = |case: &&Case| Target::ended(inventory, case, Outcome::Failed, why.to_owned());
        Self::new(inventory.server.clone(), extent, cases.iter().map(target).collect())
    }

    /// The targets that ended in one of these ways.
    pub fn of<'a>(&'a self, outcomes: &'a [Outcome]) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(|target| outcomes.contains(&target.outcome))
    }

    /// Success, unless something that was asked for was not done.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let undone = [Outcome::Refused, Outcome::Changed, Outcome::Failed];
        let locked = self.lock.as_ref().is_some_and(|lock| undone.contains(&lock.outcome));
        let runs_on =
            |heir: &Heir| matches!(heir.end, HeirEnd::Ended(Ended::Failed(_) | Ended::Stayed));
        let survived = self.targets.iter().flat_map(|target| &target.heirs).any(runs_on);
        if locked || survived || self.of(&undone).next().is_some() {
            Exit::Partial
        } else {
            Exit::Success
        }
    }
}

impl Target {
    /// A case that is about to go as planned.
    #[must_use]
    pub fn new(inventory: &Inventory, case: &Case, taken: &Taken) -> Self {
        Self { clients: taken.into(), ..Self::of(inventory, case, Outcome::WouldDrop) }
    }

    /// A case that was not touched.
    #[must_use]
    pub fn ended(inventory: &Inventory, case: &Case, outcome: Outcome, detail: String) -> Self {
        Self { detail: Some(detail), ..Self::of(inventory, case, outcome) }
    }

    /// Something that was there at the first look only.
    #[must_use]
    pub fn gone(id: Uuid) -> Self {
        Self {
            id,
            leftover: false,
            verdict: None,
            evidence: Vec::new(),
            rate: None,
            age: None,
            components: Vec::new(),
            outcome: Outcome::AlreadyGone,
            detail: None,
            clients: Clients::default(),
            left_alone: Vec::new(),
            heirs: Vec::new(),
        }
    }

    fn of(inventory: &Inventory, case: &Case, outcome: Outcome) -> Self {
        Self {
            leftover: case.session(inventory).is_none(),
            verdict: Some(case.verdict),
            evidence: case.evidence.clone(),
            rate: case.rate,
            age: case.age,
            components: case.keys(inventory).into_iter().map(str::to_owned).collect(),
            outcome,
            ..Self::gone(case.id)
        }
    }
}
