//! A clock that is set while graphctl runs: what is healthy is not touched, and what is dead goes all the same.

use serde_json::Value;

use crate::lab::{self, Clock, Options, PATIENCE, Pipeline, Process, Server};
use crate::run::{GRAPHCTL, command_beside, finish};
use crate::stage::{assert_full_rate, starting};
use crate::wiretap::Wiretap;

/// By how much it is set: somebody sets it right, and a machine without a clock of its own learns the time.
const STEPS: [i64; 3] = [-3600, 86_400, 20 * 365 * 86_400];

/// Less than the last of them, in seconds, and more than any of the pipelines can be old.
const YEARS: f64 = 1e8;

/// A server, a pipeline that runs and one that starts, where the clock can be set.
struct Scene {
    clock: Clock,
    server: Server,
    running: Pipeline,
    _starting: Pipeline,
}

impl Scene {
    fn start() -> Self {
        let clock = Clock::new();
        let server = Server::start_by(clock.side(), &lab::ezmsg("3.9.0"));
        let options = |name: &str| Options { name: name.into(), ..Options::two_processes() };
        let running = Pipeline::running(&server, &options("RUNNING"));
        let starting = starting(&server, options("STARTING"));
        Self { clock, server, running, _starting: starting }
    }

    /// Those of the healthy are all that are left.
    #[track_caller]
    fn expect_untouched(&self) {
        assert_full_rate(&self.running);
        let witness = self.server.witness();
        for name in ["RUNNING", "STARTING"] {
            assert_eq!(witness.sessions_of(name).len(), 1, "{name} is gone");
        }
        assert_eq!(witness.sessions().len(), 2, "{witness:?}");
    }
}

/// A ghost that comes after a step, and goes when its lease has ended, tells that the leases of all others would
/// have ended too.
#[test]
fn a_watch_that_reaps_drops_the_dead_alone_when_the_clock_is_set() {
    let mut scene = Scene::start();
    let mut command = scene.server.side().command(GRAPHCTL);
    command.args(["--address", scene.server.address(), "sessions", "watch", "--interval=200ms"]);
    command.args(["--reap", "--include-suspect", "--lease=1s", "-o", "jsonl"]);
    let mut watch = Process::spawn("watch".into(), command);
    let dropped = |event: &Value| event["event"] == "dropped";
    for (before, seconds) in STEPS.into_iter().enumerate() {
        scene.clock.set(seconds);
        scene.server.ghost();
        let mut seen = 0;
        let event = watch.wait_for("the end of a ghost", PATIENCE, |event| {
            seen += usize::from(dropped(event));
            seen > before
        });
        assert_eq!(event["reason"], "ghost", "{seconds}: {event:#}");
    }
    let listing = command_beside(&scene.server, &["sessions", "list", "-o", "json"]).spawn();
    let listing = finish(listing.expect("graphctl starts")).json();
    let age = listing["sessions"][0]["age_seconds"].as_f64();
    assert!(age > Some(YEARS), "the clock of the server was not set: {listing:#}");
    watch.signal("TERM");
    assert!(watch.wait_exit(PATIENCE).success(), "{}", watch.stderr());
    let events = watch.events();
    let dead: Vec<_> = events.iter().filter(|event| event["verdict"] == "stale").collect();
    assert!(dead.iter().all(|event| event["reason"] == "ghost"), "{dead:#?}");
    assert_eq!(events.iter().filter(|event| dropped(event)).count(), STEPS.len());
    scene.expect_untouched();
}

#[test]
fn a_reap_drops_the_dead_alone_when_the_clock_is_set_between_its_looks() {
    let mut scene = Scene::start();
    for seconds in STEPS {
        scene.server.ghost();
        let tap = Wiretap::before(scene.server.address());
        let mut reap = command_beside(&scene.server, &["sessions", "reap", "-o", "json"]);
        reap.env("EZMSG_GRAPHSERVER_ADDR", tap.address());
        let reap = reap.spawn().expect("graphctl starts");
        tap.wait_heard("\"operation\":\"list\"");
        scene.clock.set(seconds);
        let run = finish(reap);
        assert_eq!(run.code, 0, "{seconds}: {run:#?}");
        let targets = run.json()["targets"].as_array().expect("targets").clone();
        let reasons: Vec<_> = targets.iter().map(|it| (&it["reason"], &it["outcome"])).collect();
        assert_eq!(reasons, [(&"ghost".into(), &"dropped".into())], "{seconds}: {run:#?}");
    }
    scene.expect_untouched();
}
