//! The same pipelines from other places: graphctl as another user, in a container, in another network, behind a relay.
//! The server's machine shows what graphctl cannot see.

use std::time::{Duration, Instant};

use crate::lab::{
    self, Options, PATIENCE, Phantom, Pipeline, Rig, Rigged, Runner, Server, StartMethod, phantom,
};
use crate::stage::{assert_full_rate, network, relaunch, server};
use crate::viewer::{Place, PublicCopy, Viewer};

/// Drops three phantoms. Two healthy pipelines on the same server stay live.
fn clear(place: Place) {
    let network = if place == Place::OtherNetwork {
        let Some(network) = network() else { return };
        Some(network)
    } else {
        None
    };
    let python = lab::ezmsg("3.9.0");
    let server = network.as_ref().map_or_else(server, |it| Server::start_in(it, &python));
    let copy = PublicCopy::new();
    let Some(viewer) = Viewer::new(place, &copy, server.address(), network.as_ref()) else {
        return;
    };
    let notebook = Options { runner: Runner::Start, ..Options::two_processes() };
    let spawned = Options { start_method: StartMethod::Spawn, ..Options::two_processes() };
    let healthy = [("HEALTHY", notebook), ("SPAWNED", spawned)].map(|(name, options)| {
        Pipeline::running(&server, &Options { name: name.to_owned(), ..options })
    });
    let phantoms = [
        (Phantom::MainKilled, "SYSTEM", "headless"),
        (Phantom::MainKilledFlowing, "FLOWING", "headless"),
        (Phantom::MainTerminatedSpawn, "LEFT", "leftover"),
    ];
    let _phantoms = phantoms.map(|(how, name, _)| phantom(&server, how, name));
    for (_, name, reason) in phantoms {
        viewer.wait_until_judged(&["--component", &format!("{name}*")], ("stale", reason));
    }
    let healthy_are_live = || {
        for name in ["HEALTHY*", "SPAWNED*"] {
            viewer.wait_until_judged(&["--component", name], ("live", ""));
        }
    };
    healthy_are_live();
    let deadline = Instant::now() + PATIENCE;
    while viewer.keyed(&[]).len() > healthy.len() {
        let run = viewer.run(&["sessions", "reap", "--kill", "-y"]);
        assert!(matches!(run.code, 0 | 3), "{run:#?}");
        assert!(!run.stdout.contains("HEALTHY") && !run.stdout.contains("SPAWNED"), "{run:#?}");
        assert!(Instant::now() < deadline, "not everything was dropped: {run:#?}");
    }
    assert_eq!(viewer.keyed(&[]).len(), healthy.len());
    healthy_are_live();
    relaunch(&server);
    for pipeline in &healthy {
        assert_full_rate(pipeline);
        let (_, counts) = pipeline.counts_over(Duration::ZERO);
        assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
    }
}

#[test]
fn the_command_in_the_evidence_shows_more_on_the_servers_machine() {
    let server = server();
    let _phantom = phantom(&server, Phantom::InitializeFailed, "SYSTEM");
    let copy = PublicCopy::new();
    let viewer = Viewer::new(Place::BehindRelay, &copy, server.address(), None).expect("a relay");
    viewer.wait_until_judged(&[], ("starting", ""));
    let cases = viewer.keyed(&[]);
    let evidence = cases[0]["evidence"].to_string();
    let (_, command) =
        evidence.split_once("on the server's machine: sudo graphctl ").expect("a command");
    let command = command.split(['"', ';']).next().expect("a command");
    let shown = viewer.run(&command.split(' ').collect::<Vec<_>>());
    assert!(shown.stdout.contains("stale start-failed"), "{command}: {shown:#?}");
}

/// The backends hold the session; only semaphores show that their program is running.
#[test]
fn a_program_that_became_a_daemon_is_spared() {
    let server = server();
    let healthy = Rigged::start(&server, Rig::LateDaemon);
    let before = server.witness();
    let copy = PublicCopy::new();
    for place in [Place::Here, Place::OtherUser, Place::Container, Place::BehindRelay] {
        let Some(viewer) = Viewer::new(place, &copy, server.address(), None) else { continue };
        viewer.wait_until_judged(&[], ("live", ""));
        let run = viewer.run(&["sessions", "reap", "--kill", "-y"]);
        assert_eq!(run.code, 0, "{place:?}: {run:#?}");
        assert_eq!(server.witness(), before, "{place:?}: {run:#?}");
    }
    healthy.expect_recording();
}

#[test]
fn another_user_drops_only_the_dead() {
    clear(Place::OtherUser);
}

#[test]
fn a_container_drops_only_the_dead() {
    clear(Place::Container);
}

#[test]
fn behind_a_relay_only_the_dead_are_dropped() {
    clear(Place::BehindRelay);
}

#[test]
fn from_another_network_only_the_dead_are_dropped() {
    clear(Place::OtherNetwork);
}
