//! What must hold of the judgement whatever a server holds: a healthy pipeline is never touched.

mod forgetting;
mod scenes;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use forgetting::with_one_fact_less;
use graphctl::host::Held;
use graphctl::judge::StaleReason::{ClientClosed, Ghost, Headless, StartFailed};
use graphctl::judge::{self, Case, StaleReason, SuspectReason, Thresholds, Verdict};
use graphctl::model::{
    Ended, Family, Holder, Holding, Inventory, Link, Member, Ping, Process, Session, Traffic,
    Worker,
};
use graphctl::reap::{Planner, Warrant};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use scenes::{SIGINT, Scene, scene};
use uuid::Uuid;

/// The resolution of a process's start.
const TICK: Duration = Duration::from_millis(10);

/// How long nothing of what was sent may be acknowledged by a host that is there.
const PARTITION: Duration = Duration::from_secs(50);

const STALE: [StaleReason; 7] = [
    StaleReason::Ghost,
    StaleReason::ClientClosed,
    StaleReason::Headless,
    StaleReason::HalfOpen,
    StaleReason::StartFailed,
    StaleReason::Abandoned,
    StaleReason::Leftover,
];
const SUSPECT: [SuspectReason; 3] =
    [SuspectReason::Unresponsive, SuspectReason::Partial, SuspectReason::NeverStarted];

// --- the proofs, in words of their own ---

/// Those that own any of its units, also if they were there before it.
fn owners<'a>(inventory: &'a Inventory, session: &Session) -> Vec<&'a Process> {
    let its =
        |process: &&Process| session.units().any(|unit| process.units.iter().any(|it| it == unit));
    inventory.processes.iter().filter(its).collect()
}

fn is_closed(link: &Link) -> bool {
    link.established == Some(false) || link.closing
}

fn is_headless(inventory: &Inventory, session: &Session) -> bool {
    let (Some(holding), Some(created)) = (&session.holding, session.created) else { return false };
    let age = inventory.age_of(created);
    let is_heir =
        |it: &Holder| it.serving == Some(false) && it.lives_elsewhere && it.age <= age + TICK;
    holding.unsure.is_none() && !holding.holders.is_empty() && holding.holders.iter().all(is_heir)
}

fn is_half_open(inventory: &Inventory, session: &Session) -> bool {
    let Some(link) = &session.link else { return false };
    let vanished = |owner: &&Process| {
        let peer = owner.link.as_ref().and_then(|it| it.peer);
        matches!(owner.ping, Ping::Silent | Ping::Blocked)
            && owner.unacked_for.is_some_and(|unacked| unacked >= PARTITION)
            && peer.is_some_and(|it| Some(it.ip()) == link.peer.map(|it| it.ip()))
    };
    let owners = owners(inventory, session);
    !owners.is_empty()
        && owners.iter().all(vanished)
        && link.silent_for.is_some_and(|silent| silent >= PARTITION)
}

/// A session that registered its units was opened before the process came, and ended after the process had changed its
/// units for the last time. All processes that hold the registration have lost the program that started them.
fn is_leftover(inventory: &Inventory, process: &Process) -> bool {
    let Some(history) = &inventory.history else { return false };
    let may_be_of = |session: &Session| {
        !session.readable || session.units().any(|unit| process.units.iter().any(|it| it == unit))
    };
    let was_its_own = |ended: &Ended| {
        process.created.is_some_and(|it| ended.created < it)
            && process.last_change.zip(ended.event).is_some_and(|(change, end)| change < end)
    };
    let registrations = process.units.iter().filter_map(|unit| history.registrations.get(unit));
    let Some(Holding { holders, unsure: None, .. }) = &process.holding else { return false };
    let lost = |it: &Holder| it.worker == Some(Worker { starter_runs: Some(false) });
    let pids: HashSet<_> = holders.iter().map(|it| it.pid).collect();
    let host = |link: &Option<Link>| link.as_ref().and_then(|it| it.peer).map(|it| it.ip());
    let theirs = |session: &Session| {
        let (there, here) = (host(&session.link), host(&process.link));
        let elsewhere = there.is_some() && here.is_some() && there != here;
        let may_hold = match &session.holding {
            Some(Holding { holders, unsure: None, .. }) if !holders.is_empty() => {
                holders.iter().any(|it| pids.contains(&it.pid))
            }
            _ => !session.link.as_ref().is_some_and(is_closed),
        };
        may_hold && !session.graphctl && !elsewhere
    };
    registrations.flatten().any(was_its_own)
        && !holders.is_empty()
        && holders.iter().all(lost)
        && !inventory.sessions.iter().any(|it| may_be_of(it) || theirs(it))
}

/// The stacks of the opener and of all below it were read, and none of these starts or runs units, or may be woken by a
/// signal or a timer. Who owns a unit is among them and waits, and has sent nothing.
fn is_over(inventory: &Inventory, session: &Session) -> bool {
    let Some(Family { members, unsure: None }) = &session.family else { return false };
    let Some(Holding { unsure: None, .. }) = session.holding else { return false };
    let waits = |member: &Member| {
        let frames = member.stacks.iter().flat_map(|it| &it.threads).flat_map(|it| &it.frames);
        frames.clone().any(|it| ["_wait", "_join_spawned_processes"].contains(&&*it.function))
    };
    let has_pid = |process: &Process, pid: u32| match &process.holding {
        Some(Holding { holders, unsure: None, .. }) => holders.iter().any(|it| it.pid == pid),
        _ => false,
    };
    // A backend registers once: one that runs units of others has none of this session to come.
    let runs_others = |member: &Member| {
        let pid = member.process.pid;
        let registered = |it: &&Process| !it.units.is_empty() && has_pid(it, pid);
        let mut registered = inventory.processes.iter().filter(registered).peekable();
        let its = owners(inventory, session);
        member.process.serving != Some(true)
            && registered.peek().is_some()
            && registered.all(|it| its.iter().all(|own| own.id != it.id))
    };
    let is_idle = |member: &Member| {
        let Ok(stacks) = &member.stacks else { return false };
        let mut frames = stacks.threads.iter().flat_map(|it| &it.frames);
        let is_whole = frames.clone().any(|it| it.function == "<module>");
        let in_process = frames.any(|it| it.function == "process") && !waits(member);
        let works = in_process && !runs_others(member);
        let has_timer = member.process.serving_loop.is_none_or(|it| it.timed);
        is_whole
            && !works
            && member.handled_signals == Some(SIGINT)
            && !(member.process.serving == Some(true) && has_timer)
            && member.process.state == 'S'
            && stacks.ezmsg.as_deref() == Some("3.9.0")
    };
    let is_seen = |owner: &&Process| {
        let Some(Holding { holders, unsure: None, .. }) = &owner.holding else { return false };
        let Some(Traffic { published: 0, received: 0, .. }) = owner.traffic else { return false };
        let seen =
            |holder: &Holder| members.iter().any(|it| it.process.pid == holder.pid && waits(it));
        !holders.is_empty() && holders.iter().all(seen)
    };
    let may_go_on = |member: &Member| {
        let mut frames = member.stacks.iter().flat_map(|it| &it.threads).flat_map(|it| &it.frames);
        member.process.serving == Some(true) && frames.any(|it| it.function == "sleep")
    };
    let has_owners = !owners(inventory, session).is_empty();
    inventory.endpoints.is_some()
        && (has_owners || !members.iter().any(may_go_on))
        && members.iter().any(|it| it.holds && it.process.serving == Some(true))
        && members.iter().all(is_idle)
        && owners(inventory, session).iter().all(is_seen)
}

fn is_proven(scene: &Scene, case: &Case, reason: StaleReason) -> bool {
    let inventory = &scene.inventory;
    let Some(session) = case.session(inventory) else {
        let mut processes = inventory.processes.iter().filter(|it| it.id == case.id);
        return reason == StaleReason::Leftover && processes.all(|it| is_leftover(inventory, it));
    };
    let closed = session.link.as_ref().filter(|link| is_closed(link));
    match reason {
        StaleReason::Ghost => closed.is_some_and(|link| !link.handled),
        StaleReason::ClientClosed => closed.is_some_and(|link| link.handled),
        StaleReason::Headless => is_headless(inventory, session),
        StaleReason::HalfOpen => is_half_open(inventory, session),
        StaleReason::StartFailed | StaleReason::Abandoned => is_over(inventory, session),
        StaleReason::Leftover => false,
    }
}

// --- the properties ---

fn verdicts(inventory: &Inventory, thresholds: &Thresholds) -> HashMap<Uuid, Verdict> {
    let cases = judge::judge(inventory, thresholds);
    cases.into_iter().map(|case| (case.id, case.verdict)).collect()
}

/// How much is done to it.
const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Stale(_) => 2,
        Verdict::Suspect(_) => 1,
        Verdict::Live | Verdict::Starting | Verdict::Observer | Verdict::Unknown => 0,
    }
}

/// So many times as many as proptest is told to try.
fn cases(times: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: times * config.cases, failure_persistence: None, ..config }
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn a_fact_less_makes_nothing_worse(scene in scene()) {
        let known = verdicts(&scene.inventory, &scene.thresholds);
        for (fact, less) in with_one_fact_less(&scene.inventory) {
            for (id, verdict) in verdicts(&less, &scene.thresholds) {
                // What is a case only now, for lack of that fact, was nothing to drop.
                let before = known.get(&id).copied().unwrap_or(Verdict::Unknown);
                // A start that is not seen any more may be over once the start timeout is.
                let least = u8::from(["stacks", "family"].contains(&fact));
                let no_worse = rank(verdict) <= rank(before).max(least);
                prop_assert!(no_worse, "{id} without {fact}: {before} -> {verdict}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(2))]

    #[test]
    fn what_is_stale_is_proven(scene in scene()) {
        for case in judge::judge(&scene.inventory, &scene.thresholds) {
            if let Verdict::Stale(reason) = case.verdict {
                prop_assert!(is_proven(&scene, &case, reason), "{case:?}");
            }
        }
    }

    #[test]
    fn a_session_with_a_unit_that_answers_is_dropped_only_if_its_opener_is_gone_or_has_left_the_start(
        scene in scene(),
    ) {
        let allowed = [Ghost, ClientClosed, Headless, StartFailed];
        for case in judge::judge(&scene.inventory, &scene.thresholds) {
            let Some(session) = case.session(&scene.inventory) else { continue };
            let owners = owners(&scene.inventory, session);
            let answers = owners.iter().any(|it| matches!(it.ping, Ping::Answered(_)));
            if let (true, Verdict::Stale(reason)) = (answers, case.verdict) {
                prop_assert!(allowed.contains(&reason), "{case:?}");
            }
        }
    }

    #[test]
    fn an_observer_is_dropped_only_if_its_connection_is_closed(scene in scene()) {
        for case in judge::judge(&scene.inventory, &scene.thresholds) {
            let Some(session) = case.session(&scene.inventory) else { continue };
            if session.components.is_empty() {
                let closed = [Ghost, ClientClosed].map(Verdict::Stale).contains(&case.verdict);
                let spared = [Verdict::Observer, Verdict::Unknown].contains(&case.verdict);
                prop_assert!(closed || spared, "{case:?}");
            }
        }
    }

    #[test]
    fn the_order_of_things_does_not_matter(
        (scene, sessions, processes) in scene().prop_flat_map(|scene| {
            let sessions = Just(scene.inventory.sessions.clone()).prop_shuffle();
            let processes = Just(scene.inventory.processes.clone()).prop_shuffle();
            (Just(scene), sessions, processes)
        }),
    ) {
        let cases = judge::judge(&scene.inventory, &scene.thresholds);
        let again = judge::judge(&scene.inventory, &scene.thresholds);
        prop_assert_eq!(format!("{cases:?}"), format!("{again:?}"));
        let known = verdicts(&scene.inventory, &scene.thresholds);
        prop_assert_eq!(known.len(), cases.len(), "every case has an id of its own");
        let mut other = Inventory { sessions, processes, ..scene.inventory };
        if let Some(history) = &mut other.history {
            history.departed.reverse();
            history.ended.reverse();
        }
        prop_assert_eq!(known, verdicts(&other, &scene.thresholds));
    }

    #[test]
    fn only_what_was_typed_or_has_ended_is_dropped_without_being_condemned(scene in scene()) {
        let held = Held::new();
        let planner = Planner::new(&scene.inventory, &held);
        let proofs = STALE.map(Warrant::Proof).into_iter();
        let warrants: Vec<_> = proofs.chain(SUSPECT.map(Warrant::Suspicion)).collect();
        for case in judge::judge(&scene.inventory, &scene.thresholds) {
            let borne_out: Vec<_> =
                warrants.iter().filter(|it| planner.plan(&case, **it).is_some()).collect();
            prop_assert_eq!(borne_out.len(), usize::from(rank(case.verdict) > 0), "{:?}", case);
            for warrant in [Warrant::Force, Warrant::Ended] {
                prop_assert!(planner.plan(&case, warrant).is_some());
            }
        }
    }

    #[test]
    fn a_headless_session_does_not_change_what_is_said_of_others(scene in scene()) {
        let known = verdicts(&scene.inventory, &scene.thresholds);
        for (at, session) in scene.inventory.sessions.iter().enumerate() {
            if known[&session.id] != Verdict::Stale(Headless) {
                continue;
            }
            let mut other = scene.inventory.clone();
            other.sessions[at].holding = None;
            let mut expected = known.clone();
            let mut found = verdicts(&other, &scene.thresholds);
            prop_assert_ne!(expected.remove(&session.id), found.remove(&session.id));
            // Leftovers are judged by the processes that hold sessions.
            let is_session = |id: &Uuid| other.sessions.iter().any(|it| it.id == *id);
            expected.retain(|id, _| is_session(id));
            found.retain(|id, _| is_session(id));
            prop_assert_eq!(expected, found);
        }
    }
}

/// The same scenes in every run.
fn some_scenes(count: usize) -> impl Iterator<Item = Scene> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(move |_| scene().new_tree(&mut runner).expect("a scene").current())
}

#[test]
fn every_verdict_occurs_often() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for scene in some_scenes(1500) {
        for case in judge::judge(&scene.inventory, &scene.thresholds) {
            *seen.entry(case.verdict.to_string()).or_default() += 1;
        }
    }
    let states =
        [Verdict::Live, Verdict::Starting, Verdict::Observer, Verdict::Unknown].into_iter();
    let all = states.chain(STALE.map(Verdict::Stale)).chain(SUSPECT.map(Verdict::Suspect));
    for verdict in all {
        assert!(
            seen.get(&verdict.to_string()).is_some_and(|count| *count >= 20),
            "{verdict}: {seen:?}"
        );
    }
}

#[test]
fn every_fact_that_counts_changes_a_verdict_where_it_is_not_known() {
    let mut changes: BTreeMap<&str, usize> = BTreeMap::new();
    for scene in some_scenes(1500) {
        let known = verdicts(&scene.inventory, &scene.thresholds);
        for (fact, less) in with_one_fact_less(&scene.inventory) {
            *changes.entry(fact).or_default() +=
                usize::from(verdicts(&less, &scene.thresholds) != known);
        }
    }
    let told_only =
        ["link.local", "process.host", "process.last_event", "process.pid", "session.last_event"];
    let idle: Vec<_> =
        changes.iter().filter(|(_, count)| **count == 0).map(|(fact, _)| *fact).collect();
    assert_eq!(idle, told_only, "{changes:?}");
}
