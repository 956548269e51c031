//! A terminal with a program in it, graphctl as a rule.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command as AtTerminal, Pty, open};
use rustix::termios::{LocalModes, tcgetattr};
use vt100::Parser;

use crate::fake;
use crate::lab::PATIENCE;
use crate::run::command;

/// How often it is looked whether the screen shows what is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// In how many rows and columns the terminal is shown at the least: ours cannot be as small as one may be.
const LEAST: u16 = 2;

/// A terminal, what it shows, and who writes on it. Dropped, it hangs up.
pub(crate) struct Screen {
    pty: Arc<Pty>,
    shown: Arc<Mutex<Parser>>,
    written: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
    child: Child,
    /// How it was before.
    modes: LocalModes,
}

impl Screen {
    /// Runs graphctl at a terminal of this size.
    pub(crate) fn run(address: &str, arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::of(&command(address, arguments), columns, rows)
    }

    /// Runs any command there.
    pub(crate) fn of(prepared: &Command, columns: u16, rows: u16) -> Self {
        Self::of_reported(prepared, (columns.max(LEAST), rows.max(LEAST)), (columns, rows))
    }

    /// Runs any command at a terminal of a size that reports another; both in columns and rows.
    pub(crate) fn of_reported(
        prepared: &Command,
        (columns, rows): (u16, u16),
        reported: (u16, u16),
    ) -> Self {
        let environment = prepared.get_envs();
        let (set, unset): (Vec<_>, Vec<_>) = environment.partition(|(_, value)| value.is_some());
        let mut command = AtTerminal::new(prepared.get_program())
            .args(prepared.get_args())
            .envs(set.into_iter().filter_map(|(name, value)| Some((name, value?))))
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8");
        for (name, _) in unset {
            command = command.env_remove(name);
        }
        let (pty, pts) = open().expect("there are terminals");
        pty.resize(Size::new(reported.1, reported.0)).expect("it has a size");
        let modes = modes(&pty);
        let child = command.spawn(pts).expect("graphctl starts");
        let pty = Arc::new(pty);
        let shown = Arc::new(Mutex::new(Parser::new(rows, columns, 0)));
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let reader = thread::spawn({
            let (pty, shown, written) = (pty.clone(), shown.clone(), written.clone());
            move || {
                let mut bytes = [0; 4096];
                // It is an error to read from a terminal that nobody has open any more.
                while let Ok(count @ 1..) = (&*pty).read(&mut bytes) {
                    shown.lock().expect("nobody panics with it").process(&bytes[..count]);
                    written.lock().expect("nobody panics with it").extend(&bytes[..count]);
                }
            }
        });
        Self { pty, shown, written, reader: Some(reader), child, modes }
    }

    /// What stands on it.
    pub(crate) fn text(&self) -> String {
        self.shown.lock().expect("nobody panics with it").screen().contents()
    }

    /// All that stands on it, with its colours.
    pub(crate) fn picture(&self) -> vt100::Screen {
        self.shown.lock().expect("nobody panics with it").screen().clone()
    }

    /// Waits until it shows what is wanted.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}:\n{text}");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until this text stands on it.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(text, |shown| shown.contains(text))
    }

    /// Presses keys.
    pub(crate) fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("somebody reads keys");
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let (shown_rows, shown_columns) = (rows.max(LEAST), columns.max(LEAST));
        let mut shown = self.shown.lock().expect("nobody panics with it");
        shown.screen_mut().set_size(shown_rows, shown_columns);
        drop(shown);
        self.pty.resize(Size::new(rows, columns)).expect("it can be resized");
    }

    pub(crate) fn signal(&self, name: &str) {
        fake::signal(name, &self.child);
    }

    /// Waits for the end of graphctl, and expects the terminal to be as it was before.
    #[track_caller]
    pub(crate) fn expect_restored(mut self) -> ExitStatus {
        let status = self.ended();
        let shown = self.shown.lock().expect("nobody panics with it");
        assert!(!shown.screen().alternate_screen(), "the screen is not given back");
        assert!(!shown.screen().hide_cursor(), "the cursor is not given back");
        assert_eq!(modes(&self.pty), self.modes, "echo and line editing are not given back");
        status
    }

    /// Waits for the end of graphctl: all that it wrote, byte for byte.
    #[track_caller]
    pub(crate) fn written(mut self) -> String {
        self.ended();
        let written = std::mem::take(&mut *self.written.lock().expect("nobody panics with it"));
        String::from_utf8(written).expect("graphctl writes UTF-8")
    }

    #[track_caller]
    fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is our own child") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.text());
            thread::sleep(LOOK_EVERY);
        };
        self.reader.take().map(JoinHandle::join);
        status
    }
}

fn modes(pty: &Pty) -> LocalModes {
    tcgetattr(pty).expect("it is a terminal").local_modes
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A test that has failed must not leave it behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
