//! Pipelines that die badly, in the ways in which they do in laboratories.

use std::time::{Duration, Instant};

use super::PATIENCE;
use super::network::Side;
use super::pipeline::{Fail, Options, Pipeline, Runner, StartMethod};
use super::server::Server;

/// How a pipeline came to its bad end, and what the server is left with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phantom {
    /// A notebook's pipeline came to its end, and nobody called `stop()`: a session without owners.
    NeverStopped,
    /// `stop()` hung in a unit's `shutdown`; Ctrl-C, and the backend was killed: a session without owners.
    CleanupInterrupted,
    /// `stop()` of a notebook's pipeline hangs in PUB's `shutdown`, and SUB has left: a session with some owners, as
    /// in a `stop()` that will still end.
    CleanupHangs,
    /// `stop()` of a notebook's pipeline took away all there was, although PUB raised in `shutdown`: nothing is left.
    CleanupRaised,
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
    /// As `MainTerminated`, with a backend that was spawned: no session, but PUB with an owner.
    MainTerminatedSpawn,
    /// As `MainTerminatedSpawn`, with a fork server.
    MainTerminatedForkserver,
    /// The main process of a notebook's pipeline was terminated by plain SIGTERM; otherwise as `MainKilledFlowing`.
    MainTerminatedFlowing,
    /// As `MainKilledFlowing`, with backends that were spawned: no session, but units with owners.
    MainKilledSpawn,
    /// As `MainKilledSpawn`, with a fork server.
    MainKilledForkserver,
    /// A helper forked by the main process survived it and holds the session: no owners.
    HelperSurvived,
    /// PUB raised in `shutdown` in a notebook, which stays open: no session, but units with owners, which answer
    /// nothing, as their event loop has ended.
    ShutdownRaised,
    /// The backend with PUB is stopped (SIGSTOP): all units owned, one of them silent.
    BackendStopped,
    /// The main process of a run of two is stopped, and SUB with it: all units owned, one of them silent.
    MainStopped,
    /// The main process of a notebook's pipeline is stopped, which owns no unit: all answer, messages flow.
    MainStoppedFlowing,
    /// PUB blocks the event loop of its backend for good: all units owned, one of them silent.
    UnitBlocks,
    /// PUB blocks the event loop of a pipeline of one process for good: all units owned, and silent.
    UnitBlocksAlone,
    /// Ctrl-C while PUB was in `initialize` in a run of two. Its backend has left, and the main process waits for
    /// it for ever, deaf to any more Ctrl-C: a session with some owners.
    StartInterrupted,
    /// As `StartInterrupted`, with a backend that was spawned.
    StartInterruptedSpawn,
    /// Ctrl-C during the start in a notebook, which stays open, with a backend for each unit: that of SUB waits for
    /// ever: a session with some owners.
    StartInterruptedNotebook,
    /// As `StartInterruptedNotebook`, with one backend for both units: a session without owners.
    StartInterruptedAlone,
    /// The only process of a run was killed: nothing is left.
    KilledAlone,
    /// The only process of a run was terminated by plain SIGTERM: nothing is left.
    TerminatedAlone,
    /// `shutdown` of PUB hangs in a run of one process: all answer, and no message flows any more.
    CleanupHangsAlone,
    /// As `CleanupHangsAlone`, and ended with Ctrl-C, which two presses take: nothing is left.
    CleanupInterruptedAlone,
}

impl Phantom {
    /// All of them.
    pub const ALL: [Self; 30] = [
        Self::NeverStopped,
        Self::CleanupInterrupted,
        Self::CleanupHangs,
        Self::CleanupRaised,
        Self::BackendsKilled,
        Self::BackendKilled,
        Self::InitializeFailed,
        Self::MainKilled,
        Self::MainKilledFlowing,
        Self::MainTerminated,
        Self::MainTerminatedSpawn,
        Self::MainTerminatedForkserver,
        Self::MainTerminatedFlowing,
        Self::MainKilledSpawn,
        Self::MainKilledForkserver,
        Self::HelperSurvived,
        Self::ShutdownRaised,
        Self::BackendStopped,
        Self::MainStopped,
        Self::MainStoppedFlowing,
        Self::UnitBlocks,
        Self::UnitBlocksAlone,
        Self::StartInterrupted,
        Self::StartInterruptedSpawn,
        Self::StartInterruptedNotebook,
        Self::StartInterruptedAlone,
        Self::KilledAlone,
        Self::TerminatedAlone,
        Self::CleanupHangsAlone,
        Self::CleanupInterruptedAlone,
    ];

    fn options(self, name: &str) -> Options {
        let two = Options { name: name.to_owned(), processes: 2, ..Options::default() };
        let notebook = Options { runner: Runner::Start, ..two.clone() };
        let alone = Options { processes: 1, ..two.clone() };
        let slow = Duration::from_secs(3600);
        match self {
            Self::NeverStopped => Options { messages: 50, ..notebook },
            Self::CleanupInterrupted | Self::CleanupHangs => {
                Options { fail: Fail::ShutdownHangs, ..notebook }
            }
            Self::CleanupRaised => Options { fail: Fail::ShutdownRaises, ..notebook },
            Self::BackendsKilled
            | Self::BackendKilled
            | Self::MainKilledFlowing
            | Self::MainTerminatedFlowing
            | Self::MainStoppedFlowing => notebook,
            Self::MainKilledSpawn => Options { start_method: StartMethod::Spawn, ..notebook },
            Self::MainKilledForkserver => {
                Options { start_method: StartMethod::Forkserver, ..notebook }
            }
            Self::InitializeFailed => Options { fail: Fail::InitializeRaises, ..two },
            Self::HelperSurvived => Options { fail: Fail::ForksHelper, ..alone },
            Self::ShutdownRaised => {
                Options { messages: 50, stay: true, fail: Fail::ShutdownRaises, ..alone }
            }
            Self::MainTerminatedSpawn => Options { start_method: StartMethod::Spawn, ..two },
            Self::MainTerminatedForkserver => {
                Options { start_method: StartMethod::Forkserver, ..two }
            }
            Self::UnitBlocks => Options { fail: Fail::BlocksLoop, ..two },
            Self::UnitBlocksAlone => Options { fail: Fail::BlocksLoop, ..alone },
            Self::StartInterrupted => Options { slow_initialize: slow, ..two },
            Self::StartInterruptedSpawn => {
                Options { slow_initialize: slow, start_method: StartMethod::Spawn, ..two }
            }
            Self::StartInterruptedNotebook => Options { slow_initialize: slow, ..notebook },
            Self::StartInterruptedAlone => {
                Options { slow_initialize: slow, runner: Runner::Start, ..alone }
            }
            Self::CleanupHangsAlone | Self::CleanupInterruptedAlone => {
                Options { messages: 50, fail: Fail::ShutdownHangs, ..alone }
            }
            Self::KilledAlone | Self::TerminatedAlone => alone,
            Self::MainKilled | Self::MainTerminated | Self::BackendStopped | Self::MainStopped => {
                two
            }
        }
    }
}

/// Runs a pipeline `name` to this end; its leftovers live until the value is dropped.
///
/// The server may still need a moment to notice what has just died.
pub fn phantom(server: &Server, how: Phantom, name: &str) -> Pipeline {
    die(server, Pipeline::start(server, &how.options(name)), how, name)
}

/// The same of a pipeline that writes nothing once it is running.
pub fn quiet_phantom(server: &Server, how: Phantom, name: &str) -> Pipeline {
    phantom_with(server, how, name, |options| Options { quiet: true, ..options })
}

/// The same with changed options.
pub fn phantom_with(
    server: &Server,
    how: Phantom,
    name: &str,
    change: impl FnOnce(Options) -> Options,
) -> Pipeline {
    die(server, Pipeline::start(server, &change(how.options(name))), how, name)
}

/// The same of a pipeline that is launched by a launcher.
pub fn launched_phantom(launcher: &Side, server: &Server, how: Phantom, name: &str) -> Pipeline {
    die(server, Pipeline::launched_by(launcher, server, &how.options(name)), how, name)
}

fn die(server: &Server, mut pipeline: Pipeline, how: Phantom, name: &str) -> Pipeline {
    match how {
        Phantom::InitializeFailed => {
            pipeline.wait_stderr(PATIENCE, &["the amplifier is not there"]);
            pipeline.wait_gone(pipeline.unit_pid("PUB"), PATIENCE);
            return pipeline;
        }
        Phantom::StartInterrupted
        | Phantom::StartInterruptedSpawn
        | Phantom::StartInterruptedNotebook
        | Phantom::StartInterruptedAlone => {
            interrupt_start(server, &pipeline, how, name);
            return pipeline;
        }
        _ => pipeline.wait_event("running", PATIENCE),
    };
    match how {
        Phantom::NeverStopped => {
            pipeline.tell("wait_for_backends()");
            pipeline.wait_event("backends-ended", PATIENCE);
        }
        Phantom::ShutdownRaised => {
            pipeline.wait_event("cleanup-failed", PATIENCE);
        }
        Phantom::CleanupInterrupted => interrupt_cleanup(&mut pipeline),
        Phantom::CleanupHangs => {
            hang_cleanup(&mut pipeline);
            pipeline.wait_gone(pipeline.unit_pid("SUB"), PATIENCE);
        }
        Phantom::CleanupRaised => {
            pipeline.wait_event("started", PATIENCE);
            pipeline.tell("stop()");
            pipeline.wait_event("stopped", PATIENCE);
        }
        Phantom::BackendsKilled => {
            pipeline.wait_event("started", PATIENCE);
            kill(&pipeline, "KILL", pipeline.unit_pid("PUB"));
            kill(&pipeline, "KILL", pipeline.unit_pid("SUB"));
        }
        Phantom::BackendKilled => kill(&pipeline, "KILL", pipeline.unit_pid("PUB")),
        Phantom::MainTerminated
        | Phantom::MainTerminatedSpawn
        | Phantom::MainTerminatedForkserver
        | Phantom::MainTerminatedFlowing
        | Phantom::TerminatedAlone => kill(&pipeline, "TERM", pipeline.pid()),
        Phantom::BackendStopped => pipeline.signal_pid("STOP", pipeline.unit_pid("PUB")),
        Phantom::MainStopped | Phantom::MainStoppedFlowing => pipeline.signal("STOP"),
        Phantom::UnitBlocks | Phantom::UnitBlocksAlone => {
            pipeline.wait_event("blocks", PATIENCE);
        }
        Phantom::CleanupHangsAlone => {
            pipeline.wait_event("shutdown-hangs", PATIENCE);
        }
        Phantom::CleanupInterruptedAlone => {
            pipeline.wait_event("shutdown-hangs", PATIENCE);
            pipeline.interrupt();
            pipeline.wait_stderr(PATIENCE, &["Interrupted during unit shutdown"]);
            pipeline.interrupt();
            pipeline.wait_exit(PATIENCE);
        }
        Phantom::HelperSurvived => {
            pipeline.wait_event("helper", PATIENCE);
            kill(&pipeline, "KILL", pipeline.pid());
        }
        _ => kill(&pipeline, "KILL", pipeline.pid()),
    }
    pipeline
}

/// The person presses Ctrl-C while PUB takes its time, and everything else is ready.
fn interrupt_start(server: &Server, pipeline: &Pipeline, how: Phantom, name: &str) {
    let slow = pipeline.unit_pid("PUB");
    if how != Phantom::StartInterruptedAlone {
        server.wait_owned(&format!("{name}/SUB"));
    }
    // A Ctrl-C that comes before Python is ready for it is lost, and the person presses again.
    let deadline = Instant::now() + PATIENCE;
    pipeline.interrupt();
    while !pipeline.is_gone_within(slow, Duration::from_secs(2)) {
        assert!(Instant::now() < deadline, "{how:?}: {slow} does not heed Ctrl-C");
        pipeline.interrupt();
    }
}

/// `stop()` hangs in PUB's `shutdown`, the person presses Ctrl-C, and then kills what hangs.
fn interrupt_cleanup(pipeline: &mut Pipeline) {
    hang_cleanup(pipeline);
    pipeline.signal("INT");
    pipeline.wait_event("cleanup-failed", PATIENCE);
    kill(pipeline, "TERM", pipeline.unit_pid("PUB"));
    pipeline.tell("wait_for_backends()");
    pipeline.wait_event("backends-ended", PATIENCE);
}

/// `stop()` hangs in PUB's `shutdown`.
fn hang_cleanup(pipeline: &mut Pipeline) {
    pipeline.wait_event("started", PATIENCE);
    pipeline.tell("stop()");
    pipeline.wait_event("shutdown-hangs", PATIENCE);
}

fn kill(pipeline: &Pipeline, signal: &str, pid: u32) {
    pipeline.signal_pid(signal, pid);
    pipeline.wait_gone(pid, PATIENCE);
}
