//! Whether the program that started a worker runs.

use super::fake::Fake;

const SPAWNED: &str =
    "python3\0-c\0from multiprocessing.spawn import spawn_main\0--multiprocessing-fork";
const FORK_SERVER: &str = "python3\0-c\0from multiprocessing.forkserver import main; main()";

/// The worker 30 of the program 20; both run the same executable.
fn machine(command: &str) -> Fake {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.process(20).command("python3\0pipeline.py");
    fake.process(30).parent(20).command(command).socket(3, 70);
    for pid in [20, 30] {
        fake.link(&format!("{pid}/exe"), "/usr/bin/python3.11");
    }
    fake
}

/// `None` if 30 is not known to be a worker, or if it is not known whether its starter runs.
fn starter_runs(fake: &Fake) -> Option<bool> {
    fake.session(4000).holders[0].worker?.starter_runs
}

#[test]
fn the_parent_with_the_same_executable_is_the_starter() {
    let fake = machine(SPAWNED);
    fake.write("20/maps", "");
    assert_eq!(starter_runs(&fake), Some(true));
    fake.link("20/exe", "/usr/bin/python3.11 (deleted)");
    assert_eq!(starter_runs(&fake), Some(true), "its executable was replaced meanwhile");
    fake.process(30).command("python3\0pipeline.py");
    assert_eq!(starter_runs(&fake), None, "nothing shows that it is a worker");
}

/// As it may after `multiprocessing.set_executable`.
#[test]
fn a_parent_with_another_executable_is_the_starter_if_it_has_semaphores() {
    let fake = machine(SPAWNED);
    fake.link("20/exe", "/opt/viewer/bin/viewer");
    assert_eq!(starter_runs(&fake), Some(true));
    fake.write("20/maps", "7f00-7f01 r-xp 00000000 00:1a 3 /opt/viewer/bin/viewer\n");
    assert_eq!(starter_runs(&fake), Some(false));
    fake.obstruct("20/maps");
    assert_eq!(starter_runs(&fake), None);
}

#[test]
fn a_parent_that_cannot_be_read_is_known_by_its_command_line() {
    let fake = machine(SPAWNED);
    fake.remove("20/exe");
    assert_eq!(starter_runs(&fake), None);
    fake.process(20).command("/opt/envs/lab/bin/python3.12\0pipeline.py");
    assert_eq!(starter_runs(&fake), None);
    fake.process(20).command("/sbin/init");
    assert_eq!(starter_runs(&fake), Some(false));
}

#[test]
fn the_starter_of_a_fork_server_is_the_starter_of_its_workers() {
    let fake = machine(FORK_SERVER);
    fake.process(25).parent(20).command(FORK_SERVER);
    fake.process(30).parent(25).socket(3, 70);
    assert_eq!(starter_runs(&fake), Some(true));
    fake.link("20/exe", "/usr/lib/systemd/systemd");
    fake.write("20/maps", "");
    assert_eq!(starter_runs(&fake), Some(false));
}
