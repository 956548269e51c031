//! The machine on which it was measured.

use std::path::Path;
use std::process::Command;
use std::{fs, thread};

/// The ezmsg that is measured.
pub(crate) const EZMSG: &str = "3.9.0";

/// Sessions are open files, of which a program may have few unless it asks. What it starts inherits it.
pub(crate) fn allow_many_files() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Its cores and memory, and what the servers run with.
pub(crate) fn size(python: &Path) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = memory_gib().map_or_else(String::new, |gib| format!(", {gib} GiB"));
    let output = Command::new(python).arg("--version").output().expect("the lab's python starts");
    let version = String::from_utf8_lossy(&output.stdout);
    format!("{cores} cores{memory}, {}, ezmsg {EZMSG}", version.trim())
}

fn memory_gib() -> Option<u64> {
    let told = fs::read_to_string("/proc/meminfo").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib.div_ceil(1 << 20))
}
