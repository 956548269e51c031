//! Parses the command line and the variables that stand for options, and explains what is wrong.

use std::env;
use std::ffi::OsStr;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use super::Cli;
use super::suggestions::suggest_correct_path;
use crate::error::Error;

/// Why a command line is not run.
#[derive(Debug)]
pub enum Refusal {
    /// Help and the version, or an error of clap's.
    Clap(clap::Error),
    /// A value that is empty, or a variable that is not text.
    Value(Error),
}

/// Parses the command line of this process.
///
/// # Errors
/// See [`Refusal`].
pub fn parse() -> Result<Cli, Refusal> {
    let mut command = Cli::command();
    let mut matches = match command.try_get_matches_from_mut(env::args_os()) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => return Err(explain(error, &command)),
        Err(help) => return Err(Refusal::Clap(help)),
    };
    if let Some(name) = find_empty_value(&command, &matches) {
        return Err(refuse_empty(&name));
    }
    Cli::from_arg_matches_mut(&mut matches)
        .map_err(|error| Refusal::Clap(error.format(&mut command)))
}

/// What is wrong with the command line alone or, if nothing is, with a variable. clap treats a
/// variable as if its option had been typed: it would name the option in the error, and show it in
/// the usage line as if it were required.
fn explain(error: clap::Error, command: &Command) -> Refusal {
    let words = Cli::command().mut_args(|arg| arg.env(Resettable::Reset));
    match words.try_get_matches_from(env::args_os()) {
        Err(error) => match argument_of(&error) {
            Some(name) if is_about_empty_value(&error) => refuse_empty(name),
            _ => Refusal::Clap(suggest_correct_path(error)),
        },
        Ok(_) => explain_variable(error, command),
    }
}

fn explain_variable(mut error: clap::Error, command: &Command) -> Refusal {
    let option = argument_of(&error).map(str::to_owned);
    let variable = command.get_arguments().find_map(|arg| {
        let (variable, value) = (arg.get_env()?, env::var_os(arg.get_env()?)?);
        let is_about =
            option.as_ref().map_or(value.to_str().is_none(), |it| *it == arg.to_string());
        is_about.then(|| variable.to_string_lossy().into_owned())
    });
    let Some(variable) = variable else { return Refusal::Clap(error) };
    if option.is_none() {
        return Refusal::Value(Error::Usage {
            message: format!("the value of {variable} is not UTF-8 text"),
            hint: format!("set it to UTF-8 text, or `unset {variable}`"),
        });
    }
    if is_about_empty_value(&error) {
        return Refusal::Value(Error::Usage {
            message: format!("the value of {variable} is empty"),
            hint: format!("give it a value, or `unset {variable}`"),
        });
    }
    error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
    Refusal::Clap(error)
}

/// The option or argument that an error is about.
fn argument_of(error: &clap::Error) -> Option<&str> {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(name)) => Some(name),
        _ => None,
    }
}

fn is_about_empty_value(error: &clap::Error) -> bool {
    let value = error.get(ContextKind::InvalidValue);
    matches!(value, Some(ContextValue::String(value)) if value.trim().is_empty())
}

/// The first option or argument that was typed with an empty value. For a filter, an empty value
/// would mean no filter.
fn find_empty_value(command: &Command, matches: &ArgMatches) -> Option<String> {
    let typed = |arg: &&Arg| {
        let source = matches.value_source(arg.get_id().as_str());
        arg.get_action().takes_values() && source == Some(ValueSource::CommandLine)
    };
    let has_empty = |arg: &&Arg| {
        let mut values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
        // After the name of a command to run, the words are arguments of that command.
        if arg.is_last_set() { values.next().is_some_and(is_blank) } else { values.any(is_blank) }
    };
    if let Some(arg) = command.get_arguments().filter(typed).find(has_empty) {
        return Some(arg.to_string());
    }
    let (name, matches) = matches.subcommand()?;
    find_empty_value(command.find_subcommand(name)?, matches)
}

fn is_blank(value: &OsStr) -> bool {
    value.to_str().is_some_and(|it| it.trim().is_empty())
}

/// Refuses an empty value of an argument, which clap prints as `--state <STATE>` or `[KEY]...`.
fn refuse_empty(argument: &str) -> Refusal {
    let name = argument.split(' ').next().unwrap_or(argument);
    let name = name.trim_matches(|it| "[]<>.".contains(it));
    Refusal::Value(Error::Usage {
        message: format!("the value of {name} is empty"),
        hint: "give it a value; perhaps a variable of your script is not set".into(),
    })
}
