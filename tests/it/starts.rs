//! Failed starts are distinguished from running ones by the Python stacks of their processes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::lab::{
    self, Fail, Options, PATIENCE, Phantom, Pipeline, Program, Runner, Server, Side, StartMethod,
    phantom,
};
use crate::run::{OLD_START, Run, command, finish, graphctl, graphctl_until};
use crate::stage::{assert_full_rate, relaunch, server, starting, wait_until_judged};

/// Expects that the session is dead long before the start timeout, that one reap drops it, and that the pipeline can be
/// launched again.
#[track_caller]
fn expect_cleared(server: &Server) {
    wait_until_judged(server, "stale start-failed");
    Pipeline::start(server, &Options::two_processes()).wait_refused(PATIENCE);
    let reap = ["sessions", "reap", "--component", "SYSTEM"];
    let is_dropped = |run: &Run| run.stdout.contains("  dropped  ");
    let run = graphctl_until(server.address(), &reap, is_dropped);
    assert!(is_dropped(&run), "{run:#?}");
    relaunch(server);
}

/// Expects that the session is `starting` however old it is, and that no reap drops it.
#[track_caller]
fn expect_starting(server: &Server) {
    let list = [&OLD_START[..], &["sessions", "list", "--component", "SYSTEM*"]].concat();
    let is_starting = |run: &Run| run.stdout.contains("  starting  ");
    let run = graphctl_until(server.address(), &list, is_starting);
    assert!(is_starting(&run), "{run:#?}");
    let reap =
        [&OLD_START[..], &["sessions", "reap", "--include-suspect", "--kill", "-y"]].concat();
    let run = graphctl(server.address(), &reap);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:#?}");
}

/// `initialize` of the main process raises in a run of two processes.
#[test]
fn initialize_raises_in_the_main_process() {
    let server = server();
    let fail = Fail::InitializeRaises;
    let options = Options { fail, backend: "SUB", ..Options::two_processes() };
    let pipeline = Pipeline::start(&server, &options);
    // The exception is printed when the run ends, which it does not.
    pipeline.unit_pid("PUB");
    server.wait_owned("SYSTEM/SUB");
    expect_cleared(&server);
}

/// Expects that the failed start of this program is dropped.
fn expect_failed_start_cleared(program: Program) {
    let server = server();
    let python = server.python().to_owned();
    let slow = Options { slow_initialize: Duration::from_secs(3600), ..Options::default() };
    let options = match program {
        Program::Notifying => slow,
        _ => Options::default(),
    };
    let pipeline = Pipeline::started_by(program, &python, &server, &options);
    if program == Program::Notifying {
        pipeline.unit_pid("PUB");
        server.wait_owned("SYSTEM/SUB");
        expect_starting(&server);
        pipeline.interrupt();
    }
    pipeline.wait_event("failed", PATIENCE);
    expect_cleared(&server);
    if program == Program::Two {
        let run = graphctl(server.address(), &["sessions", "list", "--component", "FIRST*"]);
        assert!(run.stdout.contains("  live  "), "{run:#?}");
        assert_full_rate(&pipeline);
    }
}

/// Expects that the failed start is suspect once it is old, and that it is dropped only on request.
#[track_caller]
fn expect_spared(server: &Server) {
    let reap = [&OLD_START[..], &["sessions", "reap", "--component", "SYSTEM"]].concat();
    let run = graphctl(server.address(), &reap);
    let spared =
        "1 suspect session left alone; --include-suspect drops those too\nnothing to drop\n";
    assert_eq!((run.code, run.stderr.as_str()), (0, spared), "{run:#?}");
    let run = graphctl(server.address(), &[&reap[..], &["--include-suspect"]].concat());
    assert!(run.stdout.contains("  dropped  "), "{run:#?}");
    relaunch(server);
}

/// The main thread of the program runs code of its own, which may still continue the pipeline: a person decides.
#[test]
fn a_failed_run_of_a_thread_is_spared() {
    let server = server();
    let raises = Options { fail: Fail::InitializeRaises, ..Options::default() };
    let python = server.python().to_owned();
    let pipeline = Pipeline::started_by(Program::Thread, &python, &server, &raises);
    pipeline.wait_gone(pipeline.unit_pid("PUB"), PATIENCE);
    expect_spared(&server);
}

#[test]
fn the_start_of_a_subclass_was_interrupted() {
    expect_failed_start_cleared(Program::Notifying);
}

#[test]
fn start_raised() {
    expect_failed_start_cleared(Program::Unpicklable);
}

#[test]
fn one_of_two_runners_failed() {
    expect_failed_start_cleared(Program::Two);
}

/// Whether a cell of a kernel is suspended does not show, and it may start what is missing: a person decides.
#[test]
fn an_interrupted_start_in_a_jupyter_kernel_is_spared() {
    let server = server();
    let slow = Options { slow_initialize: Duration::from_secs(3600), ..Options::default() };
    let mut pipeline = Pipeline::started_by(Program::Kernel, &Program::kernel(), &server, &slow);
    pipeline.tell("runner.start()");
    pipeline.unit_pid("PUB");
    server.wait_owned("SYSTEM/SUB");
    pipeline.interrupt();
    pipeline.wait_event("failed", PATIENCE);
    expect_spared(&server);
}

/// Pipelines whose `initialize` is slow, for each start method and runner.
#[test]
fn a_slow_start_is_starting_however_old_it_is() {
    let server = server();
    let notebook = Options { runner: Runner::Start, ..Options::two_processes() };
    let alone = Options { processes: 1, ..notebook.clone() };
    let spawned = Options { start_method: StartMethod::Spawn, ..Options::two_processes() };
    let forkserver = Options { start_method: StartMethod::Forkserver, ..notebook.clone() };
    for options in [Options::default(), notebook, alone, spawned, forkserver] {
        let pipeline = starting(&server, options);
        expect_starting(&server);
        pipeline.finish_initialize();
        pipeline.wait_event("running", PATIENCE);
        assert_full_rate(&pipeline);
    }
}

#[test]
fn a_slow_start_of_a_larger_program_is_starting() {
    let server = server();
    let slow = Options { slow_initialize: Duration::from_secs(3600), ..Options::default() };
    for program in [Program::Thread, Program::Notifying, Program::Kernel] {
        let kernel = program == Program::Kernel;
        let python = if kernel { Program::kernel() } else { server.python().to_owned() };
        let mut pipeline = Pipeline::started_by(program, &python, &server, &slow);
        if kernel {
            pipeline.tell("runner.start()");
        }
        pipeline.unit_pid("PUB");
        expect_starting(&server);
        pipeline.finish_initialize();
        pipeline.wait_event("running", PATIENCE);
        assert_full_rate(&pipeline);
    }
}

/// Programs whose stacks do not show whether they will go on: a start in a way of their own is no failed start.
#[test]
fn a_start_in_a_way_of_its_own_is_not_taken_for_a_failed_one() {
    let server = server();
    for program in [Program::Subclass, Program::LowLevel] {
        let mut pipeline =
            Pipeline::started_by(program, server.python(), &server, &Options::default());
        pipeline.wait_event("waiting", PATIENCE);
        let reap = [&OLD_START[..], &["sessions", "reap", "--kill", "-y"]].concat();
        let run = graphctl(server.address(), &reap);
        assert_eq!(run.code, 0, "{run:#?}");
        assert!(!run.stdout.contains("dropped"), "{run:#?}");
        wait_until_judged(&server, "starting");
        pipeline.tell("go");
        let started = if program == Program::LowLevel { "registered" } else { "running" };
        pipeline.wait_event(started, PATIENCE);
    }
}

/// A wrapper, such as that of an environment or of a batch system, is no Python until it starts it.
#[test]
fn a_backend_that_a_wrapper_starts_is_waited_for() {
    let server = server();
    let options = Options::default();
    let python = server.python().to_owned();
    let pipeline = Pipeline::started_by(Program::Wrapped, &python, &server, &options);
    let gate =
        pipeline.wait_event("wrapped", PATIENCE)["gate"].as_str().expect("a path").to_owned();
    server.wait_owned("SYSTEM/SUB");
    let run = graphctl(server.address(), &["sessions", "reap", "--kill", "-y"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:#?}");
    std::fs::write(gate, "").expect("the folder is there");
    pipeline.wait_event("running", PATIENCE);
    assert_full_rate(&pipeline);
}

/// The Pythons 3.10 to 3.14 of this machine that can make a virtual environment.
fn other_pythons() -> Vec<PathBuf> {
    let versions = ["3.10", "3.11", "3.12", "3.13", "3.14"];
    versions.into_iter().filter_map(lab::python_version).collect()
}

/// Each version of Python lays out its stacks differently.
#[test]
fn every_python_of_this_machine_is_read() {
    let pythons = other_pythons();
    assert!(!pythons.is_empty(), "no Python from 3.10 to 3.14 can make a virtual environment");
    for python in pythons {
        let python = lab::environment_of(&python, &["ezmsg==3.9.0"]);
        let server = Server::start(&python);
        let slow = starting(&server, Options { runner: Runner::Start, ..Options::two_processes() });
        expect_starting(&server);
        drop(slow);
        for how in [Phantom::StartInterruptedNotebook, Phantom::InitializeFailed] {
            let server = Server::start(&python);
            let phantom = phantom(&server, how, "SYSTEM");
            expect_cleared(&server);
            drop(phantom);
        }
    }
}

/// Python knows the ids that its threads have in their own pid namespace.
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_failed_start_in_a_container_is_seen_from_its_host() {
    let container = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    if !Command::new("unshare")
        .args(&container[1..])
        .arg("true")
        .status()
        .is_ok_and(|it| it.success())
    {
        eprintln!("skipped: this machine has no container");
        return;
    }
    let server = server();
    let failed = Options { fail: Fail::InitializeRaises, ..Options::two_processes() };
    let failed = Pipeline::launched_by(&Side::run_by(&container), &server, &failed);
    expect_cleared(&server);
    drop(failed);
}

/// A pipeline that is being taken down is not one that starts.
#[test]
fn a_shutdown_that_hangs_is_not_a_start() {
    let server = server();
    let options = Options { fail: Fail::ShutdownHangs, quiet: true, ..Options::two_processes() };
    let pipeline = Pipeline::running(&server, &options);
    pipeline.interrupt();
    pipeline.wait_event("shutdown-hangs", PATIENCE);
    wait_until_judged(&server, "suspect partial");
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    let run = graphctl(server.address(), &["sessions", "show", &id]);
    assert!(run.stdout.contains("shuts its units down"), "{run:#?}");
    assert!(run.stdout.contains("in shutdown() of its units"), "{run:#?}");
}

/// The session of SYSTEM as JSON, seen by a graphctl that may not read the memory of other processes.
fn without_memory(address: &str, global: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let library = lab::compile(folder.path(), "yama");
    let arguments = [global, &["sessions", "list", "--component", "SYSTEM", "-o", "json"]].concat();
    let mut graphctl = command(address, &arguments);
    let run = finish(graphctl.env("LD_PRELOAD", &library).spawn().expect("graphctl starts"));
    run.json()["sessions"].as_array().expect("a list").first().expect("a session").clone()
}

/// Where the kernel forbids to read the memory of other processes, time decides, and the report names the command that
/// sees more.
#[test]
fn stacks_that_may_not_be_read_prove_nothing() {
    let server = server();
    let phantom = phantom(&server, Phantom::InitializeFailed, "SYSTEM");
    let look = |global: &[&str]| {
        let session = without_memory(server.address(), global);
        let evidence = session["evidence"].as_array().expect("a list").clone();
        (session["verdict"].clone(), session["reason"].clone(), session["id"].clone(), evidence)
    };
    let (verdict, _, id, evidence) = look(&[]);
    assert_eq!(verdict, "starting", "{evidence:?}");
    let show = format!(
        "sudo graphctl --address {} sessions show {}",
        server.address(),
        id.as_str().expect("text")
    );
    assert!(
        evidence.iter().any(|it| it.as_str().is_some_and(|it| it.ends_with(&show))),
        "{evidence:?}"
    );
    let (verdict, reason, ..) = look(&OLD_START);
    assert_eq!((verdict, reason), ("suspect".into(), "never-started".into()));
    drop(phantom);
}

/// A server that ezmsg started in the process of the pipeline reports the stacks of that process.
#[test]
fn the_server_reads_the_stacks_of_its_own_process() {
    let python = lab::ezmsg("3.9.0");
    let failed = Options { fail: Fail::InitializeRaises, ..Options::two_processes() };
    let failed = Pipeline::with_own_server(&python, &failed);
    let address = failed.own_address();
    failed.wait_gone(failed.unit_pid("PUB"), PATIENCE);
    let session = without_memory(&address, &[]);
    assert_eq!(session["reason"], "start-failed", "{session:#}");

    let slow = Options { slow_initialize: Duration::from_secs(3600), ..Options::default() };
    let slow = Pipeline::with_own_server(&python, &slow);
    let address = slow.own_address();
    slow.unit_pid("PUB");
    let before = descriptors(slow.pid());
    for _ in 0..3 {
        let session = without_memory(&address, &OLD_START);
        assert_eq!(session["verdict"], "starting", "{session:#}");
    }
    assert_eq!(descriptors(slow.pid()), before, "a look left descriptors open in the server");
}

/// How many descriptors a process has open that are no sockets.
fn descriptors(pid: u32) -> usize {
    let all = Path::new(&format!("/proc/{pid}/fd")).read_dir().expect("it runs");
    let links = all.filter_map(|it| it.ok()?.path().read_link().ok());
    links.filter(|it| !it.to_string_lossy().starts_with("socket:")).count()
}

#[test]
fn show_names_the_line_that_blocks_an_event_loop() {
    let server = server();
    let _phantom = phantom(&server, Phantom::UnitBlocks, "SYSTEM");
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    let run = graphctl(server.address(), &["sessions", "show", &id]);
    assert!(run.stdout.contains("its event loop is in "), "{run:#?}");
    assert!(run.stdout.contains("count (pipeline.py:"), "{run:#?}");
    let run = graphctl(server.address(), &["sessions", "show", "--stacks", &id]);
    assert!(run.stdout.contains("ezmsg 3.9.0\n  "), "{run:#?}");
    assert!(run.stdout.contains("run_forever ("), "{run:#?}");
}

/// Messages do not pass the server: the last control traffic of a running pipeline gets older.
#[test]
fn a_session_whose_messages_flow_is_not_idle() {
    let server = server();
    let quiet = Options { quiet: true, ..Options::two_processes() };
    let _pipeline = Pipeline::running(&server, &quiet);
    let list = ["sessions", "list", "--component", "SYSTEM", "-o", "json"];
    let is_old = |run: &Run| {
        let sessions = run.json()["sessions"].take();
        sessions[0]["last_control_seconds"].as_f64().is_some_and(|seconds| seconds > 2.0)
    };
    let run = graphctl_until(server.address(), &list, is_old);
    let session = run.json()["sessions"][0].take();
    for last in ["last_message_seconds", "last_activity_seconds"] {
        assert!(session[last].as_f64().is_some_and(|seconds| seconds < 1.0), "{session:#}");
    }
    let run = graphctl(server.address(), &["sessions", "list", "--idle-for", "1s"]);
    assert!(run.code == 0 && !run.stdout.contains("SYSTEM"), "{run:#?}");
}

/// Messages inside one process use no socket.
#[test]
fn the_last_message_inside_one_process_is_not_known() {
    let server = server();
    let _pipeline = Pipeline::running(&server, &Options::default());
    let list = ["sessions", "list", "--component", "SYSTEM", "-o", "json"];
    let session = graphctl(server.address(), &list).json()["sessions"][0].take();
    assert_eq!(
        (&session["last_message_at"], &session["last_activity_at"]),
        (&Value::Null, &Value::Null)
    );
    let run = graphctl(server.address(), &["sessions", "list", "--idle-for", "1ms"]);
    assert!(run.code == 0 && !run.stdout.contains("SYSTEM"), "{run:#?}");
}
