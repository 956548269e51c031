//! A program of the lab, Python's as a rule: its events, its orders, its signals and its end.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::Value;

use super::PATIENCE;
use super::family::Family;
use super::network::Side;
use super::schemas::event;
use super::transcript::Transcript;

/// A running program of the lab with all that it starts; dropping it ends them.
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<File>,
    events: Transcript,
    errors: Transcript,
    family: Family,
}

impl Process {
    /// Starts `tests/lab/SCRIPT` with these arguments, on this side.
    pub fn start(side: &Side, python: &Path, script: &str, args: &[String]) -> Self {
        Self::start_with(side, python, &[], script, args)
    }

    /// The same, with these options of Python besides.
    pub fn start_with(
        side: &Side,
        python: &Path,
        options: &[&str],
        script: &str,
        args: &[String],
    ) -> Self {
        Self::spawn(
            format!("{script} {}", args.join(" ")),
            python_command(side, python, &[&["-B"], options].concat(), script, args),
        )
    }

    /// The same with `python -i` at a terminal: when the script has ended, Python waits at its prompt.
    pub fn at_prompt(side: &Side, python: &Path, script: &str, args: &[String]) -> Self {
        let mut command = python_command(side, python, &["-B", "-i"], script, args);
        // The other prompt of Python 3.13 wakes up ten times a second, which proves nothing.
        command.env("PYTHON_BASIC_REPL", "1");
        let (terminal, stdin) = terminal().expect("a terminal can be made");
        let name = format!("{script} {}", args.join(" "));
        let mut process = Self::spawn_with(name, command, stdin.into());
        process.stdin = Some(terminal);
        process
    }

    /// Starts any command that tells events, as JSON lines on its stdout.
    pub fn spawn(name: String, command: Command) -> Self {
        Self::spawn_with(name, command, Stdio::piped())
    }

    fn spawn_with(name: String, mut command: Command, stdin: Stdio) -> Self {
        let family = Family::found();
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(family.id())
            .spawn()
            .expect("what the lab starts is there");
        Self {
            name,
            stdin: child.stdin.take().map(|it| File::from(OwnedFd::from(it))),
            events: Transcript::of(child.stdout.take().expect("stdout is piped")),
            errors: Transcript::of(child.stderr.take().expect("stderr is piped")),
            child,
            family,
        }
    }

    /// The id of the main process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The living processes of this program: the main one, its backends, multiprocessing's own.
    pub fn family(&self) -> Vec<u32> {
        self.family.members()
    }

    /// Every event so far.
    pub fn events(&self) -> Vec<Value> {
        self.events.lines().iter().filter_map(|line| event(line)).collect()
    }

    /// What it wrote to stderr so far: ezmsg's log from WARNING up, and tracebacks.
    pub fn stderr(&self) -> String {
        self.errors.lines().join("\n")
    }

    /// The first event of this name, which may have come already.
    pub fn wait_event(&self, name: &str, patience: Duration) -> Value {
        self.wait_for(&format!("the event `{name}`"), patience, |event| event["event"] == name)
    }

    /// The first event that `wanted` accepts, which may have come already.
    pub fn wait_for(
        &self,
        what: &str,
        patience: Duration,
        mut wanted: impl FnMut(&Value) -> bool,
    ) -> Value {
        let mut seen = 0;
        let found = self.events.wait(patience, |lines| {
            let mut fresh = lines[seen..].iter().filter_map(|line| event(line));
            let event = fresh.find(|event| wanted(event));
            seen = lines.len();
            event
        });
        found.unwrap_or_else(|| self.give_up(what, patience))
    }

    /// Waits for one more event of this name.
    pub fn wait_next(&self, name: &str) {
        let count = |events: &[Value]| events.iter().filter(|event| event["event"] == name).count();
        let before = count(&self.events());
        let mut seen = 0;
        self.wait_for(&format!("another event `{name}`"), PATIENCE, |event| {
            seen += usize::from(event["event"] == name);
            seen > before
        });
    }

    /// Waits for a line of stderr that holds one of these texts.
    pub fn wait_stderr(&self, patience: Duration, texts: &[&str]) -> String {
        let holds = |line: &&String| texts.iter().any(|text| line.contains(text));
        self.errors
            .wait(patience, |lines| lines.iter().find(holds).cloned())
            .unwrap_or_else(|| self.give_up(&format!("one of {texts:?} on stderr"), patience))
    }

    /// Writes an order to its stdin, in one piece: it may read without a buffer.
    pub fn tell(&mut self, order: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open until it is let go");
        stdin.write_all(format!("{order}\n").as_bytes()).expect("it reads its stdin");
    }

    /// Closes its stdin, which asks it to leave.
    pub fn let_go(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal (`TERM`, `KILL`, `STOP`, …) to the main process alone.
    pub fn signal(&self, name: &str) {
        self.signal_pid(name, self.pid());
    }

    /// Sends a signal to one process of this program.
    pub fn signal_pid(&self, name: &str, pid: u32) {
        self.family.signal(name, pid);
    }

    /// SIGINT to all processes of this program, as Ctrl-C at a terminal does.
    pub fn interrupt(&self) {
        self.family.signal_all("INT");
    }

    /// Waits for the main process to end.
    pub fn wait_exit(&mut self, patience: Duration) -> ExitStatus {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child can be waited for") {
                return status;
            }
            if Instant::now() > deadline {
                self.give_up("its end", patience);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether one process of this program is gone within that time.
    pub fn is_gone_within(&self, pid: u32, patience: Duration) -> bool {
        self.family.wait_gone(patience, |member| member == pid)
    }

    /// Waits until one process of this program is gone.
    pub fn wait_gone(&self, pid: u32, patience: Duration) {
        if !self.is_gone_within(pid, patience) {
            self.give_up(&format!("the end of process {pid}"), patience);
        }
    }

    /// Messages a second (of a pipeline: of its own run), by its own clock, over at least `span` from now.
    pub fn rate_over(&self, span: Duration) -> f64 {
        rate(&self.counts_over(span))
    }

    /// Two of its `count` events, both from now on, at least `span` apart: `total` and `at`, and of a
    /// pipeline `foreign` and `gaps` too.
    pub fn counts_over(&self, span: Duration) -> (Value, Value) {
        self.counts_where(span, |_| true)
    }

    /// As [`Process::rate_over`], of one of the runs in this program.
    pub fn rate_of(&self, run: &str, span: Duration) -> f64 {
        rate(&self.counts_where(span, |event| event["run"] == run))
    }

    fn counts_where(&self, span: Duration, wanted: impl Fn(&Value) -> bool) -> (Value, Value) {
        let before = self.events().len();
        let mut index = 0;
        let mut first: Option<Value> = None;
        let last = self.wait_for("its counts", PATIENCE + span, |event| {
            index += 1;
            if index <= before || event["event"] != "count" || !wanted(event) {
                return false;
            }
            let start = first.get_or_insert_with(|| event.clone())["at"].as_f64();
            event["at"]
                .as_f64()
                .zip(start)
                .is_some_and(|(at, start)| at - start >= span.as_secs_f64())
        });
        (first.expect("the last comes after a first"), last)
    }

    /// Panics with all this program had to say.
    pub(super) fn give_up(&self, what: &str, patience: Duration) -> ! {
        panic!(
            "waited {patience:?} in vain for {what} of: {}\n-- stdout\n{}\n-- stderr\n{}",
            self.name,
            self.events.lines().join("\n"),
            self.stderr(),
        )
    }
}

fn python_command(
    side: &Side,
    python: &Path,
    options: &[&str],
    script: &str,
    args: &[String],
) -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab").join(script);
    let mut command = side.command(python);
    command.args(options).arg(path).args(args);
    command.env("EZMSG_LOGLEVEL", "WARNING").env_remove("EZMSG_GRAPHSERVER_ADDR");
    command
}

/// Both ends of a terminal that does not echo: ours, and that of a program.
fn terminal() -> io::Result<(File, File)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let path = Path::new(name.to_str().map_err(io::Error::other)?);
    // It is not to become the terminal that controls the test.
    let flags = i32::try_from(OFlags::NOCTTY.bits()).map_err(io::Error::other)?;
    let theirs = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
    let mut settings = tcgetattr(&theirs)?;
    settings.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&theirs, OptionalActions::Now, &settings)?;
    Ok((File::from(ours), theirs))
}

fn rate((first, last): &(Value, Value)) -> f64 {
    let difference = |field: &str| {
        last[field].as_f64().expect("a number") - first[field].as_f64().expect("a number")
    };
    difference("total") / difference("at")
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stdin = None;
        self.family.end();
        let _ = self.child.wait();
    }
}
