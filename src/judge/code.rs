//! The functions of ezmsg and Python that show what the processes of a pipeline do.

use crate::model::{Frame, Member, Stacks, Thread};

/// What the functions of one version of ezmsg are called, and in which files they are.
pub(super) struct Code {
    version: &'static str,
    /// `GraphRunner`, which launches a pipeline and takes it down.
    pub(super) runner: &'static str,
    /// `BackendProcess`, which runs the units of one process, and the thread of its event loop.
    pub(super) backend: &'static str,
    /// The function of a runner that waits for its backends to exit.
    pub(super) join: &'static str,
    /// The functions of a runner that take the pipeline down.
    pub(super) stop: [&'static str; 2],
    /// The functions that a subclass of `GraphRunner` may replace, in a file of its own.
    pub(super) replaced: [&'static str; 5],
    /// The function of a backend that registers its units, runs them, and shuts them down.
    pub(super) process: &'static str,
    /// The function of a backend that waits in a thread for the end of the pipeline.
    monitor: &'static str,
    /// The function of the thread in which a runner serves its session.
    event_loop: &'static str,
    /// What `process` does up to and including each of these lines.
    pub(super) steps: [(u32, &'static str); 9],
    /// Beyond this line, `process` shuts its units down.
    shutdown_after: u32,
    /// What a runner does in each of these functions.
    pub(super) runner_steps: [(&'static str, &'static str); 5],
}

const JOIN: &str = "_join_spawned_processes";
const CLEANUP: &str = "_cleanup";

/// The versions of ezmsg whose stacks can be a proof: `ezmsg/core/backend.py` and `ezmsg/core/backendprocess.py` of
/// each were read. The newest is last.
const VERSIONS: [Code; 1] = [Code {
    version: "3.9.0",
    runner: "ezmsg/core/backend.py",
    backend: "ezmsg/core/backendprocess.py",
    join: JOIN,
    stop: [CLEANUP, "stop"],
    replaced: ["start", "run_blocking", "_initialize", "_start_processes", "_run_main_process"],
    process: "process",
    monitor: "monitor_termination",
    event_loop: "run_loop",
    steps: [
        (436, "in initialize() of its units"),
        (531, "making its publishers and subscribers"),
        (536, "registering its units"),
        (548, "waiting for the other processes to start"),
        (597, "running its units"),
        (602, "waiting for the other processes to stop"),
        (629, "in shutdown() of its units"),
        (638, "in GraphContext.revert(), which waits for its publishers and subscribers to close"),
        (647, "closing its registration"),
    ],
    shutdown_after: 602,
    runner_steps: [
        ("_initialize", "opening its session and registering its components"),
        ("_start_processes", "starting its backends"),
        ("start", "starting, or waiting for its backends to start"),
        (JOIN, "waiting for its backends to exit"),
        (CLEANUP, "taking its session down, which waits for its clients to close"),
    ],
}];

/// The package of ezmsg.
pub(super) const EZMSG: &str = "/ezmsg/core/";

/// Python's own modules whose frames say how a process or a thread was started, waits, or exits.
pub(super) const THREADING: &str = "threading.py";
pub(super) const FORK_SERVER: &str = "multiprocessing/forkserver.py";
pub(super) const ASYNCIO: &str = "asyncio/base_events.py";
const MULTIPROCESSING_PROCESS: &str = "multiprocessing/process.py";

impl Code {
    /// The functions of the version that a process runs, or of the newest one that is known.
    pub(super) fn of(stacks: &Stacks) -> &'static Self {
        let [.., newest] = &VERSIONS;
        let is_it = |code: &&Self| stacks.ezmsg.as_deref() == Some(code.version);
        VERSIONS.iter().find(is_it).unwrap_or(newest)
    }

    /// Whether a frame is the function in which a backend waits in a thread for the end of the pipeline.
    pub(super) fn waits_for_the_end(&self, frame: &Frame) -> bool {
        frame.is(self.monitor, self.backend)
    }

    /// Whether a frame is the function of a backend, where it shuts its units down.
    pub(super) fn shuts_down(&self, frame: &Frame) -> bool {
        frame.is(self.process, self.backend) && frame.line > self.shutdown_after
    }

    /// Whether a thread runs the event loop of a runner.
    pub(super) fn runs_runners_loop(&self, thread: &Thread) -> bool {
        thread.frames.iter().any(|it| it.is(self.event_loop, self.backend))
    }

    /// Whether a process runs the event loop of exactly one runner.
    pub(super) fn runs_one_pipeline(&self, stacks: &Stacks) -> bool {
        stacks.threads.iter().filter(|it| self.runs_runners_loop(it)).count() == 1
    }

    /// Whether a thread runs an event loop of asyncio.
    pub(super) fn runs_event_loop(&self, thread: &Thread) -> bool {
        let runs_forever = |it: &Frame| it.is("run_forever", ASYNCIO);
        self.runs_runners_loop(thread) || thread.frames.iter().any(runs_forever)
    }
}

/// The version of ezmsg that a member runs, if its stacks prove nothing because graphctl does not know that version.
pub(super) fn unknown_version(member: &Member) -> Option<String> {
    let stacks = member.stacks.as_ref().ok()?;
    let mut frames = stacks.threads.iter().flat_map(|thread| &thread.frames);
    let runs_ezmsg = frames.any(|frame| frame.file.contains(EZMSG));
    let version = stacks.ezmsg.as_deref();
    let is_known = version.is_some_and(|it| VERSIONS.iter().any(|code| code.version == it));
    let unknown = runs_ezmsg && !is_known;
    unknown.then(|| {
        version.map_or("an unknown version of ezmsg".to_owned(), |it| format!("ezmsg {it}"))
    })
}

/// The frames of a thread that are of this process. A forked process keeps those of the process that forked it.
pub(super) fn own_frames(thread: &Thread) -> &[Frame] {
    let starts = |it: &Frame| it.is("_bootstrap", MULTIPROCESSING_PROCESS);
    let end = thread.frames.iter().position(starts).unwrap_or(thread.frames.len());
    &thread.frames[..end]
}
