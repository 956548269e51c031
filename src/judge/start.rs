//! Whether the start of a pipeline still goes on, by the Python stacks of its processes.

use super::activity::Activity;
use super::code::{Code, unknown_version};
use super::facts::Facts;
use super::idle::has_harmless_handlers;
use crate::model::{Family, Holder, Holding, Member, Process, SeenBy, StacksError};
use crate::words::list;

/// What the event loop of a runner watches if nothing runs in it: the connection of its session, and its own socket.
const IDLE_DESCRIPTORS: u32 = 2;

/// What the stacks show of a start that is not complete.
pub(super) enum Start {
    /// It is running: where, in words.
    Running(String),
    /// It is over, and the pipeline is being taken down: by whom, in words.
    Stopping(String),
    /// It has ended, and no process can complete it: the proof, in words.
    Ended(Vec<String>),
    /// Unknown: why, in words.
    Unknown(String),
}

/// Whether the start is still running, by the stacks. `None` if these were not read.
pub(super) fn start(facts: &Facts<'_>) -> Option<Start> {
    let Some(family) = &facts.session.family else { return explain_unreadable(facts) };
    let members = family.members.iter().map(|it| MemberActivity::of(it, facts)).collect::<Vec<_>>();
    let starting = |it: &&MemberActivity<'_>| it.activity == Activity::Starting;
    if let Some(member) = members.iter().find(starting) {
        return Some(Start::Running(format!("its start is still running in {}", member.name())));
    }
    if let Some(member) = members.iter().find(|it| it.shuts_units_down()) {
        return Some(Start::Stopping(format!("{} shuts its units down", member.name())));
    }
    Some(match prove_ended(facts, family, &members) {
        Ok(proof) => Start::Ended(proof),
        Err(why) => Start::Unknown(why + &how_to_read(facts, family).unwrap_or_default()),
    })
}

/// Explains that the stacks cannot be read, because only the server sees the processes: they belong to another user, or
/// there is a container or a relay in between. `None` if the server does not see them either.
fn explain_unreadable(facts: &Facts<'_>) -> Option<Start> {
    let holding = facts.session.holding.as_ref().filter(|it| it.seen_by == SeenBy::Server)?;
    let names: Vec<_> = holding.holders.iter().map(Holder::name).collect();
    let link = facts.session.link.as_ref();
    let address = link.and_then(|it| it.local).map(|it| it.to_string());
    let command = command_to_show(facts, address.as_ref()?);
    Some(Start::Unknown(format!(
        "the Python stacks of {} cannot be read from here; to read them, on the server's machine: {command}",
        list(&names)
    )))
}

/// The command that shows the stacks of a session to a user who may read all of them, where the server has this
/// address.
fn command_to_show(facts: &Facts<'_>, server: &str) -> String {
    format!("sudo graphctl --address {server} sessions show {}", facts.session.id)
}

/// The command that reads the stacks which this user may not read, in words.
fn how_to_read(facts: &Facts<'_>, family: &Family) -> Option<String> {
    let is_forbidden = |it: &Member| it.stacks == Err(StacksError::Forbidden);
    let command = command_to_show(facts, &facts.inventory.server.address);
    family
        .members
        .iter()
        .any(is_forbidden)
        .then(|| format!("; to read the Python stacks of its processes: {command}"))
}

/// A member of the family, with what it has registered and what it does.
struct MemberActivity<'a> {
    member: &'a Member,
    /// It owns units of the session.
    owns_units: bool,
    activity: Activity,
}

impl<'a> MemberActivity<'a> {
    fn of(member: &'a Member, facts: &Facts<'_>) -> Self {
        let is_it = |it: &Process| pids(it).is_some_and(|pids| pids.contains(&member.process.pid));
        let owns_units = facts.owners().any(is_it);
        let mut registered = facts.inventory.processes.iter().filter(|it| !it.units.is_empty());
        let activity = Activity::of(member, registered.any(is_it));
        let serves = member.process.serving == Some(true);
        let runs_others = activity == Activity::Running && !owns_units && !serves;
        Self {
            member,
            owns_units,
            activity: if runs_others { Activity::Unrelated } else { activity },
        }
    }

    fn name(&self) -> String {
        self.member.process.name()
    }

    const fn waits(&self) -> bool {
        matches!(self.activity, Activity::AtBarrier | Activity::AtStart | Activity::Joining)
    }

    /// An error, in words, if the opener may still continue the pipeline, though its stacks do not show it: by
    /// something that is scheduled in the event loop that serves the session or, at a prompt and in
    /// `GraphRunner.start`, by what else the loop watches. Elsewhere it may watch the connections of units.
    fn expect_idle_opener(&self) -> Result<(), String> {
        let name = self.name();
        match (&self.activity, self.member.process.serving_loop) {
            (Activity::Unrelated, _) => {
                Err(format!("{name} serves its connection, and runs no ezmsg"))
            }
            (Activity::Exiting, None) => Ok(()),
            (_, None) => Err(format!("what the event loop of {name} waits for cannot be seen")),
            (_, Some(it)) if it.timed => {
                Err(format!("something is scheduled in the event loop of {name}"))
            }
            (Activity::AtPrompt | Activity::AtStart, Some(it))
                if it.descriptors > IDLE_DESCRIPTORS =>
            {
                Err(format!("the event loop of {name} waits for more than its session"))
            }
            _ => Ok(()),
        }
    }

    /// An error, in words, if the opener has threads that run no Python: one of a device's library may call it at any
    /// time.
    fn expect_python_alone(&self) -> Result<(), String> {
        let of_python = self.member.stacks.as_ref().map_or(0, |it| it.threads.len());
        if self.member.threads.is_some_and(|all| all <= of_python) {
            return Ok(());
        }
        Err(format!("{} has threads of other libraries, which may call its code", self.name()))
    }

    /// Whether it shuts down units of the session, and surely of no other one.
    fn shuts_units_down(&self) -> bool {
        self.activity == Activity::Stopping
            && self.owns_units
            && unknown_version(self.member).is_none()
            && self.member.stacks.as_ref().is_ok_and(|it| Code::of(it).runs_one_pipeline(it))
    }

    /// An error, in words, if the member may still start, run or stop units of the session, or if that is not known.
    fn expect_harmless(&self) -> Result<(), String> {
        let name = self.name();
        if let Some(version) = unknown_version(self.member) {
            return Err(format!("{name} runs {version}, whose code graphctl does not know"));
        }
        match &self.activity {
            Activity::Unknown(why) => Err(why.clone()),
            Activity::Running => Err(format!("{name} runs units")),
            Activity::Stopping => Err(format!("{name} takes the pipeline down")),
            activity if *activity != Activity::Unrelated && !has_harmless_handlers(self.member) => {
                Err(format!("a signal may have {name} continue the pipeline"))
            }
            Activity::AtBarrier if !self.owns_units => {
                Err(format!("{name} waits for other processes, and owns no unit of it"))
            }
            _ => Ok(()),
        }
    }

    /// Why the start has ended, by what the opener does, in words.
    fn describe_end(&self) -> String {
        let name = self.name();
        match self.activity {
            Activity::Joining => {
                format!("{name} waits for its backends, and starts no unit itself")
            }
            Activity::AtPrompt => format!("{name} has left the pipeline, and waits at a prompt"),
            Activity::Exiting => format!("Python is exiting in {name}"),
            _ => format!("{name} waits for processes that are not there"),
        }
    }
}

/// The pids of the processes that hold the connection of a registration, if graphctl sees all of them on this machine.
fn pids(process: &Process) -> Option<Vec<u32>> {
    let here = process.holding.as_ref().filter(|it| it.seen_by == SeenBy::Graphctl);
    let holders = here.and_then(Holding::all)?;
    Some(holders.iter().map(|holder| holder.pid).collect())
}

/// The proof that no process can complete the start, or what is missing for it. All of this must hold:
///
/// - All processes that hold the session's connection are seen, and all of their descendants. One of them runs ezmsg
///   and serves the session, or Python is exiting in it.
/// - None of them runs units of the session, starts units or processes, or stops the pipeline.
/// - Each process that owns units of the session is one of them, and waits at a barrier of ezmsg or for its backends.
///   If no process owns units, the opener waits for its backends or at a prompt, or it is exiting.
/// - They run a version of ezmsg that graphctl knows.
fn prove_ended(
    facts: &Facts<'_>,
    family: &Family,
    members: &[MemberActivity<'_>],
) -> Result<Vec<String>, String> {
    if let Some(why) = &family.unsure {
        return Err(why.clone());
    }
    let holding = facts.session.holding.as_ref();
    if holding.and_then(Holding::all).is_none() {
        return Err("not every process that may have opened it can be seen".to_owned());
    }
    members.iter().try_for_each(MemberActivity::expect_harmless)?;
    let serves = members.iter().find(|it| it.member.process.serving == Some(true));
    let opener = serves
        .or_else(|| members.iter().find(|it| it.activity == Activity::Exiting))
        .ok_or("no process is seen to serve its connection")?;
    opener.expect_idle_opener()?;
    if facts.owned.owners.is_empty() {
        opener.expect_python_alone()?;
    }
    let at_barrier = |it: &MemberActivity<'_>| it.activity == Activity::AtBarrier;
    if opener.activity == Activity::Joining && !members.iter().any(at_barrier) {
        return Err(format!("{} waits for its backends to exit", opener.name()));
    }
    let is_waiting = |owner: &Process| {
        pids(owner).is_some_and(|pids| {
            let mut waiting = members.iter().filter(|it| it.owns_units && it.waits());
            waiting.any(|it| pids == [it.member.process.pid])
        })
    };
    if let Some(owner) = facts.owners().find(|owner| !is_waiting(owner)) {
        return Err(format!("{} is not seen to wait for other processes", owner.name()));
    }
    let waiting = members.iter().filter(|it| it.activity == Activity::AtBarrier);
    let waiting: Vec<_> = waiting.map(MemberActivity::name).collect();
    let mut proof = vec![opener.describe_end()];
    if !waiting.is_empty() {
        proof.push(format!("waiting at a barrier of ezmsg for ever: {}", list(&waiting)));
    }
    Ok(proof)
}
