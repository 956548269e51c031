//! What fakes and graphctl say to each other up to the reply that matters, and what graphctl tells of bad ones.

use crate::fake::Step::{self, Block, Expect, Send};
use crate::fake::{block, session_reply};
use crate::run::{Run, expect};

pub(crate) const SESSION: &[u8] = b"\x15";
pub(crate) const REGISTER: &[u8] = b"\x19";
pub(crate) const SNAPSHOT: &[u8] = b"\x1a";
pub(crate) const PROCESS_REQUEST: &[u8] = b"\x20";

/// A `GraphSnapshot` of one process that owns the unit `A`, as Python 3.11 pickles it.
pub(crate) const ONE_PROCESS: &[u8] = b"\
    \x80\x04\x95\x01\x01\x00\x00\x00\x00\x00\x00\x8c\x14ezmsg.core.graphmeta\x94\x8c\rGr\
    aphSnapshot\x94\x93\x94)\x81\x94}\x94(\x8c\x05graph\x94}\x94\x8c\x0bedge_owners\x94]\
    \x94\x8c\x08sessions\x94}\x94\x8c\tprocesses\x94}\x94\x8c\x04uuid\x94\x8c\x04UUID\
    \x94\x93\x94)\x81\x94}\x94\x8c\x03int\x94\x8a\x10\xab\x89gE#\x01\x00\x80\xf0\x11`N=,\
    \x1b\nsbh\x00\x8c\x0fSnapshotProcess\x94\x93\x94)\x81\x94}\x94(\x8c\nprocess_id\x94h\
    \x0f)\x81\x94}\x94h\x12\x8a\x10\xab\x89gE#\x01\x00\x80\xf0\x11`N=,\x1b\nsb\x8c\x03pi\
    d\x94K\x01\x8c\x04host\x94\x8c\x01h\x94\x8c\x05units\x94]\x94\x8c\x01A\x94aubsub.";

/// A length that nobody means.
pub(crate) const ABSURD: u64 = 1 << 63;

/// How `sessions list` is told to give up soon; only for servers that never answer.
pub(crate) const SOON: &str = "--timeout=300ms";

pub(crate) const LIST: &[&str] = &["sessions", "list"];
pub(crate) const BLIND_LIST: &[&str] = &["--no-admin", "sessions", "list"];
pub(crate) const EMPTY: &str = "ID  AGE  IDLE  STATE  COMPONENTS\n";

pub(crate) const AGAIN: &str = "hint: the server may have been stopped; try again\n";
pub(crate) const LATER: &str =
    "hint: it may be busy or wedged; try again, or wait longer with --timeout\n";
pub(crate) const NOT_ONE: &str = "error: what listens at ADDRESS does not greet like a GraphServer\n\
                       hint: check --address or EZMSG_GRAPHSERVER_ADDR: another program may be listening on that port\n";

pub(crate) const VERSIONS: &str =
    "hint: graphctl may be too old or too new for this server; it is made for ezmsg 3.9\n";
pub(crate) const NO_ADMIN: &str =
    "hint: --no-admin lists and checks with the documented commands alone\n";

/// The connection went away.
pub(crate) fn lost(doing: &str) -> String {
    format!("error: the server at ADDRESS closed the connection while {doing}\n{AGAIN}")
}

/// Nothing more came.
pub(crate) fn late(waited: &str, doing: &str) -> String {
    format!("error: the server at ADDRESS did not answer within {waited} while {doing}\n{LATER}")
}

/// What came was wrong.
pub(crate) fn wrong(detail: &str) -> String {
    let what = "error: the server at ADDRESS does not keep to the GraphServer protocol";
    format!("{what}: {detail}\n{VERSIONS}")
}

pub(crate) fn refused(detail: &str) -> String {
    format!("error: the server at ADDRESS refused the admin channel: {detail}\n{NO_ADMIN}")
}

#[track_caller]
pub(crate) fn fails(run: &Run, code: i32, stderr: &str) {
    expect(run, code, "", stderr);
}

pub(crate) fn greeted(version: &str, steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    [Send(block(version.as_bytes()))].into_iter().chain(steps).collect()
}

/// Greets and reads SESSION; `steps` reply to it.
pub(crate) fn opening(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    greeted("3.9.0", [Expect(SESSION)].into_iter().chain(steps))
}

/// Opens a session and reads SNAPSHOT; `steps` reply to it.
pub(crate) fn snapshot(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    opening([Send(session_reply()), Expect(SNAPSHOT)].into_iter().chain(steps))
}

/// Opens a session and reads the admin program; `steps` reply to it.
pub(crate) fn admin(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    opening([Send(session_reply()), Expect(REGISTER), Block].into_iter().chain(steps))
}
