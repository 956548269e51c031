//! The server is killed, started again, or stopped for a while at any moment: graphctl says so, and ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::chance::{chance, moment};
use crate::fake::{graphctl, watched};
use crate::gate::{Before, Gate};
use crate::lab::{Client, PATIENCE, Process, Server, greeted};
use crate::run::{Run, command};
use crate::stage::server;

/// How often each of it happens.
const ROUNDS: usize = 3;

/// A reap has begun by then, and dropped.
const SPAN: Duration = Duration::from_millis(2400);

/// For how long a server is stopped at most: nobody gives it up by then.
const STOPPED_FOR: Duration = Duration::from_secs(2);

/// As the command under guard exits.
const GUARDED: i32 = 7;

/// What is under way at a server when that is struck.
struct Scene {
    server: Server,
    watch: Process,
}

/// It ended as is documented: well, or with one line that says why not and one of these codes.
#[track_caller]
fn expect_documented(run: &Run, well: i32) {
    let errors = run.stderr.lines().filter(|line| line.starts_with("error: ")).count();
    let documented = if run.code == well { errors == 0 } else { errors == 1 };
    assert!(documented && [well, 69, 75].contains(&run.code), "{run:#?}");
}

impl Scene {
    fn start() -> Self {
        let mut server = server();
        for _ in 0..3 {
            server.ghost();
        }
        let arguments = ["sessions", "watch", "-o", "jsonl", "--interval", "100ms"];
        let watch = Process::spawn("watch".into(), command(server.address(), &arguments));
        watch.wait_event("appeared", PATIENCE);
        Self { server, watch }
    }

    /// Has graphctl list, reap and run while the server is struck, and tells how many runs ended well and not.
    fn strike(&mut self, strike: impl FnOnce(&mut Server)) -> [usize; 2] {
        let address = self.server.address().to_owned();
        let over = AtomicBool::new(false);
        let runs = thread::scope(|scope| {
            let lists = scope.spawn(|| {
                let mut lists = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    lists.push((graphctl(&address, &["sessions", "list"]), 0));
                }
                lists
            });
            let begin =
                |arguments: &[&str]| command(&address, arguments).spawn().expect("graphctl starts");
            let reap = begin(&["sessions", "reap"]);
            let guarded = begin(&["run", "--reap", "--", "sh", "-c", "exit 7"]);
            strike(&mut self.server);
            let mut runs = vec![(watched(reap), 0), (watched(guarded), GUARDED)];
            over.store(true, Ordering::Relaxed);
            runs.extend(lists.join().expect("lists end"));
            runs
        });
        for (run, well) in &runs {
            expect_documented(run, *well);
        }
        let well = runs.iter().filter(|(run, well)| run.code == *well).count();
        [well, runs.len() - well]
    }

    /// The server serves, and the watch sees it.
    fn expect_to_go_on(mut self) {
        let session = Client::silent_session(&self.server, &["AFTER"]);
        let id = session.session_id();
        self.watch.wait_for("the session after", PATIENCE, |it| it["id"] == *id);
        self.watch.signal("TERM");
        assert!(self.watch.wait_exit(PATIENCE).success());
        assert_eq!(self.watch.stderr().matches("error").count(), 0, "{}", self.watch.stderr());
        session.close();
    }
}

/// Strikes servers, each at some moment, and tells how many runs ended well and not.
#[expect(clippy::print_stdout, reason = "it tells what it counted")]
fn strike_at_any_moment(mut strike: impl FnMut(&mut Server, Duration), after: impl Fn(Scene)) {
    let mut chance = chance();
    let mut total = [0, 0];
    for _ in 0..ROUNDS {
        let mut scene = Scene::start();
        let at = moment(&mut chance, SPAN);
        let stays = moment(&mut chance, STOPPED_FOR);
        let counts = scene.strike(|server| {
            thread::sleep(at);
            strike(server, stays);
        });
        total = [total[0] + counts[0], total[1] + counts[1]];
        after(scene);
    }
    println!("{ROUNDS} strikes: {} runs of graphctl ended well, {} did not", total[0], total[1]);
}

#[test]
fn a_server_that_is_killed() {
    strike_at_any_moment(
        |server, _| server.signal("KILL"),
        |scene| {
            scene.watch.wait_event("server-lost", PATIENCE);
            let run = graphctl(scene.server.address(), &["sessions", "list"]);
            assert_eq!(run.code, 69, "{run:#?}");
        },
    );
}

#[test]
fn a_server_that_is_started_again() {
    strike_at_any_moment(
        |server, _| {
            let (address, python) = (server.address().to_owned(), server.python().to_owned());
            server.signal("KILL");
            server.wait_exit(PATIENCE);
            *server = Server::start_at(&python, &address);
        },
        |scene| {
            scene.watch.wait_event("server-lost", PATIENCE);
            let back = scene.watch.wait_event("server-back", PATIENCE);
            assert_eq!(back["restarted"], true, "{back}");
            scene.expect_to_go_on();
        },
    );
}

#[test]
fn a_server_that_is_stopped_and_continues() {
    strike_at_any_moment(
        |server, stays| {
            server.signal("STOP");
            thread::sleep(stays);
            server.signal("CONT");
        },
        |scene| {
            greeted(scene.server.address());
            scene.expect_to_go_on();
        },
    );
}

/// A listener of the kernel's takes connections for whoever is stopped.
#[test]
fn a_server_that_is_stopped_for_good() {
    let scene = Scene::start();
    let timeout = ["--timeout", "500ms"];
    scene.server.signal("STOP");
    for command in ["list", "reap"] {
        let run =
            graphctl(scene.server.address(), &[&timeout, &["sessions", command][..]].concat());
        assert_eq!(run.code, 69, "{run:#?}");
    }
    scene.server.signal("CONT");
    scene.expect_to_go_on();
}

/// Between its looks, and before its blow: 75 of one that is silent, 69 of one that is gone.
#[test]
fn a_server_that_is_struck_in_the_middle_of_a_reap() {
    for (moment, signal, code) in [
        (Before::SecondLook, "STOP", 75),
        (Before::SecondLook, "KILL", 69),
        (Before::Blow, "KILL", 69),
    ] {
        let mut server = server();
        server.ghost();
        let gate = Gate::before(server.address(), &[moment]);
        let reap = ["--timeout", "500ms", "sessions", "reap"];
        let reaping = command(gate.address(), &reap).spawn().expect("graphctl starts");
        gate.held();
        server.signal(signal);
        gate.open();
        let run = watched(reaping);
        assert_eq!(run.code, code, "{moment:?} {signal}: {run:#?}");
        expect_documented(&run, 0);
    }
}
