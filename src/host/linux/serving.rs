//! Does a thread of a holder wait on the socket?
//!
//! The process that opened a session reads from its socket in an event loop: a thread of it sits in
//! `epoll_wait` on an instance that watches the socket, even while the process is stopped. A process
//! that merely inherited the socket has inherited the instance too, but no thread that waits on it. Not to
//! be seen waiting proves little, for a loop may be at work or turned by hand; so an heir must also have
//! answered a ping through another instance, with all its threads at rest at some time.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use procfs::ProcResult;
use procfs::process::Process;

use super::process::{alive, is_gone, numbers, open_process, text};
use super::waits::{CALLS_ARE_KNOWN, SystemCall};
use super::walk::{Found, Instance};
use crate::model::{EventLoop, Holder};

/// How often a holder that is not seen waiting is looked at: it may be at work just then.
const SAMPLES: usize = 3;

/// How often, if all that is missing of a proof is that its threads are at rest at one time. A pipeline that
/// works hard on a busy machine is at rest now and then.
const SAMPLES_OF_THE_BUSY: usize = 15;

/// Where the kernel lets a thread sleep that waits for another thread.
const FUTEX_SLEEPS: [&str; 3] = ["futex_do_wait", "futex_wait_queue", "futex_wait_queue_me"];

/// Where the kernel lets a thread sleep that waits on an epoll instance.
const EPOLL_SLEEPS: [&str; 2] = ["ep_poll", "do_epoll_wait"];

/// Sockets on which a ping was answered: somebody waits on them.
#[derive(Debug, Default)]
pub(super) struct Answered(
    /// By inode: whether it has one holder only, so that it was this one who answered.
    pub(super) HashMap<u64, bool>,
);

impl Answered {
    /// How many of the instances are certain to be waited on by a thread of the process whose they
    /// are. Two that watch the same socket may be one, so they count once.
    fn by_this_process<'a>(&self, instances: impl Iterator<Item = &'a Instance>) -> usize {
        let mut counted = HashSet::<u64>::new();
        let proven = instances.filter(|instance| {
            let only_here = |socket: &u64| self.0.get(socket) == Some(&true);
            let sockets: HashSet<_> = instance.watches.iter().copied().filter(only_here).collect();
            let new = counted.is_disjoint(&sockets);
            counted.extend(&sockets);
            new && !sockets.is_empty()
        });
        proven.count()
    }
}

/// A holder of sessions' sockets, and what was seen of its threads.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    found: &'a Found,
    holder: &'a Holder,
    instances: &'a [Instance],
    /// By epoll descriptor: how a thread was last seen waiting on it.
    waited_on: HashMap<u32, EventLoop>,
    /// Whether all threads could be read each time.
    legible: bool,
    /// How many threads were seen waiting on any instance at one time, at most.
    waiting: usize,
    /// All its threads were seen at rest at one time: on some instance, or for each other.
    rested: bool,
    /// It ended meanwhile.
    pub(super) ended: bool,
}

/// Watches the holders of the sessions' sockets, as far as it can be seen what they wait on; `pause` is
/// what passes between two samples, of all of them.
pub(super) fn watch<'a>(
    root: &Path,
    found: &'a [Found],
    sessions: &HashSet<u64>,
    answered: &Answered,
    pause: &mut dyn FnMut(),
) -> HashMap<i32, Watch<'a>> {
    let mut watches: Vec<_> = found.iter().filter_map(|it| Watch::new(it, sessions)).collect();
    for sample in 0..SAMPLES_OF_THE_BUSY {
        let serving = watches.iter().flat_map(|watch| watch.served(answered));
        let served: HashSet<u64> = serving.collect();
        let open = |watch: &&mut Watch<'_>| {
            let mut unserved = watch.sessions(sessions).filter(|it| !served.contains(it));
            match sample {
                0 => true,
                1..SAMPLES => unserved.next().is_some(),
                _ => !watch.rested && unserved.any(|it| watch.answers_elsewhere(it, answered)),
            }
        };
        let open: Vec<_> = watches.iter_mut().filter(open).collect();
        if open.is_empty() {
            break;
        }
        if sample > 0 {
            pause();
        }
        for watch in open {
            watch.look(root);
        }
    }
    watches.into_iter().map(|watch| (watch.found.pid, watch)).collect()
}

impl<'a> Watch<'a> {
    /// `None` for a process in which nothing can be seen to watch a session's socket.
    fn new(found: &'a Found, sessions: &HashSet<u64>) -> Option<Self> {
        let instances = found.instances.as_deref()?;
        let holder = &found.identity.as_ref()?.holder;
        let watch = Self {
            found,
            holder,
            instances,
            waited_on: HashMap::new(),
            legible: true,
            waiting: 0,
            rested: false,
            ended: false,
        };
        let watches_any = watch.sessions(sessions).next().is_some();
        watches_any.then_some(watch)
    }

    fn sessions(&self, sessions: &HashSet<u64>) -> impl Iterator<Item = u64> {
        let watched = self.instances.iter().flat_map(|instance| &instance.watches).copied();
        watched.filter(|socket| self.found.sockets.contains(socket) && sessions.contains(socket))
    }

    /// The sockets on which it is certain that somebody waits through an instance of this process.
    fn served(&self, answered: &Answered) -> impl Iterator<Item = u64> {
        let served = self.instances.iter().filter(|instance| self.serves(instance, answered));
        served.flat_map(|instance| &instance.watches).copied()
    }

    /// An answered ping counts as well as a thread that is seen, and also for a process that is at work.
    fn serves(&self, instance: &Instance, answered: &Answered) -> bool {
        let answers =
            |socket: &u64| self.found.sockets.contains(socket) && answered.0.contains_key(socket);
        self.waited_on.contains_key(&instance.fd) || instance.watches.iter().any(answers)
    }

    /// Whether an instance of it watches this socket.
    pub(super) fn watches(&self, socket: u64) -> bool {
        self.instances.iter().any(|instance| instance.watches.contains(&socket))
    }

    /// Whether a thread of it waits on this socket; `None` if that cannot be seen.
    pub(super) fn serving(&self, socket: u64, answered: &Answered) -> Option<bool> {
        let (here, others): (Vec<_>, Vec<_>) =
            self.instances.iter().partition(|instance| instance.watches.contains(&socket));
        if here.is_empty() {
            return None;
        }
        if here.iter().any(|instance| self.serves(instance, answered)) {
            return Some(true);
        }
        (self.legible || self.all_accounted_for(others, answered)).then_some(false)
    }

    /// How a thread was last seen waiting on this socket.
    pub(super) fn serving_loop(&self, socket: u64) -> Option<EventLoop> {
        let here = self.instances.iter().filter(|instance| instance.watches.contains(&socket));
        here.filter_map(|instance| self.waited_on.get(&instance.fd)).copied().next()
    }

    /// Whether it has answered a ping through an instance that does not watch this socket, and no thread
    /// of it was left that could be at work on behalf of this one.
    pub(super) fn lives_elsewhere(&self, socket: u64, answered: &Answered) -> bool {
        self.rested && self.answers_elsewhere(socket, answered)
    }

    fn answers_elsewhere(&self, socket: u64, answered: &Answered) -> bool {
        let others = self.instances.iter().filter(|instance| !instance.watches.contains(&socket));
        answered.by_this_process(others) > 0
    }

    /// Where it may not be read on which instance a thread waits (Yama), threads can still be counted:
    /// if no more of them were ever seen waiting than there are instances that others than this socket
    /// prove to be waited on, then nobody is left who waits on this one.
    ///
    /// Seeing no thread wait is no proof: the same is seen where that may not be read (every thread is
    /// in `0` then), where it has no names, and of a process that is stopped, frozen or at work. So all
    /// proven ones must have been seen waiting at one time, and there must be one at least.
    fn all_accounted_for(&self, others: Vec<&Instance>, answered: &Answered) -> bool {
        let proven = answered.by_this_process(others.into_iter());
        proven > 0 && self.waiting == proven
    }

    fn look(&mut self, root: &Path) {
        match Sample::take(root, self.holder) {
            Ok(sample) => {
                self.waited_on.extend(sample.waited_on);
                self.legible &= sample.legible;
                self.waiting = self.waiting.max(sample.waiting);
                self.rested |= sample.rested;
            }
            Err(error) if is_gone(&error) => self.ended = true,
            Err(_) => self.legible = false,
        }
    }
}

/// What the threads of a process do at one time.
struct Sample {
    waited_on: HashMap<u32, EventLoop>,
    legible: bool,
    waiting: usize,
    rested: bool,
}

impl Sample {
    /// # Errors
    /// `NotFound` if that process has ended.
    fn take(root: &Path, holder: &Holder) -> ProcResult<Self> {
        let process = open_process(root, holder.pid)?;
        let mut sample =
            Self { waited_on: HashMap::new(), legible: true, waiting: 0, rested: true };
        for thread in numbers(process.open_relative("task")?)? {
            sample.add(&process, thread);
        }
        if alive(&process)?.starttime == holder.start {
            Ok(sample)
        } else {
            Err(procfs::ProcError::NotFound(None))
        }
    }

    fn add(&mut self, process: &Process, thread: u32) {
        let read = |file: &str| text(process, &format!("task/{thread}/{file}"));
        match read("syscall") {
            Ok(call) if CALLS_ARE_KNOWN => {
                let call = SystemCall::parse(&call);
                let epoll = call.and_then(|it| it.event_loop(thread));
                self.waiting += usize::from(epoll.is_some());
                self.rested &= epoll.is_some() || call.is_some_and(|it| it.waits_for_a_thread());
                self.waited_on.extend(epoll);
            }
            // The thread has ended.
            Err(_) if read("stat").is_err_and(|error| is_gone(&error)) => {}
            _ => {
                self.legible = false;
                let sleeps_in = read("wchan").unwrap_or_default();
                let on_epoll = EPOLL_SLEEPS.contains(&sleeps_in.trim());
                self.waiting += usize::from(on_epoll);
                self.rested &= on_epoll || FUTEX_SLEEPS.contains(&sleeps_in.trim());
            }
        }
    }
}
