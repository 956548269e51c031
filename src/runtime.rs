//! The asynchronous runtime of a command, and the signals that end the command.
//!
//! A thread of its own receives the signals, because a read, write or open that blocks the main thread would keep the
//! runtime there from receiving them.

use std::io;
use std::process;
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::exit::Exit;
#[cfg(target_os = "linux")]
use crate::host;

/// How many descriptors a command may need at one time, with some to spare.
#[cfg(unix)]
const DESCRIPTORS: usize = 22;

/// How long a command may take to end after a signal. It needs less unless something blocks it.
const END_TIMEOUT: Duration = Duration::from_millis(750);

/// The first signal that ends the command: SIGINT, SIGTERM, or SIGHUP unless that is ignored, as it is under `nohup`.
#[derive(Debug)]
pub(crate) struct Interruption(oneshot::Receiver<Error>);

impl Interruption {
    /// Waits for the signal.
    pub(crate) async fn received(self) -> Error {
        match self.0.await {
            Ok(interruption) => interruption,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Runs asynchronous work on this thread until it is done, or a signal ends it. `abandon` is as in [`run_to_end`].
///
/// # Errors
/// The work's own, or the interruption.
pub(crate) fn block_on<T>(
    work: impl Future<Output = Result<T>>,
    abandon: fn(&Error) -> Exit,
) -> Result<T> {
    let interruptible = async |interruption: Interruption| {
        tokio::select! {
            result = work => result,
            interruption = interruption.received() => Err(interruption),
        }
    };
    run_to_end(interruptible, abandon)
}

/// Runs asynchronous work on this thread that handles the [`Interruption`] itself.
///
/// If the work has not ended [`END_TIMEOUT`] after the signal, it is blocked. Then `abandon` is called on another
/// thread, and the process exits as it returns. It must not wait for locks of standard streams. No destructor runs then.
///
/// # Errors
/// The work's own.
pub(crate) fn run_to_end<T>(
    work: impl AsyncFnOnce(Interruption) -> Result<T>,
    abandon: fn(&Error) -> Exit,
) -> Result<T> {
    let runtime = current_thread().map_err(Error::Exhausted)?;
    let interruption = listen(abandon).map_err(Error::Exhausted)?;
    let result = runtime.block_on(work(interruption));
    // A thread that is blocked in a read must not delay the exit.
    runtime.shutdown_background();
    result
}

/// Handles signals from now on, in a thread of its own.
fn listen(abandon: fn(&Error) -> Exit) -> io::Result<Interruption> {
    let runtime = build()?;
    let first_signal = first_signal(&runtime)?;
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new().name("signals".into()).spawn(move || {
        let signal = runtime.block_on(first_signal);
        let _ = sender.send(signal.error());
        thread::sleep(END_TIMEOUT);
        process::exit(abandon(&signal.error()).code().into());
    })?;
    Ok(Interruption(receiver))
}

/// A runtime of this thread alone.
///
/// # Errors
/// No descriptors are left. Tokio would panic later where it needs one.
pub(crate) fn current_thread() -> io::Result<Runtime> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let spare = (0..DESCRIPTORS).map(|_| io::stdin().as_fd().try_clone_to_owned());
        spare.collect::<io::Result<Vec<_>>>()?;
    }
    build()
}

fn build() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Runs work that may block on a thread of its own.
///
/// # Errors
/// No thread could be started. Tokio would panic.
pub(crate) async fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    thread::Builder::new().spawn(move || done.send(work()))?;
    Ok(result.await.expect("a panic there has been reported"))
}

/// A signal that ends a command.
#[derive(Clone, Copy)]
enum EndSignal {
    Interrupt,
    #[cfg(unix)]
    Terminate,
}

impl EndSignal {
    const fn error(self) -> Error {
        match self {
            Self::Interrupt => Error::Interrupted,
            #[cfg(unix)]
            Self::Terminate => Error::Terminated,
        }
    }
}

/// Handles the signals that end a command from now on; returns what waits for the first.
#[cfg(unix)]
fn first_signal(runtime: &Runtime) -> io::Result<impl Future<Output = EndSignal> + use<>> {
    use tokio::signal::unix::{SignalKind, signal};
    let _entered = runtime.enter();
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hang_ups = if ignores_hang_up() { None } else { Some(signal(SignalKind::hangup())?) };
    Ok(async move {
        let hung_up = async {
            match &mut hang_ups {
                Some(signals) => signals.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupts.recv() => EndSignal::Interrupt,
            _ = terminations.recv() => EndSignal::Terminate,
            _ = hung_up => EndSignal::Terminate,
        }
    })
}

#[cfg(windows)]
fn first_signal(runtime: &Runtime) -> io::Result<impl Future<Output = EndSignal> + use<>> {
    let _entered = runtime.enter();
    let mut interrupts = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupts.recv().await;
        EndSignal::Interrupt
    })
}

#[cfg(target_os = "linux")]
fn ignores_hang_up() -> bool {
    host::ignores(rustix::process::Signal::HUP.as_raw())
}

#[cfg(all(unix, not(target_os = "linux")))]
const fn ignores_hang_up() -> bool {
    false
}
