//! What processes share with others, beside TCP connections.

use std::os::unix::net::UnixStream;
use std::process::Command;

use super::fake::{Fake, Process};
use crate::host::linux::netlink;
use crate::host::linux::process::written;
use crate::host::linux::ties::ties;
use crate::host::linux::unix::{self, Peer, Peers};
use crate::host::{Resource, ResourceKind, Ties, Unseen, Written};
use crate::model::Holder;

const PIPE: &str = "pipe:[500]";
pub(super) const READS: &str = "pos:\t0\nflags:\t02000000\n";
pub(super) const WRITES: &str = "pos:\t0\nflags:\t0100001\n";

impl Process<'_> {
    /// Lets it hold what this links to, opened with these flags.
    pub(super) fn holds(self, fd: u32, link: &str, info: &str) -> Self {
        self.fake.link(&format!("{}/fd/{fd}", self.pid), link);
        self.fake.write(&format!("{}/fdinfo/{fd}", self.pid), info);
        self
    }
}

fn holder(pid: u32) -> Holder {
    Holder {
        own_pid: 7,
        start: 100,
        parent: 1,
        command: "python".into(),
        state: 'S',
        ..Holder::known_by_pid(pid)
    }
}

pub(super) fn seen(fake: &Fake, peers: &Peers) -> Result<Ties, Unseen> {
    ties(fake.root(), &[holder(10)], peers).remove(0)
}

/// What pid 10 shares.
pub(super) fn resources(fake: &Fake, peers: &Peers) -> Vec<Resource> {
    seen(fake, peers).expect("it can be read").resources
}

fn the_resource(fake: &Fake) -> Resource {
    let mut resources = resources(fake, &Peers::new());
    assert_eq!(resources.len(), 1, "{resources:?}");
    resources.remove(0)
}

fn pids(resource: &Resource) -> Vec<u32> {
    resource.others.iter().map(|it| it.pid).collect()
}

const fn reader(input: bool) -> ResourceKind {
    ResourceKind::PipeReader { input }
}

const fn writer(output: bool) -> ResourceKind {
    ResourceKind::PipeWriter { output }
}

#[test]
fn the_other_end_of_a_pipe_is_found_by_how_it_was_opened() {
    let fake = Fake::new();
    fake.process(10).holds(3, PIPE, READS);
    fake.process(20).holds(7, PIPE, WRITES);
    fake.process(30).holds(8, PIPE, READS);
    fake.process(40).holds(8, "pipe:[501]", WRITES);
    let end = the_resource(&fake);
    assert_eq!((&end.kind, pids(&end), &end.unsure), (&reader(false), vec![20], &None));
    fake.process(10).holds(3, PIPE, WRITES);
    let end = the_resource(&fake);
    assert_eq!((&end.kind, pids(&end), &end.unsure), (&writer(false), vec![30], &None));
}

#[test]
fn standard_descriptors_are_seen_with_their_duplicates() {
    let fake = Fake::new();
    fake.process(10).holds(0, PIPE, READS);
    assert_eq!(the_resource(&fake).kind, reader(true));
    fake.process(10).holds(5, PIPE, READS);
    assert_eq!(the_resource(&fake).kind, reader(false), "it is read elsewhere too");
    let fake = Fake::new();
    fake.process(10).holds(5, PIPE, WRITES);
    assert_eq!(the_resource(&fake).kind, writer(false));
    fake.process(10).holds(2, PIPE, WRITES);
    assert_eq!(the_resource(&fake).kind, writer(false), "it is written to elsewhere too");
    let fake = Fake::new();
    fake.process(10).holds(1, PIPE, WRITES).holds(2, PIPE, WRITES);
    assert_eq!(the_resource(&fake).kind, writer(true));
}

#[test]
fn a_process_that_holds_both_ends_is_its_own_other_end() {
    let fake = Fake::new();
    fake.process(10).holds(3, PIPE, READS).holds(4, PIPE, WRITES);
    let ends = resources(&fake, &Peers::new());
    assert_eq!(ends.iter().map(pids).collect::<Vec<_>>(), [[10], [10]]);
}

#[test]
fn a_descriptor_whose_flags_cannot_be_read_may_be_either_end() {
    let fake = Fake::new();
    fake.process(10).holds(3, PIPE, READS);
    fake.process(20).holds(7, PIPE, "");
    assert_eq!(pids(&the_resource(&fake)), [20]);
    fake.process(10).holds(3, PIPE, "");
    assert_eq!(resources(&fake, &Peers::new()).len(), 2);
}

#[test]
fn a_fifo_is_known_by_its_file() {
    let fake = Fake::new();
    let path = fake.root().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo is there").success());
    let path = path.to_str().expect("it is text");
    fake.process(10).holds(3, path, WRITES);
    fake.process(20).holds(7, path, READS);
    fake.process(30).holds(7, "/dev/null", READS);
    let end = the_resource(&fake);
    assert_eq!((&end.kind, pids(&end)), (&writer(false), vec![20]));
}

#[test]
fn who_cannot_be_looked_into_may_hold_the_other_end() {
    let fake = Fake::new();
    fake.process(10).holds(3, PIPE, READS);
    fake.process(20).command("secret");
    fake.obstruct("20/fd");
    let unsure = the_resource(&fake).unsure.expect("it is of the same user");
    assert!(unsure.starts_with("pid 20 ("), "{unsure}");
    fake.process(20).user(7);
    assert_eq!(the_resource(&fake).unsure, None, "it is of another user");
    fake.process(10).parent(20);
    assert!(the_resource(&fake).unsure.is_some(), "it may have handed it down");
}

#[test]
fn terminals_count_where_they_can_be_read() {
    let of = |fd: u32, link: &str| {
        let fake = Fake::new();
        fake.process(10).holds(fd, link, READS);
        resources(&fake, &Peers::new()).pop().map(|it| it.kind)
    };
    let terminal = |path: &str, input| Some(ResourceKind::Terminal { path: path.into(), input });
    assert_eq!(of(0, "/dev/pts/3"), terminal("/dev/pts/3", true));
    assert_eq!(of(5, "/dev/ttyUSB0"), terminal("/dev/ttyUSB0", false));
    assert_eq!(of(1, "/dev/pts/3"), None);
    assert_eq!(of(2, "/dev/tty1"), None);
    assert_eq!(of(1, "/dev/ptmx"), terminal("/dev/ptmx", false));
    assert_eq!(of(3, "/dev/pts/ptmx"), terminal("/dev/pts/ptmx", false));
    assert_eq!(of(3, "/dev/null"), None);
}

#[test]
fn a_second_reader_of_dev_null_replaces_the_input() {
    let replaced = |fd: u32, info: &str| {
        let fake = Fake::new();
        fake.process(10).holds(fd, "/dev/null", info);
        seen(&fake, &Peers::new()).expect("it can be read").input_replaced
    };
    assert!(replaced(3, READS));
    assert!(!replaced(0, READS) && !replaced(3, WRITES) && !replaced(3, ""));
}

/// Unix sockets 60 to 64, of which 64 listens, and a UDP socket.
fn machine_of_sockets() -> Fake {
    let fake = Fake::new();
    let line = |inode: u64, flags: &str| format!("0: 00000003 00000000 {flags} 0001 03 {inode}\n");
    let mut unix = "Num RefCount Protocol Flags Type St Inode Path\n".to_owned();
    unix.extend([60, 61, 62, 63].map(|inode| line(inode, "00000000")));
    fake.write("10/net/unix", &(unix + &line(64, "00010000")));
    let udp = "  1: 0100007F:1388 00000000:0000 07 00000000:00000000 00:00000000 00000000 1000 0 70 2 0 0\n";
    fake.write("10/net/udp", udp);
    fake
}

#[test]
fn the_holders_of_a_peer_hold_the_other_end_of_a_unix_socket() {
    let fake = machine_of_sockets();
    let of = |peer: Option<Peer>| {
        fake.process(10).socket(3, 60);
        let end = resources(&fake, &peer.map(|peer| (60, peer)).into_iter().collect()).remove(0);
        assert_eq!(end.kind, ResourceKind::Unix { output: false });
        (pids(&end), end.unsure)
    };
    fake.process(20).socket(9, 61);
    assert_eq!(of(Some(Peer::Open(61))), (vec![20], None));
    assert_eq!(of(Some(Peer::Open(60))), (vec![10], None));
    assert_eq!(of(Some(Peer::Closed)), (vec![], None));
    assert!(of(Some(Peer::Open(62))).1.is_some(), "it is open, and no process is seen");
    for unknown in [Some(Peer::Unknown), None] {
        assert_eq!(of(unknown), (vec![], Some("the kernel does not show it".into())));
    }
}

/// The journal of systemd reads the output of a service from a unix socket.
#[test]
fn a_unix_socket_may_be_the_output() {
    let kinds_of = |descriptors: &[u32]| {
        let fake = machine_of_sockets();
        for fd in descriptors {
            fake.process(10).socket(*fd, 60);
        }
        let held = resources(&fake, &Peers::new()).into_iter().map(|it| it.kind);
        held.collect::<Vec<_>>()
    };
    for output in [&[1][..], &[2], &[1, 2]] {
        assert_eq!(kinds_of(output), [ResourceKind::Unix { output: true }], "{output:?}");
    }
    for other in [&[0][..], &[0, 1], &[2, 5]] {
        assert_eq!(kinds_of(other), [ResourceKind::Unix { output: false }], "{other:?}");
    }
}

#[test]
fn listeners_and_udp_sockets_are_seen_and_others_are_not() {
    let fake = machine_of_sockets();
    fake.process(10).socket(3, 64).socket(4, 70).socket(5, 80);
    let kinds: Vec<_> = resources(&fake, &Peers::new()).into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [ResourceKind::UnixListener, ResourceKind::Udp(5000)]);
}

#[test]
fn descendants_are_listed_or_unknown() {
    let fake = Fake::new();
    fake.process(10);
    fake.process(11).parent(10);
    fake.process(12)
        .parent(11)
        .command("python\0-c\0from multiprocessing.resource_tracker import main;main(3)");
    let descendants = |fake: &Fake| seen(fake, &Peers::new()).expect("it can be read").descendants;
    let seen = descendants(&fake).expect("all are listed");
    assert_eq!(seen.iter().map(|it| it.pid).collect::<Vec<_>>(), [11]);
    fake.remove("self/mountinfo");
    fake.obstruct("1/fd");
    assert_eq!(descendants(&fake), None, "some processes may not be listed");
}

#[test]
fn a_process_that_has_ended_or_is_hidden_is_reported_as_such() {
    let fake = Fake::new();
    fake.process(10).start(101);
    assert_eq!(seen(&fake, &Peers::new()).err(), Some(Unseen::Gone), "its pid is used again");
    fake.process(10).state('Z');
    assert_eq!(seen(&fake, &Peers::new()).err(), Some(Unseen::Gone));
    fake.process(10).state('Z').threads(2);
    assert_eq!(seen(&fake, &Peers::new()).err(), Some(Unseen::Hidden), "its descriptors are");
    fake.process(10);
    fake.obstruct("10/fd");
    assert_eq!(seen(&fake, &Peers::new()).err(), Some(Unseen::Hidden));
}

#[test]
fn what_a_process_has_written_is_read() {
    let fake = Fake::new();
    fake.process(10);
    let hidden = written(fake.root(), &holder(10)).expect_err("it has no such file");
    assert!(!crate::host::linux::process::is_gone(&hidden), "the process is running");
    let io = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n";
    fake.write("10/io", io);
    let read = |pid: u32, start: u64| written(fake.root(), &Holder { start, ..holder(pid) });
    assert_eq!(read(10, 100).expect("it runs"), Written { bytes: 2, to_disk: 6 });
    assert!(read(10, 99).is_err(), "its pid is used again");
}

/// Of this very machine.
#[test]
fn the_kernel_shows_the_other_ends_of_unix_sockets() {
    use std::os::fd::AsRawFd as _;
    let inode = |stream: &UnixStream| {
        let link = std::fs::read_link(format!("/proc/self/fd/{}", stream.as_raw_fd()));
        let link = link.expect("it is open").into_os_string().into_encoded_bytes();
        crate::host::linux::process::inode(&link, "socket").expect("it is a socket")
    };
    let (here, there) = UnixStream::pair().expect("a pair can be made");
    let (a, b) = (inode(&here), inode(&there));
    let peers = unix::peers().expect("the kernel lists them");
    assert_eq!((peers.get(&a), peers.get(&b)), (Some(&Peer::Open(b)), Some(&Peer::Open(a))));
    drop(there);
    assert_eq!(unix::peers().expect("as before").get(&a), Some(&Peer::Closed));
}

/// The kernel sets `NLM_F_DUMP_INTR` if the list may lack sockets.
#[test]
fn an_interrupted_list_of_unix_sockets_is_not_used() {
    use netlink_packet_core::{DoneMessage, NetlinkPayload};
    use netlink_packet_core::{NLM_F_DUMP_INTR, NLM_F_MULTIPART, NetlinkHeader, NetlinkMessage};
    use netlink_packet_sock_diag::SockDiagMessage;
    let last_answer = |flags: u16| {
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        let done = NetlinkPayload::<SockDiagMessage>::Done(DoneMessage::default());
        let mut message = NetlinkMessage::new(header, done);
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        bytes
    };
    let add = |flags: u16| netlink::add(&mut Vec::new(), &last_answer(flags));
    assert!(add(NLM_F_MULTIPART).expect("nothing interrupted it"), "it was the last");
    let interrupted = add(NLM_F_MULTIPART | NLM_F_DUMP_INTR).expect_err("it was interrupted");
    assert_eq!(interrupted.kind(), std::io::ErrorKind::Interrupted);
}
