//! A client's host that vanishes, and one that only seemed to.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::time::Duration;

use serde_json::Value;

use crate::lab::{self, Network, Options, PATIENCE, Pipeline, Server, vanished_host};
use crate::run::{command_beside, finish};
use crate::stage::{assert_full_rate, network, relaunch};

const SECOND: Duration = Duration::from_secs(1);

fn server_in(network: &Network) -> Server {
    Server::start_in(network, &lab::ezmsg("3.9.0"))
}

fn session(server: &Server) -> Value {
    let list = command_beside(server, &["sessions", "list", "-o", "json"]).spawn();
    finish(list.expect("graphctl starts")).json()["sessions"][0].take()
}

/// Starts a reap, and reads on its standard error that it waits.
fn reap_that_waits(server: &Server) -> (Child, BufReader<std::process::ChildStderr>) {
    let arguments = ["sessions", "reap", "--older-than", "1ms", "-y"];
    let mut reap = command_beside(server, &arguments).spawn().expect("graphctl starts");
    let mut stderr = BufReader::new(reap.stderr.take().expect("stderr is piped"));
    let mut line = String::new();
    stderr.read_line(&mut line).expect("graphctl says something");
    let waits = "1 session: nothing is acknowledged there; waiting up to ";
    assert!(line.starts_with(waits), "{line}");
    (reap, stderr)
}

#[test]
fn a_host_that_vanished_is_suspect_and_then_proven_gone() {
    let Some(network) = network() else { return };
    let server = server_in(&network);
    vanished_host(&network, &server, "SYSTEM");
    let before = session(&server);
    assert_eq!(
        (&before["verdict"], &before["reason"]),
        (&"suspect".into(), &"unresponsive".into())
    );
    let evidence = before["evidence"].to_string();
    assert!(evidence.contains("its host acknowledges nothing: it may have vanished"), "{evidence}");

    let (reap, mut stderr) = reap_that_waits(&server);
    let did = finish(reap);
    assert_eq!(did.code, 0, "{did:#?}");
    assert!(did.stdout.contains("stale half-open  dropped  SYSTEM"), "{did:#?}");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("text");
    assert!(rest.ends_with("1 session dropped\n"), "{rest}");
    relaunch(&server);
}

#[test]
fn a_partition_of_five_seconds_heals_and_the_pipeline_survives_a_reap() {
    let Some(network) = network() else { return };
    let mut server = server_in(&network);
    let pipeline = Pipeline::start_in(&network, &server, &Options::two_processes());
    pipeline.wait_event("running", PATIENCE);
    let before = server.witness();
    network.cut();
    let (reap, _stderr) = reap_that_waits(&server);
    // The partition itself: nothing happens in it that one could wait for.
    std::thread::sleep(5 * SECOND);
    network.heal();
    let did = finish(reap);
    assert_eq!((did.code, did.stdout.as_str()), (0, ""), "{did:#?}");
    server.wait_state("all answers", |state| state["pings"] == 0);
    assert_full_rate(&pipeline);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
    assert_eq!(server.witness(), before);
    assert_eq!(session(&server)["verdict"], "live");
}
