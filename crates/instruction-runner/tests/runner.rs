//! A bench and its runner must be of one version.

use std::process::Command;

#[test]
fn a_bench_of_another_version_is_refused() {
    let runner = env!("CARGO_BIN_EXE_instruction-runner");
    let output = Command::new(runner).args(["--lib-bench", "0.1.0"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("instruction-runner: ") && said.contains("gungraun"), "{said}");
}
