//! The recipe of SECURITY.md: a server that only its own machine can reach, reached through SSH.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::lab::{Options, PATIENCE, Pipeline, Process, free_address};
use crate::run::{expect, graphctl};
use crate::stage::{assert_full_rate, server};

/// Where Unix keeps OpenSSH's server, which has to be started by its full path.
const SSHD: &str = "/usr/sbin/sshd";

/// An SSH server on the loopback, whose one user is whoever runs the test, and a tunnel through it.
struct Tunnel {
    near_end: String,
    _ssh: Process,
    _sshd: Process,
    _keys: TempDir,
}

impl Tunnel {
    /// # Errors
    /// There is no OpenSSH to make it with, or its server cannot run here: what it says of that.
    fn to(server: &str) -> Result<Self, String> {
        let keys = tempfile::tempdir().expect("a temporary folder can be made");
        let (host_key, user_key) = (key(keys.path(), "host")?, key(keys.path(), "user")?);
        let at = free_address();
        let (host, port) = at.rsplit_once(':').expect("an address has a port");
        let test = Command::new(SSHD).args(["-t", "-f", "/dev/null", "-h"]).arg(&host_key).output();
        let test = test.map_err(|error| format!("{SSHD}: {error}"))?;
        if !test.status.success() {
            return Err(String::from_utf8_lossy(&test.stderr).into_owned());
        }
        let mut sshd = Command::new(SSHD);
        sshd.args(["-D", "-e", "-f", "/dev/null", "-p", port, "-h"]).arg(&host_key);
        sshd.arg("-o").arg(format!("AuthorizedKeysFile={}.pub", user_key.display()));
        for option in ["ListenAddress=127.0.0.1", "PidFile=none", "StrictModes=no"] {
            sshd.args(["-o", option]);
        }
        let sshd = Process::spawn("sshd".into(), sshd);
        wait_until_open(&at, &sshd);
        let near_end = free_address();
        let mut ssh = Command::new("ssh");
        ssh.args(["-N", "-L", &format!("{near_end}:{server}"), host, "-p", port]);
        ssh.arg("-F").arg("/dev/null").arg("-i").arg(&user_key);
        for option in ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
        {
            ssh.args(["-o", option]);
        }
        let ssh = Process::spawn("ssh".into(), ssh);
        wait_until_open(&near_end, &ssh);
        Ok(Self { near_end, _ssh: ssh, _sshd: sshd, _keys: keys })
    }
}

fn key(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let path = folder.join(name);
    let mut keygen = Command::new("ssh-keygen");
    let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
    assert!(made.map_err(|error| format!("ssh-keygen: {error}"))?.success());
    Ok(path)
}

fn wait_until_open(address: &str, by: &Process) {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "nobody listens at {address}: {}", by.stderr());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn phantoms_are_reaped_through_a_tunnel() {
    let mut server = server();
    let tunnel = match Tunnel::to(server.address()) {
        Ok(tunnel) => tunnel,
        Err(why) => return eprintln!("skipped: {why}"),
    };
    let healthy = Pipeline::running(&server, &Options::two_processes());
    server.ghost_of(&["PHANTOM", "PHANTOM/PUB", "PHANTOM/SUB"]);
    let listing = ["sessions", "list", "--state", "stale"];
    let run = graphctl(&tunnel.near_end, &listing);
    assert!(run.stdout.ends_with("stale ghost  PHANTOM, PHANTOM/PUB, PHANTOM/SUB\n"), "{run:#?}");
    let run = graphctl(&tunnel.near_end, &["sessions", "reap", "--kill", "-o", "name"]);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 1), "{run:#?}");
    expect(&graphctl(&tunnel.near_end, &listing), 0, "ID  AGE  IDLE  STATE  COMPONENTS\n", "");
    assert_full_rate(&healthy);
}
