//! Whether the threads of a process may still continue a pipeline, by their Python stacks. A thread is idle only if its
//! calls show what it is; code of a program, a timer and a thread that is not recognized may do anything later.

use super::code::{Code, EZMSG, THREADING, own_frames};
use crate::model::{Frame, Member, Stacks, Thread};

/// Packages that wait for what a person types, or for a cell to run. What they call is code of the program; what called
/// them only launched them.
const PROMPTS: [&str; 4] = ["/IPython/", "/ipykernel/", "/debugpy/", "/_pyrepl/"];

/// Packages that such prompts are built of.
const TOOLS: [&str; 3] = ["/prompt_toolkit/", "/tornado/", "/zmq/"];

/// The calls, by function and file, of a main thread that waits at a prompt. A kernel and a prompt of asyncio have
/// none: whether a cell or a task of theirs is suspended does not show.
const AT_PROMPT: [(&str, &str); 3] = [
    ("interact", "code.py"),
    ("readline", "_pyrepl/reader.py"),
    ("prompt_for_code", "IPython/terminal/interactiveshell.py"),
];

/// The calls, by function and file, of threads that only work for others, and of a GraphServer.
const HELPERS: [(&str, &str); 3] = [
    ("_worker", "concurrent/futures/thread.py"),
    ("_feed", "multiprocessing/queues.py"),
    ("run", "ezmsg/core/graphserver.py"),
];

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
}

impl<'a> Files<'a> {
    pub(super) fn of(stacks: &'a Stacks) -> Self {
        let frames = stacks.threads.iter().flat_map(|it| &it.frames);
        let mut starts = frames.filter(|it| it.name() == "_bootstrap");
        let folder =
            |it: &'a Frame| BOOTSTRAP_FILES.iter().find_map(|file| it.file.strip_suffix(file));
        Self { python: starts.find_map(folder) }
    }

    /// Whether a frame is neither of Python nor of ezmsg.
    pub(super) fn is_of_program(&self, frame: &Frame) -> bool {
        let own = self.python.and_then(|python| frame.file.strip_prefix(python));
        let installed =
            |it: &str| it.starts_with("/site-packages/") || it.starts_with("/dist-packages/");
        let of_python = own.is_some_and(|it| it.starts_with('/') && !installed(it));
        !of_python && !frame.file.starts_with("<frozen ") && !frame.file.contains(EZMSG)
    }

    /// Whether these calls are of Python, of ezmsg or of tools alone.
    fn runs_no_program(&self, called: &[Frame]) -> bool {
        let is_tool = |it: &Frame| TOOLS.iter().any(|folder| it.file.contains(folder));
        called.iter().all(|it| !self.is_of_program(it) || is_tool(it))
    }

    /// Whether a thread does nothing by itself: it runs an event loop of ezmsg, works for others, or belongs to a
    /// prompt or a kernel. No code of a program is among its calls.
    pub(super) fn is_idle(&self, thread: &Thread, code: &Code) -> bool {
        let frames = own_frames(thread);
        let prompt = |it: &Frame| PROMPTS.iter().any(|folder| it.file.contains(folder));
        if let Some(end) = frames.iter().position(prompt) {
            return self.runs_no_program(&frames[..end]);
        }
        let helps = frames.iter().any(|it| it.is_any_of(&HELPERS));
        (helps || code.runs_runners_loop(thread)) && self.runs_no_program(frames)
    }

    /// Whether the main thread of an opener waits at a prompt, or for other threads and processes to exit.
    pub(super) fn is_at_prompt(&self, member: &Member, thread: &Thread) -> bool {
        if is_bare_prompt(member, thread) {
            return true;
        }
        let frames = &thread.frames;
        if let Some(end) = frames.iter().position(|it| it.is_any_of(&AT_PROMPT)) {
            return self.runs_no_program(&frames[..end]);
        }
        frames.last().is_some_and(is_exit) && self.runs_no_program(frames)
    }
}

/// Whether this is the main thread of an opener that runs Python without a call: its prompt, up to Python 3.12, is no
/// Python code. A process that exits may look the same, but has no event loop then.
pub(super) fn is_bare_prompt(member: &Member, thread: &Thread) -> bool {
    let program = member.process.command.split(' ').next().unwrap_or_default();
    let is_python = program.rsplit('/').next().is_some_and(|it| it.starts_with("python"));
    let is_main = thread.name.as_deref() == Some("MainThread");
    member.holds && is_python && is_main && thread.frames.is_empty()
}

/// Whether Python is exiting in the process.
pub(super) fn is_exiting(stacks: &Stacks) -> bool {
    stacks.threads.iter().any(|it| it.frames.last().is_some_and(is_exit))
}

/// Whether this is the outermost call of a main thread while Python exits.
pub(super) fn is_exit(frame: &Frame) -> bool {
    frame.is_any_of(&EXITING)
}
