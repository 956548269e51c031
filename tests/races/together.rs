//! Several reapers at once: every phantom goes once, and nobody fails for what was another's success.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::lab::{Crowd, Options, Pipeline, Server};
use crate::run::{Run, graphctl};
use crate::stage::{assert_full_rate, server};
use crate::turn::take_turn;

/// How many phantoms there are.
const PHANTOMS: usize = 50;

/// How many of them are ghosts.
const GHOSTS: usize = 5;

/// How many reapers there are at once.
const REAPERS: [usize; 2] = [2, 10];

/// How far apart reapers begin: the looks of some fall into the drop of another.
const APART: Duration = Duration::from_millis(25);

/// What each of several reapers says, which are all there at once.
fn reap_together(address: &str, reapers: usize, arguments: &[&str]) -> Vec<Run> {
    let arguments = [&["sessions", "reap", "-y", "-o", "json"], arguments].concat();
    thread::scope(|scope| {
        let begin = |_| {
            thread::sleep(APART);
            scope.spawn(|| graphctl(address, &arguments))
        };
        let reaping: Vec<_> = (0..reapers).map(begin).collect();
        reaping.into_iter().map(|it| it.join().expect("graphctl is run")).collect()
    })
}

/// How many of the reapers dropped each target, by its id.
#[track_caller]
fn drops(runs: &[Run]) -> HashMap<String, usize> {
    let mut drops = HashMap::new();
    for run in runs {
        assert_eq!(run.code, 0, "{run:#?}");
        let targets = run.json()["targets"].take();
        for target in targets.as_array().expect("targets") {
            let id = target["id"].as_str().expect("an id").to_owned();
            let dropped = target["outcome"] == "dropped";
            assert!(dropped || target["outcome"] == "already-gone", "{target:#}");
            *drops.entry(id).or_default() += usize::from(dropped);
        }
    }
    drops
}

/// Has phantoms reaped by several at once, beside a healthy pipeline.
fn expect_each_to_go_once(
    reapers: usize,
    arguments: &[&str],
    haunt: impl FnOnce(&mut Server) -> Crowd,
) {
    let _turn = take_turn();
    let mut server = server();
    let healthy = Options { name: "HEALTHY".into(), ..Options::two_processes() };
    let healthy = Pipeline::running(&server, &healthy);
    let before = server.state()["clients"].take();
    let _phantoms = haunt(&mut server);
    for _ in 0..GHOSTS {
        server.ghost();
    }
    let drops = drops(&reap_together(server.address(), reapers, arguments));
    let odd: Vec<_> = drops.iter().filter(|(_, times)| **times != 1).collect();
    assert!(odd.is_empty(), "dropped so many times: {odd:#?}");
    assert_eq!(drops.len(), PHANTOMS);
    server.wait_state("the clients before", |state: &Value| state["clients"] == before);
    assert_full_rate(&healthy);
    let (_, counts) = healthy.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
    assert_eq!(server.log(), "");
}

#[test]
fn sessions_that_never_started_go_once() {
    for reapers in REAPERS {
        expect_each_to_go_once(
            reapers,
            &["--start-timeout", "1ms", "--include-suspect"],
            |server| Crowd::start(server, PHANTOMS - GHOSTS, 5),
        );
    }
}

#[test]
fn suspects_go_once_with_their_processes() {
    for reapers in REAPERS {
        expect_each_to_go_once(reapers, &["--include-suspect"], |server| {
            Crowd::unanswering(server, PHANTOMS - GHOSTS)
        });
    }
}
