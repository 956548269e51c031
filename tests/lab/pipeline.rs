//! A real pipeline whose messages flow through a real server.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::PATIENCE;
use super::network::{Network, Side};
use super::process::Process;
use super::python::environment;
use super::server::Server;

/// How multiprocessing makes the backends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartMethod {
    /// They inherit every socket of the main process.
    #[default]
    Fork,
    /// Fresh interpreters.
    Spawn,
    /// Forked from a helper that has no sockets.
    Forkserver,
}

/// Which of ezmsg's ways launches the pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runner {
    /// `run_blocking()`, as in a script: the main process owns the first units.
    #[default]
    Run,
    /// `start()`, as with `python -i`: backends own every unit; the main process obeys `tell("stop()")`.
    Start,
}

/// What goes wrong, or slowly, always in the unit PUB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fail {
    /// Nothing.
    #[default]
    Nothing,
    /// Its `initialize` raises.
    InitializeRaises,
    /// Its `shutdown` raises.
    ShutdownRaises,
    /// Its `shutdown` never ends; the event `shutdown-hangs` tells when.
    ShutdownHangs,
    /// It blocks the event loop of its process for good when it has been running; the event `blocks` tells when.
    BlocksLoop,
    /// Its `shutdown` takes until [`Pipeline::go_on`]; `shutdown-begins` and `shutdown-ends` tell when.
    SlowShutdown,
    /// It forks a helper that holds every socket open so far and outlives its parent.
    ForksHelper,
    /// It starts `cat` and holds the pipe that this reads from; the event `child` tells its pid.
    RunsChild,
    /// Its processes do not end on SIGTERM, and write from then on; only where backends are forked.
    WritesWhenAsked,
}

/// An unusual way to open a session, of a pipeline that is healthy all the same, at 200 messages a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// By a process that was forked a moment before, and is hardly older than the session.
    Forked,
    /// By one that becomes a daemon: a grandchild serves what a process that has left opened and registered.
    Daemon,
    /// By a process that was forked a moment before, and turns its event loop by hand.
    Polled,
    /// By a notebook with the pipelines FIRST and SECOND; `tell("stop()")` stops FIRST.
    Notebook,
}

/// How a larger program starts a pipeline of two processes: `starts.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// It calls `ez.run` in a thread.
    Thread,
    /// Its runner is a subclass with a `start` of its own, which waits for the order `go` after it opened its session.
    Subclass,
    /// Its runner is a subclass whose `start` calls that of `GraphRunner`, and reports `failed` or `started`.
    Notifying,
    /// Its backends are spawned. `start()` raises after that of SUB was started, and reports `failed`.
    Unpicklable,
    /// Its backends are spawned by a wrapper of Python. The event `wrapped` tells the `gate`, a file for which it
    /// waits.
    Wrapped,
    /// It has two runners. The pipeline FIRST runs. The other one fails as `Unpicklable` does.
    Two,
    /// It uses the low-level API, and registers its process when the order `go` comes.
    LowLevel,
    /// A Jupyter kernel, in which `runner.start()` is a cell. It requires [`Program::kernel`].
    Kernel,
}

impl Program {
    /// The python of an environment with a Jupyter kernel.
    pub fn kernel() -> PathBuf {
        environment(&["ezmsg==3.9.0", "ipykernel==7.4.0", "jupyter-client==8.10.0"])
    }
}

/// How a pipeline is to be; the default is one healthy process at 200 messages a second.
#[derive(Clone, Debug)]
pub struct Options {
    /// The root key; the units are `NAME/PUB` and `NAME/SUB`.
    pub name: String,
    /// Messages a second; at 0 it idles, and tells `count` but never `running`.
    pub rate: f64,
    /// Ends by itself after so many messages; 0 goes on for ever.
    pub messages: u32,
    /// 1, or 2: then PUB is in a backend of its own.
    pub processes: u8,
    /// How the backends are made.
    pub start_method: StartMethod,
    /// How it is launched.
    pub runner: Runner,
    /// How long PUB stays in `initialize`, unless [`Pipeline::finish_initialize`] ends it.
    pub slow_initialize: Duration,
    /// What goes wrong.
    pub fail: Fail,
    /// The interpreter stays open when the pipeline has ended, as a notebook's does.
    pub stay: bool,
    /// Writes nothing once it is `running`: no events that come again and again.
    pub quiet: bool,
    /// Its processes do not end on SIGTERM, and tell `asked`; only where backends are forked.
    pub stubborn: bool,
    /// What PUB opens in `initialize`: a unix socket, or a FIFO or file to write to.
    pub opens: Option<PathBuf>,
    /// The unit that is in the backend, `PUB` or `SUB`, if there are two processes.
    pub backend: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "SYSTEM".to_owned(),
            rate: 200.0,
            messages: 0,
            processes: 1,
            start_method: StartMethod::default(),
            runner: Runner::default(),
            slow_initialize: Duration::ZERO,
            fail: Fail::default(),
            stay: false,
            quiet: false,
            stubborn: false,
            opens: None,
            backend: "PUB",
        }
    }
}

impl Options {
    /// Healthy, with PUB in a backend and SUB in the main process.
    pub fn two_processes() -> Self {
        Self { processes: 2, ..Self::default() }
    }

    fn arguments(&self) -> Vec<String> {
        let start_method = format!("{:?}", self.start_method).to_lowercase();
        let runner = format!("{:?}", self.runner).to_lowercase();
        let fail = match self.fail {
            Fail::Nothing => "none",
            Fail::InitializeRaises => "initialize-raises",
            Fail::ShutdownRaises => "shutdown-raises",
            Fail::ShutdownHangs => "shutdown-hangs",
            Fail::BlocksLoop => "blocks-loop",
            Fail::SlowShutdown => "slow-shutdown",
            Fail::ForksHelper => "forks-helper",
            Fail::RunsChild => "runs-child",
            Fail::WritesWhenAsked => "writes-when-asked",
        };
        let mut arguments = vec![
            format!("--name={}", self.name),
            format!("--rate={}", self.rate),
            format!("--messages={}", self.messages),
            format!("--processes={}", self.processes),
            format!("--backend={}", self.backend),
            format!("--start-method={start_method}"),
            format!("--runner={runner}"),
            format!("--slow-initialize={}", self.slow_initialize.as_secs_f64()),
            format!("--fail={fail}"),
        ];
        arguments.extend(self.stay.then(|| "--stay".to_owned()));
        arguments.extend(self.quiet.then(|| "--quiet".to_owned()));
        arguments.extend(self.stubborn.then(|| "--stubborn".to_owned()));
        arguments.extend(self.opens.iter().map(|path| format!("--opens={}", path.display())));
        arguments
    }
}

/// A launched pipeline; dropping it ends all its processes.
pub struct Pipeline {
    process: Process,
    /// What was started is not its main process, but runs it.
    launched: bool,
}

impl Pipeline {
    /// Launches one. It may still be refused: wait for `running`, or for [`Pipeline::wait_refused`].
    pub fn start(server: &Server, options: &Options) -> Self {
        Self::start_on(server.side(), server, options)
    }

    /// Launches one on the client side of the server's network.
    pub fn start_in(network: &Network, server: &Server, options: &Options) -> Self {
        Self::start_on(network.client_side(), server, options)
    }

    /// Has a launcher, such as [`Side::run_by`], launch one: `pid` and `signal` are of its main process, and
    /// `wait_exit` of the launcher.
    pub fn launched_by(launcher: &Side, server: &Server, options: &Options) -> Self {
        Self { launched: true, ..Self::start_on(launcher, server, options) }
    }

    fn start_on(side: &Side, server: &Server, options: &Options) -> Self {
        let mut arguments = options.arguments();
        arguments.push(format!("--address={}", server.address()));
        arguments.extend(side.address().map(|host| format!("--host={host}")));
        let start = match options.runner {
            Runner::Run => Process::start,
            Runner::Start => Process::at_prompt,
        };
        Self::of(start(side, server.python(), "pipeline.py", &arguments))
    }

    const fn of(process: Process) -> Self {
        Self { process, launched: false }
    }

    /// Launches one where no server runs, so that ezmsg starts one in the main process of the pipeline.
    pub fn with_own_server(python: &Path, options: &Options) -> Self {
        let arguments = options.arguments();
        Self::of(Process::start(&Side::default(), python, "pipeline.py", &arguments))
    }

    /// Has a program start one. Of these options only those of `initialize` and of the unit in a backend count.
    pub fn started_by(program: Program, python: &Path, server: &Server, options: &Options) -> Self {
        let mode = match program {
            Program::LowLevel => "low-level".to_owned(),
            program => format!("{program:?}").to_lowercase(),
        };
        let fail =
            if options.fail == Fail::InitializeRaises { "initialize-raises" } else { "none" };
        let arguments = [
            format!("--address={}", server.address()),
            format!("--slow-initialize={}", options.slow_initialize.as_secs_f64()),
            format!("--fail={fail}"),
            format!("--backend={}", options.backend),
            mode,
        ];
        let start = match program {
            Program::Subclass | Program::Notifying | Program::Unpicklable | Program::Two => {
                Process::at_prompt
            }
            Program::Thread | Program::Wrapped | Program::LowLevel | Program::Kernel => {
                Process::start
            }
        };
        Self::of(start(server.side(), python, "starts.py", &arguments))
    }

    /// The address of its own server.
    pub fn own_address(&self) -> String {
        let serving = self.wait_event("serving", PATIENCE);
        serving["address"].as_str().expect("the address is text").to_owned()
    }

    /// Launches one whose session is opened in an unusual way.
    pub fn opened(server: &Server, opener: Opener) -> Self {
        let address = format!("--address={}", server.address());
        let mode = format!("{opener:?}").to_lowercase();
        let arguments = [address, mode];
        Self::of(Process::start(server.side(), server.python(), "openers.py", &arguments))
    }

    /// Launches one and waits until its messages flow.
    pub fn running(server: &Server, options: &Options) -> Self {
        let pipeline = Self::start(server, options);
        pipeline.wait_event("running", PATIENCE);
        pipeline
    }

    /// The id of its main process.
    pub fn pid(&self) -> u32 {
        if !self.launched {
            return self.process.pid();
        }
        let pid = self.wait_event("main", PATIENCE)["pid"].as_u64();
        u32::try_from(pid.expect("a pid")).expect("process ids are small")
    }

    /// The id of the process that was started to launch it.
    pub fn launcher(&self) -> u32 {
        self.process.pid()
    }

    /// Sends a signal (`TERM`, `KILL`, `STOP`, …) to the main process alone.
    pub fn signal(&self, name: &str) {
        self.signal_pid(name, self.pid());
    }

    /// Why the server refused the launch, from the traceback: where only a backend was refused, the run
    /// may hang, and no `refused` event comes of it.
    pub fn wait_refused(&self, patience: Duration) -> String {
        self.wait_stderr(
            patience,
            &["component address collision", "command failed: PROCESS_REGISTER"],
        )
    }

    /// The process of a unit (`PUB` or `SUB`), once it is there.
    pub fn unit_pid(&self, unit: &str) -> u32 {
        let is_it = |event: &Value| event["event"] == "unit" && event["unit"] == unit;
        let event = self.wait_for(&format!("the unit {unit}"), PATIENCE, is_it);
        u32::try_from(event["pid"].as_u64().expect("a pid")).expect("process ids are small")
    }

    /// The living ones among the main process and those that have announced a unit.
    pub fn pids(&self) -> Vec<u32> {
        let family = self.family();
        let mut pids: Vec<u32> = self
            .events()
            .iter()
            .filter_map(|event| event["pid"].as_u64()?.try_into().ok())
            .collect();
        pids.sort_unstable();
        pids.dedup();
        pids.retain(|pid| family.contains(pid));
        pids
    }

    /// Ends the slow `initialize` of PUB at once.
    pub fn finish_initialize(&self) {
        self.go_on();
    }

    /// Ends whatever PUB does slowly at once.
    pub fn go_on(&self) {
        self.signal_pid("WINCH", self.unit_pid("PUB"));
    }
}

impl Deref for Pipeline {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Pipeline {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
