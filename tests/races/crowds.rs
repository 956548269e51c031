//! Many at once: connections, clients that come and go, and a fast pipeline that must not lose a message.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::lab::{Crowd, Options, PATIENCE, Pipeline, Process, Server, open_session};
use crate::run::{Run, command, finish, graphctl};
use crate::stage::server;
use crate::turn::take_turn;

/// How many connections there are at once.
const CONNECTIONS: usize = 200;

/// How often one lists and reaps beside a pipeline that must not lose a message, and how many of each at once.
const LISTS: usize = 500;
const LISTS_AT_ONCE: usize = 4;
const REAPS: usize = 100;
const REAPS_AT_ONCE: usize = 10;

/// How many phantoms there are at first; each reap finds a fresh ghost besides.
const PHANTOMS: usize = 50;

/// How many publishers and subscribers come and go at once.
const PAIRS: &str = "2";

/// These are all that are left, and nobody has anything under way.
#[track_caller]
fn expect_clients(server: &mut Server, clients: &Value) {
    server.wait_state("the clients before", |state| {
        let idle = state["locked"] == false && state["waiters"] == 0 && state["pings"] == 0;
        idle && state["clients"] == *clients
    });
    assert_eq!(server.log(), "");
}

#[test]
fn lists_all_at_once_all_end_well() {
    let _turn = take_turn();
    let mut server = server();
    let listing: Vec<Child> = (0..CONNECTIONS)
        .map(|_| {
            let mut list = command(server.address(), &["sessions", "list"]);
            list.stdout(Stdio::null()).spawn().expect("graphctl starts")
        })
        .collect();
    for run in listing.into_iter().map(finish) {
        assert_eq!((run.code, &*run.stderr), (0, ""), "{run:#?}");
    }
    expect_clients(&mut server, &json!({}));
}

#[test]
fn sessions_held_open_are_all_listed() {
    let _turn = take_turn();
    let mut server = server();
    let held: Vec<(TcpStream, String)> = (0..CONNECTIONS).map(|_| open_session(&server)).collect();
    let run = graphctl(server.address(), &["sessions", "list", "-o", "name"]);
    let listed: BTreeSet<_> = run.stdout.lines().collect();
    let ids: BTreeSet<_> = held.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!((run.code, listed), (0, ids), "{}", run.stderr);
    drop(held);
    expect_clients(&mut server, &json!({}));
}

fn comers(server: &Server) -> Process {
    let arguments = [format!("--address={}", server.address()), PAIRS.to_owned()];
    let comers = Process::start(server.side(), server.python(), "comers.py", &arguments);
    comers.wait_event("left", PATIENCE);
    comers
}

/// Reaps again and again, some at once, each with a fresh ghost: all that they said.
fn reap_often(server: &mut Server) -> Vec<Run> {
    let mut runs = Vec::new();
    for _ in 0..REAPS / REAPS_AT_ONCE {
        let reap =
            ["--start-timeout", "1ms", "sessions", "reap", "--include-suspect", "-o", "json"];
        let reaping: Vec<_> = (0..REAPS_AT_ONCE)
            .map(|_| {
                server.ghost();
                command(server.address(), &reap).spawn().expect("graphctl starts")
            })
            .collect();
        runs.extend(reaping.into_iter().map(finish));
    }
    runs
}

/// How often each target was dropped.
#[track_caller]
fn drops(runs: &[Run]) -> BTreeMap<String, usize> {
    let mut drops = BTreeMap::new();
    for run in runs {
        assert_eq!(run.code, 0, "{run:#?}");
        for target in run.json()["targets"].as_array().expect("targets") {
            let dropped = usize::from(target["outcome"] == "dropped");
            *drops.entry(target["id"].to_string()).or_default() += dropped;
        }
    }
    drops
}

/// All that was sent until now, when it has come; what is lost on the way never does.
#[track_caller]
fn expect_all_to_come(pipeline: &Pipeline) -> u64 {
    pipeline.wait_next("sent");
    let events = pipeline.events();
    let sent = events.iter().rev().find(|it| it["event"] == "sent").expect("it has just told");
    let sent = sent["total"].as_u64().expect("a number");
    let counted = pipeline.wait_for("all that was sent", PATIENCE, |it: &Value| {
        it["event"] == "count" && it["total"].as_u64() >= Some(sent)
    });
    assert_eq!((&counted["gaps"], &counted["foreign"]), (&0.into(), &0.into()), "{counted}");
    sent
}

#[test]
#[expect(clippy::print_stdout, reason = "it tells what it counted")]
fn nobody_loses_a_message_through_hundreds_of_lists_and_reaps() {
    let _turn = take_turn();
    let mut server = server();
    let fast = Options { rate: 1000.0, name: "FAST".into(), ..Options::two_processes() };
    let fast = Pipeline::running(&server, &fast);
    let before = server.state()["clients"].take();
    let _phantoms = Crowd::start(&mut server, PHANTOMS, 5);
    let mut comers = comers(&server);
    let first = expect_all_to_come(&fast);
    let begun = Instant::now();
    let address = server.address().to_owned();
    let list = |_| graphctl(&address, &["sessions", "list"]);
    let list_often = || (0..LISTS / LISTS_AT_ONCE).map(list).collect::<Vec<_>>();
    let (lists, reaps) = thread::scope(|scope| {
        let listing = [(); LISTS_AT_ONCE].map(|()| scope.spawn(list_often));
        let reaps = reap_often(&mut server);
        (listing.map(|lists| lists.join().expect("graphctl is run")).concat(), reaps)
    });
    let took = begun.elapsed();
    assert!(lists.iter().all(|run| run.code == 0), "{lists:#?}");
    let drops = drops(&reaps);
    // Who was seen on the way out is a target too, and gone when it is looked at again.
    assert!(drops.values().all(|times| *times <= 1), "dropped so many times: {drops:#?}");
    let dropped = drops.values().sum::<usize>();
    assert_eq!(dropped, PHANTOMS + REAPS);
    comers.let_go();
    let left = comers.wait_event("ended", PATIENCE);
    assert!(comers.wait_exit(PATIENCE).success(), "{}", comers.stderr());
    assert_eq!(left["gaps"], 0, "{left}");
    let sent = expect_all_to_come(&fast) - first;
    expect_clients(&mut server, &before);
    println!(
        "{LISTS} lists and {REAPS} reaps in {took:?}: {} phantoms cleared, {} pairs came and left, \
         {sent} messages sent and received, none lost",
        dropped, left["pairs"]
    );
}
