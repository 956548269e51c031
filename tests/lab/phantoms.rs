//! Pipelines that die badly, in the ways in which they do in laboratories.

use super::PATIENCE;
use super::pipeline::{Fail, Options, Pipeline, Runner, StartMethod};
use super::server::Server;

/// How a pipeline came to its bad end, and what the server is left with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phantom {
    /// A notebook's pipeline came to its end, and nobody called `stop()`: a session without owners.
    NeverStopped,
    /// `stop()` hung in a unit's `shutdown`; Ctrl-C, and the backend was killed: a session without owners.
    CleanupInterrupted,
    /// All backends of a notebook's pipeline were killed: a session without owners.
    BackendsKilled,
    /// The backend with PUB was killed; SUB still answers: a session with some owners.
    BackendKilled,
    /// PUB raised in `initialize` in a run of two processes, which hangs: a session with some owners.
    InitializeFailed,
    /// The main process of a run of two was killed: its heir holds the session and PUB still publishes.
    MainKilled,
    /// The main process of a notebook's pipeline was killed: the heirs hold the session, messages flow.
    MainKilledFlowing,
    /// The main process was terminated by plain SIGTERM; otherwise as `MainKilled`.
    MainTerminated,
    /// As `MainKilledFlowing`, with backends that were spawned: no session, but units with owners.
    MainKilledSpawn,
    /// As `MainKilledSpawn`, with a fork server.
    MainKilledForkserver,
    /// A helper forked by the main process survived it and holds the session: no owners.
    HelperSurvived,
    /// PUB raised in `shutdown` in a notebook, which stays open: no session, but units with owners.
    ShutdownRaised,
    /// The backend with PUB is stopped (SIGSTOP): all units owned, one of them silent.
    BackendStopped,
}

impl Phantom {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::NeverStopped,
        Self::CleanupInterrupted,
        Self::BackendsKilled,
        Self::BackendKilled,
        Self::InitializeFailed,
        Self::MainKilled,
        Self::MainKilledFlowing,
        Self::MainTerminated,
        Self::MainKilledSpawn,
        Self::MainKilledForkserver,
        Self::HelperSurvived,
        Self::ShutdownRaised,
        Self::BackendStopped,
    ];

    fn options(self, name: &str) -> Options {
        let two = Options { name: name.to_owned(), processes: 2, ..Options::default() };
        let notebook = Options { runner: Runner::Start, ..two.clone() };
        match self {
            Self::NeverStopped => Options { messages: 50, ..notebook },
            Self::CleanupInterrupted => Options { fail: Fail::ShutdownHangs, ..notebook },
            Self::BackendsKilled | Self::BackendKilled | Self::MainKilledFlowing => notebook,
            Self::MainKilledSpawn => Options { start_method: StartMethod::Spawn, ..notebook },
            Self::MainKilledForkserver => {
                Options { start_method: StartMethod::Forkserver, ..notebook }
            }
            Self::InitializeFailed => Options { fail: Fail::InitializeRaises, ..two },
            Self::HelperSurvived => Options { processes: 1, fail: Fail::ForksHelper, ..two },
            Self::ShutdownRaised => {
                let fail = Fail::ShutdownRaises;
                Options { processes: 1, messages: 50, stay: true, fail, ..two }
            }
            Self::MainKilled | Self::MainTerminated | Self::BackendStopped => two,
        }
    }
}

/// Runs a pipeline `name` to this end; its leftovers live until the value is dropped.
///
/// The server may still need a moment to notice what has just died.
pub fn phantom(server: &Server, how: Phantom, name: &str) -> Pipeline {
    let mut pipeline = Pipeline::start(server, &how.options(name));
    if how == Phantom::InitializeFailed {
        pipeline.wait_stderr(PATIENCE, &["the amplifier is not there"]);
        pipeline.wait_gone(pipeline.unit_pid("PUB"), PATIENCE);
        return pipeline;
    }
    pipeline.wait_event("running", PATIENCE);
    match how {
        Phantom::NeverStopped => {
            pipeline.wait_event("backends-ended", PATIENCE);
        }
        Phantom::ShutdownRaised => {
            pipeline.wait_event("cleanup-failed", PATIENCE);
        }
        Phantom::CleanupInterrupted => interrupt_cleanup(&mut pipeline),
        Phantom::BackendsKilled => {
            pipeline.wait_event("started", PATIENCE);
            kill(&pipeline, "KILL", pipeline.unit_pid("PUB"));
            kill(&pipeline, "KILL", pipeline.unit_pid("SUB"));
        }
        Phantom::BackendKilled => kill(&pipeline, "KILL", pipeline.unit_pid("PUB")),
        Phantom::MainTerminated => kill(&pipeline, "TERM", pipeline.pid()),
        Phantom::BackendStopped => pipeline.signal_pid("STOP", pipeline.unit_pid("PUB")),
        Phantom::HelperSurvived => {
            pipeline.wait_event("helper", PATIENCE);
            kill(&pipeline, "KILL", pipeline.pid());
        }
        _ => kill(&pipeline, "KILL", pipeline.pid()),
    }
    pipeline
}

/// `stop()` hangs in PUB's `shutdown`, the person presses Ctrl-C, and then kills what hangs.
fn interrupt_cleanup(pipeline: &mut Pipeline) {
    pipeline.wait_event("started", PATIENCE);
    pipeline.tell("stop");
    pipeline.wait_event("shutdown-hangs", PATIENCE);
    pipeline.signal("INT");
    pipeline.wait_event("cleanup-failed", PATIENCE);
    kill(pipeline, "TERM", pipeline.unit_pid("PUB"));
    pipeline.wait_event("backends-ended", PATIENCE);
}

fn kill(pipeline: &Pipeline, signal: &str, pid: u32) {
    pipeline.signal_pid(signal, pid);
    pipeline.wait_gone(pid, PATIENCE);
}
