//! graphctl is killed at any moment: the server serves on, nothing is half dropped, and nobody else notices.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chance::{chance, moment};
use crate::gate::{Before, Gate};
use crate::lab::{Crowd, Options, Pipeline, Server};
use crate::run::{command, graphctl};
use crate::stage::{assert_full_rate, server};
use crate::turn::take_turn;

/// How many lists, watches and reaps are killed, and how many of each run at once.
const LISTS: (usize, usize) = (220, 2);
const WATCHES: (usize, usize) = (120, 6);
const REAPS: (usize, usize) = (120, 10);
const REAPS_OF_SUSPECTS: (usize, usize) = (40, 10);

/// A watch opens a session, looks, and looks again.
const WATCH_FOR: Duration = Duration::from_millis(500);

/// A drop of one phantom is over by then, as a rule.
const DROP_FOR: Duration = Duration::from_millis(20);

/// A graphctl that is to be killed.
struct Doomed {
    command: Command,
    /// It is killed so long after its start, or after its drop has passed the gate.
    after: Duration,
    gate: Option<Gate>,
}

/// Runs each of these until it is killed, so many at once; tells how many did not end before.
fn kill_each(doomed: Vec<Doomed>, at_once: usize) -> usize {
    let doomed = Mutex::new(doomed.into_iter());
    let next = || doomed.lock().expect("nobody panics with it").next();
    let kill = || std::iter::from_fn(next).filter_map(kill).count();
    thread::scope(|scope| {
        let killers: Vec<_> = (0..at_once).map(|_| scope.spawn(kill)).collect();
        killers.into_iter().map(|it| it.join().expect("it kills")).sum()
    })
}

/// `None` if it has ended before.
fn kill(Doomed { mut command, after, gate }: Doomed) -> Option<()> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    if let Some(gate) = &gate {
        gate.held();
        gate.open();
    }
    thread::sleep(after);
    let ended = child.try_wait().expect("our own child can be waited for").is_some();
    child.kill().expect("our own child can be killed");
    child.wait().expect("our own child can be waited for");
    (!ended).then_some(())
}

/// How long graphctl takes with nobody beside it.
fn span(server: &Server, arguments: &[&str]) -> Duration {
    let begun = Instant::now();
    let run = graphctl(server.address(), arguments);
    assert_eq!(run.code, 0, "{run:#?}");
    begun.elapsed()
}

fn healthy(server: &Server) -> Pipeline {
    let options = Options { name: "HEALTHY".into(), ..Options::two_processes() };
    Pipeline::running(server, &options)
}

#[track_caller]
fn assert_lost_nothing(pipeline: &Pipeline) {
    assert_full_rate(pipeline);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&json!(0), &json!(0)));
}

/// Whoever is killed between its request for a session and the answer may leave a ghost, which the next reap
/// clears. Tells how many there were.
fn clear_ghosts(server: &Server) -> usize {
    let ghosts = || {
        let run = graphctl(server.address(), &["sessions", "list", "-o", "json"]);
        let sessions = run.json()["sessions"].take();
        let sessions = sessions.as_array().expect("sessions").iter();
        sessions.filter(|it| it["reason"] == "ghost").count()
    };
    let before = ghosts();
    let reap = graphctl(server.address(), &["sessions", "reap"]);
    assert_eq!((reap.code, ghosts()), (0, 0), "{reap:#?}");
    before
}

#[test]
#[expect(clippy::print_stdout, reason = "it tells what it counted")]
fn lists_and_watches_that_are_killed_leave_nothing_but_ghosts() {
    let _turn = take_turn();
    let mut chance = chance();
    let mut server = server();
    let healthy = healthy(&server);
    let before = server.state()["clients"].take();
    let mut killed = [0, 0];
    let lists = ["sessions", "list"];
    let watches = ["sessions", "watch", "-o", "jsonl", "--interval", "200ms"];
    let list_for = span(&server, &lists);
    let kinds = [(&lists[..], LISTS, list_for), (&watches, WATCHES, WATCH_FOR)];
    for (killed, (arguments, (number, at_once), span)) in killed.iter_mut().zip(kinds) {
        let doomed = (0..number).map(|_| Doomed {
            command: command(server.address(), arguments),
            after: moment(&mut chance, span),
            gate: None,
        });
        *killed = kill_each(doomed.collect(), at_once);
        assert!(*killed > number / 2, "hardly any {arguments:?} was killed in its run: {killed}");
    }
    let ghosts = clear_ghosts(&server);
    server.wait_state("the clients before", |state| state["clients"] == before);
    println!("{killed:?} of {} lists and {} watches, {ghosts} ghosts", LISTS.0, WATCHES.0);
    assert_lost_nothing(&healthy);
}

/// What is left of the phantom of this name: components, units that a process owns, and topics in the graph.
fn rest(witness: &Value, name: &str) -> Value {
    let of = |key: &str| key == name || key.starts_with(&format!("{name}/"));
    let number = |keys: &Value| {
        keys.as_array().into_iter().flatten().filter(|it| it.as_str().is_some_and(of)).count()
    };
    let sessions = witness["sessions"].as_object().expect("sessions by id").values();
    let components = sessions.map(|it| number(&it["components"]));
    let processes = witness["processes"].as_array().expect("processes").iter();
    let units = processes.map(|it| number(&it["units"]));
    let topics = witness["graph"].as_object().expect("a graph").keys().filter(|it| of(it));
    json!([components.sum::<usize>(), units.sum::<usize>(), topics.count()])
}

fn reap<'a>(name: &'a str, how: &[&'a str]) -> Vec<&'a str> {
    [&["sessions", "reap", "--component", name], how].concat()
}

/// Has each phantom of a crowd reaped by one that is killed.
#[expect(clippy::print_stdout, reason = "it tells what it counted")]
fn expect_whole_or_gone(
    (number, at_once): (usize, usize),
    how: &[&str],
    crowd: impl FnOnce(&mut Server, usize) -> Crowd,
) {
    let _turn = take_turn();
    let mut chance = chance();
    let mut server = server();
    let _phantoms = crowd(&mut server, number + 1);
    let healthy = healthy(&server);
    let names: Vec<_> = (0..=number).map(|at| format!("PIPELINE_{at:05}")).collect();
    let whole = rest(&server.witness().0, &names[0]);
    let span = span(&server, &reap(&names[number], how));
    // Half of them at any moment, and half while they drop.
    let doomed = names[..number].iter().enumerate().map(|(at, name)| {
        let gate = (at % 2 == 0).then(|| Gate::before(server.address(), &[Before::Blow]));
        let address = gate.as_ref().map_or(server.address(), Gate::address);
        let span = if gate.is_some() { DROP_FOR } else { span };
        Doomed {
            command: command(address, &reap(name, how)),
            after: moment(&mut chance, span),
            gate,
        }
    });
    let killed = kill_each(doomed.collect(), at_once);
    assert!(killed > number / 2, "hardly any was killed in its run: {killed}");
    let ghosts = clear_ghosts(&server);
    let witness = server.witness().0;
    let rests: Vec<_> = names.iter().map(|name| rest(&witness, name)).collect();
    let left = rests.iter().filter(|it| **it == whole).count();
    let gone = rests.iter().filter(|it| **it == json!([0, 0, 0])).count();
    println!("{killed} of {number} reaps in {span:?}: {gone} gone, {left} whole, {ghosts} ghosts");
    assert_eq!(left + gone, names.len(), "{rests:?}");
    let sessions = left + 1;
    server.wait_state("whole phantoms alone", |state| {
        state["clients"]["SessionInfo"] == sessions && state["locked"] == false
    });
    assert_lost_nothing(&healthy);
    assert_eq!(server.log(), "");
}

#[test]
fn reaps_that_are_killed_leave_each_session_whole_or_gone() {
    expect_whole_or_gone(
        REAPS,
        &["--start-timeout", "1ms", "--include-suspect"],
        |server, number| Crowd::start(server, number, 10),
    );
}

#[test]
fn reaps_that_are_killed_leave_each_session_its_process_or_take_it_along() {
    expect_whole_or_gone(REAPS_OF_SUSPECTS, &["--include-suspect"], |server, number| {
        let crowd = Crowd::unanswering(server, number);
        server.chain();
        crowd
    });
}
