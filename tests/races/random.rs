//! Random pipelines with random faults, while looks and reaps run at random times.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::chance::{chance, moment};
use crate::lab::{Fail, Options, PATIENCE, Pipeline, Runner, Server, StartMethod};
use crate::run::graphctl;
use crate::stage::{assert_full_rate, server};

/// How many pipelines are launched, where the variable does not say.
const ROUNDS: usize = 8;
const ROUNDS_VARIABLE: &str = "GRAPHCTL_TEST_ROUNDS";

/// How many pipelines run at once.
const AT_ONCE: usize = 2;

/// What happens to a pipeline at a random time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    MainKilled,
    MainTerminated,
    Interrupted,
    BackendKilled,
    Paused,
}

const FAULTS: [Fault; 8] = [
    Fault::Nothing,
    Fault::Nothing,
    Fault::Nothing,
    Fault::MainKilled,
    Fault::MainTerminated,
    Fault::Interrupted,
    Fault::BackendKilled,
    Fault::Paused,
];

fn options(chance: &mut fastrand::Rng, name: String) -> Options {
    let methods = [StartMethod::Fork, StartMethod::Spawn, StartMethod::Forkserver];
    let slow = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3)];
    let fails = [Fail::Nothing, Fail::Nothing, Fail::Nothing, Fail::InitializeRaises];
    Options {
        name,
        processes: chance.u8(1..=2),
        start_method: methods[chance.usize(..methods.len())],
        runner: if chance.bool() { Runner::Run } else { Runner::Start },
        slow_initialize: slow[chance.usize(..slow.len())],
        fail: fails[chance.usize(..fails.len())],
        backend: if chance.bool() { "PUB" } else { "SUB" },
        ..Options::default()
    }
}

/// Launches a pipeline and injects a random fault. A pipeline without a fault, or one that is only paused, must run at
/// full rate.
fn run_with_fault(server: &Server, chance: &mut fastrand::Rng, number: usize) {
    let options = options(chance, format!("R{number}"));
    let fault = FAULTS[chance.usize(..FAULTS.len())];
    let pipeline = Pipeline::start(server, &options);
    let healthy = matches!(fault, Fault::Nothing | Fault::Paused) && options.fail == Fail::Nothing;
    if healthy {
        if fault == Fault::Paused {
            thread::sleep(moment(chance, Duration::from_secs(2)));
            pipeline.signal("STOP");
            thread::sleep(moment(chance, Duration::from_secs(3)));
            pipeline.signal("CONT");
        }
        pipeline.wait_event("running", PATIENCE);
        thread::sleep(moment(chance, Duration::from_secs(3)));
        assert_full_rate(&pipeline);
        let (_, counts) = pipeline.counts_over(Duration::ZERO);
        // A main process that was stopped at its start barrier misses the first messages, with or without graphctl.
        let missed = u64::from(fault == Fault::Paused);
        assert_eq!(counts["foreign"], 0, "{options:?}, {fault:?}");
        let gaps = counts["gaps"].as_u64().expect("a count");
        assert!(gaps <= missed, "{options:?}, {fault:?}: {counts}");
        return;
    }
    thread::sleep(moment(chance, Duration::from_secs(4)));
    // It may have ended by then.
    let family = pipeline.family();
    let main = family.contains(&pipeline.pid());
    match fault {
        Fault::MainKilled if main => pipeline.signal("KILL"),
        Fault::MainTerminated if main => pipeline.signal("TERM"),
        Fault::Interrupted if main => pipeline.interrupt(),
        Fault::BackendKilled => {
            let backend = family.into_iter().find(|pid| *pid != pipeline.pid());
            if let Some(backend) = backend {
                pipeline.signal_pid("KILL", backend);
            }
        }
        _ => {}
    }
    thread::sleep(moment(chance, Duration::from_secs(3)));
}

#[test]
fn random_faults_beside_random_reaps() {
    let server = server();
    let rounds = std::env::var(ROUNDS_VARIABLE).ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    let mut seeds = chance();
    let notebook = Options { runner: Runner::Start, ..Options::two_processes() };
    let healthy = [("ALONE", Options::default()), ("NOTEBOOK", notebook)];
    let healthy = healthy.map(|(name, options)| {
        Pipeline::running(&server, &Options { name: name.to_owned(), ..options })
    });
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let (server, next, over) = (&server, &next, &over);
        let players: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let mut chance = seeds.fork();
                scope.spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= rounds {
                            break;
                        }
                        run_with_fault(server, &mut chance, number);
                    }
                })
            })
            .collect();
        let mut chance = seeds.fork();
        let reaper = scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                thread::sleep(moment(&mut chance, Duration::from_millis(500)));
                let command: &[&str] = match chance.u8(..3) {
                    0 => &["sessions", "list"],
                    1 => &["sessions", "reap", "-y"],
                    _ => &["sessions", "reap", "--kill", "-y"],
                };
                let run = graphctl(server.address(), command);
                assert!(matches!(run.code, 0 | 3), "{run:#?}");
                let reaps = command[1] == "reap";
                let touched =
                    reaps && ["ALONE", "NOTEBOOK"].iter().any(|it| run.stdout.contains(it));
                assert!(!touched, "{run:#?}");
            }
        });
        let played: Vec<_> = players.into_iter().map(thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        assert!(reaper.join().is_ok() && played.iter().all(Result::is_ok));
    });
    for (pipeline, name) in healthy.iter().zip(["ALONE", "NOTEBOOK"]) {
        assert_full_rate(pipeline);
        assert_eq!(server.witness().sessions_of(name).len(), 1, "{name} was dropped");
        let (_, counts) = pipeline.counts_over(Duration::ZERO);
        assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()), "{name}");
    }
}
