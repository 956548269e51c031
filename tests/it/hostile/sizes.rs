//! Replies as long as they may be, and short ones that mean very much: what they cost has bounds.

use super::pickled::{self, again, dict, list, object, session, stored, text};
use crate::dialogue::{BLIND_LIST, LIST, admin, fails, snapshot, wrong};
use crate::fake::Step::{Gone, Hold, Send};
use crate::fake::{Fake, SESSION_ID, block, frame};

/// How many bytes graphctl may have of memory.
const MUCH: u64 = 512 << 20;

/// Ids of so many sessions.
fn ids(number: u32) -> impl Iterator<Item = String> {
    (0..number).map(|number| format!("{number:08x}-4e5f-11f0-8000-0123456789ab"))
}

/// Two bytes of a pickle stand for a name of a megabyte, or for a session of ten thousand components.
#[test]
fn a_snapshot_that_names_one_thing_again_and_again_is_refused() {
    let many_keys: Vec<_> = (0..10_000).map(|it| (format!("K{it}"), b"N".to_vec())).collect();
    let large = session(b"N".to_vec(), dict(&many_keys));
    let long = text("x".repeat(1 << 20));
    let named = |root| session(root, dict::<&str>(&[]));
    for (first, others) in [(stored(&large), again()), (named(stored(&long)), named(again()))] {
        let values = std::iter::once(first).chain(std::iter::repeat(others));
        let sessions: Vec<_> = ids(2000).zip(values).collect();
        let reply = pickled::snapshot(dict(&sessions), dict::<&str>(&[]));
        assert!(reply.len() < 2 << 20, "it is short itself");
        let run = Fake::start(snapshot([Send(reply)])).run_within(MUCH, BLIND_LIST);
        fails(&run, 76, &wrong("its snapshot names the same things too often"));
    }
}

/// Nor is one searched from end to end again and again.
#[test]
fn an_object_of_very_many_attributes_is_none_of_ours() {
    let mut attributes: Vec<_> = (0..100_000).map(|it| (format!("a{it}"), b"N".to_vec())).collect();
    let metadata = object::<&str>("GraphMetadata", &[]);
    attributes.extend([("metadata".into(), metadata), ("edges".into(), list(&[]))]);
    let first = stored(&object("SnapshotSession", &attributes));
    let sessions: Vec<_> =
        ids(10_000).zip(std::iter::once(first).chain(std::iter::repeat(again()))).collect();
    let reply = pickled::snapshot(dict(&sessions), dict::<&str>(&[]));
    let run = Fake::start(snapshot([Send(reply)])).run_within(MUCH, BLIND_LIST);
    fails(&run, 76, &wrong("a session or a process of its snapshot makes no sense"));
}

#[test]
fn an_answer_in_many_frames_has_an_end() {
    let row = format!(r#"[{{"ping":["{SESSION_ID}","{}",null,null]}}]"#, "x".repeat(1 << 20));
    let most: usize = 64 << 20;
    let hello = r#"[{"hello":[1.0]}]"#;
    let whole = (most - hello.len()) / row.len();
    let frames = [frame(hello), vec![0], frame(&row).repeat(whole + 1)].concat();
    let run = Fake::start(admin([Send(frames)])).run_within(MUCH, LIST);
    let left = most - hello.len() - whole * row.len();
    let length = row.len();
    let told =
        format!("it announces {length} bytes while listing its sessions, and the most is {left}");
    fails(&run, 76, &wrong(&told));
}

/// Reading it takes long; whoever is tired of that need not wait for the end.
#[test]
fn a_snapshot_that_takes_long_to_read_can_be_interrupted() {
    let nothing = b"N0".repeat(24 << 20);
    let pickle = [b"\x80\x04", &nothing[..], b"N."].concat();
    let fake = Fake::start(snapshot([Send(block(&pickle)), Send(vec![0]), Hold, Gone]));
    fails(&fake.run_signalled("INT", BLIND_LIST), 130, "error: interrupted\n");
}
