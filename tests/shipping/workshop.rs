//! Where recipes are tried, as somebody does who has copied them: in a folder with a pipeline, on a machine with
//! graphctl, and on a server where something died ten minutes ago.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::lab::{self, Clock, Options, Phantom, Pipeline, Server, phantom};
use crate::run::{GRAPHCTL, Run, finish};
use crate::stage::assert_full_rate;

/// Who takes longer, in seconds, is ended by `timeout`.
const WATCHDOG: &str = "300";

/// What recipes are run with.
const PACKAGES: [&str; 3] = ["ezmsg==3.9.0", "pytest==9.2.0", "PyYAML==6.0.3"];

/// Variables that this very test may be run with, and a recipe must not see.
const FOREIGN: [&str; 4] = ["GITHUB_", "GRAPHCTL_", "EZMSG_", "RUNNER_"];

/// A server with the pipeline HEALTHY, and a folder to work in. Its clock is set ten minutes ahead when all is there,
/// so that a phantom is as old as recipes want it.
pub(crate) struct Workshop {
    pub(crate) server: Server,
    clock: Clock,
    healthy: Pipeline,
    folder: TempDir,
    python: PathBuf,
}

impl Workshop {
    pub(crate) fn open() -> Self {
        let python = python();
        let clock = Clock::new();
        let server = Server::start_by(clock.side(), &python);
        let healthy =
            Pipeline::running(&server, &Options { name: "HEALTHY".into(), ..Options::default() });
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let workshop = Self { server, clock, healthy, folder, python };
        workshop.bring("tests/shipping/my_pipeline.py");
        workshop
    }

    /// One where SYSTEM is a phantom, which lives until the value is dropped.
    pub(crate) fn with_phantom() -> (Self, String) {
        let mut workshop = Self::open();
        let id = workshop.server.ghost_of(&["SYSTEM", "SYSTEM/PUB", "SYSTEM/SUB"]);
        workshop.clock.set(600);
        (workshop, id)
    }

    /// SYSTEM comes to this end, and ten minutes go by.
    pub(crate) fn ten_minutes_after(&self, how: Phantom) -> Pipeline {
        let phantom = phantom(&self.server, how, "SYSTEM");
        self.clock.set(600);
        phantom
    }

    /// One where SYSTEM runs, and must not be touched.
    pub(crate) fn with_a_healthy_system() -> (Self, Pipeline) {
        let workshop = Self::open();
        let system = Pipeline::running(&workshop.server, &Options::two_processes());
        workshop.clock.set(600);
        (workshop, system)
    }

    /// The folder that one works in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn python(&self) -> &Path {
        &self.python
    }

    /// Copies a file of this project there.
    pub(crate) fn bring(&self, file: &str) -> PathBuf {
        let source = project().join(file);
        let copy = self.folder().join(source.file_name().expect("files have names"));
        fs::copy(&source, &copy).expect("a file can be copied");
        copy
    }

    /// Copies a recipe there.
    pub(crate) fn bring_recipe(&self, name: &str) -> PathBuf {
        self.bring(&format!("examples/recipes/{name}"))
    }

    /// A command line as one types it there.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let graphctl = Path::new(GRAPHCTL).parent().expect("a program is in a folder");
        self.command_with(&[graphctl], words)
    }

    /// The same, where these folders of programs come first, and graphctl is in one of them, or nowhere.
    pub(crate) fn command_with(&self, folders: &[&Path], words: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", WATCHDOG]).args(words).current_dir(self.folder());
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if FOREIGN.iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        let python = self.python.parent().expect("a program is in a folder");
        let folders = folders.iter().copied().chain([python]).map(Path::to_path_buf);
        command
            .env("PATH", search_path(folders))
            .env("EZMSG_GRAPHSERVER_ADDR", self.server.address());
        command
    }

    /// Runs one to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        run(&mut self.command(words))
    }

    /// SYSTEM has gone, and HEALTHY has not been touched.
    #[track_caller]
    pub(crate) fn expect_cleared(&self) {
        let left = self.server.witness().sessions_of("SYSTEM");
        assert!(left.is_empty(), "the phantom is still there: {left:?}");
        self.expect_untouched(&self.healthy, "HEALTHY");
    }

    /// A pipeline is as it was.
    #[track_caller]
    pub(crate) fn expect_untouched(&self, pipeline: &Pipeline, name: &str) {
        assert_eq!(self.server.witness().sessions_of(name).len(), 1, "{name} is gone");
        assert_full_rate(pipeline);
    }
}

/// The python that recipes are run with.
pub(crate) fn python() -> PathBuf {
    lab::environment(&PACKAGES)
}

/// Where this project is.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn().expect("`timeout` starts"))
}

/// Folders of programs before those that there are.
fn search_path(folders: impl Iterator<Item = PathBuf>) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(folders.chain(env::split_paths(&path))).expect("no colon in a folder's name")
}

/// The block of code in the recipes' README that stands after a comment of this name.
pub(crate) fn block(name: &str) -> String {
    let readme = fs::read_to_string(project().join("examples/recipes/README.md"));
    let readme = readme.expect("the recipes have a README");
    let marker = format!("<!-- {name} -->\n```");
    let (_, rest) = readme.split_once(&marker).unwrap_or_else(|| panic!("no block {name}"));
    let (_, rest) = rest.split_once('\n').expect("the block begins on a line of its own");
    rest.split_once("```").expect("the block ends").0.to_owned()
}
