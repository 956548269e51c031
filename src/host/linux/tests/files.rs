//! Files that a process may still write: open for writing, or mapped into its memory.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::fake::Fake;
use super::ties::{READS, WRITES, resources, seen};
use crate::host::linux::process::Identity;
use crate::host::linux::ties::ties;
use crate::host::linux::unix::Peers;
use crate::host::{ResourceKind, Unseen};

/// `O_RDWR`, and flags that do not matter here.
const BOTH: &str = "pos:\t0\nflags:\t02500002\n";

/// The files of pid 10 that are open for writing, or mapped.
fn files(fake: &Fake) -> Vec<String> {
    let path = |kind| match kind {
        ResourceKind::OpenFile(path) | ResourceKind::MappedFile(path) => path,
        other => panic!("{other:?} is no file"),
    };
    resources(fake, &Peers::new()).into_iter().map(|it| path(it.kind)).collect()
}

/// Makes a file, and returns its path.
fn make(fake: &Fake, name: &str) -> String {
    fake.write(name, "");
    fake.root().join(name).to_str().expect("it is text").to_owned()
}

#[test]
fn files_that_are_open_for_writing_are_named_once() {
    let fake = Fake::new();
    let (recording, notes) = (make(&fake, "day 1/eeg.dat"), make(&fake, "notes"));
    fake.process(10).holds(3, &recording, WRITES).holds(4, &recording, BOTH);
    fake.process(10).holds(5, &notes, READS).holds(6, "/dev/null", WRITES);
    fake.process(20).holds(3, &notes, WRITES);
    assert_eq!(files(&fake), [&*recording]);
    fake.process(10).holds(5, &notes, "");
    assert_eq!(files(&fake), [recording, notes], "it cannot be read how it was opened");
}

#[test]
fn a_file_that_is_the_output_counts_only_if_it_is_written_elsewhere_too() {
    let fake = Fake::new();
    let log = make(&fake, "log");
    fake.process(10).holds(1, &log, WRITES).holds(2, &log, WRITES);
    assert_eq!(files(&fake), [""; 0]);
    fake.process(10).holds(9, &log, WRITES);
    assert_eq!(files(&fake), [log]);
}

/// A program may copy a deleted file to its place, or link it there, before it exits.
#[test]
fn a_deleted_file_counts_unless_it_is_pythons_heap() {
    let fake = Fake::new();
    let deleted = make(&fake, "tmpx1 (deleted)");
    fake.process(10).holds(3, &deleted, BOTH);
    fake.process(10).holds(4, &make(&fake, "pymp-1/pym-17-x (deleted)"), BOTH);
    assert_eq!(files(&fake), [deleted]);
    let kept = make(&fake, "pym-17");
    fake.process(10).holds(3, &kept, BOTH);
    assert_eq!(files(&fake), [kept], "the heap has no name");
}

fn mapping(access: &str, path: &str) -> String {
    format!("7f00-7f01 {access} 00000000 08:01 77      {path}\n")
}

#[test]
fn files_that_can_be_written_through_memory_are_named() {
    let fake = Fake::new();
    fake.process(10);
    let maps = [
        mapping("r-xp", "/usr/bin/python3"),
        mapping("r--s", "/usr/lib/gconv.cache"),
        mapping("rw-p", "/usr/lib/libc.so.6"),
        mapping("rw-s", "/tmp/pymp-1/pym-1 (deleted)"),
        mapping("rw-s", "/data/day 1/eeg.dat"),
        mapping("rw-s", "/data/day 1/eeg.dat"),
        mapping("rw-s", "/data/old (deleted)"),
        mapping("rw-p", "[heap]"),
    ];
    fake.write("10/maps", &maps.concat());
    assert_eq!(files(&fake), ["/data/day 1/eeg.dat", "/data/old (deleted)"]);
    fake.remove("10/maps");
    assert_eq!(seen(&fake, &Peers::new()).err(), Some(Unseen::Hidden));
}

/// Another process may have mapped it too, and may need what this one writes there.
#[test]
fn shared_memory_counts_unless_python_made_it_for_itself() {
    let fake = Fake::new();
    fake.process(10);
    let maps = [
        mapping("rw-s", "/dev/shm/psm_b8b4aa99"),
        mapping("rw-s", "/dev/shm/sem.VmWzZV (deleted)"),
        mapping("rw-s", "/dev/shm/sem.mp-4x9q2k1z"),
        mapping("rw-s", "/dev/shm/pym-6534-v2zdp_an (deleted)"),
        mapping("rw-s", "/dev/zero (deleted)"),
        mapping("rw-s", "/dev/dri/card0"),
        mapping("rw-s", "anon_inode:[io_uring]"),
    ];
    fake.write("10/maps", &maps.concat());
    assert_eq!(files(&fake), [""; 0]);
    let counted = [
        "/SYSV0000002a (deleted)",
        "/dev/shm/eeg",
        "/dev/shm/lab/psm_1",
        "/dev/shm/sem.daq",
        "/dev/shm/stimuli (deleted)",
        "/memfd:frames (deleted)",
    ];
    fake.write("10/maps", &counted.map(|path| mapping("rw-s", path)).concat());
    assert_eq!(files(&fake), counted);
}

#[test]
fn the_kernel_shows_which_files_are_open_for_writing() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("recording");
    let this = procfs::process::Process::myself().expect("this process is running");
    let this = Identity::read(&this, std::time::Duration::ZERO).expect("it can be read").holder;
    let is_open = || {
        let ties = ties(Path::new("/proc"), std::slice::from_ref(&this), &Peers::new());
        let file = ResourceKind::OpenFile(path.to_str().expect("it is text").to_owned());
        let ties = ties.into_iter().next().expect("one process is asked for");
        ties.expect("it can be read").resources.iter().any(|it| it.kind == file)
    };
    let written = File::create(&path).expect("it can be made");
    assert!(written.as_raw_fd() > 2 && is_open());
    drop(written);
    let read = File::open(&path).expect("it is there");
    assert!(!is_open(), "it is only read");
    drop(read);
}

/// Makes shared memory that Python names by itself; with an argument, also shared memory of that name, and some without
/// a name. Prints a line when it is made, and exits when its standard input is closed.
const SHARES_MEMORY: &str = r#"
import mmap, multiprocessing, os, sys
from multiprocessing.shared_memory import SharedMemory
spawn = multiprocessing.get_context("spawn")
own = [SharedMemory(create=True, size=4096), multiprocessing.Barrier(2), spawn.Event(), spawn.Value("i")]
if sys.argv[1:]:
    named = SharedMemory(sys.argv[1], create=True, size=4096)
    nameless = os.memfd_create("frames")
    os.ftruncate(nameless, 4096)
    mapped = mmap.mmap(nameless, 4096)
print("ready", flush=True)
sys.stdin.read()
for memory in [own[0]] + ([named] if sys.argv[1:] else []):
    memory.close()
    memory.unlink()
"#;

/// The files that a process with this program and these arguments has mapped or open for writing.
fn files_of_python(arguments: &[&str]) -> Vec<ResourceKind> {
    let mut python = Command::new("python3")
        .args([&["-c", SHARES_MEMORY], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    let mut ready = String::new();
    let output = python.stdout.as_mut().expect("it is piped");
    BufReader::new(output).read_line(&mut ready).expect("it prints");
    let pid = i32::try_from(python.id()).expect("pids are small");
    let process = procfs::process::Process::new(pid).expect("it is running");
    let holder =
        Identity::read(&process, std::time::Duration::ZERO).expect("it can be read").holder;
    let ties = ties(Path::new("/proc"), &[holder], &Peers::new()).remove(0);
    drop(python.stdin.take());
    assert!(python.wait().expect("it ends").success());
    let files = ties.expect("it can be read").resources.into_iter().map(|it| it.kind);
    let is_file =
        |it: &ResourceKind| matches!(it, ResourceKind::OpenFile(_) | ResourceKind::MappedFile(_));
    files.filter(is_file).collect()
}

#[test]
fn real_shared_memory_of_a_program_counts_and_that_of_python_does_not() {
    assert_eq!(files_of_python(&[]), []);
    let name = format!("graphctl-test-{}", std::process::id());
    let paths = [format!("/dev/shm/{name}"), "/memfd:frames (deleted)".to_owned()];
    let open = paths.clone().map(ResourceKind::OpenFile);
    let mapped = paths.map(ResourceKind::MappedFile);
    assert_eq!(files_of_python(&[&name]), [open, mapped].concat());
}
