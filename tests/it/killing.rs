//! `--kill` ends what a drop leaves behind on this machine, and nobody else.

use std::time::Duration;

use crate::lab::{self, Healthy, Options, PATIENCE, Phantom, Pipeline, Scene, phantom};
use crate::run::{Run, graphctl};
use crate::stage::{reap, relaunch, server, wait_until_judged};

fn drop_by_force(scene: &Scene, key: &str) -> Run {
    let id = scene.witness().sessions_of(key).remove(0);
    graphctl(scene.address(), &["sessions", "drop", "--force", &id, "--kill"])
}

/// The pids of which something is said on standard error.
fn pids(run: &Run, said: &str) -> Vec<u32> {
    let lines = run.stderr.lines().filter(|line| line.ends_with(said));
    let pids = lines.filter_map(|line| line.strip_prefix("pid ")?.split(' ').next()?.parse().ok());
    let mut pids: Vec<_> = pids.collect();
    pids.sort_unstable();
    pids
}

const SPARED: &str = " is left alone: it also holds what is not dropped";

/// The notebook holds both sessions, and the backends of the second pipeline inherited the first.
#[test]
fn whoever_holds_a_live_session_too_is_left_alone() {
    let scene = Scene::start(&lab::ezmsg("3.9.0"), Healthy::TwoInNotebook);
    let backends = scene.witness().owners_of("FIRST/PUB");
    let run = drop_by_force(&scene, "FIRST");
    assert_eq!(run.code, 0, "{run:#?}");
    assert_eq!(pids(&run, ") ended").len(), 2, "{run:#?}");
    assert!(pids(&run, ") ended").contains(&backends[0]), "{run:#?}");
    let second = scene.witness().owners_of("SECOND/PUB");
    assert_eq!(pids(&run, SPARED).len(), 3, "{run:#?}");
    assert!(pids(&run, SPARED).contains(&second[0]), "{run:#?}");
    assert_eq!(scene.witness().sessions_of("SECOND").len(), 1);
    scene.expect_flow_of("SECOND", Duration::from_secs(1));
}

#[test]
fn the_server_itself_is_left_alone() {
    let scene = Scene::start(&lab::ezmsg("3.9.0"), Healthy::OwnServer);
    let run = drop_by_force(&scene, "SYSTEM");
    assert_eq!((run.code, pids(&run, ") ended").len()), (0, 1), "{run:#?}");
    assert_eq!(pids(&run, SPARED).len(), 1, "{run:#?}");
    let status = graphctl(scene.address(), &["server", "status", "-o", "json"]);
    assert_eq!(status.json()["server"]["pid"], pids(&run, SPARED)[0], "{status:#?}");
}

#[test]
fn a_stopped_backend_and_its_main_process_end() {
    let server = server();
    let phantom = phantom(&server, Phantom::BackendStopped, "SYSTEM");
    wait_until_judged(&server, "suspect unresponsive");
    let other = Options { name: "OTHER".into(), ..Options::two_processes() };
    let other = Pipeline::running(&server, &other);
    let run = reap(&server, &["--include-suspect", "--kill"]);
    let mut wanted = vec![phantom.pid(), phantom.unit_pid("PUB")];
    wanted.sort_unstable();
    assert_eq!((run.code, pids(&run, ") ended")), (0, wanted), "{run:#?}");
    phantom.wait_gone(phantom.pid(), PATIENCE);
    relaunch(&server);
    assert!(other.rate_over(Duration::from_secs(1)) > 160.0);
}
