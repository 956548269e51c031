//! Private virtual environments with pinned packages, made once and kept under `target/lab/`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the python3 to build the environments with.
const PYTHON_VARIABLE: &str = "GRAPHCTL_TEST_PYTHON";

/// Prints the interpreter's version, and fails where ezmsg could not be installed with it.
const PROBE: &str = "import sys, venv, ensurepip; assert sys.version_info >= (3, 10); \
                     print('%d.%d' % sys.version_info[:2])";

/// The python of a virtual environment that holds `ezmsg==version`; see [`environment`].
///
/// # Panics
///
/// Without a usable python3, or when ezmsg cannot be installed.
pub fn ezmsg(version: &str) -> PathBuf {
    environment(&[&format!("ezmsg=={version}")])
}

/// The python of a virtual environment that holds these packages, each `name==version`, and what they need.
///
/// Safe to call from many tests, threads and processes at once: one of them makes the environment,
/// and the others wait for it. One whose making was interrupted is made anew.
///
/// # Panics
///
/// Without a usable python3, or when a package cannot be installed.
pub fn environment(packages: &[&str]) -> PathBuf {
    let base = std::env::var(PYTHON_VARIABLE).unwrap_or_else(|_| "python3".to_owned());
    environment_of(Path::new(&base), packages)
}

/// The same, made with this Python.
///
/// # Panics
///
/// As [`environment`].
pub fn environment_of(base: &Path, packages: &[&str]) -> PathBuf {
    let home = target_directory().join("lab");
    fs::create_dir_all(&home).expect("the lab's directory can be made");
    let name = packages.join("+").replace("==", "-");
    let name = format!("{name}-py{}", version_of(base));
    let venv = home.join(&name);
    let python = venv.join("bin/python");
    let ready = venv.join("graphctl-lab-ready");

    let lock = File::create(home.join(format!("{name}.lock"))).expect("the lock file can be made");
    lock.lock().expect("the lock can be taken");
    // The link to the interpreter dangles once that Python has been uninstalled.
    if !(ready.exists() && python.exists()) {
        make(base, &venv, &python, packages);
        fs::write(&ready, "").expect("the marker can be written");
    }
    python
}

/// The Python of this version, such as `3.14`, of the search path, of pyenv or of uv; `None` if this machine has none
/// that can make a virtual environment.
pub fn python_version(version: &str) -> Option<PathBuf> {
    let name = format!("python{version}");
    let managers = [("pyenv", &["root"][..], "versions"), ("uv", &["python", "dir"], "")];
    let managed = managers.into_iter().flat_map(|(manager, arguments, folder)| {
        let told = Command::new(manager).args(arguments).output().ok();
        let root = told.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
        let versions = root.and_then(|root| Path::new(&root).join(folder).read_dir().ok());
        versions.into_iter().flatten().filter_map(Result::ok).map(|it| it.path().join("bin"))
    });
    let all = std::iter::once(PathBuf::from(&name)).chain(managed.map(|it| it.join(&name)));
    let can_make = |it: &PathBuf| {
        let tried = Command::new(it).args(["-c", "import venv, ensurepip"]).output();
        tried.is_ok_and(|it| it.status.success())
    };
    all.into_iter().find(can_make)
}

fn make(base: &Path, venv: &Path, python: &Path, packages: &[&str]) {
    if venv.exists() {
        fs::remove_dir_all(venv).expect("a half-made environment can be removed");
    }
    must_run(base, [OsStr::new("-m"), OsStr::new("venv"), venv.as_os_str()]);
    let install = ["-m", "pip", "--disable-pip-version-check", "install", "-q"];
    must_run(python, [&install, packages].concat());
}

fn version_of(base: &Path) -> String {
    let help = format!(
        "the tests run real ezmsg pipelines and need Python 3.10 or newer with venv and pip: install \
         python3 (on Debian and Ubuntu: apt install python3 python3-venv), or name one in {PYTHON_VARIABLE}"
    );
    let name = base.display();
    let output = Command::new(base)
        .args(["-c", PROBE])
        .output()
        .unwrap_or_else(|error| panic!("`{name}` does not start ({error}); {help}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{name}` will not do; {help}\n{said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn must_run<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: impl IntoIterator<Item = A>) {
    let mut command = Command::new(program);
    let output = command.args(args).output().expect("a program that is there starts");
    assert!(
        output.status.success(),
        "{command:?} failed with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// Cargo's target directory: where this very test or example was built, whatever it is called.
fn target_directory() -> PathBuf {
    let marked = |directory: &&Path| directory.join("CACHEDIR.TAG").exists();
    std::env::current_exe()
        .ok()
        .and_then(|program| program.ancestors().skip(1).find(marked).map(Path::to_path_buf))
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"))
}
