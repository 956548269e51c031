//! Whether the start of a pipeline still goes on, by the Python stacks of its processes.

use super::facts::Facts;
use super::standing::{Standing, unknown_version};
use crate::model::{Family, Holding, Member, Place, Process, Unread};
use crate::words::list;

/// What the stacks say of a start that is not complete.
pub(super) enum Start {
    /// It goes on: where, in words.
    GoesOn(String),
    /// It is over, and nothing can complete it: the proof, in words.
    Over(Vec<String>),
    /// Not known: why, in words.
    Unclear(String),
}

/// `None` if the stacks were not read.
pub(super) fn start(facts: &Facts<'_>) -> Option<Start> {
    let family = facts.session.family.as_ref()?;
    let members = family.members.iter().map(|it| Placed::of(it, facts)).collect::<Vec<_>>();
    let starting = |it: &&Placed<'_>| it.standing == Standing::Starting;
    if let Some(member) = members.iter().find(starting) {
        return Some(Start::GoesOn(format!("its start goes on in {}", member.name())));
    }
    Some(match over(facts, family, &members) {
        Ok(proof) => Start::Over(proof),
        Err(why) => Start::Unclear(why + &how_to_read(facts, family).unwrap_or_default()),
    })
}

/// The command that reads the stacks which this user may not read, in words.
fn how_to_read(facts: &Facts<'_>, family: &Family) -> Option<String> {
    let is_forbidden = |it: &Member| it.stacks == Err(Unread::Forbidden);
    let (address, id) = (&facts.inventory.server.address, facts.session.id);
    let command = format!("sudo graphctl --address {address} sessions show {id}");
    family.members.iter().any(is_forbidden).then(|| format!("; to read them: {command}"))
}

/// A member of the family, with what it has registered and where it stands.
struct Placed<'a> {
    member: &'a Member,
    /// It owns units of the session.
    owns_units: bool,
    standing: Standing,
}

impl<'a> Placed<'a> {
    fn of(member: &'a Member, facts: &Facts<'_>) -> Self {
        let is_it = |it: &Process| pids(it).is_some_and(|pids| pids.contains(&member.process.pid));
        let owns_units = facts.owners().any(is_it);
        let mut registered = facts.inventory.processes.iter().filter(|it| !it.units.is_empty());
        let standing = Standing::of(member, registered.any(is_it));
        let serves = member.process.serving == Some(true);
        let runs_others = standing == Standing::Running && !owns_units && !serves;
        Self {
            member,
            owns_units,
            standing: if runs_others { Standing::Unrelated } else { standing },
        }
    }

    fn name(&self) -> String {
        self.member.process.name()
    }
}

/// The processes of this machine that hold the connection of a registration, if all of them are seen.
fn pids(process: &Process) -> Option<Vec<u32>> {
    let here = process.holding.as_ref().filter(|it| it.seen_from == Place::Here);
    let holders = here.and_then(Holding::all)?;
    Some(holders.iter().map(|holder| holder.pid).collect())
}

/// The proof that no process can complete the start, or what is missing for it. All of this must hold:
///
/// - All processes that hold the session's connection are seen, and all of their descendants. One of them serves the
///   session, in the event loop of an ezmsg runner.
/// - None of them runs units of the session, starts units or processes, or takes the pipeline down.
/// - The processes that own units of the session are among them, and wait at a barrier of ezmsg. If none does, the
///   interpreter that serves the session waits at a prompt, or exits.
/// - They run a version of ezmsg that graphctl knows.
fn over(facts: &Facts<'_>, family: &Family, members: &[Placed<'_>]) -> Result<Vec<String>, String> {
    if let Some(why) = &family.unsure {
        return Err(why.clone());
    }
    let holding = facts.session.holding.as_ref();
    if holding.and_then(Holding::all).is_none() {
        return Err("the process that opened it cannot be seen".to_owned());
    }
    if let Some((member, version)) =
        members.iter().find_map(|it| Some((it, unknown_version(it.member)?)))
    {
        return Err(format!("{} runs {version}, whose code graphctl does not know", member.name()));
    }
    for member in members {
        match &member.standing {
            Standing::Unknown(why) => return Err(why.clone()),
            Standing::Running => return Err(format!("{} runs units", member.name())),
            Standing::AtBarrier if !member.owns_units => {
                let name = member.name();
                return Err(format!("{name} waits for other processes, and owns no unit of it"));
            }
            Standing::Stopping => return Err(format!("{} takes the pipeline down", member.name())),
            _ => {}
        }
    }
    let serves = |it: &&Placed<'_>| {
        it.member.process.serving == Some(true) || it.standing == Standing::Exiting
    };
    let opener = members.iter().find(serves).ok_or("no process is seen to serve its connection")?;
    if opener.standing == Standing::Unrelated {
        return Err(format!("{} serves its connection, and runs no ezmsg", opener.name()));
    }
    if facts.owned.owners.is_empty() && opener.standing == Standing::Left {
        let name = opener.name();
        return Err(format!(
            "{name} has left the start, and runs other code, which may go on with it"
        ));
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
    let waiting = members.iter().filter(|it| it.standing == Standing::AtBarrier);
    let waiting: Vec<_> = waiting.map(Placed::name).collect();
    let left = match opener.standing {
        Standing::AtBarrier => format!("{} waits for processes that are not there", opener.name()),
        Standing::Joining => {
            format!("{} waits for its backends, and starts no unit itself", opener.name())
        }
        Standing::AtPrompt => {
            format!("{} has left the pipeline, and waits at a prompt", opener.name())
        }
        Standing::Exiting => format!("Python is exiting in {}", opener.name()),
        _ => format!(
            "{} has left the start: no thread of it is in ezmsg's GraphRunner",
            opener.name()
        ),
    };
    let mut proof = vec![left];
    if !waiting.is_empty() {
        proof.push(format!("waiting at a barrier of ezmsg for ever: {}", list(&waiting)));
    }
    Ok(proof)
}

impl Placed<'_> {
    const fn waits(&self) -> bool {
        matches!(self.standing, Standing::AtBarrier | Standing::Joining)
    }
}
