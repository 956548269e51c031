//! The same pipelines from other places: graphctl as another user, in a container, in another network, behind a relay.
//! The server's machine shows what graphctl cannot see.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::lab::{
    self, Network, Options, PATIENCE, Phantom, Pipeline, Runner, Server, StartMethod, phantom,
};
use crate::run::{GRAPHCTL, Run, finish, prepared};
use crate::stage::{assert_full_rate, network, relaunch, server};
use crate::wiretap::Wiretap;

/// The user id of `nobody`.
const OTHER_USER: &str = "65534";

/// Where graphctl runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// As another user than the server and the pipeline.
    OtherUser,
    /// In a pid namespace of its own.
    Container,
    /// On the same machine, with a relay between itself and the server.
    BehindRelay,
    /// In another network namespace than the server and the pipeline.
    OtherNetwork,
}

/// A graphctl that runs in such a place.
struct Remote {
    prefix: Vec<String>,
    address: String,
    _relay: Option<Wiretap>,
    /// A copy of graphctl that any user may run.
    copy: TempDir,
}

impl Remote {
    /// `None` where this machine does not let the test make such a place.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn new(place: Place, server: &Server, network: Option<&Network>) -> Option<Self> {
        let copy = tempfile::tempdir().expect("a folder can be made");
        fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755))
            .expect("our own folder");
        fs::copy(GRAPHCTL, copy.path().join("graphctl")).expect("graphctl can be copied");
        let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let prefix = match place {
            Place::OtherUser => {
                let user = [format!("--reuid={OTHER_USER}"), format!("--regid={OTHER_USER}")];
                [words(&["setpriv"]), user.to_vec(), words(&["--clear-groups"])].concat()
            }
            Place::Container => words(&["unshare", "--pid", "--fork", "--mount-proc"]),
            Place::BehindRelay => Vec::new(),
            Place::OtherNetwork => {
                let side = network.expect("a network was laid").client_side();
                let command = side.command("env");
                let program = command.get_program().to_str().expect("text").to_owned();
                let options = command.get_args().map(|it| it.to_str().expect("text").to_owned());
                std::iter::once(program).chain(options).collect()
            }
        };
        let relay = (place == Place::BehindRelay).then(|| Wiretap::before(server.address()));
        let address = relay.as_ref().map_or(server.address(), Wiretap::address).to_owned();
        let remote = Self { prefix, address, _relay: relay, copy };
        let works = remote.command(&["--version"]).output().is_ok_and(|it| it.status.success());
        if !works {
            eprintln!("skipped: this machine has no {place:?}");
        }
        works.then_some(remote)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let graphctl = self.copy.path().join("graphctl");
        let mut command = match self.prefix.split_first() {
            None => Command::new(graphctl),
            Some((program, options)) => {
                let mut command = Command::new(program);
                command.args(options).arg(graphctl);
                command
            }
        };
        command.current_dir("/");
        prepared(command, &self.address, arguments)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        finish(self.command(arguments).spawn().expect("graphctl starts"))
    }

    /// The verdicts on what has keys of this root.
    fn verdicts(&self, root: &str) -> Vec<String> {
        let glob = format!("{root}*");
        let look = self.run(&["sessions", "list", "--component", &glob, "-o", "json"]).json();
        let of = |kind: &str| look[kind].as_array().expect("a list").clone();
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let cases = [of("sessions"), of("leftovers")].concat();
        cases.iter().map(|it| format!("{} {}", text(&it["verdict"]), text(&it["reason"]))).collect()
    }

    #[track_caller]
    fn wait_until_judged(&self, root: &str, verdict: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let verdicts = self.verdicts(root);
            if !verdicts.is_empty() && verdicts.iter().all(|it| it.trim() == verdict) {
                return;
            }
            let list = ["sessions", "list", "--component", root, "-o", "json"];
            assert!(
                Instant::now() < deadline,
                "{root} is not {verdict}: {}",
                self.run(&list).stdout
            );
        }
    }
}

/// Drops three phantoms, one after the other, beside two healthy pipelines, which stay live.
fn clear(place: Place) {
    let network = if place == Place::OtherNetwork {
        let Some(network) = network() else { return };
        Some(network)
    } else {
        None
    };
    let python = lab::ezmsg("3.9.0");
    let start = || network.as_ref().map_or_else(server, |it| Server::start_in(it, &python));
    let phantoms = [
        (Phantom::MainKilled, "stale headless"),
        (Phantom::MainKilledFlowing, "stale headless"),
        (Phantom::MainTerminatedSpawn, "stale leftover"),
    ];
    for (how, verdict) in phantoms {
        let server = start();
        let Some(remote) = Remote::new(place, &server, network.as_ref()) else { return };
        let notebook = Options { runner: Runner::Start, ..Options::two_processes() };
        let spawned = Options { start_method: StartMethod::Spawn, ..Options::two_processes() };
        let healthy: Vec<_> = [("HEALTHY", notebook), ("SPAWNED", spawned)]
            .into_iter()
            .map(|(name, options)| {
                Pipeline::running(&server, &Options { name: name.to_owned(), ..options })
            })
            .collect();
        let phantom = phantom(&server, how, "SYSTEM");
        remote.wait_until_judged("SYSTEM", verdict);
        for name in ["HEALTHY", "SPAWNED"] {
            remote.wait_until_judged(name, "live");
        }
        let deadline = Instant::now() + PATIENCE;
        while !remote.verdicts("SYSTEM").is_empty() {
            let run = remote.run(&["sessions", "reap", "--kill", "-y"]);
            assert!(matches!(run.code, 0 | 3), "{run:#?}");
            assert!(!run.stdout.contains("HEALTHY") && !run.stdout.contains("SPAWNED"), "{run:#?}");
            assert!(Instant::now() < deadline, "{how:?} was not dropped: {run:#?}");
        }
        relaunch(&server);
        for pipeline in &healthy {
            assert_full_rate(pipeline);
            let (_, counts) = pipeline.counts_over(Duration::ZERO);
            assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
        }
        drop(phantom);
    }
}

#[test]
fn another_user_drops_the_dead_only() {
    clear(Place::OtherUser);
}

#[test]
fn a_container_drops_the_dead_only() {
    clear(Place::Container);
}

#[test]
fn from_behind_a_relay_the_dead_only_are_dropped() {
    clear(Place::BehindRelay);
}

#[test]
fn from_another_network_the_dead_only_are_dropped() {
    clear(Place::OtherNetwork);
}
