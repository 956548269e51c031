//! The packages for Python: made as every front end makes them, and installed as people install them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::lab::{self, Client, PATIENCE, Process, Server};
use crate::run::{Run, finish};
use crate::stage;

const ADDRESS: &str = "EZMSG_GRAPHSERVER_ADDR";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = concat!("graphctl ", env!("CARGO_PKG_VERSION"), "\n");

/// Nothing but what is named.
const OFFLINE: [&str; 2] = ["--no-index", "--no-deps"];

/// What a package tells of itself.
const METADATA: &str = "\
import json; from importlib.metadata import distribution
it = distribution('graphctl'); said = it.metadata
print(json.dumps([said['Name'], it.version, said['License-Expression'], said['Description-Content-Type'],
                  said.get_payload(), it.read_text('licenses/LICENSE')]))";

/// A folder of these tests, empty at first, and kept for who wants to look at what was made.
fn folder(name: &str) -> PathBuf {
    let folder = home().join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("what an earlier run left can be removed");
    }
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("wheel")
}

/// What was made of this very tree: a source distribution, and a wheel of nothing but that.
static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
    // Other tests run what is in the folder that all else is built in.
    let target = home().join("target");
    // Files of a source distribution are all equally old: Cargo does not see which of them are new.
    let clean = ["clean", "--locked", "--quiet", "--package=graphctl"];
    succeed(Command::new(env!("CARGO")).args(clean).env("CARGO_TARGET_DIR", &target));
    let maker = Environment::new("maker");
    succeed(maker.pip().arg("build"));
    let made = folder("made");
    let mut build = maker.python(&["-m", "build", "--outdir"]);
    build.args([&*made, Path::new(ROOT)]);
    // Unoptimized, and without what debuggers need, it is there soonest.
    build.env("CARGO_TARGET_DIR", target).env("CARGO_PROFILE_DEV_DEBUG", "0");
    succeed(build.env("MATURIN_PEP517_ARGS", "--profile dev"));
    made
});

/// The one file that was made with such an end of its name.
fn made(end: &str) -> PathBuf {
    let files = fs::read_dir(&*MADE).expect("it is there").map(|it| it.expect("a file").path());
    let mut found = files.filter(|it| it.to_string_lossy().ends_with(end));
    let file = found.next().expect("it was made");
    assert_eq!(found.next(), None);
    file
}

/// The environment that the wheel was installed into, without a network, beside ezmsg.
static INSTALLED: LazyLock<Environment> = LazyLock::new(|| {
    let environment = Environment::new("installed");
    succeed(environment.pip().args(OFFLINE).arg(made(".whl")));
    // The lab's own environment is in use: its packages are seen here, too.
    let packages = ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"];
    let there = succeed(Command::new(lab::ezmsg("3.9.0")).args(packages)).stdout;
    let here = succeed(&mut environment.python(&packages)).stdout;
    fs::write(Path::new(here.trim()).join("lab.pth"), there).expect("it can be written");
    environment
});

/// A virtual environment of these tests' own.
struct Environment(PathBuf);

impl Environment {
    fn new(name: &str) -> Self {
        let home = folder(name);
        succeed(Command::new(lab::ezmsg("3.9.0")).args(["-m", "venv"]).arg(&home));
        Self(home)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.0.join("bin").join(program));
        command.args(arguments);
        command
    }

    fn python(&self, arguments: &[&str]) -> Command {
        self.command("python", arguments)
    }

    fn module(&self, arguments: &[&str]) -> Command {
        self.python(&[&["-m", "graphctl"], arguments].concat())
    }

    fn pip(&self) -> Command {
        self.python(&["-m", "pip", "--disable-pip-version-check", "install", "--quiet"])
    }
}

fn run(command: &mut Command) -> Run {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn().expect("it starts"))
}

#[track_caller]
fn succeed(command: &mut Command) -> Run {
    let run = run(command);
    assert_eq!(run.code, 0, "{command:?}: {run:#?}");
    run
}

#[test]
fn a_source_distribution_is_what_it_takes_to_build_it() {
    let listing = succeed(Command::new("tar").arg("-tzf").arg(made(".tar.gz"))).stdout;
    let inside = |line: &str| line.split('/').nth(1).expect("all is in one folder").to_owned();
    let mut names: Vec<_> = listing.lines().map(inside).collect();
    names.sort();
    names.dedup();
    let cargo = ["CHANGELOG.md", "Cargo.lock", "Cargo.toml", "LICENSE", "PKG-INFO", "README.md"];
    let rest = ["SECURITY.md", "pyproject.toml", "python", "src"];
    assert_eq!(names, [&cargo[..], &rest].concat());
}

#[test]
fn a_wheel_says_what_it_is() {
    let told = succeed(&mut INSTALLED.python(&["-c", METADATA])).stdout;
    let told: [String; 6] = serde_json::from_str(&told).expect("six texts");
    let [name, version, license, kind, description, license_text] = told;
    assert_eq!((&*name, &*version, &*license), ("graphctl", env!("CARGO_PKG_VERSION"), "MIT"));
    assert!(kind.starts_with("text/markdown"), "{kind}");
    assert_eq!(description.trim_end(), file("README.md").trim_end());
    assert_eq!(license_text, file("LICENSE"));
}

/// A file of this tree.
fn file(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).expect("it is there")
}

#[test]
fn it_lists_sessions_from_the_environment_of_ezmsg() {
    let server = Server::start(&INSTALLED.0.join("bin/python"));
    let session = Client::silent_session(&server, &["KEY"]);
    let listing = ["--address", server.address(), "sessions", "list", "-o", "json"];
    for mut graphctl in [INSTALLED.command("graphctl", &listing), INSTALLED.module(&listing)] {
        let listed = succeed(&mut graphctl).json();
        assert_eq!(listed["sessions"][0]["id"], session.session_id(), "{listed:#}");
    }
}

#[test]
fn python_becomes_the_program() {
    assert_eq!(succeed(&mut INSTALLED.command("graphctl", &["--version"])).stdout, VERSION);
    assert_eq!(succeed(&mut INSTALLED.module(&["--version"])).stdout, VERSION);

    let guarded = ["run", "--", "sh", "-c", "grep Sig.gn /proc/self/status; exit 7"];
    let expected = run(INSTALLED.command("graphctl", &guarded).env_remove(ADDRESS));
    assert_eq!(expected.code, 7, "{expected:#?}");
    assert_eq!(run(INSTALLED.module(&guarded).env_remove(ADDRESS)), expected);

    let server = stage::server();
    let _session = Client::silent_session(&server, &["KEY"]);
    let watch = ["--address", server.address(), "sessions", "watch", "-o", "jsonl"];
    let mut watch = Process::spawn("a watch".to_owned(), INSTALLED.module(&watch));
    watch.wait_event("appeared", PATIENCE);
    watch.signal("TERM");
    assert_eq!(watch.wait_exit(PATIENCE).code(), Some(0), "{}", watch.stderr());
}

#[test]
fn a_target_of_pip_has_its_own_program() {
    let target = folder("pip-target");
    succeed(INSTALLED.pip().args(OFFLINE).arg("--target").arg(&target).arg(made(".whl")));
    let mut module = Command::new(lab::ezmsg("3.9.0"));
    module.args(["-m", "graphctl", "--version"]).env("PYTHONPATH", &target);
    assert_eq!(succeed(&mut module).stdout, VERSION);

    fs::remove_file(target.join("bin/graphctl")).expect("it is there");
    let missing = run(&mut module);
    let told = "graphctl: the program is missing from this installation\n";
    assert_eq!((missing.code, &*missing.stderr), (127, told));
}
