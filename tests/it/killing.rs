//! `--kill` ends what a drop leaves behind on this machine, and nobody else.

use std::thread;
use std::time::Duration;

use crate::lab::{self, Client, Healthy, Options, PATIENCE, Phantom, Pipeline, Scene, phantom};
use crate::run::{Run, graphctl};
use crate::stage::{reap, relaunch, server, wait_until_judged};

fn drop_by_force(scene: &Scene, key: &str) -> Run {
    let id = scene.witness().sessions_of(key).remove(0);
    graphctl(scene.address(), &["sessions", "drop", "--force", &id, "--kill"])
}

/// The pids of which this is said on standard error.
fn pids(run: &Run, said: &str) -> Vec<u32> {
    let lines = run.stderr.lines().filter(|line| line.contains(said));
    let pids = lines.filter_map(|line| line.strip_prefix("pid ")?.split(' ').next()?.parse().ok());
    let mut pids: Vec<_> = pids.collect();
    pids.sort_unstable();
    pids
}

const SPARED: &str = ") is left alone: ";

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
    assert!(run.stderr.contains("it also holds a client that is not dropped"), "{run:#?}");
    assert_eq!(scene.witness().sessions_of("SECOND").len(), 1);
    scene.expect_flow_of("SECOND", Duration::from_secs(1));
}

/// And the backends that inherited its listening socket.
#[test]
fn the_server_itself_is_left_alone() {
    let scene = Scene::start(&lab::ezmsg("3.9.0"), Healthy::OwnServer);
    let run = drop_by_force(&scene, "SYSTEM");
    assert_eq!((run.code, pids(&run, ") ended")), (0, vec![]), "{run:#?}");
    let port = scene.address().rsplit(':').next().expect("a port");
    let listening = pids(&run, &format!("it listens on port {port}"));
    let status = graphctl(scene.address(), &["server", "status", "-o", "json"]);
    let server = status.json()["server"]["pid"].as_u64().expect("the server answers");
    assert!(listening.iter().any(|pid| u64::from(*pid) == server), "{run:#?}");
}

/// A notebook with a pipeline on one server that is dropped, and one on another that lives.
#[test]
fn whoever_has_a_pipeline_on_another_server_too_is_left_alone() {
    let (first, second) = (server(), server());
    let both = Client::on_two_servers(&first, &second);
    let id = first.witness().sessions().remove(0);
    let run = graphctl(first.address(), &["sessions", "drop", "--force", &id, "--kill"]);
    assert_eq!((run.code, pids(&run, SPARED)), (0, vec![both.pid()]), "{run:#?}");
    let why = format!("it is also connected to {}", second.address());
    assert!(run.stderr.contains(&why), "{run:#?}");
    assert_eq!(second.witness().sessions().len(), 1);
    both.close();
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

/// What was dropped by then is told all the same.
#[test]
fn nobody_is_killed_once_the_server_is_gone() {
    let server = server();
    let stubborn = Client::stubborn_session(&server, "DEAF");
    let arguments = ["sessions", "drop", "--force", "--kill", stubborn.session_id()];
    let run = thread::scope(|scope| {
        let run = scope.spawn(|| graphctl(server.address(), &arguments));
        stubborn.wait_event("asked", PATIENCE);
        server.signal("KILL");
        run.join().expect("graphctl is run")
    });
    let stayed = pids(&run, ") did not end when asked");
    assert_eq!((run.code, stayed), (3, vec![stubborn.pid()]), "{run:#?}");
    assert!(run.stdout.contains("  dropped  "), "{run:#?}");
}
