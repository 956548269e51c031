//! `--kill` ends what a drop leaves behind on this machine, and no other process.

use std::fs::File;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::lab::{
    self, Client, Fail, Healthy, Options, PATIENCE, Phantom, Pipeline, Scene, Server, phantom_with,
    quiet_phantom,
};
use crate::run::{Run, graphctl, graphctl_until};
use crate::stage::{assert_full_rate, reap, relaunch, server, wait_until_judged};

fn drop_by_force(scene: &Scene, key: &str) -> Run {
    let id = scene.witness().sessions_of(key).remove(0);
    graphctl(scene.address(), &["sessions", "drop", "-y", "--force", &id, "--kill"])
}

/// The pids of which this is said on standard error.
pub(crate) fn pids(run: &Run, said: &str) -> Vec<u32> {
    let lines = run.stderr.lines().filter(|line| line.contains(said));
    let pids = lines.filter_map(|line| line.strip_prefix("pid ")?.split(' ').next()?.parse().ok());
    let mut pids: Vec<_> = pids.collect();
    pids.sort_unstable();
    pids
}

const SPARED: &str = ") is left alone: ";

/// The notebook holds both sessions, and the backends of the second pipeline inherited the first. Those of the
/// first still write, and have pipes to the notebook.
#[test]
fn a_process_that_also_holds_a_live_session_is_left_alone() {
    let scene = Scene::start(&lab::ezmsg("3.9.0"), Healthy::TwoInNotebook);
    let first = scene.witness().owners_of("FIRST/PUB");
    let second = scene.witness().owners_of("SECOND/PUB");
    let run = drop_by_force(&scene, "FIRST");
    assert_eq!((run.code, pids(&run, ") ended")), (0, vec![]), "{run:#?}");
    assert_eq!(pids(&run, SPARED).len(), 5, "{run:#?}");
    assert!(pids(&run, ": it is still writing").contains(&first[0]), "{run:#?}");
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
fn a_process_with_a_pipeline_on_another_server_is_left_alone() {
    let (first, second) = (server(), server());
    let both = Client::on_two_servers(&first, &second);
    let id = first.witness().sessions().remove(0);
    let run = graphctl(first.address(), &["sessions", "drop", "-y", "--force", &id, "--kill"]);
    assert_eq!((run.code, pids(&run, SPARED)), (0, vec![both.pid()]), "{run:#?}");
    let why = format!("it is also connected to {}", second.address());
    assert!(run.stderr.contains(&why), "{run:#?}");
    assert_eq!(second.witness().sessions().len(), 1);
    both.close();
}

/// The main process may run anything else, and its backend has pipes to it.
#[test]
fn the_opener_is_left_alone_with_its_backend() {
    let server = server();
    let phantom = quiet_phantom(&server, Phantom::BackendStopped, "SYSTEM");
    wait_until_judged(&server, "suspect unresponsive");
    let other = Options { name: "OTHER".into(), ..Options::two_processes() };
    let other = Pipeline::running(&server, &other);
    let (main, backend) = (phantom.pid(), phantom.unit_pid("PUB"));
    let dry_run = reap(&server, &["--include-suspect", "--kill", "--dry-run"]);
    let why = format!("{SPARED}it may have opened the session, and it may do other work\n");
    assert!(dry_run.stderr.contains(&why), "before the drop no command is advised: {dry_run:#?}");
    let run = reap(&server, &["--include-suspect", "--kill"]);
    assert_eq!((run.code, pids(&run, ") ended")), (0, vec![]), "{run:#?}");
    assert_eq!(pids(&run, SPARED).len(), 2, "{run:#?}");
    let opened = ": it may have opened the session, and it may do other work; ";
    assert_eq!(pids(&run, opened), [main], "{run:#?}");
    assert!(run.stderr.contains(&format!("to end it anyway: kill {main}\n")), "{run:#?}");
    assert_eq!(pids(&run, &format!("pipe that pid {main} (")), [backend], "{run:#?}");
    relaunch(&server);
    assert_full_rate(&other);
}

#[test]
fn a_launcher_that_opened_a_session_is_left_alone() {
    let server = server();
    let opener = Client::stubborn_session(&server, "OPENED");
    let run = graphctl(
        server.address(),
        &["sessions", "drop", "-y", "--force", "--kill", opener.session_id()],
    );
    assert_eq!((run.code, pids(&run, SPARED)), (0, vec![opener.pid()]), "{run:#?}");
    assert!(run.stderr.contains("it may have opened the session"), "{run:#?}");
    assert!(opener.events().iter().all(|event| event["event"] != "asked"));
}

/// Reaps a headless pipeline, first in a dry run: both give the same reasons. Only after the drop a command is advised.
#[track_caller]
pub(crate) fn reap_after_dry_run(server: &Server) -> Run {
    let reap = |arguments: &[&str], said: &str| {
        let arguments = [&["sessions", "reap", "--kill"], arguments].concat();
        // On a busy machine a look may find an heir at work each time, and leaves the pipeline alone.
        let run = graphctl_until(server.address(), &arguments, |run| run.stdout.contains(said));
        assert_eq!(run.code, 0, "{run:#?}");
        run
    };
    let would = reap(&["--dry-run"], "  would-drop  ");
    let did = reap(&[], "  dropped  ");
    let spared = |run: &Run| {
        let lines = run.stderr.lines().filter(|line| line.contains(SPARED));
        let reasons = lines.map(|line| line.split("; to end it anyway: ").next());
        reasons.map(|it| it.unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert!(!would.stderr.contains(": kill "), "{would:#?}");
    assert_eq!(spared(&would), spared(&did));
    assert_eq!(pids(&would, ") would be ended"), pids(&did, ") ended"), "{would:#?}\n{did:#?}");
    did
}

/// Both that inherited the session and those that were started afresh.
#[test]
fn quiet_backends_whose_main_process_is_gone_end() {
    for (how, verdict) in [
        (Phantom::MainKilled, "stale headless"),
        (Phantom::MainKilledFlowing, "stale headless"),
        (Phantom::MainKilledSpawn, "stale leftover"),
        (Phantom::MainKilledForkserver, "stale leftover"),
    ] {
        let server = server();
        let phantom = quiet_phantom(&server, how, "SYSTEM");
        wait_until_judged(&server, verdict);
        let backends = phantom.pids();
        let run = reap_after_dry_run(&server);
        assert_eq!(pids(&run, ") ended"), backends, "{how:?}: {run:#?}");
        for pid in backends {
            phantom.wait_gone(pid, PATIENCE);
        }
        relaunch(&server);
    }
}

/// Its channel to the publisher of the main process stays on the server, and serves no other process.
#[test]
fn a_backend_that_only_received_ends() {
    let server = server();
    let phantom = phantom_with(&server, Phantom::MainKilled, "SYSTEM", |options| Options {
        backend: "SUB",
        quiet: true,
        ..options
    });
    wait_until_judged(&server, "stale headless");
    let backend = phantom.unit_pid("SUB");
    let run = reap_after_dry_run(&server);
    assert_eq!(pids(&run, ") ended"), [backend], "{run:#?}");
    phantom.wait_gone(backend, PATIENCE);
    relaunch(&server);
}

/// Reaps a pipeline whose main process was killed and whose backend is changed like this. Expects that the backend
/// is left alone, and for what reason.
#[track_caller]
fn expect_left_alone(change: impl FnOnce(Options) -> Options, why: &dyn Fn(&Pipeline) -> String) {
    let server = server();
    let phantom = phantom_with(&server, Phantom::MainKilled, "SYSTEM", change);
    wait_until_judged(&server, "stale headless");
    let backend = phantom.unit_pid("PUB");
    let run = reap_after_dry_run(&server);
    assert_eq!(pids(&run, ") ended"), [0; 0], "{run:#?}");
    assert_eq!(pids(&run, &format!("{SPARED}{}", why(&phantom))), [backend], "{run:#?}");
    assert!(phantom.family().contains(&backend));
    relaunch(&server);
}

#[test]
fn a_backend_that_writes_is_left_alone() {
    expect_left_alone(|options| options, &|_| "it is still writing".into());
}

#[test]
fn a_backend_with_a_child_that_reads_its_pipe_is_left_alone() {
    let runs_child = |options| Options { quiet: true, fail: Fail::RunsChild, ..options };
    expect_left_alone(runs_child, &|phantom| {
        let child = phantom.wait_event("child", PATIENCE)["pid"].clone();
        format!("its descendant pid {child} (cat) is running")
    });
}

#[test]
fn a_backend_with_a_unix_socket_to_a_running_program_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a unix socket can be made");
    let accepting = thread::spawn(move || listener.accept().expect("it connects"));
    let connects = |options| Options { quiet: true, opens: Some(path), ..options };
    let this = format!("it has a unix socket that pid {} (", std::process::id());
    expect_left_alone(connects, &|_| this.clone());
    drop(accepting.join());
}

#[test]
fn a_backend_that_writes_to_a_fifo_of_a_running_program_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo is there");
    assert!(made.success());
    // Open for both, it waits for no writer.
    let reader = File::options().read(true).write(true).open(&path).expect("it can be opened");
    let opens = |options| Options { quiet: true, opens: Some(path), ..options };
    let this = format!("it writes to a pipe that pid {} (", std::process::id());
    expect_left_alone(opens, &|_| this.clone());
    drop(reader);
}

#[test]
fn a_backend_with_a_file_open_for_writing_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("recording");
    File::create(&path).expect("it can be made");
    let opens = |options| Options { quiet: true, opens: Some(path.clone()), ..options };
    expect_left_alone(opens, &|phantom| {
        let backend = phantom.unit_pid("PUB");
        let path = path.display();
        format!(
            "it has {path} open for writing, and may hold data that is not saved; to end it anyway: kill {backend}"
        )
    });
}

/// A recorder may save what it has when it is asked to end.
#[test]
fn a_backend_that_writes_when_it_is_asked_to_end_is_not_killed() {
    let server = server();
    let phantom = phantom_with(&server, Phantom::MainKilled, "SYSTEM", |options| Options {
        quiet: true,
        fail: Fail::WritesWhenAsked,
        ..options
    });
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    let run = graphctl(server.address(), &["sessions", "drop", "-y", "--force", "--kill", &id]);
    let backend = phantom.unit_pid("PUB");
    let why = format!("{SPARED}it was asked to end, and it is still writing");
    assert_eq!(pids(&run, &why), [backend], "{run:#?}");
    phantom.wait_next("writes");
}

/// What was dropped by then is reported all the same.
#[test]
fn no_process_is_killed_after_the_server_is_gone() {
    let server = server();
    let stubborn = phantom_with(&server, Phantom::MainKilled, "DEAF", |options| Options {
        quiet: true,
        stubborn: true,
        ..options
    });
    let id = server.witness().sessions_of("DEAF").remove(0);
    let arguments = ["sessions", "drop", "-y", "--force", "--kill", &id];
    let run = thread::scope(|scope| {
        let run = scope.spawn(|| graphctl(server.address(), &arguments));
        stubborn.wait_event("asked", PATIENCE);
        server.signal("KILL");
        run.join().expect("graphctl is run")
    });
    let stayed = pids(&run, ") did not end when asked");
    assert_eq!((run.code, stayed), (3, vec![stubborn.unit_pid("PUB")]), "{run:#?}");
    assert!(run.stdout.contains("  dropped  "), "{run:#?}");
}
