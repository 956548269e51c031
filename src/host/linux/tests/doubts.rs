//! When others than those that are seen may hold a socket.

use super::fake::{Fake, USER};
use super::{serving, session};

/// A machine on which pid 10 holds the socket of the session on port 4000.
fn machine() -> Fake {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.process(10).socket(3, 70);
    fake
}

fn doubt(fake: &Fake) -> Option<String> {
    fake.session(4000).unsure
}

const BLIND: &str = "pid 20 (py thon)) may hold it too, but cannot be looked into (run graphctl as its user, or as root)";

#[test]
fn one_who_is_seen_is_sure() {
    assert_eq!(doubt(&machine()), None);
}

#[test]
fn a_process_of_the_sockets_user_may_hold_it_unseen() {
    let other = USER + 1;
    for user in 0..4 {
        let fake = machine();
        let mut users = [other; 4];
        users[user] = USER;
        fake.process(20).users(users);
        fake.obstruct("20/fd");
        assert_eq!(doubt(&fake).as_deref(), Some(BLIND), "{users:?}");
    }
}

#[test]
fn a_process_of_another_user_does_not() {
    let fake = machine();
    fake.process(20).user(0);
    fake.obstruct("20/fd");
    assert_eq!(doubt(&fake), None);
}

#[test]
fn a_process_of_another_unix_session_does_not_unless_a_holder_has_begun_its_own() {
    let fake = machine();
    fake.process(20).session(6);
    fake.obstruct("20/fd");
    assert_eq!(doubt(&fake), None);
    fake.process(10).socket(3, 70).session(10);
    assert_eq!(doubt(&fake).as_deref(), Some(BLIND));
    fake.process(10).socket(3, 70).session(6);
    assert_eq!(doubt(&fake).as_deref(), Some(BLIND));
}

#[test]
fn unless_it_is_the_parent_of_one_that_does() {
    let fake = machine();
    fake.process(20).user(0);
    fake.obstruct("20/fd");
    fake.process(10).socket(3, 70).parent(20);
    assert_eq!(doubt(&fake).as_deref(), Some(BLIND));
    // Pid 1 adopts orphans.
    fake.process(10).socket(3, 70).parent(1);
    fake.obstruct("1/fd");
    assert_eq!(doubt(&fake), None);
}

#[test]
fn the_first_process_of_a_machine_opens_no_sessions_but_that_of_a_container_may() {
    let fake = machine();
    fake.process(1).parent(0);
    fake.obstruct("1/fd");
    assert_eq!(doubt(&fake), None);
    fake.link("self/ns/pid", "pid:[4026532000]");
    assert!(doubt(&fake).expect("a reason").starts_with("pid 1 "));
}

#[test]
fn a_list_of_descriptors_is_not_enough() {
    // With more capabilities than one's own: the descriptors are listed, but not what they are.
    let fake = machine();
    fake.process(20);
    fake.write("20/fd/7", "");
    assert_eq!(doubt(&fake).as_deref(), Some(BLIND));
}

#[test]
fn a_process_of_an_unknown_user_may_hold_anything() {
    let fake = machine();
    fake.process(20);
    fake.obstruct("20/fd");
    fake.remove("20/status");
    assert_eq!(doubt(&fake).as_deref(), Some(BLIND));
    fake.obstruct("20/stat");
    assert!(doubt(&fake).expect("a reason").starts_with("pid 20 may hold it too"));
    // Not even its directory can be opened.
    let fake = machine();
    fake.write("20", "");
    assert!(doubt(&fake).expect("a reason").starts_with("a process may hold it too"));
}

#[test]
fn the_kernels_own_hold_nothing_and_are_not_known_by_their_pid() {
    let fake = machine();
    fake.process(20).flags(0x0020_0000 | 0x40);
    fake.obstruct("20/fd");
    assert_eq!(doubt(&fake), None);
    // In a container, pid 2 is a process like any other.
    fake.process(2).flags(0x40);
    fake.obstruct("2/fd");
    assert!(doubt(&fake).expect("a reason").starts_with("pid 2 "));
}

#[test]
fn a_process_whose_main_thread_has_ended_is_read_through_its_other_threads() {
    let fake = machine();
    fake.process(20).state('Z').threads(3);
    assert_eq!(doubt(&fake).as_deref(), Some(BLIND));
    fake.link("20/task/21/fd/3", "socket:[71]");
    assert_eq!(doubt(&fake), None);
    assert_eq!(serving(&fake.session(4000)), [(10, None)]);
    fake.link("20/task/21/fd/4", "socket:[70]");
    assert_eq!(doubt(&fake), None);
    assert_eq!(serving(&fake.session(4000)), [(10, None), (20, None)]);
    fake.remove("20/task/21");
    fake.process(20).state('S').threads(3);
    assert_eq!(doubt(&fake), None);
}

#[test]
fn one_that_has_ended_unnoticed_holds_nothing() {
    // Where it is not root's, not even that may be read.
    let fake = machine();
    fake.process(20).state('Z');
    fake.obstruct("20/fd");
    assert_eq!(doubt(&fake), None);
    fake.process(20).state('Z').threads(3);
    assert_eq!(doubt(&fake).as_deref(), Some(BLIND));
}

#[test]
fn one_that_ended_before_it_was_looked_at_does_not_matter() {
    let fake = machine();
    fake.write("20/comm", "");
    assert_eq!(doubt(&fake), None);
}

#[test]
fn one_that_ends_while_it_is_looked_at_is_left_out() {
    let fake = machine();
    fake.process(20).socket(3, 70);
    let both = [(10, None), (20, None)];
    assert_eq!(serving(&fake.session(4000)), both);
    fake.process(20).socket(3, 70).state('Z');
    let ended = "pid 20 ended while it was looked at";
    assert_eq!(serving(&fake.session(4000)), both[..1]);
    assert_eq!(doubt(&fake).as_deref(), Some(ended));
    fake.remove("20/stat");
    assert_eq!(doubt(&fake).as_deref(), Some(ended));
    // The last of them.
    fake.remove("10/stat");
    assert_eq!(serving(&fake.session(4000)), []);
    assert!(doubt(&fake).is_some());
}

#[test]
fn nobody_is_never_sure() {
    let nobody = "nobody can be seen on this machine who holds it";
    let fake = Fake::new();
    fake.socket(4000, 70);
    assert_eq!(doubt(&fake).as_deref(), Some(nobody));
    fake.process(20);
    fake.obstruct("20/fd");
    assert_eq!(doubt(&fake), Some(format!("{nobody}: {BLIND}")));
    fake.remove("20");
    fake.link("self/ns/pid", "pid:[4026532000]");
    let outside = "its holder may be outside this container";
    assert_eq!(doubt(&fake), Some(format!("{nobody}: {outside}")));
}

#[test]
fn a_parent_outside_the_container_may_hold_it() {
    let fake = machine();
    fake.process(10).socket(3, 70).parent(0);
    assert_eq!(doubt(&fake), None, "in the initial namespace nobody is outside");
    let why = "the parent of pid 10 is outside this container, and may hold it too";
    fake.link("self/ns/pid", "pid:[4026532000]");
    assert_eq!(doubt(&fake).as_deref(), Some(why));
    fake.remove("self/ns/pid");
    assert_eq!(doubt(&fake).as_deref(), Some(why), "unknown is not initial");
    fake.process(10).socket(3, 70).parent(7);
    assert_eq!(doubt(&fake), None);
    fake.process(1).socket(3, 70).parent(0);
    assert!(doubt(&fake).expect("a reason").starts_with("the parent of pid 1 is outside"));
}

#[test]
fn a_machine_may_hide_processes() {
    let fake = machine();
    let proc = |options: &str| {
        let root = fake.root().display().to_string();
        fake.write(
            "self/mountinfo",
            &format!(
                "20 1 0:4 / / rw - ext4 /dev/sda rw\n22 1 0:21 / {root} rw,nosuid shared:5 - proc proc rw{options}\n"
            ),
        );
    };
    let hidden =
        "this machine hides processes, and one of them may hold it too (run graphctl as root)";
    for (options, hides) in [
        ("", false),
        (",hidepid=0", false),
        (",hidepid=off", false),
        (",gid=5,hidepid=2", true),
        (",hidepid=invisible", true),
        (",hidepid=ptraceable", true),
    ] {
        proc(options);
        assert_eq!(doubt(&fake), None, "who may look into pid 1 sees all ({options})");
        fake.obstruct("1/fd");
        assert_eq!(doubt(&fake).as_deref(), hides.then_some(hidden), "{options}");
        fake.obstruct("1/fd");
        fake.process(1).user(0).parent(0);
    }
    fake.remove("self/mountinfo");
    fake.remove("1");
    assert_eq!(doubt(&fake).as_deref(), Some(hidden), "unknown is not open");
}

#[test]
fn doubts_about_one_socket_are_none_about_another() {
    let fake = machine();
    fake.socket(4001, 71);
    fake.process(11).socket(3, 71).parent(20);
    fake.process(20).user(0);
    fake.obstruct("20/fd");
    let unsure = fake.holders(&[session(4000), session(4001)]);
    assert_eq!([unsure[0].unsure.is_some(), unsure[1].unsure.is_some()], [false, true]);
}
