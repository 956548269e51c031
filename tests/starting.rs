//! Whether a start goes on, by made-up Python stacks: no server, no process.

#[allow(dead_code, reason = "each test uses its own part")]
mod made_up;

use std::sync::Arc;
use std::time::Duration;

use graphctl::judge::{StaleReason, Thresholds, Verdict, judge};
use graphctl::model::{
    EventLoop, Family, Frame, Holder, Member, Session, Stacks, StacksError, Thread,
};
use made_up::{alone, holder, inventory, session};

const FAILED: Verdict = Verdict::Stale(StaleReason::StartFailed);

const THREADING: &str = "/usr/lib/python3.13/threading.py";
const BASE_EVENTS: &str = "/usr/lib/python3.13/asyncio/base_events.py";
const PROCESS: &str = "/usr/lib/python3.13/multiprocessing/process.py";
const CODE: &str = "/usr/lib/python3.13/code.py";
const RUNNER: &str = "/lab/site-packages/ezmsg/core/backend.py";
const BACKEND: &str = "/lab/site-packages/ezmsg/core/backendprocess.py";

/// The first thread, in the event loop of a runner in which nothing runs.
const LOOP: EventLoop = EventLoop { thread: 1, descriptors: 2, timed: false };

/// SIGINT, as a set of signals.
const SIGINT: u64 = 1 << 1;

type Calls<'a> = &'a [(&'a str, &'a str)];

/// The thread in which a runner serves its session.
const SERVING: Calls<'_> =
    &[("run_forever", BASE_EVENTS), ("run_loop", BACKEND), ("_bootstrap", THREADING)];

const PROMPT: Calls<'_> = &[
    ("readline", "/usr/lib/python3.13/_pyrepl/reader.py"),
    ("interactive_console", "/usr/lib/python3.13/_pyrepl/main.py"),
];

const AT_BARRIER: [(&str, &str); 3] =
    [("_wait", THREADING), ("wait", THREADING), ("process", BACKEND)];

fn thread(id: u32, calls: Calls<'_>) -> Thread {
    let frame = |(function, file): &(&str, &str)| Frame {
        function: (*function).to_owned(),
        file: (*file).to_owned(),
        line: 1,
    };
    Thread { id: Some(id), name: None, frames: calls.iter().map(frame).collect() }
}

fn stacks(threads: &[Calls<'_>]) -> Stacks {
    let threads = (1..).zip(threads).map(|(id, calls)| thread(id, calls)).collect();
    Stacks { python: "3.13.0".to_owned(), ezmsg: Some("3.9.0".to_owned()), threads }
}

fn member(process: Holder, holds: bool, stacks: Stacks) -> Member {
    Member {
        threads: Some(stacks.threads.len()),
        handled_signals: Some(SIGINT),
        waits_at_terminal: true,
        ..Member::new(process, holds, Ok(Arc::new(stacks)))
    }
}

fn opener(threads: &[Calls<'_>]) -> Member {
    member(Holder { serving_loop: Some(LOOP), ..holder(7) }, true, stacks(threads))
}

/// A process that the opener started.
fn child(threads: &[Calls<'_>]) -> Member {
    member(Holder { serving: None, ..holder(8) }, false, stacks(threads))
}

/// The verdict on a session without owners whose family this is, long before its start timeout.
fn verdict(members: Vec<Member>) -> Verdict {
    let family = Some(Family { members, unsure: None });
    let session = Session { holding: Some(alone()), family, ..session(990, "R", &["A"]) };
    let start_timeout = Duration::from_secs(300);
    let thresholds = Thresholds { start_timeout, heard_within: Duration::ZERO };
    judge(&inventory(vec![session], Vec::new()), &thresholds)[0].verdict
}

#[test]
fn an_opener_at_its_prompt_has_left_the_start() {
    assert_eq!(verdict(vec![opener(&[SERVING, PROMPT])]), FAILED);
    let mut bare = opener(&[SERVING, &[]]);
    bare.process.command = "/usr/bin/python3 -i rig.py".to_owned();
    Arc::get_mut(bare.stacks.as_mut().expect("read")).expect("ours").threads[1].name =
        Some("MainThread".to_owned());
    assert_eq!(verdict(vec![bare]), FAILED, "the prompt of Python is no Python code");
}

/// Whether a cell of a kernel or of IPython is suspended does not show.
#[test]
fn a_kernel_may_go_on() {
    let kernel = [
        ("run_forever", BASE_EVENTS),
        ("start", "/lab/site-packages/tornado/platform/asyncio.py"),
        ("start", "/lab/site-packages/ipykernel/kernelapp.py"),
        ("<module>", "/lab/ipykernel_launcher.py"),
    ];
    let terminal = [
        ("prompt_for_code", "/lab/site-packages/IPython/terminal/interactiveshell.py"),
        ("start", "/lab/site-packages/IPython/terminal/ipapp.py"),
        ("<module>", "/lab/bin/ipython"),
    ];
    let start = [&AT_BARRIER[..2], &[("start", RUNNER), ("_bootstrap", THREADING)]].concat();
    for prompt in [&kernel[..], &terminal] {
        assert_eq!(verdict(vec![opener(&[SERVING, prompt])]), Verdict::Starting);
        assert_eq!(verdict(vec![opener(&[SERVING, prompt, &start])]), Verdict::Starting);
    }
}

/// What continues a pipeline need not be seen in a stack.
#[test]
fn an_opener_that_something_may_wake_may_go_on() {
    let whole = opener(&[SERVING, PROMPT]);
    let start = [&AT_BARRIER[..2], &[("start", RUNNER), ("<module>", "/lab/rig.py")]].concat();
    let starting = opener(&[SERVING, &start]);
    let with_loop = |opener: &Member, serving_loop| {
        let process = Holder { serving_loop, ..opener.process.clone() };
        Member { process, ..opener.clone() }
    };
    for opener in [&whole, &starting] {
        assert_eq!(verdict(vec![opener.clone()]), FAILED);
        let timed = with_loop(opener, Some(EventLoop { timed: true, ..LOOP }));
        let unseen = with_loop(opener, None);
        let watching = with_loop(opener, Some(EventLoop { descriptors: 3, ..LOOP }));
        let handling = |handled_signals| Member { handled_signals, ..opener.clone() };
        // SIGHUP, SIGPIPE, SIGALRM, SIGCHLD, SIGCONT.
        let woken = [1, 13, 14, 17, 18].map(|it| handling(Some(SIGINT | 1 << (it - 1))));
        let others = [timed, unseen, watching, handling(None)];
        for opener in others.into_iter().chain(woken) {
            assert_eq!(verdict(vec![opener.clone()]), Verdict::Starting, "{opener:?}");
        }
    }
    let piped = Member { waits_at_terminal: false, ..whole.clone() };
    let called = Member { threads: Some(3), ..whole };
    for opener in [piped, called] {
        assert_eq!(verdict(vec![opener.clone()]), Verdict::Starting, "{opener:?}");
    }
}

/// A program may run a prompt, and go on after it.
#[test]
fn a_prompt_of_a_program_is_not_that_of_python() {
    let embedded = [("interact", CODE), ("<module>", "/lab/rig.py")];
    let asked = [&PROMPT[..1], &[("session", "/lab/rig.py")], &PROMPT[1..]].concat();
    let own = [("interact", "/lab/code.py"), ("<module>", "/lab/rig.py")];
    for prompt in [&embedded[..], &asked, &own] {
        assert_eq!(verdict(vec![opener(&[SERVING, prompt])]), Verdict::Starting, "{prompt:?}");
    }
}

#[test]
fn another_thread_may_start_what_is_missing() {
    let timer = [("wait", THREADING), ("run", THREADING), ("_bootstrap", THREADING)];
    let serves =
        [("serve_forever", "/usr/lib/python3.13/socketserver.py"), ("_bootstrap", THREADING)];
    let joins = [("_join_spawned_processes", RUNNER), ("<module>", "/lab/rig.py")];
    for other in [&timer[..], &serves] {
        assert_eq!(verdict(vec![opener(&[SERVING, PROMPT, other])]), Verdict::Starting);
        assert_eq!(verdict(vec![opener(&[SERVING, &joins, other])]), Verdict::Starting);
    }
    let starts = [&AT_BARRIER[..2], &[("start", RUNNER), ("<module>", "/lab/rig.py")]].concat();
    assert_eq!(verdict(vec![opener(&[SERVING, &starts])]), FAILED);
    assert_eq!(
        verdict(vec![opener(&[SERVING, &starts, SERVING])]),
        Verdict::Starting,
        "two runners"
    );
    assert_eq!(verdict(vec![opener(&[SERVING, &joins])]), Verdict::Starting, "no one at a barrier");
    let job = [
        ("wait", "/usr/lib/python3.13/concurrent/futures/_base.py"),
        ("_worker", "/usr/lib/python3.13/concurrent/futures/thread.py"),
        ("_bootstrap", THREADING),
    ];
    assert_eq!(verdict(vec![opener(&[SERVING, PROMPT, &job])]), Verdict::Starting);
    assert_eq!(verdict(vec![opener(&[SERVING, PROMPT, &job[1..]])]), FAILED);
}

/// A program may be installed in a folder that looks like one of Python.
#[test]
fn only_the_folder_of_this_python_has_modules_of_python() {
    let program = [
        ("sleep", "/home/lab/lib/python3.13/labtools.py"),
        ("interact", CODE),
        ("<module>", "a.py"),
    ];
    assert_eq!(verdict(vec![opener(&[SERVING, &program])]), Verdict::Starting);
}

#[test]
fn an_opener_that_runs_a_program_may_go_on() {
    let waits = [("wait", THREADING), ("supervise", "/lab/rig.py"), ("<module>", "/lab/rig.py")];
    let receives = [
        ("recv", "/lab/site-packages/zmq/sugar/socket.py"),
        ("supervise", "/lab/rig.py"),
        ("<module>", "/lab/rig.py"),
    ];
    let cell = [
        ("<module>", "/tmp/ipykernel_7/1.py"),
        ("run_code", "/lab/site-packages/IPython/core/interactiveshell.py"),
        ("<module>", "/lab/ipykernel_launcher.py"),
    ];
    let background = [("supervise", "/lab/rig.py"), ("_bootstrap", THREADING)];
    for program in [&waits[..], &receives, &cell] {
        assert_eq!(verdict(vec![opener(&[SERVING, program])]), Verdict::Starting, "{program:?}");
    }
    assert_eq!(verdict(vec![opener(&[SERVING, PROMPT, &background])]), Verdict::Starting);
}

#[test]
fn a_session_that_another_event_loop_serves_is_not_judged() {
    let own_loop =
        [("run_forever", BASE_EVENTS), ("main", "/lab/rig.py"), ("<module>", "/lab/rig.py")];
    assert_eq!(verdict(vec![opener(&[&own_loop, SERVING, PROMPT])]), Verdict::Starting);
    let mut unseen = opener(&[SERVING, &own_loop]);
    unseen.process.serving_loop = None;
    assert_eq!(verdict(vec![unseen]), Verdict::Starting, "either of two loops may serve it");
}

#[test]
fn a_runner_that_starts_in_its_own_way_is_not_judged() {
    let own_start =
        [("wait", THREADING), ("PatientRunner.start", "/lab/rig.py"), ("<module>", "/lab/rig.py")];
    assert_eq!(verdict(vec![opener(&[SERVING, &own_start])]), Verdict::Starting);
}

#[test]
fn a_start_is_running_while_a_process_may_register_units() {
    let initializes = [
        ("result", THREADING),
        ("process", BACKEND),
        ("run", BACKEND),
        ("_bootstrap", PROCESS),
        ("<module>", "/lab/rig.py"),
    ];
    let writes_at_exit =
        [("write", "/lab/rig.py"), ("_bootstrap", PROCESS), ("<module>", "<string>")];
    let exits = [("join", THREADING), ("_shutdown", THREADING)];
    let imports = [
        ("load", "/lab/torch.py"),
        ("spawn_main", "/usr/lib/python3.13/multiprocessing/spawn.py"),
        ("<module>", "<string>"),
    ];
    let own_shutdown = [("_shutdown", "/lab/rig.py")];
    for calls in [&initializes[..], &writes_at_exit, &exits, &imports, &own_shutdown, &[]] {
        let verdict = verdict(vec![opener(&[SERVING, PROMPT]), child(&[calls])]);
        assert_eq!(verdict, Verdict::Starting, "{calls:?}");
    }
    let pool = [
        ("get", THREADING),
        ("worker", "/usr/lib/python3.13/multiprocessing/pool.py"),
        ("_bootstrap", PROCESS),
        ("<module>", "/lab/rig.py"),
    ];
    assert_eq!(verdict(vec![opener(&[SERVING, PROMPT]), child(&[&pool])]), FAILED);
}

#[test]
fn what_is_not_known_proves_nothing() {
    let whole = opener(&[SERVING, PROMPT]);
    let stopped =
        Member { process: Holder { state: 'T', ..whole.process.clone() }, ..whole.clone() };
    let unread = Member { stacks: Err(StacksError::Forbidden), ..whole.clone() };
    let other_version = |version: Option<&str>| {
        let mut stacks = stacks(&[SERVING, PROMPT]);
        stacks.ezmsg = version.map(str::to_owned);
        Member { stacks: Ok(Arc::new(stacks)), ..whole.clone() }
    };
    let torn = opener(&[SERVING, &[("interact", CODE)]]);
    let empty = opener(&[]);
    for opener in [stopped, unread, other_version(Some("4.0.0")), other_version(None), torn, empty]
    {
        assert_eq!(verdict(vec![opener.clone()]), Verdict::Starting, "{opener:?}");
    }
}

#[test]
fn a_process_at_a_barrier_has_registered_its_units() {
    let mut calls = AT_BARRIER.to_vec();
    calls.push(("<module>", "/lab/rig.py"));
    assert_eq!(verdict(vec![opener(&[SERVING, &calls])]), Verdict::Starting);
    let start = [&AT_BARRIER[..2], &[("start", RUNNER), ("<module>", "/lab/rig.py")]].concat();
    assert_eq!(verdict(vec![opener(&[SERVING, &start])]), FAILED, "none of its backends is there");
}
