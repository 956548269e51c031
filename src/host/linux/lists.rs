//! The kernel's lists of sockets other than TCP, in `/proc/PID/net`: those of the process's network namespace.

use std::collections::HashMap;

use procfs::ProcResult;
use procfs::process::Process;

use super::process::text;

/// A list with one line for each socket, and its columns, which are counted from 0.
pub(super) struct SocketList {
    name: &'static str,
    inode: usize,
}

/// Unix sockets. The flags are in column 3.
pub(super) const UNIX: SocketList = SocketList { name: "unix", inode: 6 };

/// UDP sockets over IPv4. The local address is in column 1.
pub(super) const UDP: SocketList = SocketList { name: "udp", inode: 9 };

/// UDP sockets over IPv6, with the same columns.
pub(super) const UDP6: SocketList = SocketList { name: "udp6", inode: 9 };

/// Netlink sockets.
pub(super) const NETLINK: SocketList = SocketList { name: "netlink", inode: 9 };

impl SocketList {
    /// By inode: what `value` finds in the columns of each socket.
    ///
    /// # Errors
    /// `NotFound` if the process has ended, or if the machine does not have this kind of socket.
    pub(super) fn read<T>(
        &self,
        process: &Process,
        value: impl Fn(&[&str]) -> Option<T>,
    ) -> ProcResult<HashMap<u64, T>> {
        let list = text(process, &format!("net/{}", self.name))?;
        let socket = |line: &str| {
            let columns: Vec<_> = line.split_whitespace().collect();
            Some((columns.get(self.inode)?.parse().ok()?, value(&columns)?))
        };
        Ok(list.lines().filter_map(socket).collect())
    }
}
