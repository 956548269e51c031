//! What the admin program answers to all but `list`, as a real server answers it, told by a fake that hangs up, or
//! speaks in two pieces, anywhere in it.

use std::time::Duration;

use graphctl::admin::{Channel, DropTarget, Taken};
use graphctl::error::Result;
use graphctl::model::LockHolder;
use graphctl::wire;
use serde_json::json;
use uuid::Uuid;

use super::captured::{Said, tags};
use crate::dialogue::REGISTER;
use crate::fake::Step::{self, Block, Connected, Expect, Send};
use crate::fake::{Fake, each};
use crate::stage::server;
use crate::wiretap::Wiretap;

/// What a channel is asked for, of somebody who is not there.
#[derive(Clone, Copy, Debug)]
enum Request {
    Measure,
    Drop,
    Free,
}

impl Request {
    const ALL: [Self; 3] = [Self::Measure, Self::Drop, Self::Free];

    const fn doing(self) -> &'static str {
        match self {
            Self::Measure => "measuring message rates",
            Self::Drop => "dropping sessions",
            Self::Free => "freeing its lock",
        }
    }

    /// Asks for it at this address: the answer in words.
    fn ask(self, address: &str) -> Result<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime of one thread can be built").block_on(async {
            let address = address.parse().expect("an address");
            let session = wire::Session::open(&address, Duration::from_secs(10)).await?;
            let mut channel = Channel::new(session);
            match self {
                Self::Measure => {
                    let soon = Duration::from_millis(1);
                    let rows = channel.measure(&[Uuid::nil()], soon, Some(soon)).await?;
                    Ok(format!("{rows:?}"))
                }
                Self::Drop => Ok(format!("{:?}", channel.drop_targets(&[nobody()]).await?)),
                Self::Free => Ok(format!("{:?}", channel.free(&no_holder()).await?)),
            }
        })
    }
}

fn nobody() -> DropTarget {
    let (id, keys) = (Uuid::nil(), Uuid::nil());
    let (owners, known, silent) = (Vec::new(), Vec::new(), Vec::new());
    DropTarget { id, keys, taken: Taken::default(), owners, known, silent, may_cut: false }
}

fn no_holder() -> LockHolder {
    let holder = json!({
        "request": "SYNC", "by": null, "by_peer": null, "asked_ms": null, "waits_for": "publisher",
        "client": Uuid::nil(), "peer": null, "gone": false, "topic": null,
    });
    serde_json::from_value(holder).expect("a holder")
}

/// A request, what comes before its answer, and that.
type Answer = (Request, Vec<Step>, Vec<u8>);

fn answers() -> Vec<Answer> {
    let server = server();
    let wiretap = Wiretap::before(server.address());
    for request in Request::ALL {
        request.ask(wiretap.address()).expect("a real server answers");
    }
    let said = wiretap.said();
    let answer = |(request, said): (Request, &Vec<u8>)| {
        let said = Said::of(said);
        (request, said.before(&[Expect(REGISTER), Block]), said.reply)
    };
    Request::ALL.into_iter().zip(&said).map(answer).collect()
}

/// What is made of it if the answer is this.
fn told(answer: &Answer, instead: impl IntoIterator<Item = Step>) -> Result<String> {
    let (request, before, _) = answer;
    let fake = Fake::start(before.iter().cloned().chain(instead).collect());
    let told = request.ask(fake.address());
    fake.finish();
    told
}

#[test]
fn no_answer_is_taken_in_part_and_any_in_pieces() {
    for answer in &answers() {
        let (request, _, bytes) = answer;
        let whole = told(answer, [Send(bytes.clone())]).expect("it is a real one");
        each(&(0..bytes.len()).collect::<Vec<_>>(), |at| {
            let (first, rest) = bytes.split_at(*at);
            let cut = told(answer, [Send(first.to_vec())]).expect_err("it was cut short");
            assert!(cut.to_string().ends_with(request.doing()), "{request:?} at {at}: {cut}");
            assert_eq!(cut.exit().code(), 69);
            let pause = Connected(Duration::from_millis(1));
            let pieces = told(answer, [Send(first.to_vec()), pause, Send(rest.to_vec())]);
            assert_eq!(pieces.expect("it is whole"), whole, "{request:?} at {at}");
        });
    }
}

#[test]
fn an_answer_with_another_tag_or_length_is_refused() {
    for answer in &answers() {
        let (request, _, bytes) = answer;
        for tag in tags(bytes) {
            let lies: [&[u8]; 3] =
                [&[0x7f], b"\xe5\xff\xff\xff\xff\xff\xff\xff\xff", b"\xe5\x01\0\0\x01\0\0\0\0"];
            for lie in lies {
                let lied = [&bytes[..tag], lie, &bytes[tag + lie.len()..]].concat();
                let error = told(answer, [Send(lied)]).expect_err("it is refused");
                assert_eq!(error.exit().code(), 76, "{request:?} with {lie:x?} at {tag}: {error}");
            }
        }
    }
}
