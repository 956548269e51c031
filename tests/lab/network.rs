//! Two hosts on one machine: network namespaces joined by a cable that can be cut.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use super::family::Family;

/// Keeps a namespace for as long as our end of its stdin is open.
const HOLD: &str = "echo held; read -r line";

/// How to get a network of one's own: as root, or else as the root of a user namespace.
const WAYS: [&[&str]; 2] = [&["--net"], &["--user", "--map-root-user", "--net"]];

/// One end of the cable, named after the host it is plugged into.
struct End {
    device: &'static str,
    address: &'static str,
    hardware: &'static str,
}

const SERVER: End = End { device: "server", address: "10.77.0.1", hardware: "02:00:00:00:77:01" };
const CLIENT: End = End { device: "client", address: "10.77.0.2", hardware: "02:00:00:00:77:02" };

/// A hardware address that nobody has: what is sent there is gone, and nobody is told.
const NOWHERE: &str = "02:00:00:00:77:ff";

/// Where a program runs: on one side of a [`Network`], or on this machine as it is.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// What to put before its command line.
    prefix: Vec<String>,
    address: Option<&'static str>,
}

impl Side {
    /// This machine, where programs are run by this one: their command lines follow its own.
    pub fn run_by(launcher: &[&str]) -> Self {
        Self { prefix: launcher.iter().map(|it| (*it).to_owned()).collect(), address: None }
    }

    /// The address of this side, where it has one of its own.
    pub fn address(&self) -> Option<&'static str> {
        self.address
    }

    /// A command line of this program that runs on this side.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some((enter, options)) = self.prefix.split_first() else {
            return Command::new(program);
        };
        let mut command = Command::new(enter);
        command.args(options).arg(program);
        command
    }
}

/// Two namespaces and the cable between them; dropping it ends what keeps them.
///
/// Programs that run on a side keep its namespace, too, but only a living network can be cut and healed.
pub struct Network {
    server: Side,
    client: Side,
    holders: Vec<Child>,
    family: Family,
}

impl Network {
    /// Lays one, or tells why that cannot be done on this machine.
    ///
    /// # Errors
    ///
    /// Without `ip`, `unshare` and `nsenter`, or without the right to make namespaces.
    pub fn try_new() -> Result<Self, String> {
        for (tool, option) in
            [("ip", "-Version"), ("unshare", "--version"), ("nsenter", "--version")]
        {
            succeeds(Command::new(tool).arg(option))?;
        }
        let nowhere = Side::default();
        let mut network = Self {
            server: nowhere.clone(),
            client: nowhere.clone(),
            holders: Vec::new(),
            family: Family::found(),
        };
        let [as_root, as_user] = WAYS;
        let server = network.hold(&nowhere, as_root);
        let own_user = server.is_err();
        let server = server.or_else(|first| {
            let both = |second| format!("neither as root ({first}) nor as a user ({second})");
            network.hold(&nowhere, as_user).map_err(both)
        })?;
        network.server = side(server, &SERVER, own_user);
        // In the same user namespace as the first, so that one root may lay the cable into both.
        let client = network.hold(&network.server.clone(), as_root)?;
        network.client = side(client, &CLIENT, own_user);
        network.lay_cable(client)?;
        Ok(network)
    }

    /// Starts a process in a namespace of its own; `from` is where the rights come from.
    fn hold(&mut self, from: &Side, options: &[&str]) -> Result<u32, String> {
        let mut holder = from
            .command("unshare")
            .args(options)
            .args(["sh", "-c", HOLD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(self.family.id())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let mut said = String::new();
        let stdout = holder.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut said).expect("the holder's stdout can be read");
        if said != "held\n" {
            let mut why = String::new();
            let stderr = holder.stderr.as_mut().expect("stderr is piped");
            stderr.read_to_string(&mut why).expect("the holder's stderr can be read");
            holder.wait().expect("our own child can be waited for");
            return Err(why.trim().to_owned());
        }
        let pid = holder.id();
        self.holders.push(holder);
        Ok(pid)
    }

    fn lay_cable(&self, client: u32) -> Result<(), String> {
        let netns = client.to_string();
        let cable = [
            &["link", "add", SERVER.device, "address", SERVER.hardware, "type", "veth"][..],
            &["peer", "name", CLIENT.device, "address", CLIENT.hardware, "netns", &netns],
        ];
        ip(&self.server, &cable.concat())?;
        for (side, end) in [(&self.server, &SERVER), (&self.client, &CLIENT)] {
            let address = format!("{}/24", end.address);
            ip(side, &["link", "set", "lo", "up"])?;
            ip(side, &["address", "add", &address, "dev", end.device])?;
            ip(side, &["link", "set", end.device, "up"])?;
        }
        self.lead_to(CLIENT.hardware, SERVER.hardware)
    }

    /// Tells each side the hardware address of the other.
    fn lead_to(&self, client: &str, server: &str) -> Result<(), String> {
        let neighbour = |side, own: &End, other: &End, hardware| {
            let whom = ["neighbour", "replace", other.address, "lladdr", hardware];
            ip(side, &[&whom[..], &["dev", own.device, "nud", "permanent"]].concat())
        };
        neighbour(&self.server, &SERVER, &CLIENT, client)?;
        neighbour(&self.client, &CLIENT, &SERVER, server)
    }

    /// The host of the server.
    pub fn server_side(&self) -> &Side {
        &self.server
    }

    /// The host of the pipelines.
    pub fn client_side(&self) -> &Side {
        &self.client
    }

    /// Cuts the cable somewhere far away: routes and links stay, and whatever is sent is lost in silence.
    ///
    /// Who dies from now on takes no leave: neither FIN nor RST arrives, as if its host had vanished.
    pub fn cut(&self) {
        self.lead_to(NOWHERE, NOWHERE).expect("the network can be cut");
    }

    /// Mends the cable; what was lost is sent again in its time, also the FIN of who died meanwhile.
    pub fn heal(&self) {
        self.lead_to(CLIENT.hardware, SERVER.hardware).expect("the network can be healed");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.family.end();
        for holder in &mut self.holders {
            let _ = holder.wait();
        }
    }
}

fn side(holder: u32, end: &End, own_user: bool) -> Side {
    let mut prefix = vec!["nsenter".to_owned(), format!("--target={holder}")];
    if own_user {
        prefix.extend(["--user", "--preserve-credentials"].map(str::to_owned));
    }
    prefix.push("--net".to_owned());
    Side { prefix, address: Some(end.address) }
}

fn ip(side: &Side, arguments: &[&str]) -> Result<(), String> {
    succeeds(side.command("ip").args(arguments))
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("`{tool}` does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let why = || format!("{command:?} failed: {}", said.trim());
    output.status.success().then_some(()).ok_or_else(why)
}
