//! A scripted server, for what a real GraphServer never does: bytes, stalls, and hanging up.
//!
//! A script is played to one client from its first step to its last, and every step has a deadline.
//! What goes otherwise than scripted panics, and the panic comes out of [`Fake::run`] or [`Fake::finish`].

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::lab::PATIENCE;
use crate::run::{self, Run};

/// How long graphctl may take to end at all, whatever the server does.
const WATCHDOG: Duration = Duration::from_secs(20);

/// How many graphctls run at once where many do.
const AT_ONCE: usize = 8;

/// The session id that [`session_reply`] gives away.
pub(crate) const SESSION_ID: &str = "0a1b2c3d-4e5f-11f0-8000-0123456789ab";

/// One step of a script.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends them one by one, so far apart, for as long as the client takes them.
    Trickle(Vec<u8>, Duration),
    /// Reads exactly these bytes.
    Expect(&'static [u8]),
    /// Reads a u64 length and that many bytes.
    Block,
    /// Lets the test know, and goes on when told: [`Fake::held`], [`Fake::release`].
    Hold,
    /// For so long, the client neither closes nor says anything.
    Connected(Duration),
    /// Says nothing until the client closes, which it must do without a reset.
    Gone,
    /// Resets the connection, once the client has sent something.
    Reset,
}

/// A running script.
pub(crate) struct Fake {
    address: String,
    held: Receiver<()>,
    release: Sender<()>,
    player: JoinHandle<()>,
}

impl Fake {
    /// Plays one script to the first client; the end of the script closes the connection.
    pub(crate) fn start(script: Vec<Step>) -> Self {
        Self::start_all(vec![script])
    }

    /// Plays a script to each client in turn; the end of the last one closes all connections.
    pub(crate) fn start_all(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let (tell, held) = mpsc::channel();
        let (release, told) = mpsc::channel();
        let player = thread::spawn(move || {
            let mut open = Vec::new();
            for script in scripts {
                let mut client = accept(&listener);
                for step in script {
                    play(&mut client, &step, &tell, &told);
                }
                open.push(client);
            }
        });
        Self { address, held, release, player }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Runs graphctl against it, until both have ended.
    pub(crate) fn run(self, arguments: &[&str]) -> Run {
        let run = graphctl(&self.address, arguments);
        self.finish();
        run
    }

    /// The same, and sends graphctl this signal when the script has come to its one [`Step::Hold`].
    pub(crate) fn run_signalled(self, name: &str, arguments: &[&str]) -> Run {
        let child = run::command(&self.address, arguments).spawn().expect("graphctl starts");
        self.held();
        signal(name, &child);
        self.release();
        let run = watched(child);
        self.finish();
        run
    }

    /// As [`run`](Self::run) with so many bytes of memory, stacks and all, where the system can bound that: who asks
    /// for more aborts.
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "it cannot"))]
    pub(crate) fn run_within(self, memory: u64, arguments: &[&str]) -> Run {
        let child = run::command(&self.address, arguments).spawn().expect("graphctl starts");
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Pid, Resource, Rlimit, prlimit};
            let most = Rlimit { current: Some(memory), maximum: Some(memory) };
            prlimit(Some(Pid::from_child(&child)), Resource::Data, most).expect("it is our own");
        }
        let run = watched(child);
        self.finish();
        run
    }

    /// Waits until the script has come to a [`Step::Hold`].
    pub(crate) fn held(&self) {
        self.held.recv_timeout(PATIENCE).expect("the script comes to a hold");
    }

    /// Lets it go on.
    pub(crate) fn release(&self) {
        self.release.send(()).expect("the script is held");
    }

    /// Waits for the end of the script.
    pub(crate) fn finish(self) {
        self.player.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

/// Runs graphctl to its end, or panics.
pub(crate) fn graphctl(address: &str, arguments: &[&str]) -> Run {
    watched(run::command(address, arguments).spawn().expect("graphctl starts"))
}

/// Waits for a started graphctl, and panics if it does not end. Nothing is killed: a test that comes
/// to that has found what it was looking for.
pub(crate) fn watched(child: Child) -> Run {
    let pid = child.id();
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(run::finish(child)));
    result
        .recv_timeout(WATCHDOG)
        .unwrap_or_else(|error| panic!("graphctl, pid {pid}, in {WATCHDOG:?}: {error}"))
}

/// Does this with each of many, several at once: both ends wait for each other most of the time.
pub(crate) fn each<T: Sync>(all: &[T], test: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    test(one);
                }
            });
        }
    });
}

/// Sends a signal to a graphctl of ours.
pub(crate) fn signal(name: &str, child: &Child) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(status.expect("kill starts").success(), "graphctl is gone already");
}

/// A u64 length and the bytes, as most of the protocol is made of.
pub(crate) fn block(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_le_bytes(), bytes].concat()
}

/// The whole reply to SESSION.
pub(crate) fn session_reply() -> Vec<u8> {
    [block(SESSION_ID.as_bytes()), vec![0]].concat()
}

/// A frame of the admin program.
pub(crate) fn frame(json: &str) -> Vec<u8> {
    [vec![0xe5], block(json.as_bytes())].concat()
}

fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).expect("a listener can be polled");
    let deadline = Instant::now() + PATIENCE;
    let client = loop {
        match listener.accept() {
            Ok((client, _)) => break client,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(Instant::now() < deadline, "no client came");
                thread::sleep(Duration::from_millis(2));
            }
            Err(error) => panic!("cannot accept: {error}"),
        }
    };
    client.set_nonblocking(false).expect("a stream can block");
    client.set_nodelay(true).expect("a stream can be undelayed");
    client.set_write_timeout(Some(PATIENCE)).expect("a write can time out");
    client
}

fn play(client: &mut TcpStream, step: &Step, tell: &Sender<()>, told: &Receiver<()>) {
    client.set_read_timeout(Some(PATIENCE)).expect("a read can time out");
    match step {
        Step::Send(bytes) => client.write_all(bytes).expect("the client takes what is sent"),
        Step::Trickle(bytes, pause) => {
            for byte in bytes {
                if client.write_all(&[*byte]).is_err() {
                    break;
                }
                thread::sleep(*pause);
            }
        }
        Step::Expect(expected) => {
            let mut bytes = vec![0; expected.len()];
            client.read_exact(&mut bytes).expect("the client asks");
            assert_eq!(bytes, *expected, "the client asks for something else");
        }
        Step::Block => {
            let mut length = [0; 8];
            client.read_exact(&mut length).expect("the client announces a block");
            let mut block = client.take(u64::from_le_bytes(length));
            std::io::copy(&mut block, &mut std::io::sink()).expect("the client sends a block");
            assert_eq!(block.limit(), 0, "the client stopped in the middle of a block");
        }
        Step::Hold => {
            tell.send(()).expect("the test is there");
            told.recv_timeout(PATIENCE).expect("the test lets the script go on");
        }
        Step::Connected(span) => {
            client.set_read_timeout(Some(*span)).expect("a read can time out");
            let read = client.read(&mut [0]);
            let silent = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
            let connected = read.as_ref().is_err_and(|error| silent(error.kind()));
            assert!(connected, "the client did not wait: {read:?}");
        }
        Step::Gone => {
            // Who leaves before it has read everything resets the connection.
            let left = std::io::copy(client, &mut std::io::sink()).map_err(|it| it.kind());
            assert!(matches!(left, Ok(_) | Err(ErrorKind::ConnectionReset)), "{left:?}");
        }
        Step::Reset => {
            // A socket that is closed before everything was read from it resets the connection.
            client.peek(&mut [0]).expect("the client says something");
        }
    }
}
