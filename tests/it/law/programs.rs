//! Programs of a lab's own that use ezmsg's low-level API.

use crate::lab::{Rig, Rigged, Writer};
use crate::stage::{assert_full_rate, server};

use super::{expect_untouched, torture, wait_unowned};

/// A program without metadata runs units of the same names as a recording that has ended.
#[test]
fn low_level_program_after_a_recording() {
    let mut server = server();
    let recording = Rigged::start(&server, Rig::Recorder(Writer::Executor));
    recording.expect_whole();
    server.wait_state("no session", |state| state["clients"]["SessionInfo"].as_u64().is_none());
    let healthy = Rigged::start(&server, Rig::LowLevel);
    expect_untouched(&mut server, &healthy, |server| torture(server, &[]));
    healthy.expect_recording();
    assert_full_rate(&healthy);
}

/// The program takes over a unit of a recording whose processes have left, while its session is still there.
#[test]
fn successor_of_a_recording() {
    let mut server = server();
    let recording = Rigged::start(&server, Rig::Recorder(Writer::Executor));
    wait_unowned(|| server.witness(), &["SYSTEM/SRC", "SYSTEM/REC"]);
    let healthy = Rigged::start(&server, Rig::Successor);
    recording.expect_whole();
    server.wait_state("no session", |state| state["clients"]["SessionInfo"].as_u64().is_none());
    expect_untouched(&mut server, &healthy, |server| torture(server, &[]));
    healthy.expect_recording();
}

/// Starts a daemon that records, and expects that it goes on under all commands.
#[track_caller]
fn expect_to_record_on(daemon: Rig) {
    let mut server = server();
    let healthy = Rigged::start(&server, daemon);
    expect_untouched(&mut server, &healthy, |server| torture(server, &[]));
    healthy.expect_recording();
}

#[test]
fn daemon_whose_session_is_idle() {
    expect_to_record_on(Rig::IdleDaemon);
}

#[test]
fn daemon_whose_backends_hold_the_session() {
    expect_to_record_on(Rig::LateDaemon);
}
