//! `--kill` beside true phantoms: it ends only what nothing else needs.

use crate::lab::{PATIENCE, Rig, Rigged, Server, Work};
use crate::run::Run;
use crate::stage::{assert_full_rate, server};

use super::{play_at_once, run, torture, wait_unowned};

/// Drops the phantom with this component and ends its processes. What is not proven dead is dropped by its full id.
/// Returns the commands that it ran.
fn end_phantom(server: &Server, key: &str) -> Vec<Run> {
    let mut runs = vec![run(server.address(), &["sessions", "reap", "--kill", "-y"])];
    for id in server.witness().sessions_of(key) {
        let drop = ["sessions", "drop", &id, "--force", "--kill", "-y"];
        runs.push(run(server.address(), &drop));
    }
    assert!(server.witness().sessions_of(key).is_empty(), "the phantom was not dropped");
    runs
}

/// Ends the phantom CALIB, whose processes have all left.
fn end_calibration(server: &Server) -> Vec<Run> {
    wait_unowned(|| server.witness(), &["CALIB/PUB", "CALIB/SUB"]);
    end_phantom(server, "CALIB")
}

/// The launcher reads the events of the recording through a pipe, and prints them.
#[track_caller]
fn expect_launched(server: &Server, scene: &Rigged, family: &[u32]) {
    assert_eq!(scene.family(), family, "processes ended:\n{}", scene.stderr());
    assert_eq!(server.witness().sessions_of("SYSTEM/REC").len(), 1, "the recording is dropped");
    assert_full_rate(scene);
    scene.expect_recording();
}

#[test]
fn launcher_of_a_recording() {
    play_at_once(&[false, true], |on_another_server| {
        let (mut first, second) = (server(), on_another_server.then(server));
        let scene = match &second {
            Some(second) => Rigged::launcher_on_two_servers(&first, second),
            None => Rigged::start(&first, Rig::LauncherOfGrandchild),
        };
        let family = scene.family();
        let advice = format!("kill {}", scene.pid());
        for run in end_calibration(&first) {
            assert!(!run.stderr.contains(&advice), "the recording needs the launcher: {run:#?}");
        }
        expect_launched(second.as_ref().unwrap_or(&first), &scene, &family);
        torture(&mut first, &[]);
        expect_launched(second.as_ref().unwrap_or(&first), &scene, &family);
    });
}

/// A notebook keeps what it computed, although its pipeline is a phantom.
#[test]
fn opener_that_is_an_interpreter() {
    let mut server = server();
    let mut scene = Rigged::start(&server, Rig::Interpreter);
    end_calibration(&server);
    assert!(scene.family().contains(&scene.pid()), "the interpreter was ended");
    torture(&mut server, &[]);
    assert!(scene.family().contains(&scene.pid()), "the interpreter was ended");
    scene.tell("answer");
    assert_eq!(scene.wait_event("answer", PATIENCE)["value"], "42");
}

/// The main process was killed: the session is dropped. The backend of REC, and what it needs for its work, stays.
fn spare_survivor(work: Work) {
    let mut server = server();
    let scene = Rigged::start(&server, Rig::Survivor(work));
    scene.signal("KILL");
    scene.wait_gone(scene.pid(), PATIENCE);
    let source = scene.unit_pid("SRC");
    let others = |scene: &Rigged| {
        let mut family = scene.family();
        family.retain(|pid| *pid != source);
        family
    };
    let family = others(&scene);
    end_phantom(&server, "SYSTEM/REC");
    assert_eq!(others(&scene), family, "{work:?}: processes ended");
    torture(&mut server, &[]);
    assert_eq!(others(&scene), family, "{work:?}: processes ended");
    scene.expect_work_done();
}

#[test]
fn survivor_with_work() {
    let works = [Work::FeedsChild, Work::FeedsDisplay, Work::Writes, Work::FillsPool];
    play_at_once(&works, spare_survivor);
}

/// Between two appends only the open file shows that the process records.
#[test]
fn survivor_with_an_open_file() {
    spare_survivor(Work::AppendsLate);
}
