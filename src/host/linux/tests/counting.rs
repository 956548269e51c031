//! Which holders serve, where it may not be read on what a thread waits (Yama), only that it waits.

use super::fake::{Fake, Process};
use super::ties::{READS, WRITES};
use super::{answered, connection, serving, session};
use crate::host::Role;

/// A machine of secrets: pid 10 holds the socket of the session on port 4000, which instance 5
/// watches, and a socket of its own on port 5000, which instance 13 watches.
fn machine() -> Fake {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.socket(5000, 80);
    heir(&fake);
    fake
}

fn heir(fake: &Fake) -> Process<'_> {
    fake.process(10)
        .socket(3, 70)
        .epoll(5, &[70])
        .socket(4, 80)
        .epoll(13, &[80])
        .secretive(10, "futex_do_wait")
}

fn is_serving(fake: &Fake) -> Option<bool> {
    let holdings = fake.watch(&[session(4000), answered(5000)], |_| {}).0;
    serving(&holdings[0])[0].1
}

#[test]
fn threads_that_are_all_accounted_for_serve_nothing_else() {
    for wchan in ["ep_poll", "do_epoll_wait", "ep_poll\n"] {
        let fake = machine();
        heir(&fake).secretive(11, wchan);
        assert_eq!(is_serving(&fake), Some(false), "{wchan}");
    }
}

#[test]
fn one_more_may_wait_on_the_session() {
    let fake = machine();
    heir(&fake).secretive(11, "ep_poll").secretive(12, "do_epoll_wait");
    assert_eq!(is_serving(&fake), None);
}

#[test]
fn one_more_at_any_time_is_enough() {
    let fake = machine();
    heir(&fake).secretive(11, "ep_poll");
    let (holdings, _) = fake.watch(&[session(4000), answered(5000)], |pause| {
        heir(&fake).secretive(12, if pause == 1 { "ep_poll" } else { "0" });
    });
    assert_eq!(serving(&holdings[0]), [(10, None)]);
}

#[test]
fn nobody_seen_waiting_is_no_proof() {
    // Not permitted, at work, stopped, frozen, busy with something else: an opener looks like that too.
    for wchan in ["0", "", "do_signal_stop", "do_freezer_trap", "futex_do_wait"] {
        let fake = machine();
        heir(&fake).secretive(10, wchan).secretive(11, wchan);
        assert_eq!(is_serving(&fake), None, "{wchan}");
    }
    let fake = machine();
    fake.remove("10/task/10/wchan");
    assert_eq!(is_serving(&fake), None);
}

#[test]
fn without_a_proven_instance_nothing_is_known() {
    let fake = machine();
    heir(&fake).secretive(11, "ep_poll");
    for others in
        [vec![], vec![connection(5000, Role::Other)], vec![connection(5000, Role::Session)]]
    {
        let connections = [vec![session(4000)], others].concat();
        let holdings = fake.watch(&connections, |_| {}).0;
        assert_eq!(holdings[0].holders[0].serving, None, "{connections:?}");
    }
}

#[test]
fn an_answer_that_somebody_else_may_have_given_proves_nothing() {
    let fake = machine();
    heir(&fake).secretive(11, "ep_poll");
    fake.process(20).socket(3, 80);
    assert_eq!(is_serving(&fake), None, "another holder");
    fake.process(20).user(0);
    fake.remove("20");
    fake.process(20);
    assert_eq!(is_serving(&fake), Some(false));
    fake.obstruct("20/fd");
    assert_eq!(is_serving(&fake), None, "perhaps another holder");
}

#[test]
fn one_instance_with_two_descriptors_counts_once() {
    let fake = machine();
    heir(&fake).epoll(14, &[80]).secretive(11, "ep_poll").secretive(12, "ep_poll");
    assert_eq!(is_serving(&fake), None);
}

#[test]
fn two_proven_instances_account_for_two_threads() {
    let fake = machine();
    fake.socket(5001, 81);
    heir(&fake).socket(6, 81).epoll(14, &[81]).secretive(11, "ep_poll");
    let connections = [session(4000), answered(5000), answered(5001)];
    let told = || fake.watch(&connections, |_| {}).0[0].holders[0].serving;
    assert_eq!(told(), None, "one of them was at work");
    heir(&fake).socket(6, 81).epoll(14, &[81]).secretive(12, "ep_poll");
    assert_eq!(told(), Some(false));
}

#[test]
fn in_an_opener_one_instance_watches_both() {
    let fake = machine();
    heir(&fake).epoll(13, &[70, 80]).secretive(11, "ep_poll");
    assert_eq!(is_serving(&fake), Some(true));
}

#[test]
fn one_secretive_thread_is_enough_to_count() {
    let fake = machine();
    heir(&fake).thread(12, "running", "0");
    assert_eq!(is_serving(&fake), None);
    heir(&fake).secretive(11, "ep_poll").thread(10, "running", "0");
    assert_eq!(is_serving(&fake), Some(false));
}

#[test]
fn a_missing_file_is_a_secret_and_a_missing_thread_is_not() {
    let fake = machine();
    heir(&fake).thread(10, "running", "0").thread(11, "running", "0");
    assert_eq!(is_serving(&fake), Some(false));
    fake.remove("10/task/11/syscall");
    assert_eq!(is_serving(&fake), None, "there is a thread, and it does not tell");
    fake.remove("10/task/11/stat");
    assert_eq!(is_serving(&fake), Some(false), "it has ended");
    fake.obstruct("10/task");
    assert_eq!(is_serving(&fake), None, "nothing is known of any thread");
}

#[test]
fn who_answered_through_another_instance_lives_elsewhere() {
    let fake = machine();
    heir(&fake).secretive(11, "ep_poll").forked_by_multiprocessing();
    assert!(lives_elsewhere(&fake, Role::Answered));
    assert!(!lives_elsewhere(&fake, Role::Other), "it was not asked, or did not answer");
    fake.process(20).socket(3, 80);
    assert!(!lives_elsewhere(&fake, Role::Answered), "another holder may have answered");
}

fn lives_elsewhere(fake: &Fake, role: Role) -> bool {
    let connections = [session(4000), connection(5000, role)];
    fake.watch(&connections, |_| {}).0[0].holders[0].lives_elsewhere
}

/// Whether 10 lives elsewhere, which has lost the program that forked it; with a change.
fn orphan_lives_elsewhere(change: &dyn Fn(&Fake)) -> bool {
    let fake = machine();
    heir(&fake).secretive(11, "ep_poll").forked_by_multiprocessing();
    change(&fake);
    lives_elsewhere(&fake, Role::Answered)
}

/// The program may have become a daemon with all its descriptors closed, or another program may control the pipeline.
#[test]
fn a_process_that_shares_semaphores_with_another_does_not_live_elsewhere() {
    let beside = |change: &dyn Fn(&Fake)| {
        orphan_lives_elsewhere(&|fake| {
            fake.process(20);
            fake.maps_semaphore(20, 10);
            change(fake);
        })
    };
    assert!(!beside(&|_| ()));
    assert!(!beside(&|fake| _ = fake.process(20).start(1)), "it is older");
    assert!(!beside(&|fake| fake.link("20/exe", "/usr/bin/python3.11 (deleted)")), "it runs on");
    assert!(!beside(&|fake| fake.remove("20/exe")), "it may run the same");
    assert!(beside(&|fake| fake.link("20/exe", "/usr/bin/viewer")), "it runs something else");
    assert!(beside(&|fake| fake.maps_semaphore(20, 20)), "it has others");
    assert!(beside(&|fake| _ = fake.process(20).parent(10)), "it is a descendant");
    assert!(!orphan_lives_elsewhere(&|fake| fake.obstruct("10/maps")), "its own are not known");
    assert!(!orphan_lives_elsewhere(&|fake| fake.write("10/maps", "")), "it has none");
    assert!(!orphan_lives_elsewhere(&|fake| fake.remove("10/exe")), "its program is not known");
}

/// A daemon that forked after it had opened the session has no pipes to a program that has exited.
#[test]
fn only_a_process_that_has_lost_the_program_that_forked_it_lives_elsewhere() {
    let machine = orphan_lives_elsewhere;
    assert!(machine(&|_| ()));
    assert!(!machine(&|fake| fake.remove("10/fd/90")));
    assert!(!machine(&|fake| fake.remove("10/fd/91")));
    // Its program, or any process that does not hold the session.
    assert!(!machine(&|fake| {
        fake.process(20).holds(3, "pipe:[100]", WRITES);
    }));
    assert!(!machine(&|fake| {
        fake.process(20).holds(3, "pipe:[101]", READS);
    }));
    // A queue, of which it holds both ends.
    assert!(!machine(&|fake| {
        fake.process(10).holds(92, "pipe:[100]", WRITES);
    }));
    assert!(!machine(&|fake| fake.obstruct("10/fdinfo/90")), "it may be the other end");
    let sibling = |start| {
        machine(&move |fake| {
            let sibling = fake.process(30).start(start).socket(3, 70);
            sibling.holds(4, "pipe:[100]", WRITES).holds(5, "pipe:[101]", READS);
        })
    };
    assert!(sibling(100), "it was forked later, by its pid, and inherited them from the program");
    assert!(!sibling(99), "it was there before, and may be the program");
}
