//! Every reply that graphctl reads, as a real server sends it, and the conversation around it.

use std::sync::OnceLock;

use crate::dialogue::{BLIND_LIST, LIST, PROCESS_REQUEST, REGISTER, SESSION, SNAPSHOT};
use crate::fake::Fake;
use crate::fake::Step::{self, Block, Expect, Send};
use crate::lab::{Client, Odd};
use crate::run::{Run, graphctl};
use crate::stage::server;
use crate::wiretap::Wiretap;

/// How many bytes graphctl may have of memory against a short lie: some times what it needs.
const ENOUGH: u64 = 64 << 20;

/// The bytes of a greeting, and of the reply to SESSION.
const GREETING: usize = 8 + 5;
const OPENING: usize = 8 + 36 + 1;

/// Before each frame of the admin program.
const TAG: u8 = 0xe5;

/// A reply, and what is said before and after it.
pub(crate) struct Reply {
    pub(crate) arguments: &'static [&'static str],
    /// What graphctl says that it is doing then.
    pub(crate) doing: &'static str,
    /// What it says of how long it waited, if it has 300 ms.
    pub(crate) waited: &'static str,
    /// What the client before is told.
    earlier: Option<Vec<Step>>,
    pub(crate) before: Vec<Step>,
    pub(crate) bytes: Vec<u8>,
    after: Vec<Step>,
    /// Where lengths begin in it, and the most that each may be.
    pub(crate) lengths: Vec<(usize, u64)>,
}

impl Reply {
    fn new(
        arguments: &'static [&'static str],
        doing: &'static str,
        before: Vec<Step>,
        bytes: &[u8],
        cap: u64,
    ) -> Self {
        let (bytes, lengths) = (bytes.to_vec(), vec![(0, cap)]);
        let (waited, earlier, after) = ("300ms", None, Vec::new());
        Self { arguments, doing, waited, earlier, before, bytes, after, lengths }
    }

    /// Runs graphctl against one who says this and hangs up.
    #[track_caller]
    pub(crate) fn run(&self, script: Vec<Step>, arguments: &[&str]) -> Run {
        let fake = Fake::start_all(self.earlier.iter().cloned().chain([script]).collect());
        fake.run_within(ENOUGH, &[arguments, self.arguments].concat())
    }

    /// The same with this in place of the reply.
    #[track_caller]
    pub(crate) fn run_with(&self, instead: impl IntoIterator<Item = Step>) -> Run {
        self.run(self.until(instead), &[])
    }

    /// The same, and what follows if all is well.
    #[track_caller]
    pub(crate) fn run_on(&self, instead: impl IntoIterator<Item = Step>) -> Run {
        let script = [self.until(instead), self.after.clone()].concat();
        self.run(script, &[])
    }

    pub(crate) fn until(&self, instead: impl IntoIterator<Item = Step>) -> Vec<Step> {
        self.before.iter().cloned().chain(instead).collect()
    }

    /// Its first bytes.
    pub(crate) fn first(&self, length: usize) -> Step {
        Send(self.bytes[..length].to_vec())
    }

    /// It, with other bytes at this place.
    pub(crate) fn with(&self, at: usize, bytes: &[u8]) -> Vec<u8> {
        [&self.bytes[..at], bytes, &self.bytes[at + bytes.len()..]].concat()
    }
}

/// What a real server said on one connection.
pub(crate) struct Said {
    greeting: Vec<u8>,
    opening: Vec<u8>,
    pub(crate) reply: Vec<u8>,
}

impl Said {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let (greeting, rest) = bytes.split_at(GREETING);
        let (opening, reply) = rest.split_at(OPENING);
        Self { greeting: greeting.into(), opening: opening.into(), reply: reply.into() }
    }

    /// All before the reply to that request.
    pub(crate) fn before(&self, request: &[Step]) -> Vec<Step> {
        let opening = [Send(self.greeting.clone()), Expect(SESSION), Send(self.opening.clone())];
        opening.into_iter().chain(request.iter().cloned()).collect()
    }
}

/// A greeting, and the replies to SESSION, to SNAPSHOT, to a PING and to the admin program.
pub(crate) fn replies() -> &'static [Reply; 5] {
    static REPLIES: OnceLock<[Reply; 5]> = OnceLock::new();
    REPLIES.get_or_init(capture)
}

fn capture() -> [Reply; 5] {
    let server = server();
    let wiretap = Wiretap::before(server.address());
    assert_eq!(graphctl(wiretap.address(), BLIND_LIST).code, 0);
    assert_eq!(graphctl(wiretap.address(), LIST).code, 0);
    let _client = Client::odd(&server, Odd::AnswersWithError);
    assert_eq!(graphctl(wiretap.address(), BLIND_LIST).code, 0);
    let said: Vec<_> = wiretap.said().iter().map(|said| Said::of(said)).collect();
    let [blind, admin, owned, asked] = &said[..] else { panic!("{} connections", said.len()) };

    let mut greeting = Reply::new(BLIND_LIST, "greeting", vec![], &blind.greeting, 64);
    greeting.after = blind.before(&[Expect(SNAPSHOT), Send(blind.reply.clone())]).split_off(1);
    let before = vec![Send(blind.greeting.clone()), Expect(SESSION)];
    let mut opening = Reply::new(BLIND_LIST, "opening a session", before, &blind.opening, 64);
    opening.after = vec![Expect(SNAPSHOT), Send(blind.reply.clone())];
    let before = blind.before(&[Expect(SNAPSHOT)]);
    let snapshot = Reply::new(BLIND_LIST, "taking a snapshot", before, &blind.reply, 256 << 20);
    let before = asked.before(&[Expect(PROCESS_REQUEST), Block, Block, Block, Block]);
    let mut ping = Reply::new(BLIND_LIST, "asking a process", before, &asked.reply, 256 << 20);
    ping.earlier = Some(owned.before(&[Expect(SNAPSHOT), Send(owned.reply.clone())]));
    let before = admin.before(&[Expect(REGISTER), Block]);
    let mut listing = Reply::new(LIST, "listing its sessions", before, &admin.reply, 16 << 20);
    listing.lengths = tags(&admin.reply).into_iter().map(|tag| (tag + 1, 16 << 20)).collect();
    // Longer, by the time that processes have to answer.
    (ping.waited, listing.waited) = ("AGE 300ms", "AGE 300ms");
    [greeting, opening, snapshot, ping, listing]
}

/// Where the frames of an answer begin.
pub(crate) fn tags(answer: &[u8]) -> Vec<usize> {
    let (mut tags, mut at) = (Vec::new(), 0);
    while let Some(byte) = answer.get(at) {
        if *byte == TAG {
            tags.push(at);
            let length = answer[at + 1..].first_chunk().expect("a length");
            at += 8 + usize::try_from(u64::from_le_bytes(*length)).expect("a short frame");
        }
        at += 1;
    }
    tags
}
