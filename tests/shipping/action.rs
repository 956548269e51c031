//! The action of this repository, its steps done as by a runner.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::lab::{Client, Phantom, free_address};
use crate::run::GRAPHCTL;
use crate::runner::{Done, Job, Values, filled};
use crate::workshop::{Workshop, project, python};
use crate::yaml;

/// Where graphctl is already, in the very version of the action.
fn built() -> &'static Path {
    Path::new(GRAPHCTL).parent().expect("a program is in a folder")
}

/// A step that uses the action where graphctl is there already.
fn uses(workshop: &Workshop, inputs: &[(&str, &str)]) -> Done {
    Job::new(workshop, &[built()]).uses(inputs)
}

#[track_caller]
fn expect(done: &Done, code: i32, dropped: &str, free: &str) {
    let outputs = (done.outputs["dropped"].as_str(), done.outputs["free"].as_str());
    assert_eq!((done.code, outputs), (code, (dropped, free)), "{done:#?}");
}

fn report(done: &Done) -> Value {
    let report = fs::read_to_string(&done.outputs["report"]).expect("there is a report");
    serde_json::from_str(&report).expect("it is JSON")
}

#[test]
fn the_action_drops_a_phantom_and_its_keys_are_free() {
    let (workshop, _phantom) = Workshop::with_phantom();
    let done = uses(&workshop, &[("keys", "SYSTEM\nSYSTEM/PUB"), ("root", "SYSTEM OTHER")]);
    expect(&done, 0, "1", "true");
    assert!(done.summary.contains("dropped"), "{done:#?}");
    assert_eq!(report(&done)["targets"][0]["outcome"], "dropped");
    workshop.expect_cleared();
    expect(&uses(&workshop, &[]), 0, "0", "");
}

#[test]
fn a_dry_run_drops_nothing_and_keys_that_are_held_fail_the_step() {
    let (workshop, _phantom) = Workshop::with_phantom();
    let keys = workshop.folder().join("the keys");
    fs::write(&keys, "SYSTEM/SUB\n").expect("a file can be written");
    let held: [&[(&str, &str)]; 3] = [
        &[("keys", "FREE SYSTEM/PUB"), ("dry-run", "true")],
        &[("root", "FREE SYSTEM"), ("max", "0")],
        &[("keys-from", keys.to_str().expect("a path of ours is text")), ("older-than", "1h")],
    ];
    for inputs in held {
        let done = uses(&workshop, inputs);
        expect(&done, 1, "0", "false");
        assert!(done.log.contains("::error"), "{done:#?}");
    }
    assert_eq!(workshop.server.witness().sessions_of("SYSTEM").len(), 1);
}

#[test]
fn suspects_are_dropped_where_that_is_wanted() {
    let workshop = Workshop::open();
    let _phantom = workshop.ten_minutes_after(Phantom::BackendStopped);
    expect(&uses(&workshop, &[("root", "SYSTEM")]), 1, "0", "false");
    let inputs = [("root", "SYSTEM"), ("include-suspect", "true")];
    expect(&uses(&workshop, &inputs), 0, "1", "true");
    workshop.expect_cleared();
}

#[test]
fn without_a_server_there_are_no_phantoms_and_no_key_is_checked() {
    let workshop = Workshop::open();
    let done = uses(&workshop, &[("address", &free_address()), ("keys", "HEALTHY")]);
    expect(&done, 0, "0", "");
    assert_eq!(done.outputs["report"], "");
    assert!(done.log.contains("::warning title=graphctl::no server answered"), "{done:#?}");
}

#[test]
fn a_switch_that_is_neither_true_nor_false_drops_nothing() {
    let (workshop, _phantom) = Workshop::with_phantom();
    for (switch, value) in [("dry-run", "yes"), ("dry-run", "True"), ("include-suspect", "*")] {
        let done = uses(&workshop, &[(switch, value)]);
        expect(&done, 2, "", "");
        assert!(done.log.contains(&format!("{switch} is true or false")), "{done:#?}");
    }
    assert_eq!(workshop.server.witness().sessions_of("SYSTEM").len(), 1);
}

/// Of each input: what bash, graphctl or the runner could take for something else. Keys are found all the same.
#[test]
fn inputs_are_nothing_but_values() {
    let (workshop, _phantom) = Workshop::with_phantom();
    let keys = ["*", "$(touch${IFS}owned)", "`touch${IFS}owned`", "';touch${IFS}owned;'"];
    let _held = Client::silent_session(&workshop.server, &keys);
    for key in keys {
        let keys = format!("  --help\n\nFREE {key} ");
        for input in ["keys", "root"] {
            let done = uses(&workshop, &[(input, &keys), ("older-than", "1h")]);
            expect(&done, 1, "0", "false");
        }
    }
    let hostile = "5m --include-suspect $(touch owned) `touch owned`\nfree=true";
    for input in ["address", "older-than", "max", "dry-run", "include-suspect"] {
        let done = uses(&workshop, &[(input, hostile), ("root", "FREE")]);
        assert_eq!((done.code, done.outputs["free"].as_str()), (2, ""), "{input}: {done:#?}");
    }
    let audit = "an $(touch owned) audit; *\nreport=x";
    expect(&uses(&workshop, &[("audit", audit)]), 0, "1", "");
    assert!(workshop.folder().join(audit).exists(), "there is no audit");
    assert!(!workshop.folder().join("owned").exists(), "a value was run");
}

/// To build it takes minutes: this cargo has it ready, and puts it where the real one would.
const CARGO: &str = r#"
[ "$*" = "install --locked --path $GITHUB_ACTION_PATH --root $RUNNER_TEMP/graphctl" ]
mkdir -p "$6/bin"
ln -s "$BUILT" "$6/bin/graphctl"
"#;

#[test]
fn graphctl_is_installed_once_where_there_is_none_of_this_version() {
    let workshop = Workshop::open();
    let programs = workshop.folder().join("programs");
    fs::create_dir(&programs).expect("a folder can be made");
    for (name, script) in [("cargo", CARGO), ("graphctl", "echo graphctl 0.0.0")] {
        let program = programs.join(name);
        fs::write(&program, format!("#!/bin/sh -e\n{script}")).expect("it can be written");
        fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it is our own");
    }
    let mut job = Job::new(&workshop, &[&programs]);
    job.environment.insert("BUILT".into(), GRAPHCTL.into());
    expect(&job.uses(&[("root", "HEALTHY")]), 1, "0", "false");
    // A second `ln` would fail.
    expect(&job.uses(&[("root", "FREE")]), 0, "0", "true");
}

#[test]
fn no_script_of_the_action_holds_an_expression_and_all_inputs_are_described_and_used() {
    let action = yaml::read(&python(), &project().join("action.yml"));
    let steps = action["runs"]["steps"].as_array().expect("a list of steps");
    let mut used = Vec::new();
    for step in steps {
        assert!(!step["run"].as_str().expect("a script").contains("${{"), "{step:#}");
        used.extend(step["env"].as_object().into_iter().flatten().map(|(_, value)| value.clone()));
    }
    for (name, input) in action["inputs"].as_object().expect("inputs by name") {
        assert!(input["description"].is_string() && input["required"] != true, "{name}");
        assert!(used.contains(&format!("${{{{ inputs.{name} }}}}").into()), "{name} is not used");
    }
}

/// Its job is done as a runner does it, but for the checkout, which is there.
#[test]
fn the_workflow_clears_phantoms_and_launches() {
    let (workshop, _phantom) = Workshop::with_phantom();
    let workflow = yaml::read(workshop.python(), &workshop.bring_recipe("github-workflow.yml"));
    let job = &workflow["jobs"]["pipeline"];
    let mut runner = Job::new(&workshop, &[built()]);
    let address = workshop.server.address();
    let variables = Values::from([("vars.EZMSG_GRAPHSERVER_ADDR".into(), address.into())]);
    for (name, value) in job["env"].as_object().expect("names and values") {
        let value = filled(value.as_str().expect("it is text"), &variables);
        runner.environment.insert(name.clone(), value);
    }

    let mut log = String::new();
    for step in job["steps"].as_array().expect("a list of steps") {
        let done = match step["uses"].as_str().and_then(|action| action.split('@').next()) {
            Some("actions/checkout") => continue,
            Some("OWNER/graphctl") => runner.uses_with(step, &variables),
            Some(other) => panic!("{other} is not known here"),
            None => runner.runs(step),
        };
        assert_eq!(done.code, 0, "{done:#?}");
        log += &done.log;
    }
    assert!(log.contains("1 session dropped") && log.contains("all messages came\n"), "{log}");
    workshop.expect_cleared();
}
