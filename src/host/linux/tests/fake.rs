//! A made-up `/proc`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::ties::{READS, WRITES};
use super::{SERVER, session};
use crate::host::linux::process::uptime;
use crate::host::linux::stacks::StackReaders;
use crate::host::linux::{Machine, holders, sockets};
use crate::host::{Connection, Host as _};
use crate::model::Holding;

/// The user of all made-up sockets.
pub(super) const USER: u32 = 1000;

pub(super) struct Fake {
    directory: TempDir,
}

impl Fake {
    /// A machine that shows everything to everybody, and has pid 1 only.
    pub(super) fn new() -> Self {
        let fake = Self { directory: TempDir::new().expect("a directory can be made") };
        fake.write("net/tcp", "  sl  local_address rem_address\n");
        fake.write("self/mountinfo", "");
        fake.write("sys/kernel/random/boot_id", "some-boot\n");
        fake.link("self/ns/pid", "pid:[4026531836]");
        fake.link("self/ns/net", "net:[4026531840]");
        fake.process(1).parent(0).user(0);
        fake
    }

    pub(super) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn machine(&self) -> Machine {
        Machine { root: self.root().into(), readers: StackReaders::default() }
    }

    /// A path below the root, with all that it takes to write there.
    fn place(&self, path: &str) -> PathBuf {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("it can be made");
        path
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.place(path);
        drop(fs::remove_dir(&path));
        fs::write(path, text).expect("it can be written");
    }

    pub(super) fn link(&self, path: &str, target: &str) {
        let path = self.place(path);
        drop(fs::remove_file(&path));
        symlink(target, path).expect("it can be linked");
    }

    /// Something that even root cannot read: a directory where a file should be, or the reverse.
    pub(super) fn obstruct(&self, path: &str) {
        let path = self.root().join(path);
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("it can be removed");
            fs::write(&path, "").expect("it can be written");
        } else {
            drop(fs::remove_file(&path));
            fs::create_dir_all(&path).expect("it can be made");
        }
    }

    pub(super) fn remove(&self, path: &str) {
        let path = self.root().join(path);
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.expect("it can be removed");
    }

    /// Adds a client's socket, as the kernel lists it for IPv4.
    pub(super) fn socket(&self, port: u16, inode: u64) {
        let line = format!(
            "   0: 0100007F:{port:04X} 0100007F:{SERVER:04X} 01 00000000:00000000 00:00000000 00000000  {USER}        0 {inode} 1\n"
        );
        self.append("net/tcp", &line);
    }

    pub(super) fn append(&self, path: &str, text: &str) {
        let before = fs::read_to_string(self.root().join(path)).unwrap_or_default();
        self.write(path, &(before + text));
    }

    /// A process without descriptors, with one thread that runs.
    pub(super) fn process(&self, pid: u32) -> Process<'_> {
        let process = Process {
            fake: self,
            pid,
            state: 'S',
            parent: 1,
            session: 5,
            flags: 0,
            start: 100,
            threads: 1,
            users: [USER; 4],
        };
        if !process.path("fd").exists() {
            fs::create_dir_all(process.path("fd")).expect("it can be made");
            self.maps_semaphore(pid, pid);
            self.link(&format!("{pid}/exe"), "/usr/bin/python3.11");
        }
        process.thread(pid, "running", "0").write()
    }

    /// A process has mapped this semaphore of Python's multiprocessing, and nothing else.
    pub(super) fn maps_semaphore(&self, pid: u32, inode: u32) {
        let mapped =
            format!("7f00-7f01 rw-s 00000000 00:1a {inode} /dev/shm/sem.abcdef (deleted)\n");
        self.write(&format!("{pid}/maps"), &mapped);
    }

    pub(super) fn holders(&self, connections: &[Connection]) -> Vec<Holding> {
        self.machine().holders(connections)
    }

    /// Who holds the socket of a session.
    pub(super) fn session(&self, port: u16) -> Holding {
        self.holders(&[session(port)]).remove(0)
    }

    /// The same, with something that happens at each pause; also how many there were.
    pub(super) fn watch(
        &self,
        connections: &[Connection],
        mut at_pause: impl FnMut(usize),
    ) -> (Vec<Holding>, usize) {
        let mut pauses = 0;
        let mut pause = || {
            pauses += 1;
            at_pause(pauses);
        };
        let sockets = sockets::clients(self.root(), connections).expect("a list of sockets");
        let now = uptime();
        let holdings = holders::holders(self.root(), connections, &sockets, now, &mut pause);
        (holdings.expect("everything can be read"), pauses)
    }
}

/// A made-up process; every change is written at once.
pub(super) struct Process<'a> {
    pub(super) fake: &'a Fake,
    pub(super) pid: u32,
    state: char,
    parent: u32,
    session: u32,
    flags: u32,
    start: u64,
    threads: u32,
    users: [u32; 4],
}

impl Process<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.fake.root().join(self.pid.to_string()).join(name)
    }

    fn write(self) -> Self {
        let Self { fake, pid, state, parent, session, flags, start, threads, users } = self;
        let stat = format!(
            "{pid} (py thon)) {state} {parent} 0 {session} 0 -1 {flags} 0 0 0 0 0 0 0 0 20 0 {threads} 0 {start}{}\n",
            " 0".repeat(30)
        );
        fake.write(&format!("{pid}/stat"), &stat);
        let status = fs::read_to_string("/proc/self/status").expect("this process has a status");
        let status = status.lines().map(|line| match line.split_once('\t') {
            Some(("Uid:", _)) => {
                format!("Uid:\t{}\t{}\t{}\t{}\n", users[0], users[1], users[2], users[3])
            }
            _ => format!("{line}\n"),
        });
        fake.write(&format!("{pid}/status"), &status.collect::<String>());
        self
    }

    pub(super) fn state(self, state: char) -> Self {
        Self { state, ..self }.write()
    }

    pub(super) fn parent(self, parent: u32) -> Self {
        Self { parent, ..self }.write()
    }

    /// Its Unix session.
    pub(super) fn session(self, session: u32) -> Self {
        Self { session, ..self }.write()
    }

    pub(super) fn flags(self, flags: u32) -> Self {
        Self { flags, ..self }.write()
    }

    pub(super) fn start(self, start: u64) -> Self {
        Self { start, ..self }.write()
    }

    pub(super) fn threads(self, threads: u32) -> Self {
        Self { threads, ..self }.write()
    }

    pub(super) fn user(self, user: u32) -> Self {
        self.users([user; 4])
    }

    pub(super) fn users(self, users: [u32; 4]) -> Self {
        Self { users, ..self }.write()
    }

    pub(super) fn command(self, arguments: &str) -> Self {
        self.fake.write(&format!("{}/cmdline", self.pid), arguments);
        self
    }

    /// Lets it hold a socket.
    pub(super) fn socket(self, fd: u32, inode: u64) -> Self {
        self.fake.link(&format!("{}/fd/{fd}", self.pid), &format!("socket:[{inode}]"));
        self
    }

    /// Gives it an epoll instance that watches these sockets.
    pub(super) fn epoll(self, fd: u32, watched: &[u64]) -> Self {
        self.fake.link(&format!("{}/fd/{fd}", self.pid), "anon_inode:[eventpoll]");
        let lines = watched.iter().map(|inode| {
            format!("tfd:        8 events:       19 data:                8  pos:0 ino:{inode:x} sdev:8\n")
        });
        let text = "pos:\t0\nflags:\t02000002\n".to_owned() + &lines.collect::<String>();
        self.fake.write(&format!("{}/fdinfo/{fd}", self.pid), &text);
        self
    }

    /// Lets it hold its ends of the two pipes that connect it to the program that forked it.
    pub(super) fn forked_by_multiprocessing(self) -> Self {
        let pid = self.pid;
        for list in ["unix", "udp"] {
            self.fake.write(&format!("{pid}/net/{list}"), "");
        }
        let (from_program, to_program) = (format!("pipe:[{pid}0]"), format!("pipe:[{pid}1]"));
        self.holds(90, &from_program, READS).holds(91, &to_program, WRITES)
    }

    /// Gives it a thread that is in this system call, and sleeps there in the kernel.
    pub(super) fn thread(self, thread: u32, syscall: &str, wchan: &str) -> Self {
        let path = |file: &str| format!("{}/task/{thread}/{file}", self.pid);
        self.fake.write(&path("stat"), "");
        self.fake.write(&path("syscall"), syscall);
        self.fake.write(&path("wchan"), wchan);
        self
    }

    /// Gives it a thread whose system call may not be read.
    pub(super) fn secretive(self, thread: u32, wchan: &str) -> Self {
        let process = self.thread(thread, "", wchan);
        process.fake.obstruct(&format!("{}/task/{thread}/syscall", process.pid));
        process
    }
}
