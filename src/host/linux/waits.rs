//! What a process waits for, as the kernel shows it: the system call of a thread, the signals that have handlers.

use procfs::process::Process;
use rustix::fs::readlinkat;

use super::process::{numbers, text};
use crate::model::EventLoop;

/// The numbers of the system calls in which threads wait. Empty, or a number that no call has, where they are not
/// known.
struct Numbers {
    /// `epoll_wait`, `epoll_pwait` and `epoll_pwait2`, those of 32-bit programs included.
    epoll: &'static [u64],
    /// `futex`, `futex_waitv`, `futex_wait`: a thread waits for another one.
    futex: &'static [u64],
    read: u64,
    poll: u64,
    ppoll: u64,
    select: u64,
    pselect: u64,
}

const NO_CALL: u64 = u64::MAX;

const NUMBERS: Numbers = if cfg!(target_arch = "x86_64") {
    Numbers {
        epoll: &[232, 281, 441, 256, 319],
        futex: &[202, 449, 455],
        read: 0,
        poll: 7,
        ppoll: 271,
        select: 23,
        pselect: 270,
    }
} else if cfg!(target_arch = "aarch64") {
    Numbers {
        epoll: &[22, 441, 252, 346],
        futex: &[98, 449, 455],
        read: 63,
        poll: NO_CALL,
        ppoll: 73,
        select: NO_CALL,
        pselect: 72,
    }
} else {
    Numbers {
        epoll: &[],
        futex: &[],
        read: NO_CALL,
        poll: NO_CALL,
        ppoll: NO_CALL,
        select: NO_CALL,
        pselect: NO_CALL,
    }
};

/// The folders of the devices that are terminals.
const TERMINALS: [&str; 3] = ["/dev/pts/", "/dev/tty", "/dev/console"];

/// Whether it is known which system calls wait.
pub(super) const CALLS_ARE_KNOWN: bool = !NUMBERS.epoll.is_empty();

/// A system call in which a thread is.
#[derive(Clone, Copy, Debug)]
pub(super) struct SystemCall {
    number: u64,
    arguments: [u64; 5],
}

impl SystemCall {
    /// From `/proc/PID/task/TID/syscall`: the number and, in hexadecimal, the arguments. `None` if the thread runs.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let number = words.next()?.parse().ok()?;
        let mut arguments = [0; 5];
        for argument in &mut arguments {
            *argument = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
        }
        Some(Self { number, arguments })
    }

    /// The epoll descriptor on which this `thread` waits, and how.
    pub(super) fn event_loop(&self, thread: u32) -> Option<(u32, EventLoop)> {
        let descriptors = self.int(2);
        let timed = self.int(3) != u32::MAX;
        let waits = NUMBERS.epoll.contains(&self.number);
        waits.then_some((self.int(0), EventLoop { thread, descriptors, timed }))
    }

    pub(super) fn waits_for_a_thread(&self) -> bool {
        NUMBERS.futex.contains(&self.number)
    }

    /// Whether it waits for standard input alone, and has no time limit. A time limit shows that the prompt of Python
    /// runs something else too, such as the windows of a program.
    fn waits_for_input(&self) -> bool {
        match self.number {
            number if number == NUMBERS.read => self.int(0) == 0,
            number if number == NUMBERS.poll => self.int(1) == 1 && self.int(2) == u32::MAX,
            number if number == NUMBERS.ppoll => self.int(1) == 1 && self.arguments[2] == 0,
            number if number == NUMBERS.select || number == NUMBERS.pselect => {
                self.int(0) == 1 && self.arguments[4] == 0
            }
            _ => false,
        }
    }

    /// An argument that is an `int`, in a wider register.
    fn int(&self, index: usize) -> u32 {
        u32::try_from(self.arguments[index] & u64::from(u32::MAX)).unwrap_or_default()
    }
}

/// Whether the main thread of a process waits for a line from a terminal.
pub(super) fn waits_at_terminal(process: &Process) -> bool {
    let input = process.open_relative("fd").ok();
    let input = input.and_then(|it| readlinkat(it, "0", Vec::new()).ok());
    let input = input.map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let call = text(process, "syscall").ok();
    let call = call.as_deref().and_then(SystemCall::parse);
    TERMINALS.iter().any(|it| input.starts_with(it)) && call.is_some_and(|it| it.waits_for_input())
}

/// The signals for which a process has handlers: SIGHUP, 1, is bit 0.
pub(super) fn handled_signals(process: &Process) -> Option<u64> {
    process.status().ok().map(|it| it.sigcgt)
}

/// How many threads a process has.
pub(super) fn threads(process: &Process) -> Option<usize> {
    process.open_relative("task").and_then(numbers).ok().map(|it| it.len())
}
