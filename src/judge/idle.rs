//! Whether the threads of a process may still continue a pipeline, by their Python stacks. A thread is idle only if its
//! calls show what it is; code of a program, a timer and a thread that is not recognized may do anything later.

use super::code::{Code, EZMSG, THREADING, own_frames};
use crate::model::{Frame, Member, Stacks, Thread};

/// The calls, by function and file, of a main thread that waits at a prompt of Python.
const AT_PROMPT: [(&str, &str); 2] =
    [("interact", "code.py"), ("interactive_console", "_pyrepl/main.py")];

/// The call of a worker of a thread pool. Without a job, it is the innermost one.
const POOL_WORKER: (&str, &str) = ("_worker", "concurrent/futures/thread.py");

/// The call of a thread in which a GraphServer runs. It waits for its end in a job of a thread pool.
const GRAPH_SERVER: (&str, &str) = ("run", "ezmsg/core/graphserver.py");

/// The calls, by function and file, of threads that only work for others, and of a GraphServer.
const HELPERS: [(&str, &str); 2] = [("_feed", "multiprocessing/queues.py"), GRAPH_SERVER];

/// Signals that arrive only if a person sends them or the program fails. Not among them are SIGHUP and SIGCONT, which a
/// service manager may send, and SIGPIPE, which follows when a peer closes its connection. The C library uses 32 and 33.
const HARMLESS_SIGNALS: [u32; 17] = [2, 3, 4, 5, 6, 7, 8, 11, 15, 20, 21, 22, 25, 28, 31, 32, 33];

/// The modules of Python whose function `_bootstrap` is the first of a thread or a process.
const BOOTSTRAP_FILES: [&str; 2] = ["/threading.py", "/multiprocessing/process.py"];

/// The outermost calls of the main thread while Python exits.
const EXITING: [(&str, &str); 3] = [
    ("_exit_function", "multiprocessing/util.py"),
    ("_shutdown", THREADING),
    ("_python_exit", "concurrent/futures/thread.py"),
];

/// Tells the code of Python, of ezmsg and of a program apart, by where Python keeps its own modules.
pub(super) struct Files<'a> {
    /// The folder of Python's own modules; `None` if it is not known.
    python: Option<&'a str>,
    /// The only job of all thread pools is that in which a GraphServer waits for its end.
    has_servers_job_only: bool,
}

impl<'a> Files<'a> {
    pub(super) fn of(stacks: &'a Stacks) -> Self {
        let frames = stacks.threads.iter().flat_map(|it| &it.frames);
        let mut starts = frames.filter(|it| it.name() == "_bootstrap");
        let folder =
            |it: &'a Frame| BOOTSTRAP_FILES.iter().find_map(|file| it.file.strip_suffix(file));
        let calls = |call| {
            let has_call = move |it: &&Thread| it.frames.iter().any(|it| it.is_any_of(&[call]));
            stacks.threads.iter().filter(has_call)
        };
        let jobs = calls(POOL_WORKER).filter(|it| !is_free_worker(&it.frames));
        let has_servers_job_only = jobs.count() == 1 && calls(GRAPH_SERVER).next().is_some();
        Self { python: starts.find_map(folder), has_servers_job_only }
    }

    /// Whether a frame is neither of Python nor of ezmsg.
    pub(super) fn is_of_program(&self, frame: &Frame) -> bool {
        let own = self.python.and_then(|python| frame.file.strip_prefix(python));
        let installed =
            |it: &str| it.starts_with("/site-packages/") || it.starts_with("/dist-packages/");
        let of_python = own.is_some_and(|it| it.starts_with('/') && !installed(it));
        !of_python && !frame.file.starts_with("<frozen ") && !frame.file.contains(EZMSG)
    }

    /// Whether a thread runs code of Python and of ezmsg alone.
    fn runs_no_program(&self, frames: &[Frame]) -> bool {
        !frames.iter().any(|it| self.is_of_program(it))
    }

    /// Whether a thread does nothing by itself: it runs an event loop of ezmsg, or works for others.
    pub(super) fn is_idle(&self, thread: &Thread, code: &Code) -> bool {
        let frames = own_frames(thread);
        let helps = |it: &Frame| {
            it.is_any_of(&HELPERS)
                || code.waits_for_the_end(it)
                || (self.has_servers_job_only && it.is_any_of(&[POOL_WORKER]))
        };
        let helps = frames.iter().any(helps) || is_free_worker(frames);
        (helps || code.runs_runners_loop(thread)) && self.runs_no_program(frames)
    }

    /// Whether the main thread of an opener waits at a prompt, or for other threads and processes to exit. A program
    /// may run a prompt itself, and go on after it.
    pub(super) fn is_at_prompt(&self, member: &Member, thread: &Thread) -> bool {
        let frames = &thread.frames;
        let at_prompt = is_bare_prompt(member, thread)
            || (member.waits_at_terminal && frames.iter().any(|it| it.is_any_of(&AT_PROMPT)));
        (at_prompt || frames.last().is_some_and(is_exit)) && self.runs_no_program(frames)
    }
}

/// Whether a thread is a worker of a thread pool, and has no job.
fn is_free_worker(frames: &[Frame]) -> bool {
    frames.first().is_some_and(|it| it.is_any_of(&[POOL_WORKER]))
}

/// Whether no handler of a signal can continue the pipeline.
pub(super) fn has_harmless_handlers(member: &Member) -> bool {
    let harmless = HARMLESS_SIGNALS.iter().fold(0, |all, signal| all | 1_u64 << (signal - 1));
    member.handled_signals.is_some_and(|handled| handled & !harmless == 0)
}

/// Whether this is the main thread of an opener that runs Python without a call: its prompt, up to Python 3.12, is no
/// Python code. A process that exits may look the same, but has no event loop then.
pub(super) fn is_bare_prompt(member: &Member, thread: &Thread) -> bool {
    let program = member.process.command.split(' ').next().unwrap_or_default();
    let is_python = program.rsplit('/').next().is_some_and(|it| it.starts_with("python"));
    let is_main = thread.name.as_deref() == Some("MainThread");
    member.holds && member.waits_at_terminal && is_python && is_main && thread.frames.is_empty()
}

/// Whether Python is exiting in the process.
pub(super) fn is_exiting(stacks: &Stacks) -> bool {
    stacks.threads.iter().any(|it| it.frames.last().is_some_and(is_exit))
}

/// Whether this is the outermost call of a main thread while Python exits.
pub(super) fn is_exit(frame: &Frame) -> bool {
    frame.is_any_of(&EXITING)
}
