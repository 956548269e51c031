//! The recipe for pytest, with a test that leaves a session behind.

use std::fs;

use crate::lab::free_address;
use crate::workshop::{Workshop, run};

const PYTEST: [&str; 6] = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider"];

#[test]
fn the_fixture_clears_phantoms_and_what_a_test_has_left_which_fails_it() {
    let (workshop, _phantom) = Workshop::with_phantom();
    workshop.bring_recipe("conftest.py");
    workshop.bring("tests/shipping/test_pipeline.py");
    let run = workshop.run(&PYTEST);
    let (_, summary) = run.stdout.trim_end().rsplit_once('\n').expect("pytest says several lines");
    assert!(summary.starts_with("4 passed, 1 error"), "{run:#?}");
    assert!(
        run.stdout.contains("ERROR test_pipeline.py::test_that_never_stops_what_it_starts"),
        "{run:#?}"
    );
    assert!(run.stdout.contains("it has left sessions on the server"), "{run:#?}");
    workshop.expect_cleared();
}

#[test]
fn without_a_server_the_fixture_has_nothing_to_clear() {
    let workshop = Workshop::open();
    workshop.bring_recipe("conftest.py");
    let test =
        "def test_it(graph_server, graph_root):\n    assert graph_root and not graph_server\n";
    fs::write(workshop.folder().join("test_it.py"), test).expect("it can be written");
    let mut pytest = workshop.command(&PYTEST);
    let run = run(pytest.env("EZMSG_GRAPHSERVER_ADDR", free_address()));
    assert_eq!(run.code, 0, "{run:#?}");
}
