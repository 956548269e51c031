//! What a server says, from its greeting until it hangs up → a look, or an error that is told.

use std::io::Write as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use graphctl::error::Error;
use graphctl::look::Observer;
use graphctl::options::{Options, Talk, Terminal};

/// Says the same to everybody, and hangs up.
struct Server {
    address: String,
    speech: Arc<Mutex<Speech>>,
}

#[derive(Default)]
struct Speech {
    bytes: Vec<u8>,
    /// Kept open in the other direction, so that no reset overtakes what was said.
    told: Vec<TcpStream>,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let speech = Arc::<Mutex<Speech>>::default();
    let said = speech.clone();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut speech = lock(&said);
            // A client that has heard enough may be gone.
            let _ = client.write_all(&speech.bytes);
            let _ = client.shutdown(Shutdown::Write);
            speech.told.push(client);
        }
    });
    Server { address, speech }
});

/// One at a time: the server says one thing to all.
static TURN: Mutex<()> = Mutex::new(());

pub(crate) fn holds(bytes: &[u8]) {
    let _turn = lock(&TURN);
    *lock(&SERVER.speech) = Speech { bytes: bytes.to_vec(), told: Vec::new() };
    for admin in [true, false] {
        if let Err(error) = look(admin) {
            let deadline = matches!(error, Error::Deadline { .. } | Error::NoGreeting { .. });
            assert!(!deadline, "it has hung up: {error}");
        }
    }
}

fn look(admin: bool) -> graphctl::error::Result<()> {
    let options = Options {
        address: SERVER.address.parse().expect("an address"),
        timeout: Duration::from_secs(5),
        admin,
        start_timeout: Duration::from_secs(300),
        terminal: Terminal { width: None, color: false, screen: None, prompt_width: None },
        talk: Talk::Quiet,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime of one thread can be built").block_on(async {
        Observer::open(&options).await?.look().await?;
        Ok(())
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
