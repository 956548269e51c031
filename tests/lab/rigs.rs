//! Healthy pipelines that graphctl 0.1.0 touched, and the programs beside them: `rigs.py`.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::PATIENCE;
use super::network::Side;
use super::process::Process;
use super::server::Server;

/// How many rows a recording has that ends: `ROWS` in `recording.py`.
const ROWS: usize = 100;

/// What writes a recording after the units have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// A `ThreadPoolExecutor` in the backend, which Python joins when the backend exits.
    Executor,
    /// A thread of the backend that is not a daemon.
    Thread,
    /// A function that the backend calls when it exits.
    AtExit,
    /// A child process of the backend, for which the backend waits when it exits.
    Child,
}

/// Where the `shutdown` of a unit waits for the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// In the backend, which writes the recording.
    Child,
    /// In the main process.
    Main,
    /// In both.
    Both,
}

/// What the backend of REC does, also after its main process was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It feeds a child process, which writes the recording.
    FeedsChild,
    /// It feeds a program outside of the pipeline by a Unix socket, which writes the recording.
    FeedsDisplay,
    /// It writes the recording, row by row.
    Writes,
    /// A worker of its process pool writes the recording, row by row.
    FillsPool,
    /// It keeps the file of the recording open, and appends one half of it when the test opens a gate.
    AppendsLate,
}

/// One scene of `rigs.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rig {
    /// A run of two processes whose units have ended by themselves. The backend still writes the recording, and
    /// the main process waits for the backend.
    Recorder(Writer),
    /// As `Recorder`, in a notebook: every unit has a backend, and `stop()` waits for them.
    RecorderInNotebook,
    /// As `Recorder` with an executor, in a daemon whose parent has exited.
    RecorderInDaemon,
    /// As `Recorder`, but it is `shutdown` that waits.
    SlowShutdown(Shutdown),
    /// The backend has left, and the main process waits before it takes its session down.
    SlowRevert,
    /// The pipeline DAQ/SRC -> DAQ/REC, which records without an end.
    LiveBelowDaq,
    /// The pipeline SYSTEM/SRC -> SYSTEM/REC, which records without an end, by a program that registers no metadata.
    LowLevel,
    /// A program without a session that runs the unit SYSTEM/SRC, and records without an end.
    Successor,
    /// A daemon that opened its session before it forked. It runs SYSTEM/REC in a thread, records without an end, and
    /// its session's event loop does not run any more.
    IdleDaemon,
    /// A notebook's pipeline that records without an end. Its program became a daemon after the start, and has closed
    /// all but its standard streams. It shares semaphores with the backends.
    LateDaemon,
    /// A pipeline as `LowLevel` with metadata, whose program starts all processes again when they have ended and the
    /// gate `restart` is open.
    Supervisor,
    /// The pipeline GLUE/SRC -> GLUE/REC, which also owns the edge SENSOR/PUB/OUTPUT -> DISPLAY/INPUT.
    Glue,
    /// The root unit DAQ in a spawned process, which waits in `initialize` for the gate `amplifier`.
    SlowDaq,
    /// SYSTEM/SUB has made its subscriber, and waits for the gate `port` before it makes its publisher and registers.
    HalfConnected,
    /// A tool without metadata that registered a process. It leaves when its stdin is closed.
    Tool,
    /// As `Tool`, after five others that came and left again.
    ManyTools,
    /// A launcher with a phantom of its own (CALIB). Its grandchild records (SYSTEM), and it reads the events of that.
    LauncherOfGrandchild,
    /// A notebook's pipeline with work in the backend of REC.
    Survivor(Work),
    /// A program with a phantom of its own (CALIB), which keeps values and prints them when it is asked for them.
    Interpreter,
}

impl Rig {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Recorder(writer) => match writer {
                Writer::Executor => &["recorder", "executor"],
                Writer::Thread => &["recorder", "thread"],
                Writer::AtExit => &["recorder", "atexit"],
                Writer::Child => &["recorder", "child"],
            },
            Self::RecorderInNotebook => &["recorder-notebook", "atexit"],
            Self::RecorderInDaemon => &["recorder-daemon", "executor"],
            Self::SlowShutdown(place) => match place {
                Shutdown::Child => &["recorder", "shutdown-child"],
                Shutdown::Main => &["recorder", "shutdown-main"],
                Shutdown::Both => &["recorder", "shutdown-both"],
            },
            Self::SlowRevert => &["recorder-slow-revert", "plain"],
            Self::LiveBelowDaq => &["live", "DAQ"],
            Self::LowLevel => &["low-level", "SYSTEM"],
            Self::Successor => &["successor"],
            Self::IdleDaemon => &["idle-daemon"],
            Self::LateDaemon => &["late-daemon"],
            Self::Supervisor => &["supervisor"],
            Self::Glue => &["glue"],
            Self::SlowDaq => &["slow-daq"],
            Self::HalfConnected => &["half-connected"],
            Self::Tool => &["tool"],
            Self::ManyTools => &["tool", "again"],
            Self::LauncherOfGrandchild => &["launcher", "grandchild"],
            Self::Survivor(work) => match work {
                Work::FeedsChild => &["survivor", "feeds-child"],
                Work::FeedsDisplay => &["survivor", "feeds-display"],
                Work::Writes => &["survivor", "writes"],
                Work::FillsPool => &["survivor", "fills-pool"],
                Work::AppendsLate => &["survivor", "appends-late"],
            },
            Self::Interpreter => &["interpreter"],
        }
    }

    /// The events that show that the scene is where the test wants it.
    const fn settled(self) -> &'static [&'static str] {
        match self {
            Self::Recorder(_)
            | Self::RecorderInNotebook
            | Self::RecorderInDaemon
            | Self::Survivor(_)
            | Self::SlowShutdown(Shutdown::Child) => &["half"],
            Self::SlowShutdown(Shutdown::Main) | Self::SlowRevert => &["main-waits"],
            Self::SlowShutdown(Shutdown::Both) => &["half", "main-waits"],
            Self::LiveBelowDaq
            | Self::LowLevel
            | Self::Successor
            | Self::IdleDaemon
            | Self::Supervisor
            | Self::Glue
            | Self::LauncherOfGrandchild => &["recording"],
            Self::LateDaemon => &["recording", "daemon"],
            Self::SlowDaq => &["initializing"],
            Self::HalfConnected => &["half-connected"],
            Self::Tool | Self::ManyTools => &["registered"],
            Self::Interpreter => &["calibrated"],
        }
    }
}

/// A running scene with the folder of its recording and its gates; dropping it ends all its processes.
pub struct Rigged {
    process: Process,
    folder: TempDir,
}

impl Rigged {
    /// Starts a scene, and waits until it is where the test wants it.
    pub fn start(server: &Server, rig: Rig) -> Self {
        let rigged = Self::launch(server.python(), Some(server.address()), rig.arguments());
        rigged.settle(rig);
        rigged
    }

    /// Starts one where no server runs, so that ezmsg starts one in its main process.
    pub fn with_own_server(python: &Path, rig: Rig) -> Self {
        let rigged = Self::launch(python, None, rig.arguments());
        rigged.settle(rig);
        rigged
    }

    /// Starts the pipeline NAME/SRC -> NAME/REC, which records without an end, at any server of this machine.
    pub fn live(python: &Path, address: &str, name: &str) -> Self {
        let rigged = Self::launch(python, Some(address), &["live", name]);
        rigged.wait_event("recording", PATIENCE);
        rigged
    }

    /// A launcher with a phantom on the first server (CALIB). Its child records (SYSTEM) on the second, and it reads
    /// the events of that.
    pub fn launcher_on_two_servers(first: &Server, second: &Server) -> Self {
        let arguments = ["launcher", second.address()];
        let rigged = Self::launch(first.python(), Some(first.address()), &arguments);
        rigged.settle(Rig::LauncherOfGrandchild);
        rigged
    }

    fn launch(python: &Path, address: Option<&str>, scene: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut arguments = vec![format!("--folder={}", folder.path().display())];
        arguments.extend(address.map(|address| format!("--address={address}")));
        arguments.extend(scene.iter().map(|it| (*it).to_owned()));
        let process = Process::start(&Side::default(), python, "rigs.py", &arguments);
        Self { process, folder }
    }

    fn settle(&self, rig: Rig) {
        for event in rig.settled() {
            self.wait_event(event, PATIENCE);
        }
    }

    /// The address of its own server.
    pub fn own_address(&self) -> String {
        let serving = self.wait_event("serving", PATIENCE);
        serving["address"].as_str().expect("the address is text").to_owned()
    }

    /// Opens a gate for which a part of the scene waits.
    pub fn open(&self, gate: &str) {
        fs::write(self.path(gate), "").expect("the folder can be written to");
    }

    /// The rows of its recording so far.
    pub fn rows(&self) -> Vec<usize> {
        let text = fs::read_to_string(self.path("rows")).expect("there is a recording");
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|row| row.parse().expect("a row is a number")).collect()
    }

    /// Lets the recording go on, and expects that all of it is written and that the scene ends by itself.
    #[track_caller]
    pub fn expect_whole(&self) {
        self.open("go-on");
        self.wait_event("ended", PATIENCE);
        assert_eq!(self.rows(), (0..ROWS).collect::<Vec<_>>(), "rows are missing");
    }

    /// Lets the work of a survivor go on, and expects that all of it is written.
    #[track_caller]
    pub fn expect_work_done(&self) {
        self.open("go-on");
        let written = self.wait_event("written", PATIENCE);
        let total = written["total"].as_u64().and_then(|it| it.try_into().ok());
        assert_eq!(
            self.rows(),
            (0..total.expect("a number")).collect::<Vec<_>>(),
            "rows are missing"
        );
    }

    /// The process of a unit (`SRC` or `REC`).
    pub fn unit_pid(&self, unit: &str) -> u32 {
        let is_it = |event: &Value| event["event"] == "unit" && event["unit"] == unit;
        let event = self.wait_for(&format!("the unit {unit}"), PATIENCE, is_it);
        u32::try_from(event["pid"].as_u64().expect("a pid")).expect("process ids are small")
    }

    /// Expects that a recording without an end has missed no row, and goes on.
    #[track_caller]
    pub fn expect_recording(&self) {
        let before = self.rows();
        self.wait_next("count");
        self.wait_next("count");
        let rows = self.rows();
        assert!(rows.len() > before.len(), "the recording stopped at row {}", rows.len());
        assert_eq!(rows, (0..rows.len()).collect::<Vec<_>>(), "rows are missing");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Deref for Rigged {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Rigged {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
