//! A machine whose clock can be set: programs on it see another time of day, and the same everything else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::network::Side;

/// Compiles a library of the lab into a folder, to be loaded before those of a program.
///
/// # Panics
///
/// Without a C compiler.
pub fn compile(folder: &Path, name: &str) -> PathBuf {
    let library = folder.join(format!("{name}.so"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/lab/{name}.c"));
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source);
    assert!(compiler.status().expect("there is a C compiler").success(), "{compiler:?}");
    library
}

/// A clock that goes as this machine's does until it is set.
pub struct Clock {
    folder: TempDir,
    side: Side,
}

impl Clock {
    /// Makes one.
    ///
    /// # Panics
    ///
    /// Without a C compiler.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let library = compile(folder.path(), "clock");
        let file = folder.path().join("seconds");
        let variables = [("LD_PRELOAD", &library), ("CLOCK_SET_BY", &file)];
        let variables = variables.map(|(name, path)| format!("{name}={}", path.display()));
        let side = Side::run_by(&["env", &variables[0], &variables[1]]);
        let clock = Self { folder, side };
        clock.set(0);
        clock
    }

    /// Where it shows the time.
    pub fn side(&self) -> &Side {
        &self.side
    }

    /// Sets it, in one step, so many seconds off this machine's.
    pub fn set(&self, seconds: i64) {
        let [file, new] = ["seconds", "new"].map(|name| self.folder.path().join(name));
        fs::write(&new, seconds.to_string()).expect("it can be written");
        fs::rename(new, file).expect("it can be moved");
    }
}
