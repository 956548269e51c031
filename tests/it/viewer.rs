//! Runs graphctl as another user, in a container, behind a relay, or in another network than the server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::lab::{Network, PATIENCE};
use crate::run::{GRAPHCTL, Run, finish, prepared};
use crate::wiretap::Wiretap;

/// The user id of `nobody`.
const OTHER_USER: &str = "65534";

/// Where graphctl runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// On the machine of the server, as its user.
    Here,
    /// As another user than the server and the pipeline.
    OtherUser,
    /// In a pid namespace of its own.
    Container,
    /// On the same machine, with a relay between itself and the server.
    BehindRelay,
    /// In another network namespace than the server and the pipeline.
    OtherNetwork,
}

/// A copy of graphctl that any user may run.
pub(crate) struct PublicCopy(TempDir);

impl PublicCopy {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
            .expect("our own folder");
        fs::copy(GRAPHCTL, folder.path().join("graphctl")).expect("graphctl can be copied");
        Self(folder)
    }
}

/// A graphctl that runs in such a place, and the address of the server there.
pub(crate) struct Viewer<'a> {
    pub(crate) place: Place,
    copy: &'a PublicCopy,
    prefix: Vec<String>,
    address: String,
    _relay: Option<Wiretap>,
}

impl<'a> Viewer<'a> {
    /// `None` if this machine cannot provide the place. `network` is the network of the server, if it has one.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub(crate) fn new(
        place: Place,
        copy: &'a PublicCopy,
        server: &str,
        network: Option<&Network>,
    ) -> Option<Self> {
        let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let prefix = match place {
            Place::Here | Place::BehindRelay => Vec::new(),
            Place::OtherUser => {
                let user = [format!("--reuid={OTHER_USER}"), format!("--regid={OTHER_USER}")];
                [words(&["setpriv"]), user.to_vec(), words(&["--clear-groups"])].concat()
            }
            Place::Container => words(&["unshare", "--pid", "--fork", "--mount-proc"]),
            Place::OtherNetwork => {
                let side = network.expect("a network was laid").client_side();
                let command = side.command("env");
                let program = command.get_program().to_str().expect("text").to_owned();
                let options = command.get_args().map(|it| it.to_str().expect("text").to_owned());
                std::iter::once(program).chain(options).collect()
            }
        };
        let relay = (place == Place::BehindRelay).then(|| Wiretap::before(server));
        let address = relay.as_ref().map_or(server, Wiretap::address).to_owned();
        let viewer = Self { place, copy, prefix, address, _relay: relay };
        let works = viewer.command(&["--version"]).output().is_ok_and(|it| it.status.success());
        if !works {
            eprintln!("skipped: this machine has no {place:?}");
        }
        works.then_some(viewer)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let graphctl = self.copy.0.path().join("graphctl");
        let mut command = match self.prefix.split_first() {
            None => Command::new(graphctl),
            Some((program, options)) => {
                let mut command = Command::new(program);
                command.args(options).arg(graphctl);
                command
            }
        };
        command.current_dir("/");
        prepared(command, &self.address, arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        finish(self.command(arguments).spawn().expect("graphctl starts"))
    }

    /// The sessions and leftovers that have components, of those that `filter` lets through.
    pub(crate) fn keyed(&self, filter: &[&str]) -> Vec<Value> {
        let run = self.run(&[&["sessions", "list", "-o", "json"], filter].concat());
        assert_eq!(run.code, 0, "{run:#?}");
        let look = run.json();
        let of = |kind: &str| look[kind].as_array().expect("a list").clone();
        let cases = [of("sessions"), of("leftovers")].concat().into_iter();
        cases.filter(|case| case["components"] != serde_json::json!([])).collect()
    }

    /// Looks until all of these, and at least one, are judged so: the server may need a moment to notice what has just
    /// died.
    #[track_caller]
    pub(crate) fn wait_until_judged(&self, filter: &[&str], (state, reason): (&str, &str)) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let cases = self.keyed(filter);
            let is_judged = |it: &Value| verdict(it) == (state, reason);
            if !cases.is_empty() && cases.iter().all(is_judged) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "not {state} {reason} for {:?}, but {cases:#?}",
                self.place
            );
        }
    }
}

/// The state and the reason of a case in JSON.
pub(crate) fn verdict(case: &Value) -> (&str, &str) {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    (text("verdict"), text("reason"))
}
