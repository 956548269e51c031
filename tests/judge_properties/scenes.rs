//! Made-up inventories in which everything that can be known of a server is known or not, and
//! everything that can become of a session occurs often.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use graphctl::judge::Thresholds;
use graphctl::model::{
    Channel, Component, Departed, Ended, Endpoint, EndpointKind, EventLoop, Family, Frame, History,
    Holder, Holding, Inventory, Link, Member, Ping, Process, Seen, Server, ServerProcess, Session,
    Stacks, StacksError, Streams, Thread, Traffic, Worker,
};
use proptest::option::weighted as known;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::{Timestamp, Uuid};

/// Something to judge.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) inventory: Inventory,
    pub(crate) thresholds: Thresholds,
}

/// A session with all that came of it. What is still missing: ids, and whose the units are.
#[derive(Clone, Debug)]
struct Pipeline {
    session: Session,
    /// It is gone, and ended then; and whether the histories know its registration.
    gone: Option<(Option<SystemTime>, bool)>,
    /// With the units that each asks for, which of its session's and one of all there are, and whether each has
    /// its publishers and subscribers.
    processes: Vec<(Process, u8, Option<Index>, bool)>,
    /// With what an earlier look saw of it: all units of its session, or the first.
    departed: Option<(Departed, Option<bool>)>,
    endpoint: Option<(Option<SystemTime>, bool)>,
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn look() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// Nothing is known of what comes after the look.
fn past(time: SystemTime) -> SystemTime {
    time.min(look())
}

/// Of the server's making if it tells when it was made.
fn id(created: Option<SystemTime>, number: u8) -> Uuid {
    let Some(created) = created else { return Uuid::from_u128(number.into()) };
    let since = created.duration_since(SystemTime::UNIX_EPOCH).expect("a time of this century");
    let time = Timestamp::from_unix_time(since.as_secs(), since.subsec_nanos(), 0, 0);
    Uuid::new_v1(time, &[0, 0, 0, 0, 0, number])
}

fn chance(percent: u32) -> impl Strategy<Value = bool> {
    proptest::bool::weighted(f64::from(percent) / 100.0)
}

fn age() -> impl Strategy<Value = Duration> {
    let young = prop_oneof![0..2000u64, 59_990..60_010u64];
    prop_oneof![1 => young, 2 => 60_000..300_000u64, 2 => 300_000..900_000u64].prop_map(ms)
}

fn silence() -> impl Strategy<Value = Duration> {
    let short = prop_oneof![0..15_000u64, 29_990..30_010u64];
    prop_oneof![1 => short, 2 => 30_000..300_000u64, 4 => 300_000..900_000u64].prop_map(ms)
}

fn peer() -> impl Strategy<Value = SocketAddr> {
    prop_oneof![6 => Just(7), 1 => Just(8)]
        .prop_map(|host| SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, host)), 4711))
}

fn link() -> impl Strategy<Value = Link> {
    let established = prop_oneof![16 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)];
    (known(0.9, peer()), established, known(0.9, silence()), chance(2), chance(70)).prop_map(
        |(peer, established, silent_for, closing, handled)| Link {
            peer,
            local: peer,
            established,
            silent_for,
            received: None,
            closing,
            handled,
        },
    )
}

/// A running process of Python.
fn python(pid: u32) -> Holder {
    Holder {
        own_pid: 7,
        start: 1,
        parent: 1,
        age: ms(1000),
        command: "python".into(),
        state: 'S',
        ..Holder::known_by_pid(pid)
    }
}

/// Of a session of that age: who holds it. Mostly its opener, or heirs alone.
fn holding(age: Duration) -> impl Strategy<Value = Holding> {
    let younger = prop_oneof![-25..25i64, 0..60_000i64];
    let heir = (
        younger,
        prop_oneof![8 => Just(Some(false)), 1 => Just(None), 1 => Just(Some(true))],
        prop::bool::weighted(0.9),
        100..140u32,
        prop_oneof![8 => Just(Some(Some(false))), 1 => Just(Some(Some(true))), 1 => Just(Some(None)), 1 => Just(None)],
    );
    let holder = heir.prop_map(move |(younger, serving, lives_elsewhere, pid, worker)| Holder {
        age: (age + ms(60_000)).saturating_sub(ms(60_000u64.saturating_add_signed(younger))),
        serving,
        lives_elsewhere,
        worker: worker.map(|starter_runs| Worker { starter_runs }),
        ..python(pid)
    });
    let unsure = known(0.2, Just("some cannot be seen".to_owned()));
    (prop::collection::vec(holder, 0..3), unsure).prop_map(|(holders, unsure)| Holding {
        holders,
        unsure,
        ..Holding::default()
    })
}

/// One worker that has lost the program that started it.
fn lone_worker() -> impl Strategy<Value = Holding> {
    (100..140u32).prop_map(|pid| {
        let worker = Some(Worker { starter_runs: Some(false) });
        Holding {
            holders: vec![Holder { worker, ..python(pid) }],
            unsure: None,
            ..Holding::default()
        }
    })
}

/// Where a process stands, by its stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pose {
    AtPrompt,
    Busy,
    AtBarrier,
    Joining,
    Starting,
    Torn,
}

/// The event loop of a runner in which nothing runs.
const LOOP: EventLoop = EventLoop { thread: 1, descriptors: 2, timed: false };

/// Signals, as sets of them.
pub(crate) const SIGINT: u64 = 1 << 1;
const SIGALRM: u64 = 1 << 13;

const BACKEND: &str = "/site/ezmsg/core/backendprocess.py";
const RUNNER: &str = "/site/ezmsg/core/backend.py";

fn thread(frames: &[(&str, &str)]) -> Thread {
    let frame = |(function, file): &(&str, &str)| Frame {
        function: (*function).to_owned(),
        file: (*file).to_owned(),
        line: 1,
    };
    Thread { id: None, name: None, frames: frames.iter().map(frame).collect() }
}

fn stacks_of(pose: Pose, known: bool) -> Stacks {
    let threading = "/lib/python3.13/threading.py";
    let serving = thread(&[("run_loop", BACKEND), ("_bootstrap", threading)]);
    let serving = Thread { id: Some(LOOP.thread), ..serving };
    let barrier =
        [("_wait", threading), ("wait", threading), ("process", BACKEND), ("<module>", "a.py")];
    let main = match pose {
        Pose::AtPrompt => thread(&[
            ("readline", "/lib/python3.13/_pyrepl/reader.py"),
            ("interactive_console", "/lib/python3.13/_pyrepl/main.py"),
            ("<module>", "/lib/python3.13/_pyrepl/__main__.py"),
        ]),
        Pose::Busy => thread(&[("sleep", "a.py"), ("<module>", "a.py")]),
        Pose::AtBarrier => thread(&barrier),
        Pose::Joining => thread(&[("_join_spawned_processes", RUNNER), ("<module>", "a.py")]),
        Pose::Starting => thread(&[("result", "f.py"), ("process", BACKEND), ("<module>", "a.py")]),
        Pose::Torn => thread(&barrier[..3]),
    };
    let ezmsg = Some(if known { "3.9.0" } else { "4.0.0" }.to_owned());
    Stacks { python: "3.13.0".to_owned(), ezmsg, threads: vec![serving, main] }
}

/// The opener of a session, and perhaps a process below it.
fn family() -> impl Strategy<Value = Family> {
    let pose = prop_oneof![
        10 => Just(Pose::AtPrompt),
        1 => Just(Pose::Busy),
        2 => Just(Pose::AtBarrier),
        2 => Just(Pose::Joining),
        1 => Just(Pose::Starting),
        1 => Just(Pose::Torn)
    ];
    let state = prop_oneof![12 => Just('S'), 1 => Just('T')];
    let serving = prop_oneof![8 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)];
    let wakers = (chance(5), chance(5));
    let stacks = (pose, chance(95).boxed(), chance(95).boxed(), wakers.boxed());
    let opener = (100..140u32, state, serving, stacks.clone());
    let below = known(0.4, (100..140u32, stacks));
    let unsure = known(0.05, Just("some cannot be seen".to_owned()));
    (opener, below, unsure).prop_map(|((pid, state, serving, it), below, unsure)| {
        let member = |pid, state, serving, holds, it: (Pose, bool, bool, (bool, bool))| {
            let (pose, version, readable, (has_timer, has_alarm)) = it;
            let serving_loop = EventLoop { timed: has_timer, ..LOOP };
            let serving_loop = (serving == Some(true)).then_some(serving_loop);
            let process = Holder { state, serving, serving_loop, ..python(pid) };
            let stacks = Arc::new(stacks_of(pose, version));
            let stacks = readable.then_some(stacks).ok_or(StacksError::Forbidden);
            let member = idle(Member::new(process, holds, stacks));
            let alarm = if has_alarm { SIGALRM } else { 0 };
            let handled_signals = member.handled_signals.map(|it| it | alarm);
            Member { handled_signals, ..member }
        };
        let opener = member(pid, state, serving, true, it);
        let below = below.map(|(pid, it)| member(pid, 'S', None, false, it));
        Family { members: std::iter::once(opener).chain(below).collect(), unsure }
    })
}

/// An opener that has left the pipeline, alone.
fn at_prompt() -> (Family, Holding) {
    let serving_loop = Some(LOOP);
    let opener = Holder { serving: Some(true), serving_loop, ..Holder::known_by_pid(100) };
    let process = Holder { state: 'S', command: "python".into(), ..opener };
    let stacks = Ok(Arc::new(stacks_of(Pose::AtPrompt, true)));
    let holding = Holding { holders: vec![process.clone()], ..Holding::default() };
    let member = idle(Member::new(process, true, stacks));
    (Family { members: vec![member], unsure: None }, holding)
}

/// A member that nothing but its terminal and Ctrl-C may wake.
fn idle(member: Member) -> Member {
    let threads = member.stacks.as_ref().ok().map(|it| it.threads.len());
    Member { handled_signals: Some(SIGINT), waits_at_terminal: true, threads, ..member }
}

fn components() -> impl Strategy<Value = Vec<Component>> {
    let pipeline = (0..40u8, prop_oneof![1 => Just(0), 3 => Just(1), 6 => 2..4usize]).prop_map(
        |(root, units)| {
            let of = |key: String, unit| {
                let inputs = vec![format!("{key}/INPUT")];
                let outputs = vec![format!("{key}/OUTPUT")];
                let streams = Some(Box::new(Streams { inputs, outputs }));
                Component { unit, streams, key: key.into() }
            };
            let units =
                ["A", "B", "C"].iter().take(units).map(|it| of(format!("R{root}/{it}"), true));
            std::iter::once(of(format!("R{root}"), false)).chain(units).collect()
        },
    );
    prop_oneof![1 => Just(Vec::new()), 9 => pipeline]
}

fn session(age: Duration) -> impl Strategy<Value = Session> {
    let kinds = (components(), chance(95), chance(5));
    let held = (known(0.5, holding(age)), known(0.4, (family().boxed(), chance(90)))).boxed();
    (kinds, chance(97), known(0.93, link()), held).prop_map(
        move |((components, readable, graphctl), dated, link, (holding, family))| Session {
            id: Uuid::nil(),
            created: dated.then(|| look() - age),
            link,
            graphctl,
            root: None,
            components: if readable { components } else { Vec::new() },
            readable,
            edges: 0,
            last_event: Some(look()),
            // Who was seen with stacks was seen to hold the connection, mostly all of them.
            holding: match &family {
                Some((family, true)) => {
                    let holders = family.members.iter().filter(|it| it.holds);
                    let holders = holders.map(|it| it.process.clone()).collect();
                    Some(Holding { holders, unsure: None, ..Holding::default() })
                }
                _ => holding,
            },
            family: family.map(|(family, _)| family),
        },
    )
}

fn ping() -> impl Strategy<Value = Ping> {
    let failed = |code: &str| Just(Ping::Failed(code.to_owned()));
    let odd = prop_oneof![Just(Ping::NotAsked), failed("handler_error"), failed("unroutable")];
    let alive = prop_oneof![4 => Just(Ping::Answered(None)), 1 => Just(Ping::Heard)];
    prop_oneof![4 => alive, 2 => Just(Ping::Silent), 1 => Just(Ping::Blocked), 1 => odd]
}

/// Of a session of that age, and perhaps of a host that has vanished.
fn process(age: Duration, vanished: bool) -> impl Strategy<Value = Process> {
    let later = prop_oneof![12 => 1..20_000i64, 1 => -5_000..0i64];
    let traffic = (prop_oneof![4 => Just(0), 1 => Just(7)], known(0.9, Just(0.0)))
        .prop_map(|(published, rate)| Traffic { published, received: 0, seconds: 0.0, rate });
    let facts = (known(0.95, link()), ping(), known(0.5, silence()), known(0.8, traffic));
    (
        later,
        chance(97),
        chance(90),
        facts,
        known(0.8, prop_oneof![3 => lone_worker(), 1 => holding(age)]),
    )
        .prop_map(
            move |(later, dated, typical, (mut link, ping, unacked_for, traffic), holding)| {
                let vanished = vanished && typical;
                if let Some(link) = link.as_mut().filter(|_| vanished) {
                    link.peer = Some("10.0.0.7:4712".parse().expect("an address"));
                }
                let asleep = matches!(ping, Ping::Silent | Ping::Blocked);
                let opened = look() - age - ms(60_000);
                Process {
                    id: Uuid::nil(),
                    created: dated
                        .then(|| past(opened + ms(60_000u64.saturating_add_signed(later)))),
                    link,
                    pid: Some(100),
                    host: Some("lab".into()),
                    units: Vec::new(),
                    ping: if vanished && !asleep { Ping::Silent } else { ping },
                    unacked_for: if vanished { Some(ms(31_000)) } else { unacked_for },
                    traffic,
                    last_event: Some(look()),
                    last_change: Some(5),
                    holding,
                }
            },
        )
}

fn departed(age: Duration) -> impl Strategy<Value = Departed> {
    (1000..20_000u64, 0..20_000u64, known(0.9, 1..1200u64)).prop_map(move |(came, stayed, made)| {
        let created = past(look() - age + ms(came));
        let endpoint = made.map(|made| created - ms(made));
        let left = past(created + ms(stayed));
        Departed { id: Uuid::nil(), created, left, endpoint, seen: None }
    })
}

fn pipeline() -> impl Strategy<Value = Pipeline> {
    (age(), chance(25)).prop_flat_map(|(age, vanished)| {
        let asked = prop_oneof![2 => Just(7), 4 => 1..7u8, 1 => Just(0)];
        let process = (process(age, vanished), asked, known(0.1, any::<Index>()), chance(90));
        let end = (0..20_000u64).prop_map(move |lasted| past(look() - age + ms(lasted)));
        let around =
            (0..30_000u64).prop_map(move |later| past(look() - age - ms(10_000) + ms(later)));
        let running = (
            session(age).boxed(),
            known(0.22, (known(0.9, end), chance(80))),
            prop::collection::vec(process.boxed(), 0..3),
            known(0.3, (departed(age), known(0.5, chance(80)))),
            known(0.25, (known(0.9, around), any::<bool>())),
        );
        let running = running.prop_map(|(session, gone, processes, departed, endpoint)| Pipeline {
            session,
            gone,
            processes,
            departed,
            endpoint,
        });
        let left = (session(age).boxed(), departed(age), known(0.6, Just(at_prompt())));
        let over = left.prop_map(|(session, departed, family)| Pipeline {
            session: match family {
                Some((family, holding)) => {
                    Session { family: Some(family), holding: Some(holding), ..session }
                }
                None => session,
            },
            gone: None,
            processes: Vec::new(),
            departed: Some((departed, None)),
            endpoint: None,
        });
        prop_oneof![5 => running, 4 => over]
    })
}

pub(crate) fn scene() -> impl Strategy<Value = Scene> {
    let server = known(0.92, chance(8)).prop_map(|process| {
        process.map(|lock_held| ServerProcess {
            pid: 1,
            host: "lab".into(),
            network: None,
            instance: String::new(),
            python: "3.13.0".into(),
            lock_held,
            lock_waiters: 0,
            lock_holder: None,
            in_bulk: true,
        })
    });
    let knows = (chance(5), server, known(0.95, chance(85)), chance(95));
    let heard_within = select(vec![Duration::ZERO, ms(2000), ms(40_000)]);
    let thresholds = (prop_oneof![2 => Just(ms(60_000)), 1 => Just(ms(300_000))], heard_within)
        .prop_map(|(start_timeout, heard_within)| Thresholds { start_timeout, heard_within });
    let few = prop::collection::vec(pipeline(), 0..4);
    let fleet = prop_oneof![2 => few, 1 => prop::collection::vec(pipeline(), 4..9)];
    (fleet, knows, thresholds).prop_map(
        |(pipelines, (snapshot, process, whole, endpoints), thresholds)| {
            let channel = if snapshot { Channel::Snapshot } else { Channel::Admin };
            let server =
                Server { address: "lab:1".into(), version: "3.9.0".into(), channel, process };
            let mut inventory = assembled(pipelines, server);
            inventory.endpoints = inventory.endpoints.filter(|_| endpoints);
            inventory.history =
                inventory.history.zip(whole).map(|(it, whole)| History { whole, ..it });
            if snapshot {
                inventory.server.process = None;
                inventory.endpoints = None;
                inventory.history = None;
            }
            Scene { inventory, thresholds }
        },
    )
}

fn made(created: Option<SystemTime>, number: u8, kind: EndpointKind) -> Endpoint {
    let link = Link {
        peer: None,
        local: None,
        established: None,
        silent_for: None,
        received: None,
        closing: false,
        handled: true,
    };
    Endpoint { id: id(created, number), created, link, listens: None, sent: None, kind }
}

/// Gives everything its id, and every unit to the first that asks for it, as the server does.
fn assembled(pipelines: Vec<Pipeline>, server: Server) -> Inventory {
    let mut numbers = 1..;
    let mut number = || numbers.next().expect("few enough");
    let sessions = pipelines.iter().map(|it| &it.session);
    let all: Vec<_> = sessions.flat_map(Session::units).map(str::to_owned).collect();
    let mut taken = HashSet::new();
    let (mut sessions, mut processes, mut endpoints) = (Vec::new(), Vec::new(), Vec::new());
    let mut history = History::default();
    for Pipeline { mut session, gone, processes: its, departed, endpoint } in pipelines {
        session.id = id(session.created, number());
        for (mut process, asked, other, connected) in its {
            process.id = id(process.created, number());
            let own = session.units().enumerate().filter(|(unit, _)| asked >> unit & 1 == 1);
            let own = own.map(|(_, unit)| unit.to_owned());
            let other = other.filter(|_| !all.is_empty()).map(|it| it.get(&all).clone());
            process.units = own.chain(other).filter(|it| taken.insert(it.clone())).collect();
            for unit in process.units.iter().filter(|_| connected) {
                let kinds = [
                    EndpointKind::Publisher(format!("{unit}/OUTPUT")),
                    EndpointKind::Subscriber(format!("{unit}/INPUT")),
                ];
                endpoints.extend(kinds.map(|kind| made(process.created, number(), kind)));
            }
            processes.push(process);
        }
        if let (Some((created, publishes)), Some(unit)) = (endpoint, session.units().last()) {
            let kind = if publishes {
                EndpointKind::Publisher(format!("{unit}/OUTPUT"))
            } else {
                EndpointKind::Subscriber(format!("{unit}/INPUT"))
            };
            endpoints.push(made(created, number(), kind));
        }
        history.departed.extend(departed.map(|(departed, seen)| {
            let units: Vec<_> = session.units().map(str::to_owned).collect();
            let units = |all| if all { units } else { units.into_iter().take(1).collect() };
            let name = "pid 100".to_owned();
            let seen = seen.map(|all| Seen { session: session.id, name, units: units(all) });
            Departed { seen, ..departed }
        }));
        let Some((at, noted)) = gone else {
            sessions.push(session);
            continue;
        };
        let Some(created) = session.created else { continue };
        history.ended.push(Ended { created, at, event: at.map(|_| 6) });
        for unit in session.units().filter(|_| noted) {
            let registrations = history.registrations.entry(unit.to_owned()).or_default();
            registrations.push(Ended { created, at, event: at.map(|_| 6) });
        }
    }
    let (endpoints, history) = (Some(endpoints), Some(history));
    Inventory { server, now: look(), sessions, processes, endpoints, history }
}
