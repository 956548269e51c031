//! Real processes of this machine.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{self, Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::host::linux::{Machine, Tree};
use crate::host::{Connection, Ends, Host as _, Role};
use crate::model::{Holder, Holding};

/// How long something may take that ought to happen soon.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects to a port, waits there in the way of its second argument, and forks a helper that does
/// nothing. Tells the helper's pid. All of them end with their standard input.
const OPENER: &str = r#"
import os, ctypes, select, socket, sys, threading
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
if sys.argv[2] == "epoll":
    epoll = select.epoll()
    epoll.register(client, select.EPOLLIN)
    wait = epoll.poll
else:
    poll = select.poll()
    poll.register(client, select.POLLIN)
    wait = poll.poll
threading.Thread(target=wait, daemon=True).start()
if sys.argv[2] == "main thread ends":
    threading.Thread(target=lambda: (os.read(0, 1), os._exit(0))).start()
    print(0, flush=True)
    ctypes.CDLL(None).pthread_exit(None)
helper = os.fork()
if helper:
    print(helper, flush=True)
os.read(0, 1)
os._exit(0)
"#;

/// An opener and its helper; they end with it.
struct Family {
    opener: Child,
    helper: u32,
    connection: Connection,
    _server: TcpStream,
}

impl Family {
    fn start(way: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = listener.local_addr().expect("an address");
        let mut opener = Command::new("python3")
            .args(["-c", OPENER, &server.port().to_string(), way])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let (stream, client) = listener.accept().expect("it connects");
        let mut told = String::new();
        let stdout = opener.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut told).expect("it tells");
        let helper = told.trim().parse().expect("a pid");
        let connection = Connection { client, server, role: Role::Session };
        Self { opener, helper, connection, _server: stream }
    }

    fn holding(&self) -> Holding {
        Machine::this().holders(&[self.connection]).remove(0)
    }

    /// Waits until it is so.
    fn wait(&self, is_so: impl Fn(&Holding) -> bool) -> Holding {
        let started = Instant::now();
        loop {
            let holding = self.holding();
            if is_so(&holding) {
                return holding;
            }
            assert!(started.elapsed() < PATIENCE, "still {holding:?}");
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.opener), signal).expect("it is ours");
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        drop(self.opener.stdin.take());
        drop(self.opener.kill());
        drop(self.opener.wait());
    }
}

fn of(holding: &Holding, pid: u32) -> &Holder {
    holding.holders.iter().find(|holder| holder.pid == pid).expect("it holds the socket")
}

/// Whether it may be read what threads of other processes than one's children wait on.
fn may_read_everything() -> bool {
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
    geteuid().is_root() || scope.map_or(true, |scope| scope.trim() == "0")
}

#[test]
fn an_opener_serves_while_it_lives_and_its_helper_never() {
    let family = Family::start("epoll");
    let (opener, helper) = (family.opener.id(), family.helper);
    let serves = |holding: &Holding| of(holding, opener).serving == Some(true);
    let holding = family.wait(serves);
    assert_eq!(of(&holding, helper).serving, may_read_everything().then_some(false));
    assert!(of(&holding, opener).command.contains("-c \nimport os"), "{holding:?}");
    assert!(of(&holding, opener).age >= of(&holding, helper).age);
    assert!(of(&holding, opener).age < PATIENCE);

    family.signal(Signal::STOP);
    let stopped = family.wait(|holding| of(holding, opener).state == 'T');
    assert!(serves(&stopped), "{stopped:?}");
    family.signal(Signal::CONT);
    family.wait(|holding| of(holding, opener).state != 'T' && serves(holding));

    family.signal(Signal::KILL);
    let headless = family.wait(|holding| holding.holders.len() == 1 && holding.unsure.is_none());
    assert_eq!(of(&headless, helper).serving, may_read_everything().then_some(false));
}

#[test]
fn an_opener_whose_main_thread_has_ended_is_seen() {
    let family = Family::start("main thread ends");
    let opener = family.opener.id();
    let holding = family.wait(|holding| of(holding, opener).state == 'Z');
    assert_eq!((holding.holders.len(), holding.unsure), (1, None));
}

#[test]
fn the_tree_below_an_opener_is_its_helper_with_what_that_inherited() {
    let family = Family::start("poll");
    let below = |top: u32, mark: Option<&str>| {
        let tree = Tree::of(Path::new("/proc"), top.cast_signed(), mark.map(str::to_owned));
        tree.living().expect("it is our own /proc")
    };
    let opener = family.opener.id();
    let living = below(opener, None);
    assert_eq!(
        living.iter().map(|it| (it.pid, it.parent)).collect::<Vec<_>>(),
        [(family.helper, opener)]
    );
    let environ = format!("/proc/{}/environ", family.helper);
    let environ = std::fs::read_to_string(environ).expect("it is one of ours");
    let inherited = environ.split('\0').next().filter(|it| it.contains('='));
    assert!(inherited.is_some(), "{environ:?}");
    assert_eq!(below(opener, inherited).len(), 1);
    assert_eq!(below(opener, Some("NOT=THERE")), []);
    assert!(below(process::id(), None).iter().any(|it| it.pid == family.helper));

    let tree = Tree::below();
    let ends = family.connection.ends();
    let port = ends.server.port();
    assert_eq!(tree.connections(&living, port), HashSet::from([ends]));
    assert_eq!(tree.connections(&living, port ^ 1), HashSet::new());
    let other = Ends { server: ends.client, client: ends.server };
    assert_eq!(tree.held(&[ends, other]).expect("it can be read"), HashSet::from([ends, other]));
    drop(family);
    let started = Instant::now();
    while tree.held(&[ends]).expect("it can be read").contains(&ends) {
        assert!(started.elapsed() < PATIENCE, "the helper lives on");
    }
}

#[test]
fn of_an_opener_that_does_not_use_epoll_nothing_is_known() {
    let family = Family::start("poll");
    let holding = family.holding();
    assert_eq!(of(&holding, family.opener.id()).serving, None);
    assert_eq!(of(&holding, family.helper).serving, None);
}

#[test]
fn this_very_process_holds_both_ends_in_ipv4_and_ipv6() {
    for address in ["127.0.0.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
        // Not every machine has IPv6.
        let Ok(listener) = TcpListener::bind(address) else { continue };
        let server = listener.local_addr().expect("an address");
        let stream = TcpStream::connect(server).expect("it listens");
        let client = stream.local_addr().expect("an address");
        let connections = [
            Connection { client, server, role: Role::Other },
            Connection { client: server, server: client, role: Role::Other },
        ];
        let accepted = listener.accept().expect("it was connected to");
        for holding in Machine::this().holders(&connections) {
            let me = of(&holding, process::id());
            assert_eq!(me.serving, None);
        }
        let listeners = Machine::this().listeners(server);
        assert!(listeners.iter().any(|holder| holder.pid == process::id()));
        drop(accepted);
    }
}

#[test]
fn this_machine_has_a_network() {
    let network = Machine::this().network().expect("it has a name");
    let (boot, namespace) = network.rsplit_once('/').expect("two parts");
    assert_eq!(boot.len(), 36);
    assert!(namespace.parse::<u64>().is_ok());
}
