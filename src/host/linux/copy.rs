//! A copy of what another machine's `/proc` showed, laid out as `/proc` is: what reads one reads the other.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::holders::holders;
use super::sockets::Socket;
use crate::host::{Connection, RawProc};
use crate::model::Holding;

/// A folder in memory, which may be missing or full. On a disk, making so many small files took most of a reap's time.
const IN_MEMORY: &str = "/dev/shm";

/// How many digits a pid, a thread or a descriptor has at the most.
const LONGEST_NUMBER: usize = 10;

/// See [`crate::host::holders_in`].
pub(in crate::host) fn holders_in(
    raw: RawProc,
    connections: &[Connection],
) -> io::Result<Vec<Holding>> {
    let copy = ProcCopy::new(&raw)?;
    let mut samples: VecDeque<_> = raw.samples.into();
    let mut next_sample = || {
        // A file that is not sent again, or cannot be written, keeps the text of the previous sample.
        for (path, text) in samples.pop_front().into_iter().flatten() {
            drop(copy.file(&path, &text));
        }
    };
    next_sample();
    let socket = |found: &Option<(u64, u32)>| match *found {
        None => Socket::Elsewhere,
        Some((0, _)) => Socket::Closed,
        Some((inode, uid)) => Socket::Open { inode, uid },
    };
    let sockets: Vec<_> = raw.sockets.iter().map(socket).collect();
    if sockets.len() != connections.len() {
        return Err(io::Error::other("the server did not answer for each connection"));
    }
    holders(copy.root(), connections, &sockets, raw.uptime, &mut next_sample)
        .map_err(io::Error::other)
}

struct ProcCopy {
    directory: TempDir,
}

impl ProcCopy {
    fn new(raw: &RawProc) -> io::Result<Self> {
        Self::new_in(Path::new(IN_MEMORY), raw).or_else(|_| Self::new_in(&env::temp_dir(), raw))
    }

    fn new_in(folder: &Path, raw: &RawProc) -> io::Result<Self> {
        let copy = Self { directory: TempDir::new_in(folder)? };
        for (path, text) in &raw.files {
            copy.file(path, text)?;
        }
        for (path, target) in &raw.links {
            copy.link(path, target)?;
        }
        Ok(copy)
    }

    fn root(&self) -> &Path {
        self.directory.path()
    }

    fn file(&self, path: &str, text: &str) -> io::Result<()> {
        if !is_file(path) {
            return Err(unexpected(path));
        }
        fs::write(self.place(path)?, text)
    }

    fn link(&self, path: &str, target: &str) -> io::Result<()> {
        if !is_link(path, target) {
            return Err(unexpected(path));
        }
        symlink(target, self.place(path)?)
    }

    /// The path of an entry in the copy. Makes the folders above it.
    fn place(&self, path: &str) -> io::Result<PathBuf> {
        let place = self.root().join(path);
        place.parent().map_or(Ok(()), fs::create_dir_all)?;
        Ok(place)
    }
}

fn unexpected(path: &str) -> io::Error {
    io::Error::other(format!("the server shows {path:?}, which was not asked for"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_NUMBER && text.bytes().all(|it| it.is_ascii_digit())
}

/// Whether graphctl asks for a file at this path. Otherwise the server could name any file of this machine, or a path
/// through a link that it has sent before.
fn is_file(path: &str) -> bool {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["self", "mountinfo"] => true,
        [pid, "fd" | "stat" | "status" | "cmdline" | "maps"] => is_number(pid),
        [pid, "fdinfo", fd] => is_number(pid) && is_number(fd),
        [pid, "task", thread, "stat" | "syscall" | "wchan"] => is_number(pid) && is_number(thread),
        _ => false,
    }
}

/// Whether graphctl asks for a link at this path. The target of `exe` may be any path: it is compared, and never
/// opened. No other target may contain a slash.
fn is_link(path: &str, target: &str) -> bool {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["self", "ns", "net" | "pid"] => !target.contains('/'),
        [pid, "exe"] => is_number(pid),
        [pid, "fd", fd] => is_number(pid) && is_number(fd) && !target.contains('/'),
        _ => false,
    }
}
