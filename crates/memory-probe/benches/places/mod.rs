//! Where a leak is: the program again, apart, under valgrind's DHAT.
//!
//! This binary starts itself with the variable `MEMORY_PROBE_LEAK`, which names the program.

use std::env;
use std::error::Error;
use std::process::{Command, ExitCode, Stdio};

use measure::heap_profile::{Frame, Rank, Site};
use measure::report::Report;
use measure::{HeapProfile, Unit};

use super::leaking::{CASES, Case, Truth, Version};

const VARIABLE: &str = "MEMORY_PROBE_LEAK";

/// Call sites that are shown of a program.
const SHOWN: usize = 3;

/// The program that this process is to run, if it is such a child.
pub fn asked() -> Option<String> {
    env::var(VARIABLE).ok()
}

/// The child's side.
pub fn main(name: &str) -> ExitCode {
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        eprintln!("{VARIABLE}={name}: this variable is for the report's own use; unset it");
        return ExitCode::from(2);
    };
    match (case.run)(Version::Found, 1) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The call sites that hold most when the program holds most: of a program that leaks, those of the
/// leak. What is freed at the end is seen too.
pub fn run(report: &mut Report) -> Result<(), Box<dyn Error>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("no places of leaks: valgrind is not installed (apt-get install valgrind)");
        return Ok(());
    }
    let mut rows = Vec::new();
    for case in CASES.iter().filter(|case| matches!(case.truth, Truth::Leaks(_))) {
        let profile = profiled(case)?;
        let sites = profile.ranked(Rank::Peak);
        // Each program is a function of its own name.
        let is_own = |site: &Site| {
            let place = site.owner().and_then(|frame| frame.place.as_deref()).unwrap_or("");
            let within = site.frames.iter().any(|frame| frame.function.contains(case.name));
            place.contains("benches/leaking/") && within
        };
        let right = sites.first().is_some_and(|site| is_own(site));
        let record = report.figure("place_right", Unit::Count, f64::from(u8::from(right)));
        report.record(&record.parameter("case", case.name))?;
        for site in sites.iter().take(SHOWN) {
            let owner = site.owner().map_or_else(|| "unknown".to_owned(), shown);
            rows.push(vec![
                case.name.to_owned(),
                owner,
                site.peak_bytes.to_string(),
                site.peak_blocks.to_string(),
            ]);
        }
    }
    report.table(
        "Who holds most when most is held, by DHAT, of the programs that leak",
        &["program", "call site", "bytes", "blocks"],
        &rows,
    )?;
    Ok(())
}

/// A function, and its file and line as the compiler was told them.
fn shown(frame: &Frame) -> String {
    let place = frame.place.as_deref().unwrap_or("unknown place");
    let place = place.rsplit_once("/crates/").map_or(place, |(_, within)| within);
    format!("{} ({place})", frame.function)
}

fn profiled(case: &Case) -> Result<HeapProfile, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("dhat.json");
    let output = Command::new("valgrind")
        .args(["--tool=dhat", "--num-callers=40", "--fullpath-after="])
        .arg(format!("--dhat-out-file={}", file.display()))
        .arg(env::current_exe()?)
        .env(VARIABLE, case.name)
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} under valgrind: {}: {said}", case.name, output.status).into());
    }
    Ok(HeapProfile::read(&file)?)
}
