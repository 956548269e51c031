//! The processes below graphctl: who they are, and where they are connected to.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use procfs::ProcResult;
use procfs::process::Process;

use super::parents::Parents;
use super::process::{Identity, open_process, text, uptime};
use super::sockets;
use crate::host::Ends;
use crate::model::Holder;

/// The living processes below this one.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    top: i32,
    /// `NAME=value`, by which those are known that are meant.
    mark: Option<String>,
}

impl Tree {
    /// All of them.
    #[must_use]
    pub fn below() -> Self {
        Self::of(Path::new(super::ROOT), std::process::id().cast_signed(), None)
    }

    /// Those that were started with this in their environment, as `NAME=value`, and all below them. A shell
    /// that executed graphctl has left it children that are none of ours.
    #[must_use]
    pub fn marked(mark: String) -> Self {
        Self { mark: Some(mark), ..Self::below() }
    }

    pub(super) fn of(root: &Path, top: i32, mark: Option<String>) -> Self {
        Self { root: root.to_owned(), top, mark }
    }

    /// Oldest first. One whose parent ends while this is read may be missing.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn living(&self) -> ProcResult<Vec<Holder>> {
        let parents = Parents::read(&self.root)?;
        let now = uptime();
        let mut living = Vec::new();
        let mut next = vec![(self.top, self.mark.is_none())];
        while let Some((parent, ours)) = next.pop() {
            for &(pid, start) in parents.children(parent) {
                let process = open_process(&self.root, pid);
                let Ok(process) = process else { continue };
                let ours = ours || self.is_marked(&process);
                let holder = Identity::read(&process, now).map(|identity| identity.holder);
                // The pid may be another's by now.
                living.extend(holder.ok().filter(|it| ours && it.start == start));
                next.push((pid, ours));
            }
        }
        living.sort_by_key(|it| (it.start, it.pid));
        Ok(living)
    }

    fn is_marked(&self, process: &Process) -> bool {
        let environment = text(process, "environ").unwrap_or_default();
        self.mark.as_ref().is_some_and(|mark| environment.split('\0').any(|it| it == mark))
    }

    /// Their connections to this port of anybody, as far as they can be seen.
    #[must_use]
    pub fn connections(&self, living: &[Holder], port: u16) -> HashSet<Ends> {
        sockets::connections(&self.root, living, port)
    }

    /// Of these connections: those of which somebody of this machine holds the client's end.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn held(&self, connections: &[Ends]) -> ProcResult<HashSet<Ends>> {
        let sockets = sockets::of_clients(&self.root, connections)?;
        let held = connections.iter().zip(sockets).filter(|(_, socket)| socket.inode().is_some());
        Ok(held.map(|(ends, _)| *ends).collect())
    }
}
