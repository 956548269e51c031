//! Replies that lie, break off, never come or never end: each comes to one error with its exit code, and costs
//! neither time nor memory.

use std::time::Duration;

use super::captured::{Reply, replies, tags};
use crate::dialogue::{NOT_ONE, SOON, fails, late, lost, refused, wrong};
use crate::fake::Step::{Connected, Gone, Reset, Send, Trickle};
use crate::fake::each;
use crate::run::Run;

/// What no protocol of ours begins with, and no length is as long as.
const GARBAGE: [u8; 24] = [0xff; 24];

/// All replies, each with every place within it.
fn places() -> Vec<(&'static Reply, usize)> {
    let within = |reply: &'static Reply| (0..reply.bytes.len()).map(move |at| (reply, at));
    replies().iter().flat_map(within).collect()
}

/// All replies, each with some places in it: at its ends, at those of its length, and in the middle.
fn some_places() -> Vec<(&'static Reply, usize)> {
    let some = |reply: &'static Reply| {
        let length = reply.bytes.len();
        [0, 1, 8, length / 2, length - 1].into_iter().map(move |at| (reply, at))
    };
    replies().iter().flat_map(some).collect()
}

#[track_caller]
fn fails_to_protocol(run: &Run, reply: &Reply, detail: &str) {
    let greeting = reply.doing == "greeting";
    fails(run, 76, &if greeting { NOT_ONE.to_owned() } else { wrong(detail) });
}

#[track_caller]
fn fails_late(run: &Run, reply: &Reply) {
    if reply.doing == "greeting" {
        let silent = "accepts connections but does not greet (waited 300ms)";
        assert_eq!((run.code, run.stdout.as_str()), (69, ""), "{run:#?}");
        assert!(run.stderr.contains(silent) && run.stderr.lines().count() == 2, "{run:#?}");
    } else {
        fails(run, 75, &late(reply.waited, reply.doing));
    }
}

#[test]
fn a_reply_that_breaks_off_anywhere_is_lost() {
    each(&places(), |(reply, at)| {
        fails(&reply.run_with([reply.first(*at)]), 69, &lost(reply.doing));
    });
}

#[test]
fn a_reply_that_comes_in_two_pieces_is_the_same_reply() {
    let whole = replies().each_ref().map(|reply| {
        let run = reply.run_on([reply.first(reply.bytes.len())]).redacted();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:#?}");
        run
    });
    each(&places(), |(reply, at)| {
        let rest = Send(reply.bytes[*at..].to_vec());
        let run = reply.run_on([reply.first(*at), Connected(Duration::from_millis(1)), rest]);
        let same = replies().iter().position(|it| std::ptr::eq(it, *reply)).expect("it is one");
        assert_eq!(run.redacted(), whole[same], "split at byte {at} while {}", reply.doing);
    });
}

#[test]
fn a_length_that_nobody_means_is_refused_and_a_promise_costs_nothing() {
    let lengths: Vec<_> = replies()
        .iter()
        .flat_map(|reply| reply.lengths.iter().map(move |length| (reply, *length)))
        .collect();
    each(&lengths, |(reply, (at, cap))| {
        for length in [cap + 1, 1 << 63, u64::MAX] {
            let run = reply.run_with([Send(reply.with(*at, &length.to_le_bytes()))]);
            let doing = reply.doing;
            let detail =
                format!("it announces {length} bytes while {doing}, and the most is {cap}");
            fails_to_protocol(&run, reply, &detail);
        }
        let promised = reply.run_with([Send(reply.with(*at, &cap.to_le_bytes()))]);
        fails(&promised, 69, &lost(reply.doing));
    });
}

#[test]
fn a_reply_with_another_last_byte_is_none_of_ours() {
    let [_, opening, snapshot, ping, listing] = replies();
    each(&[opening, snapshot, ping], |reply| {
        for byte in [0x01, 0x15, 0x28, 0xe5, 0xff] {
            let run = reply.run_with([Send(reply.with(reply.bytes.len() - 1, &[byte]))]);
            let doing = reply.doing;
            let detail = format!("expected byte 0x00 and got {byte:#04x} while {doing}");
            fails(&run, 76, &wrong(&detail));
        }
    });
    each(&tags(&listing.bytes), |tag| {
        for byte in [0x01, 0x15, 0xe4, 0xff] {
            let run = listing.run_with([Send(listing.with(*tag, &[byte]))]);
            fails(&run, 76, &wrong(&format!("unexpected byte {byte:#04x} in an admin reply")));
        }
    });
    let never_ran = listing.run_with([Send(listing.with(0, &[0]))]);
    fails(&never_ran, 77, &refused("it did not run the admin program"));
}

/// What follows the last reply nobody reads; what follows another is taken for the next.
#[test]
fn garbage_after_a_reply_is_no_part_of_it() {
    let [greeting, opening, last @ ..] = replies();
    for (reply, next, cap) in
        [(greeting, "opening a session", 64), (opening, "taking a snapshot", 256 << 20)]
    {
        let run = reply.run_with([Send([&reply.bytes[..], &GARBAGE].concat())]);
        let most = format!("it announces {} bytes while {next}, and the most is {cap}", u64::MAX);
        fails(&run, 76, &wrong(&most));
    }
    for reply in last {
        let whole = reply.run_with([Send(reply.bytes.clone())]);
        let run = reply.run_with([Send([&reply.bytes[..], &GARBAGE].concat())]);
        assert_eq!(whole.code, 0, "{whole:#?}");
        assert_eq!(run.redacted(), whole.redacted());
    }
}

#[test]
fn a_reply_that_trickles_or_stalls_meets_its_deadline() {
    let trickled = replies()
        .iter()
        .map(|reply| (reply, vec![Trickle(reply.bytes.clone(), Duration::from_millis(40))]));
    let stalled = some_places().into_iter().map(|(reply, at)| (reply, vec![reply.first(at), Gone]));
    let late: Vec<_> = trickled.chain(stalled).collect();
    each(&late, |(reply, steps)| {
        fails_late(&reply.run(reply.until(steps.clone()), &[SOON]), reply);
    });
}

/// A reset takes a client that has said something: none is there before the greeting.
#[test]
fn a_connection_that_is_reset_is_lost() {
    let [_, rest @ ..] = replies();
    each(&some_places()[5..], |(reply, at)| {
        assert!(rest.iter().any(|it| std::ptr::eq(it, *reply)));
        let mut script = reply.before.clone();
        // Its request is left unread.
        let asked = script.iter().rposition(|step| matches!(step, Send(_))).expect("a greeting");
        script.truncate(asked + 1);
        script.extend([reply.first(*at), Reset]);
        fails(&reply.run(script, &[]), 69, &lost(reply.doing));
    });
}
