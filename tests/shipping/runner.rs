//! What GitHub's runner does with a composite action, as far as ours takes it: what is not known here panics.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::{Captures, Regex};
use serde_json::{Map, Value};

use crate::workshop::{Workshop, project, run};
use crate::yaml;

/// What a step can write for the runner.
const FILES: [&str; 4] = ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"];

/// Names and their values: inputs, outputs, variables.
pub(crate) type Values = BTreeMap<String, String>;

/// A job on a runner: what its steps hand on to each other.
pub(crate) struct Job<'a> {
    workshop: &'a Workshop,
    /// What has been added to the PATH.
    path: Vec<PathBuf>,
    pub(crate) environment: Values,
}

/// What became of a step that uses an action.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) code: i32,
    /// What its steps said on standard output and standard error.
    pub(crate) log: String,
    pub(crate) outputs: Values,
    pub(crate) summary: String,
}

impl<'a> Job<'a> {
    /// One with these folders on its PATH.
    pub(crate) fn new(workshop: &'a Workshop, path: &[&Path]) -> Self {
        for folder in ["temp", "files"] {
            fs::create_dir_all(workshop.folder().join(folder)).expect("a folder can be made");
        }
        let path = path.iter().map(|it| it.to_path_buf()).collect();
        Self { workshop, path, environment: Values::new() }
    }

    /// Does a step of a workflow that uses the action.
    pub(crate) fn uses_with(&mut self, step: &Value, context: &Values) -> Done {
        let inputs = object(&step["with"]).iter();
        let inputs = inputs.map(|(name, value)| (name.as_str(), filled(text(value), context)));
        let inputs: Vec<_> = inputs.collect();
        self.uses(&inputs.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    }

    /// Does the steps of `action.yml`, until one fails.
    pub(crate) fn uses(&mut self, inputs: &[(&str, &str)]) -> Done {
        let action = yaml::read(self.workshop.python(), &project().join("action.yml"));
        assert_eq!(action["runs"]["using"], "composite");
        let mut context = resolved(&action, inputs);
        let mut done = Done::default();
        for step in action["runs"]["steps"].as_array().expect("a list of steps") {
            assert_eq!(step["shell"], "bash", "another shell is not known here");
            self.step(
                step,
                &["--noprofile", "--norc", "-e", "-o", "pipefail"],
                &mut context,
                &mut done,
            );
            if done.code != 0 {
                break;
            }
        }
        for (name, output) in object(&action["outputs"]) {
            done.outputs.insert(name.clone(), filled(text(&output["value"]), &context));
        }
        done
    }

    /// Does a step of a workflow that runs a script, and names no shell.
    pub(crate) fn runs(&mut self, step: &Value) -> Done {
        let mut done = Done::default();
        self.step(step, &["-e"], &mut Values::new(), &mut done);
        done
    }

    fn step(&mut self, step: &Value, bash: &[&str], context: &mut Values, done: &mut Done) {
        let known = ["name", "id", "shell", "env", "run"];
        let unknown = object(step).keys().find(|key| !known.contains(&key.as_str()));
        assert_eq!(unknown, None, "it is not known here");

        let script = self.file("script.sh", &filled(text(&step["run"]), context));
        let files = FILES.map(|name| self.file(name, ""));
        let path: Vec<_> = self.path.iter().map(PathBuf::as_path).collect();
        let words = [&["bash"], bash, &[&script]].concat();
        let mut command = self.workshop.command_with(&path, &words);
        command.envs(&self.environment).envs(FILES.iter().zip(&files));
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_ACTION_PATH", project());
        command.env("RUNNER_TEMP", self.workshop.folder().join("temp"));
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            command.env(name, filled(text(value), context));
        }
        let run = run(&mut command);
        done.code = run.code;
        done.log += &(run.stdout + &run.stderr);

        let [env, output, path, summary] =
            files.map(|file| fs::read_to_string(file).expect("it is still there"));
        self.environment.extend(commands(&env));
        self.path.splice(..0, path.lines().map(PathBuf::from));
        done.summary += &summary;
        for (name, value) in commands(&output) {
            context.insert(format!("steps.{}.outputs.{name}", text(&step["id"])), value);
        }
    }

    fn file(&self, name: &str, content: &str) -> String {
        let file = self.workshop.folder().join("files").join(name);
        fs::write(&file, content).expect("a file can be written");
        file.to_str().expect("a path of ours is text").to_owned()
    }
}

/// `inputs.NAME`, as given or by default.
fn resolved(action: &Value, given: &[(&str, &str)]) -> Values {
    let inputs = object(&action["inputs"]);
    let defaults = inputs.iter().map(|(name, input)| (name.as_str(), text(&input["default"])));
    let mut values: BTreeMap<&str, &str> = defaults.collect();
    for (name, value) in given {
        assert!(values.insert(name, value).is_some(), "there is no input {name}");
    }
    values.into_iter().map(|(name, value)| (format!("inputs.{name}"), value.to_owned())).collect()
}

/// A text with its expressions evaluated: what a step has not put out is empty.
pub(crate) fn filled(text: &str, context: &Values) -> String {
    let expression = Regex::new(r"\$\{\{\s*(.*?)\s*\}\}").expect("a pattern of ours is one");
    let value = |found: &Captures<'_>| {
        let is_output = found[1].starts_with("steps.");
        let value = context.get(&found[1]).cloned();
        value.or_else(|| is_output.then(String::new)).unwrap_or_else(|| panic!("{}?", &found[1]))
    };
    expression.replace_all(text, value).into_owned()
}

/// What a step wrote for the runner, a `NAME=VALUE` a line.
fn commands(file: &str) -> Values {
    let lines = file.lines().map(|line| line.split_once('=').expect("NAME=VALUE"));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("names and values")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("it is not text: {value}"))
}
