//! The main job, on real ezmsg: a pipeline dies badly, its session stays behind, the next launch is
//! refused; graphctl finds it, explains it, reaps it, and the pipeline runs again.
//!
//! `cargo run --release --example phantom` needs Rust and python3 (3.10 or newer); it makes its own
//! virtual environment under `target/`. Everything it starts ends with it, also on Ctrl-C.

#![allow(clippy::print_stdout, reason = "an example tells what it does")]

#[path = "../tests/lab/mod.rs"]
#[allow(dead_code, reason = "the example uses its own part of the lab")]
mod lab;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab::{Options, PATIENCE, Phantom, Pipeline, Server, quiet_phantom};

/// How long a rate is measured.
const SPAN: Duration = Duration::from_secs(2);

/// The share of the clean server's rate that a relaunched pipeline must reach.
const FULL_RATE: f64 = 0.8;

fn main() {
    tell("Building graphctl (once, for some minutes) …");
    let graphctl = build();
    tell("Making a virtual environment with ezmsg 3.9.0 under target/ (once) …");
    let python = lab::ezmsg("3.9.0");
    let clean = {
        let server = Server::start(&python);
        let pipeline = Pipeline::running(&server, &Options::two_processes());
        pipeline.rate_over(SPAN)
    };
    tell(&format!(
        "A pipeline of two processes on a clean GraphServer: {clean:.0} messages a second."
    ));

    tell("Scene 1. SIGTERM ends the main process; its forked backend keeps the session open.");
    let scene = Scene::open(&graphctl, &python, clean);
    scene.play(Phantom::MainTerminated, "stale headless", &["--kill"]);

    tell(
        "Scene 2. stop() hangs in a unit's shutdown; Ctrl-C interrupts it, and the backend is killed.",
    );
    tell(
        "The main process still runs, and waits at a prompt: its Python stacks show that it has left the pipeline.",
    );
    let scene = Scene::open(&graphctl, &python, clean);
    scene.play(Phantom::CleanupInterrupted, "stale abandoned", &[]);
    tell("Both phantoms are cleared, and the pipeline ran again at full rate.");
}

struct Scene {
    graphctl: PathBuf,
    server: Server,
    clean: f64,
}

impl Scene {
    /// A stock GraphServer in a process of its own.
    fn open(graphctl: &Path, python: &Path, clean: f64) -> Self {
        let server = Server::start(python);
        tell(&format!("A GraphServer runs: export EZMSG_GRAPHSERVER_ADDR={}", server.address()));
        Self { graphctl: graphctl.to_owned(), server, clean }
    }

    /// Makes a phantom and clears it with `reap` and these arguments. The phantom writes nothing, because `--kill` spares
    /// a backend that writes.
    fn play(&self, how: Phantom, verdict: &str, reap: &[&str]) {
        let phantom = quiet_phantom(&self.server, how, "SYSTEM");
        let refused = Pipeline::start(&self.server, &Options::two_processes());
        let why = refused.wait_refused(PATIENCE);
        tell(&format!("The same pipeline is launched again, and refused:\n    {}", why.trim()));
        drop(refused);
        self.wait_until_judged(verdict);

        expect(&self.run(&["sessions", "list"]), verdict);
        let id = self.quietly(&["sessions", "list", "-o", "name"]);
        expect(&self.run(&["sessions", "show", &id.trim()[..8]]), verdict);
        let dry_run = [&["sessions", "reap"], reap, &["--dry-run"]].concat();
        expect(&self.run(&dry_run), "would-drop");
        expect(&self.run(&[&["sessions", "reap"], reap].concat()), "dropped");

        let pipeline = Pipeline::running(&self.server, &Options::two_processes());
        let rate = pipeline.rate_over(SPAN);
        let (_, counts) = pipeline.counts_over(Duration::ZERO);
        tell(&format!(
            "The same pipeline runs again: {rate:.0} messages a second, {} foreign, {} lost.",
            counts["foreign"], counts["gaps"]
        ));
        assert!(rate >= FULL_RATE * self.clean, "the clean server's rate was {}", self.clean);
        assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
        expect(&self.run(&["sessions", "list"]), "live");
        drop((phantom, pipeline));
    }

    /// Runs graphctl as a person would, and shows what it says.
    fn run(&self, arguments: &[&str]) -> String {
        println!("\n$ graphctl {}", arguments.join(" "));
        let said = self.quietly(arguments);
        print!("{said}");
        said
    }

    /// Both of its outputs, as they would stand on a terminal.
    fn quietly(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.graphctl)
            .args(arguments)
            .env("EZMSG_GRAPHSERVER_ADDR", self.server.address())
            .stdin(Stdio::null())
            .output()
            .expect("graphctl starts");
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "graphctl ended with {}: {stderr}", output.status);
        stdout + &stderr
    }

    /// The server may need a moment to notice what has just died.
    fn wait_until_judged(&self, verdict: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.quietly(&["sessions", "list"]).contains(verdict) {
            assert!(Instant::now() < deadline, "it was to be judged {verdict}");
        }
    }
}

/// Builds the real binary next to this example.
fn build() -> PathBuf {
    let example = std::env::current_exe().expect("the example knows where it is");
    let profile =
        example.ancestors().nth(2).expect("examples are built in target/PROFILE/examples");
    let release = profile.ends_with("release").then_some("--release");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bin", "graphctl"])
        .args(release)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo starts");
    assert!(status.success(), "graphctl must build");
    profile.join("graphctl")
}

fn expect(said: &str, wanted: &str) {
    assert!(said.contains(wanted), "'{wanted}' was to be told");
}

fn tell(text: &str) {
    println!("\n=> {text}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
