//! The lab's scenes are what they say they are, by what the server and ezmsg tell, not by graphctl.

use std::time::{Duration, Instant};

use crate::lab::{self, Network, Options, PATIENCE, Pipeline, Server};

const SECOND: Duration = Duration::from_secs(1);

/// A server on one side of a network, and a pipeline of two processes that runs on the other.
fn across(network: &Network) -> (Server, Pipeline) {
    let server = Server::start_in(network, &lab::ezmsg("3.9.0"));
    let pipeline = Pipeline::start_in(network, &server, &Options::two_processes());
    pipeline.wait_event("running", PATIENCE);
    (server, pipeline)
}

/// A network, or the reason why there is none on this machine.
fn network() -> Option<Network> {
    Network::try_new().map_err(|why| eprintln!("skipped: {why}")).ok()
}

#[test]
fn a_cut_network_loses_all_packets_and_heals_without_a_loss() {
    let Some(network) = network() else { return };
    let (mut server, pipeline) = across(&network);
    let before = server.witness();
    assert_eq!(server.ping("SYSTEM/PUB", PATIENCE), "ok");

    network.cut();
    let cut = Instant::now();
    assert_eq!(server.ping("SYSTEM/SUB", SECOND), "TIMEOUT");
    let rate = pipeline.rate_over(Duration::from_secs(4));
    assert!(rate > 160.0, "both units are on the same side: {rate}");
    assert!(cut.elapsed() > Duration::from_secs(5));
    assert_eq!(server.witness(), before);

    network.heal();
    for unit in ["SYSTEM/PUB", "SYSTEM/SUB"] {
        assert_eq!(server.ping(unit, PATIENCE), "ok");
    }
    server.wait_state("all answers", |state| state["pings"] == 0);
    let (_, counts) = pipeline.counts_over(SECOND);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
    assert_eq!(server.witness(), before);
}

#[test]
fn a_pipeline_that_is_killed_behind_a_cut_stays_with_the_server() {
    let Some(network) = network() else { return };
    let (mut server, pipeline) = across(&network);
    let before = (server.witness(), server.state());
    network.cut();
    let killed = Instant::now();
    drop(pipeline);
    while killed.elapsed() < 3 * SECOND {
        assert_eq!(server.witness(), before.0);
    }
    server.wait_state("the end of the witness", |state| *state == before.1);
}
