//! Which holders serve, where it may be read what threads wait on.

use super::fake::{Fake, Process};
use super::{answered, connection, serving, session};
use crate::host::Role;

/// `epoll_wait` on the descriptor 5 of a made-up process.
#[cfg(target_arch = "x86_64")]
const ON_5: &str = "232 0x5 0x7f 0x80 0x0 0x0 0x0 0x7ffc 0x7f7f\n";
#[cfg(target_arch = "aarch64")]
const ON_5: &str = "22 0x5 0x7f 0x80 0x0 0x0 0x0 0x7ffc 0x7f7f\n";
#[cfg(target_arch = "x86_64")]
const FUTEX: &str = "202 0x5 0x80 0x0 0x0 0x0 0x0 0x7ffc 0x7f7f\n";
#[cfg(target_arch = "aarch64")]
const FUTEX: &str = "98 0x5 0x80 0x0 0x0 0x0 0x0 0x7ffc 0x7f7f\n";

/// A machine on which pid 10 holds the socket of the session on port 4000 and watches it through 5.
fn machine() -> Fake {
    let fake = Fake::new();
    fake.socket(4000, 70);
    opener(&fake, 10);
    fake
}

fn opener(fake: &Fake, pid: u32) -> Process<'_> {
    fake.process(pid).socket(3, 70).epoll(5, &[9, 70]).thread(pid, FUTEX, "futex_do_wait")
}

fn is_serving(fake: &Fake) -> Option<bool> {
    fake.session(4000).holders[0].serving
}

#[test]
fn a_thread_that_waits_on_an_instance_that_watches_it_serves_it() {
    let fake = machine();
    assert_eq!(is_serving(&fake), Some(false));
    opener(&fake, 10).thread(11, ON_5, "ep_poll");
    assert_eq!(is_serving(&fake), Some(true));
    opener(&fake, 10).state('T').thread(11, ON_5, "do_signal_stop");
    assert_eq!(is_serving(&fake), Some(true), "stopped, not gone");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn every_way_to_wait_counts_and_no_other() {
    for (call, serves) in [
        ("281 0x5 0x0 0x1 0x0 0x0", true),
        ("441 0x5 0x0 0x1 0x0 0x0", true),
        ("256 0x5 0x0 0x1 0x0 0x0", true),
        ("319 0x5 0x0 0x1 0x0 0x0", true),
        ("232 0xffffffff00000005 0x0 0x1 0x0 0x0", true),
        ("232 0x6 0x0 0x1 0x0 0x0", false),
        ("202 0x5 0x0 0x1 0x0 0x0", false),
        ("running", false),
        ("-1 0x5 0x0 0x1 0x0 0x0", false),
        ("232", false),
        ("", false),
    ] {
        let fake = machine();
        opener(&fake, 10).thread(11, call, "0");
        assert_eq!(is_serving(&fake), Some(serves), "{call}");
    }
}

#[test]
fn waiting_on_an_instance_that_does_not_watch_it_is_not_serving() {
    let fake = machine();
    opener(&fake, 10).epoll(5, &[9]).epoll(6, &[70]).thread(11, ON_5, "ep_poll");
    assert_eq!(is_serving(&fake), Some(false));
}

#[test]
fn without_an_instance_that_watches_it_nothing_is_known() {
    let fake = machine();
    opener(&fake, 10).epoll(5, &[9]).thread(11, ON_5, "ep_poll");
    assert_eq!(is_serving(&fake), None);
    fake.remove("10/fd/5");
    assert_eq!(is_serving(&fake), None);
}

#[test]
fn an_instance_that_cannot_be_read_may_watch_anything() {
    for obstruct in ["10/fdinfo/5", "10/fdinfo/6"] {
        let fake = machine();
        opener(&fake, 10).epoll(6, &[9]);
        assert_eq!(is_serving(&fake), Some(false));
        fake.obstruct(obstruct);
        assert_eq!(is_serving(&fake), None, "{obstruct}");
    }
    // Before Linux 4.13 it is not told what is watched.
    let fake = machine();
    fake.append("10/fdinfo/5", "tfd:        8 events:       19 data:                8\n");
    assert_eq!(is_serving(&fake), None);
}

#[test]
fn only_sessions_are_asked_for_it() {
    let fake = machine();
    opener(&fake, 10).thread(11, ON_5, "ep_poll");
    for role in [Role::Other, Role::Answered] {
        let (holdings, pauses) = fake.watch(&[connection(4000, role)], |_| {});
        assert_eq!((serving(&holdings[0]), pauses), (vec![(10, None)], 0));
    }
}

#[test]
fn each_holder_is_told_by_itself() {
    let fake = machine();
    opener(&fake, 10).thread(11, ON_5, "ep_poll");
    opener(&fake, 20);
    fake.process(30).socket(3, 70);
    let told = [(10, Some(true)), (20, Some(false)), (30, None)];
    assert_eq!(serving(&fake.session(4000)), told);
}

#[test]
fn one_that_is_at_work_is_looked_at_three_times() {
    let fake = machine();
    let (holdings, pauses) = fake.watch(&[session(4000)], |_| {});
    assert_eq!((serving(&holdings[0]), pauses), (vec![(10, Some(false))], 2));
    for back in [1, 2] {
        let fake = machine();
        let (holdings, pauses) = fake.watch(&[session(4000)], |pause| {
            if pause == back {
                opener(&fake, 10).thread(11, ON_5, "ep_poll");
            }
        });
        assert_eq!((serving(&holdings[0]), pauses), (vec![(10, Some(true))], back));
    }
}

#[test]
fn all_are_looked_at_again_in_one_pause_and_the_served_are_not() {
    let fake = machine();
    fake.socket(4001, 71);
    fake.socket(4002, 72);
    fake.process(20).socket(3, 71).epoll(5, &[71]);
    fake.process(30).socket(3, 72).epoll(5, &[72]).thread(30, ON_5, "ep_poll");
    let all = [session(4000), session(4001), session(4002)];
    let (holdings, pauses) = fake.watch(&all, |_| fake.obstruct("30/task"));
    let told: Vec<_> = holdings.iter().flat_map(serving).collect();
    assert_eq!(told, [(10, Some(false)), (20, Some(false)), (30, Some(true))]);
    assert_eq!(pauses, 2);
}

#[test]
fn one_served_by_another_is_not_waited_for() {
    let fake = machine();
    opener(&fake, 20).thread(21, ON_5, "ep_poll");
    let (holdings, pauses) = fake.watch(&[session(4000)], |_| {});
    assert_eq!(serving(&holdings[0]), [(10, Some(false)), (20, Some(true))]);
    assert_eq!(pauses, 0);
}

#[test]
fn one_that_ends_meanwhile_is_left_out() {
    let ended = Some("pid 10 ended while it was looked at");
    let after = |change: &dyn Fn(&Fake)| {
        let fake = machine();
        opener(&fake, 20);
        let (mut holdings, _) = fake.watch(&[session(4000)], |_| change(&fake));
        let holding = holdings.remove(0);
        assert_eq!(serving(&holding), [(20, Some(false))]);
        assert_eq!(holding.unsure.as_deref(), ended);
    };
    after(&|fake| {
        if fake.root().join("10").exists() {
            fake.remove("10");
        }
    });
    after(&|fake| {
        opener(fake, 10).state('Z');
    });
    // Its pid has been used again.
    after(&|fake| {
        opener(fake, 10).start(101).thread(11, ON_5, "ep_poll");
    });
}

#[test]
fn an_answer_to_a_ping_is_proof_even_of_one_at_work() {
    let fake = machine();
    fake.socket(5000, 80);
    opener(&fake, 10).socket(4, 80).epoll(5, &[70, 80]);
    let other = connection(5000, Role::Other);
    let (holdings, _) = fake.watch(&[session(4000), other], |_| {});
    assert_eq!(holdings[0].holders[0].serving, Some(false));
    let (holdings, pauses) = fake.watch(&[session(4000), answered(5000)], |_| {});
    assert_eq!((holdings[0].holders[0].serving, pauses), (Some(true), 0));
}

#[test]
fn an_heir_at_work_is_looked_at_until_it_is_seen_at_rest() {
    let answering = |heir: &dyn Fn(usize) -> &'static str| {
        let fake = machine();
        fake.socket(5000, 80);
        let opener = opener(&fake, 10).socket(4, 80).epoll(6, &[80]);
        opener.thread(10, heir(0), "0").forked_by_multiprocessing();
        let (holdings, pauses) = fake.watch(&[session(4000), answered(5000)], |pause| {
            fake.process(10).thread(10, heir(pause), "0");
        });
        (holdings[0].holders[0].lives_elsewhere, pauses)
    };
    let rests_at =
        |rest: usize| answering(&|sample| if sample == rest { FUTEX } else { "running" });
    assert_eq!(rests_at(0), (true, 2));
    assert_eq!(rests_at(2), (true, 2));
    assert_eq!(rests_at(9), (true, 9));
    assert_eq!(rests_at(15), (false, 14));
}
