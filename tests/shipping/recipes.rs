//! The recipes that launch a pipeline, as they are copied.

use std::process::Command;

use crate::lab::free_address;
use crate::workshop::{Workshop, run};
use crate::yaml;

/// What `my_pipeline.py` says when it has run.
const RAN: &str = "all messages came\n";

/// A recipe, copied, and the command line that runs it.
type Recipe = fn(&Workshop) -> Command;

fn shell_step(workshop: &Workshop) -> Command {
    workshop.bring_recipe("ci-step.sh");
    workshop.command(&["./ci-step.sh"])
}

/// `script:` as GitLab's runner has it done: by one bash, line after line.
fn gitlab_job(workshop: &Workshop) -> Command {
    let job = &yaml::read(workshop.python(), &workshop.bring_recipe("gitlab-ci.yml"))["pipeline"];
    let keywords: Vec<_> = job.as_object().expect("a job has keywords").keys().collect();
    assert_eq!(keywords, ["script"], "what else it says is not done here");
    let lines = job["script"].as_array().expect("a list of lines");
    let lines = lines.iter().map(|line| line.as_str().expect("a line is text"));
    let script: Vec<_> = ["set -eo pipefail"].into_iter().chain(lines).collect();
    workshop.command(&["bash", "-c", &script.join("\n")])
}

fn launching_script(workshop: &Workshop) -> Command {
    workshop.bring_recipe("component_keys.py");
    workshop.bring_recipe("launch.py");
    workshop.command(&["python", "launch.py"])
}

#[track_caller]
fn clears_launches_and_refuses(recipe: Recipe) {
    let (workshop, _phantom) = Workshop::with_phantom();
    let launched = run(&mut recipe(&workshop));
    assert_eq!(launched.code, 0, "{launched:#?}");
    assert!(launched.stdout.ends_with(RAN), "{launched:#?}");
    workshop.expect_cleared();

    let (workshop, system) = Workshop::with_a_healthy_system();
    let refused = run(&mut recipe(&workshop));
    assert_eq!(refused.code, 1, "{refused:#?}");
    assert!(refused.stdout.contains("SYSTEM/PUB"), "it does not say what is held: {refused:#?}");
    assert!(!refused.stdout.contains(RAN), "{refused:#?}");
    workshop.expect_untouched(&system, "SYSTEM");
}

#[test]
fn the_shell_step_clears_launches_and_refuses() {
    clears_launches_and_refuses(shell_step);
}

#[test]
fn the_gitlab_job_clears_launches_and_refuses() {
    clears_launches_and_refuses(gitlab_job);
}

#[test]
fn the_script_that_launches_clears_launches_and_refuses() {
    clears_launches_and_refuses(launching_script);
}

/// By its launch: ezmsg starts no server where the variable says that there must be one.
#[test]
fn without_a_server_a_recipe_ends_as_its_launch_does() {
    let workshop = Workshop::open();
    let launches = "ConnectionRefusedError";
    for (recipe, code, why) in [
        (shell_step as Recipe, 1, launches),
        (launching_script, 1, launches),
        (gitlab_job, 69, "no GraphServer"),
    ] {
        let run = run(recipe(&workshop).env("EZMSG_GRAPHSERVER_ADDR", free_address()));
        assert_eq!(run.code, code, "{run:#?}");
        assert!(run.stderr.contains(why), "{run:#?}");
    }
}

#[test]
fn where_nothing_can_be_cleared_a_recipe_launches_nothing() {
    let workshop = Workshop::open();
    for (recipe, code) in [(shell_step as Recipe, 77), (gitlab_job, 77), (launching_script, 1)] {
        let run = run(recipe(&workshop).env("GRAPHCTL_NO_ADMIN", "1"));
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{run:#?}");
    }
}
