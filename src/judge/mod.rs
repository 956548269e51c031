//! Inventory → verdicts. Pure: the same facts always give the same answer.
//!
//! [`ownership`] says which process runs what of whom, [`departures`] who lost a process, [`topics`] who is on which
//! topic, [`connections`] what connections prove, [`start`] whether a start still goes on. [`health`] turns all of it
//! into a verdict with its evidence, and [`leftovers`] does so for what sessions left behind. [`collisions`] finds keys
//! that are in each other's way, and [`liveness`] what of wanted keys does not run.
//! Ambiguity goes down a step, never up: what is not known makes nothing stale.

mod activity;
mod another_look;
mod code;
pub mod collisions;
mod connections;
mod departures;
mod facts;
mod health;
mod idle;
mod leftovers;
pub mod liveness;
mod ownership;
mod start;
mod topics;
mod verdict;
mod wanted;

use std::time::{Duration, SystemTime};

use uuid::Uuid;

pub use activity::{Position, position};
pub use collisions::{Collision, CollisionKind};
pub use liveness::{Lack, Missing};
pub use verdict::{StaleReason, SuspectReason, Verdict};
pub use wanted::Wanted;

use crate::model::{Inventory, Process, Session};
use facts::Facts;
use ownership::Ownership;
use topics::Topics;

/// What the judgement depends on besides the facts.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// How old a session with a unit that no process owns must be before it is suspect.
    pub start_timeout: Duration,
    /// A process from which something came within this time before the look counts as alive, also if
    /// it did not answer: what a second look knows of the time since the first. Zero for a first look.
    pub heard_within: Duration,
}

/// A session, or process registrations that a session left behind, with its verdict.
#[derive(Debug)]
pub struct Case {
    /// The session's id; of a leftover, the process registration's.
    pub id: Uuid,
    /// What it is.
    pub subject: Subject,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, in words.
    pub evidence: Vec<String>,
    /// Indices into [`Inventory::processes`]: those that own its units.
    pub owners: Vec<usize>,
    /// How old it is.
    pub age: Option<Duration>,
    /// When it, or a process of it, last sent something to the server or caused an event there.
    pub last_control: Option<SystemTime>,
    /// When a publisher of it last sent a message.
    pub last_message: LastMessage,
    /// Messages that its processes publish a second, if all of them were asked and answered.
    pub rate: Option<f64>,
    /// Messages that its processes have published and received, if all of them were asked and answered.
    pub messages: Option<u64>,
    /// All speaks for it that its host has vanished, and only time is missing for the proof.
    pub may_have_vanished: bool,
    /// What it lacks on the server.
    pub gaps: Gaps,
    /// It is not proven dead, and one more look may prove that: this one missed something.
    pub may_need_another_look: bool,
    /// The server has begun to end it, and waits for its command lock. A drop would wait for that too.
    pub ends_with_lock: bool,
}

/// What a session lacks on the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Some topic of its units lacks its publisher or its subscriber.
    pub endpoints: bool,
    /// Some unit of it is owned by no process.
    pub owners: bool,
}

/// When a session last sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastMessage {
    /// None of its publishers has a channel to send on.
    NoChannel,
    /// At this time, by the server's clock.
    At(SystemTime),
    /// That is not known: the kernel does not see messages inside one process, nor those of another machine.
    Unknown,
}

/// What a case is about, as an index into the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// [`Inventory::sessions`].
    Session(usize),
    /// [`Inventory::processes`].
    Process(usize),
}

impl Case {
    /// The session it is about, unless it is a leftover.
    #[must_use]
    pub fn session<'a>(&self, inventory: &'a Inventory) -> Option<&'a Session> {
        match self.subject {
            Subject::Session(index) => inventory.sessions.get(index),
            Subject::Process(_) => None,
        }
    }

    /// The processes that own its units.
    pub fn processes<'a>(&self, inventory: &'a Inventory) -> impl Iterator<Item = &'a Process> {
        self.owners.iter().filter_map(|owner| inventory.processes.get(*owner))
    }

    /// Its component keys; of a leftover, its units.
    #[must_use]
    pub fn keys<'a>(&self, inventory: &'a Inventory) -> Vec<&'a str> {
        match self.session(inventory) {
            Some(session) => session.components.iter().map(|it| &*it.key).collect(),
            None => self.processes(inventory).flat_map(unit_keys).collect(),
        }
    }

    /// The keys of its units.
    #[must_use]
    pub fn units<'a>(&self, inventory: &'a Inventory) -> Vec<&'a str> {
        match self.session(inventory) {
            Some(session) => session.units().collect(),
            None => self.processes(inventory).flat_map(unit_keys).collect(),
        }
    }

    /// Whether the message counts of its processes can change what is said of it: whether something
    /// that is to be dropped still publishes, whether what lacks a unit ever ran, and whether a session that lacks
    /// publishers or subscribers ever had them.
    #[must_use]
    pub const fn depends_on_traffic(&self) -> bool {
        match self.verdict {
            Verdict::Stale(_)
            | Verdict::Suspect(SuspectReason::Partial | SuspectReason::NeverStarted) => true,
            Verdict::Unknown => self.gaps.endpoints,
            Verdict::Suspect(SuspectReason::Unresponsive)
            | Verdict::Live
            | Verdict::Starting
            | Verdict::Observer => false,
        }
    }

    /// Whether the Python stacks of its processes can change its verdict: some unit has no process.
    #[must_use]
    pub fn depends_on_stacks(&self) -> bool {
        self.gaps.owners && matches!(self.verdict, Verdict::Starting | Verdict::Suspect(_))
    }

    /// Whether messages still flow from its processes, dead as it is; also if that is not known.
    #[must_use]
    pub fn may_flow(&self) -> bool {
        !self.owners.is_empty() && self.rate != Some(0.0)
    }

    /// When it was last active: the later of its last control traffic and its last message. `None` if messages may have
    /// been sent at an unknown time, or if neither time is known.
    #[must_use]
    pub fn last_activity(&self) -> Option<SystemTime> {
        match self.last_message {
            LastMessage::NoChannel => self.last_control,
            LastMessage::At(message) => Some(message).max(self.last_control),
            LastMessage::Unknown => None,
        }
    }

    /// How long before the look it was last active.
    #[must_use]
    pub fn idle(&self, inventory: &Inventory) -> Option<Duration> {
        self.last_activity().map(|last| inventory.age_of(last))
    }
}

fn unit_keys(process: &Process) -> impl Iterator<Item = &str> {
    process.units.iter().map(String::as_str)
}

/// Judges everything in the inventory: first the sessions, then what sessions left behind.
#[must_use]
pub fn judge(inventory: &Inventory, thresholds: &Thresholds) -> Vec<Case> {
    let ownership = Ownership::of(inventory);
    let losses = departures::losses(inventory, &ownership, thresholds.start_timeout);
    let topics = Topics::of(inventory);
    let sessions = inventory.sessions.iter().enumerate().map(|(index, session)| {
        let (owned, lost) = (&ownership.sessions[index], &losses[index]);
        let missing = topics.missing(session);
        let facts = Facts { inventory, session, owned, lost, topics: &topics, missing };
        let (verdict, evidence) = health::of_session(&facts, thresholds);
        Case {
            id: session.id,
            subject: Subject::Session(index),
            verdict,
            evidence,
            last_control: last_control(&facts),
            last_message: last_message(&facts),
            rate: rate(facts.owners()),
            messages: facts.messages(),
            may_have_vanished: verdict.is_suspect() && connections::may_have_vanished(&facts),
            gaps: Gaps { endpoints: facts.missing.is_some(), owners: !owned.unowned.is_empty() },
            may_need_another_look: !verdict.is_stale() && another_look::of_session(&facts, verdict),
            ends_with_lock: verdict == Verdict::Stale(StaleReason::ClientClosed)
                && inventory.server.process.as_ref().is_some_and(|server| server.lock_held),
            owners: owned.owners.clone(),
            age: session.created.map(|created| inventory.age_of(created)),
        }
    });
    let unreadable = inventory.sessions.iter().find(|session| !session.readable);
    let leftovers = ownership.leftovers.iter().map(|leftover| {
        let process = &inventory.processes[leftover.process];
        let (verdict, evidence) = leftovers::of_leftover(inventory, leftover, unreadable);
        Case {
            id: process.id,
            subject: Subject::Process(leftover.process),
            verdict,
            evidence,
            owners: vec![leftover.process],
            age: process.created.map(|created| inventory.age_of(created)),
            last_control: process.last_event,
            last_message: LastMessage::NoChannel,
            rate: rate(std::iter::once(process)),
            messages: process.traffic.map(|it| it.messages()),
            may_have_vanished: false,
            gaps: Gaps::default(),
            may_need_another_look: !verdict.is_stale() && another_look::of_leftover(process),
            ends_with_lock: false,
        }
    });
    sessions.chain(leftovers).collect()
}

fn rate<'a>(mut owners: impl Iterator<Item = &'a Process>) -> Option<f64> {
    let of = |process: &Process| process.traffic?.rate;
    let first = of(owners.next()?)?;
    owners.map(of).sum::<Option<f64>>().map(|others| first + others)
}

/// When a publisher last sent a message, by the kernel's times or by two message counts.
fn last_message(facts: &Facts<'_>) -> LastMessage {
    let Facts { inventory, session, topics, .. } = facts;
    let flows = rate(facts.owners()).is_some_and(|rate| rate > 0.0);
    match topics.sent(session) {
        _ if flows => LastMessage::At(inventory.now),
        Ok(None) => LastMessage::NoChannel,
        Ok(Some(ago)) => {
            inventory.now.checked_sub(ago).map_or(LastMessage::Unknown, LastMessage::At)
        }
        Err(topics::UnknownTime) => LastMessage::Unknown,
    }
}

/// The latest sign of life on the connections to the server. What a process's connection received is left out: that is
/// where the answers to pings come in, ours among them.
fn last_control(facts: &Facts<'_>) -> Option<SystemTime> {
    let Facts { inventory, session, owned, lost, .. } = facts;
    let link = session.link.as_ref();
    let received =
        link.and_then(|link| link.silent_for).and_then(|silent| inventory.now.checked_sub(silent));
    let owners = owned.owners.iter().filter_map(|owner| inventory.processes[*owner].last_event);
    owners
        .chain(lost.seen.iter().chain(&lost.inferred).copied())
        .chain(session.last_event)
        .chain(received)
        .max()
}
