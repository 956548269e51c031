//! What a process of a session's family does in the code of ezmsg, by its Python stacks.

use super::code::{ASYNCIO, Code, FORK_SERVER, THREADING, own_frames};
use super::idle::{Files, is_bare_prompt, is_exit, is_exiting};
use crate::model::{Frame, Member, Stacks, StacksError, Thread};

/// The functions of multiprocessing that start a process, and those of a process before it runs a backend.
const LAUNCHING: [(&str, &str); 3] = [
    ("_launch", "multiprocessing/popen_fork.py"),
    ("_serve_one", FORK_SERVER),
    ("spawn_main", "multiprocessing/spawn.py"),
];

/// The function of a worker of a pool.
const POOL_WORKERS: [(&str, &str); 1] = [("worker", "multiprocessing/pool.py")];

/// Packages that have functions of the same names as those in `Code::replaced`.
const SAME_NAMES: [&str; 7] = [
    "/multiprocessing/",
    "/asyncio/",
    "/concurrent/",
    "/tornado/",
    "/traitlets/",
    "/ipykernel/",
    "/IPython/",
];

/// The outermost functions, with their files, of threads that are read whole; besides those of a script or a module.
const OUTERMOST: [(&str, &str); 4] = [
    ("_bootstrap", THREADING),
    ("_run_module_as_main", "<frozen runpy>"),
    ("_run_module_as_main", "runpy.py"),
    ("interactive_console", "_pyrepl/main.py"),
];

/// What a process does, most active first. The most active thread decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Activity {
    /// It starts units, or a process that will run units.
    Starting,
    /// It takes the pipeline down.
    Stopping,
    /// It is in the code of a runner or of a backend, but not where it starts, waits or stops.
    Running,
    /// What it does is not known, for this reason.
    Unknown(String),
    /// It waits at a barrier of ezmsg for other processes of the pipeline.
    AtBarrier,
    /// It waits in `start` for its backends to start.
    AtStart,
    /// It waits for its backends to exit.
    Joining,
    /// It serves the session in a runner's event loop. No thread of it is in the code of a runner or of a program, and
    /// its main thread waits at a prompt, or for other threads to exit.
    AtPrompt,
    /// It holds the session, and Python is exiting in it. No thread of it runs an event loop.
    Exiting,
    /// It cannot run units of the session.
    Unrelated,
}

impl Activity {
    /// What a member of a session's family does; `has_units` if it has registered units of any session.
    pub(super) fn of(member: &Member, has_units: bool) -> Self {
        let name = member.process.name();
        let stacks = match &member.stacks {
            Ok(stacks) => stacks,
            Err(StacksError::Gone) => return Self::Unrelated,
            Err(why) => {
                return Self::Unknown(format!("the Python stacks of {name} cannot be read: {why}"));
            }
        };
        if matches!(member.process.state, 'T' | 't') {
            return Self::Unknown(format!("{name} is stopped"));
        }
        if stacks.threads.is_empty() || !stacks.threads.iter().all(|it| is_whole(member, it)) {
            return Self::Unknown(format!("the stacks of {name} could not be read whole"));
        }
        let code = Code::of(stacks);
        let activities = stacks.threads.iter().filter_map(|it| of_thread(it, code, has_units));
        match activities.min() {
            Some(Self::Unknown(why)) => Self::Unknown(format!("{name} {why}")),
            Some(waiting @ (Self::AtBarrier | Self::AtStart | Self::Joining)) => {
                Self::of_waiting(waiting, member, stacks, code)
            }
            Some(activity) => activity,
            None if member.holds => Self::outside_runner(member, stacks, code),
            None if is_helper(stacks) => Self::Unrelated,
            None => Self::Unknown(format!("{name} may become a process of the pipeline")),
        }
    }

    /// What a process does if one of its threads waits for other processes of the pipeline. Another thread may still
    /// start them, and if the process has several runners, it is not known which pipeline the thread waits for.
    fn of_waiting(waiting: Self, member: &Member, stacks: &Stacks, code: &Code) -> Self {
        let files = Files::of(stacks);
        let name = member.process.name();
        let may_go_on =
            |it: &Thread| of_thread(it, code, true).is_none() && !files.is_idle(it, code);
        if stacks.threads.iter().any(may_go_on) {
            return Self::Unknown(format!(
                "another thread of {name} may still continue the pipeline"
            ));
        }
        if !code.runs_one_pipeline(stacks) {
            return Self::Unknown(format!("{name} runs several pipelines"));
        }
        let opened = member.process.serving == Some(true);
        if opened && !serves_in_runners_loop(member, stacks, code) {
            return Self::Unknown(not_in_runners_loop(&name));
        }
        waiting
    }

    /// What the opener does if it is not in the code of a runner or a backend.
    fn outside_runner(member: &Member, stacks: &Stacks, code: &Code) -> Self {
        let files = Files::of(stacks);
        let name = member.process.name();
        let (prompts, others): (Vec<_>, Vec<_>) =
            stacks.threads.iter().partition(|it| files.is_at_prompt(member, it));
        let waits = others.iter().all(|it| files.is_idle(it, code));
        if serves_in_runners_loop(member, stacks, code) {
            return if waits && !prompts.is_empty() {
                Self::AtPrompt
            } else {
                let why = "may run other code, which may continue the pipeline";
                Self::Unknown(format!("{name} {why}"))
            };
        }
        let has_loop = others.iter().any(|it| code.runs_event_loop(it));
        if is_exiting(stacks) && waits && !has_loop {
            return Self::Exiting;
        }
        Self::Unknown(not_in_runners_loop(&name))
    }
}

fn not_in_runners_loop(name: &str) -> String {
    format!("{name} is not seen to serve the session in a runner's event loop")
}

/// Whether a descendant of the opener is a fork server, which starts nothing by itself, or an idle worker of a pool.
fn is_helper(stacks: &Stacks) -> bool {
    let files = Files::of(stacks);
    let helps = |it: &Frame| it.is("main", FORK_SERVER) || it.is_any_of(&POOL_WORKERS);
    let mut threads = stacks.threads.iter();
    threads.all(|it| {
        let frames = own_frames(it);
        frames.iter().any(helps) && !frames.iter().any(|frame| files.is_of_program(frame))
    })
}

/// Where a process is, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position<'a> {
    /// What it does in the code of ezmsg, in words; `None` if it is not there.
    pub step: Option<&'static str>,
    /// The call that shows that, or the innermost one of the program; `None` if only Python's own code runs.
    pub at: Option<&'a Frame>,
    /// The call of the program, or else the innermost one, that its event loop runs; `None` if the loop waits for
    /// events.
    pub in_loop: Option<&'a Frame>,
}

/// Where a process is by its stacks.
#[must_use]
pub fn position(stacks: &Stacks) -> Position<'_> {
    let code = Code::of(stacks);
    let files = Files::of(stacks);
    let in_loop = stacks.threads.iter().find_map(|it| in_loop(it, &files, code));
    let in_pipeline = stacks.threads.iter().find_map(|thread| {
        let frames = own_frames(thread);
        let at = frames.iter().position(|it| is_of_pipeline(it, code))?;
        Some((&frames[..at], &frames[at]))
    });
    let Some((called, frame)) = in_pipeline else {
        let named = |it: &&Thread| it.name.as_deref() == Some("MainThread");
        let main = stacks.threads.iter().find(named).filter(|it| !files.is_idle(it, code));
        let at = main.and_then(|it| own_frames(it).iter().find(|it| files.is_of_program(it)));
        return Position { step: None, at, in_loop };
    };
    let of_program = called.iter().find(|it| files.is_of_program(it));
    Position { step: step(frame, code), at: of_program.or(Some(frame)), in_loop }
}

fn step(frame: &Frame, code: &Code) -> Option<&'static str> {
    if frame.is_in(code.backend) {
        let at = (frame.name() == code.process).then_some(frame.line).filter(|line| *line > 0)?;
        return code.steps.iter().find(|(last, _)| at <= *last).map(|(_, words)| *words);
    }
    code.runner_steps.iter().find(|(name, _)| frame.name() == *name).map(|(_, words)| *words)
}

/// The call that the event loop of a thread runs; `None` if it waits for events, or if the thread runs no loop of
/// ezmsg.
fn in_loop<'a>(thread: &'a Thread, files: &Files<'_>, code: &Code) -> Option<&'a Frame> {
    let runs_loop = code.runs_runners_loop(thread);
    let turn = thread.frames.iter().position(|it| it.is("_run_once", ASYNCIO));
    let called = &thread.frames[..turn.filter(|_| runs_loop)?];
    let waits = called.iter().any(|it| it.is("select", "selectors.py"));
    called.iter().find(|it| files.is_of_program(it)).or_else(|| called.first()).filter(|_| !waits)
}

/// Whether all calls of a thread were read.
pub(super) fn is_whole(member: &Member, thread: &Thread) -> bool {
    let is_outermost =
        |it: &Frame| it.name() == "<module>" || it.is_any_of(&OUTERMOST) || is_exit(it);
    thread.frames.last().map_or_else(|| is_bare_prompt(member, thread), is_outermost)
}

/// What a thread does; `None` if it is not in the code of a runner or a backend, or about to be.
fn of_thread(thread: &Thread, code: &Code, has_units: bool) -> Option<Activity> {
    let frames = own_frames(thread);
    let Some(at) = frames.iter().position(|it| is_of_pipeline(it, code)) else {
        return of_other_thread(thread, frames, code);
    };
    let (called, frame) = (&frames[..at], &frames[at]);
    Some(if waits_at_barrier(called) && frame.is_in(code.backend) {
        Activity::AtBarrier
    } else if waits_at_barrier(called) {
        Activity::AtStart
    } else if frame.is(code.join, code.runner) {
        Activity::Joining
    } else if code.shuts_down(frame)
        || (frame.is_in(code.runner) && code.stop.contains(&frame.name()))
    {
        Activity::Stopping
    } else if has_units && frame.is_in(code.backend) {
        Activity::Running
    } else {
        Activity::Starting
    })
}

/// Whether a frame shows what the process does as a part of the pipeline.
fn is_of_pipeline(frame: &Frame, code: &Code) -> bool {
    let of_runner = frame.is_in(code.runner);
    of_runner || frame.is(code.process, code.backend) || frame.is("run", code.backend)
}

/// What a thread does that is in no function of a runner or a backend.
fn of_other_thread(thread: &Thread, frames: &[Frame], code: &Code) -> Option<Activity> {
    let is_replaced = |it: &Frame| code.replaced.contains(&it.name()) && !only_shares_name(it);
    if frames.iter().any(is_replaced) {
        return Some(Activity::Unknown("may be starting a pipeline in its own way".to_owned()));
    }
    let is_forked = frames.len() < thread.frames.len();
    if is_forked && !frames.iter().any(|it| it.is_any_of(&POOL_WORKERS)) {
        return Some(Activity::Unknown(
            "is a process of multiprocessing, and may be a backend".to_owned(),
        ));
    }
    (!is_forked && frames.iter().any(|it| it.is_any_of(&LAUNCHING))).then_some(Activity::Starting)
}

/// Whether a frame is of a package whose functions only share their names with those of a runner.
fn only_shares_name(frame: &Frame) -> bool {
    SAME_NAMES.iter().any(|folder| frame.file.contains(folder)) || frame.is_in(THREADING)
}

/// Whether a frame waits at a `threading.Barrier`, given the calls that it made, innermost first. The barrier of
/// multiprocessing is a subclass.
fn waits_at_barrier(called: &[Frame]) -> bool {
    match called {
        [.., waiting, entered] => entered.is("wait", THREADING) && waiting.is("_wait", THREADING),
        _ => false,
    }
}

/// Whether the process serves the session in the event loop that a runner made. The thread that waits on the connection
/// was seen, or there is only one event loop.
fn serves_in_runners_loop(member: &Member, stacks: &Stacks, code: &Code) -> bool {
    let mut runners = stacks.threads.iter().filter(|it| code.runs_runners_loop(it));
    let serves = member.process.serving == Some(true);
    serves
        && match member.process.serving_loop {
            Some(serving) => runners.any(|thread| thread.id == Some(serving.thread)),
            None => {
                runners.next().is_some()
                    && stacks.threads.iter().filter(|it| code.runs_event_loop(it)).count() == 1
            }
        }
}
