//! Pipelines on their way out: the units have ended, and the recording is still being written.

use crate::lab::{self, PATIENCE, Rig, Rigged, Server, Shutdown, Witness, Writer};
use crate::stage::server;

use super::{expect_untouched, held, play_at_once, run, torture, torture_embedded, wait_unowned};

const UNITS: [&str; 2] = ["SYSTEM/SRC", "SYSTEM/REC"];

/// Lets the recording go on, and expects that it is whole and that the pipeline ends well.
#[track_caller]
fn expect_good_end(mut scene: Rigged) {
    scene.expect_whole();
    let status = scene.wait_exit(PATIENCE);
    assert!(status.success(), "{status}:\n{}", scene.stderr());
}

/// Starts a scene whose registrations are all gone, while all its processes work.
fn without_owners(server: &Server, rig: Rig) -> Rigged {
    let mut scene = Rigged::start(server, rig);
    if matches!(rig, Rig::RecorderInNotebook) {
        scene.tell("stop");
        scene.wait_event("stopping", PATIENCE);
    }
    wait_unowned(|| server.witness(), &UNITS);
    scene
}

#[track_caller]
fn spare_recorder(rig: Rig) {
    let mut server = server();
    let scene = without_owners(&server, rig);
    expect_untouched(&mut server, &scene, |server| torture(server, &[]));
    expect_good_end(scene);
}

#[test]
fn recorder_at_exit_by_an_executor() {
    spare_recorder(Rig::Recorder(Writer::Executor));
}

/// `--kill` comes first: it finds a session that nothing else has dropped.
#[test]
fn recorder_at_exit_and_a_reap_that_ends_processes() {
    let mut server = server();
    let scene = without_owners(&server, Rig::Recorder(Writer::Executor));
    expect_untouched(&mut server, &scene, |server| {
        run(server.address(), &["sessions", "reap", "--kill", "-y"]);
    });
    expect_good_end(scene);
}

#[test]
fn recorder_at_exit_by_other_means() {
    let rigs = [
        Rig::Recorder(Writer::Thread),
        Rig::RecorderInNotebook,
        Rig::Recorder(Writer::Child),
        Rig::RecorderInDaemon,
    ];
    play_at_once(&rigs, spare_recorder);
}

#[test]
fn recorder_at_exit_beside_its_embedded_server() {
    let python = lab::ezmsg("3.9.0");
    let scene = Rigged::with_own_server(&python, Rig::Recorder(Writer::Executor));
    let address = scene.own_address();
    let witness = || Witness::at(&python, &address);
    wait_unowned(witness, &UNITS);
    let (before, family) = (witness(), scene.family());
    let other = Rigged::live(&python, &address, "OTHER");
    torture_embedded(&address, &other);
    assert_eq!(scene.family(), family, "processes ended; stderr:\n{}", scene.stderr());
    assert_eq!(held(&witness()), held(&before), "the server lost something");
    expect_good_end(scene);
}

/// The same pipeline on two servers, one of which is tortured.
#[test]
fn recorder_at_exit_on_two_servers() {
    let (mut first, second) = (server(), server());
    let scene = without_owners(&first, Rig::Recorder(Writer::Thread));
    let twin = without_owners(&second, Rig::Recorder(Writer::Thread));
    let (before, family) = (held(&second.witness()), twin.family());
    expect_untouched(&mut first, &scene, |server| torture(server, &[]));
    assert_eq!((held(&second.witness()), twin.family()), (before, family));
    expect_good_end(scene);
    expect_good_end(twin);
}

/// `shutdown` of a unit waits, in a process that is still registered; the registrations of the others are gone.
#[track_caller]
fn spare_shutdown(place: Shutdown) {
    let mut server = server();
    let scene = Rigged::start(&server, Rig::SlowShutdown(place));
    match place {
        Shutdown::Child => wait_unowned(|| server.witness(), &UNITS[..1]),
        Shutdown::Main => scene.wait_gone(scene.unit_pid("REC"), PATIENCE),
        Shutdown::Both => {}
    }
    expect_untouched(&mut server, &scene, |server| torture(server, &[]));
    expect_good_end(scene);
}

#[test]
fn slow_shutdown() {
    let places = [Shutdown::Child, Shutdown::Main, Shutdown::Both];
    play_at_once(&places, spare_shutdown);
}

/// The main process alone is left; it waits before it takes its session down.
#[test]
fn slow_revert_of_the_session() {
    let mut server = server();
    let scene = without_owners(&server, Rig::SlowRevert);
    expect_untouched(&mut server, &scene, |server| torture(server, &[]));
    expect_good_end(scene);
}
