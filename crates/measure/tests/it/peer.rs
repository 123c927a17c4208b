use std::fs;
use std::time::Duration;

use measure::LatencyRecorder;
use measure::peer::{CheckedJob, Loaded, PacedJob, Refused, Run, fastest, serve_lines};
use serde_json::{Value, json};

/// Adds 1 to 3 up, or says that it does.
fn sum(problem: &str) -> Result<Loaded, Refused> {
    let expected = problem.trim().parse()?;
    Ok((
        "by hand".to_owned(),
        Box::new(CheckedJob::new(3, expected, Box::new(|| Ok((1..=3).sum())))),
    ))
}

fn ask(
    requests: &str,
    load: impl Fn(&str) -> Result<Loaded, Refused>,
) -> Vec<Result<Value, String>> {
    let mut answers = Vec::new();
    let export = |workload: &str| Ok(json!({ "of": workload }));
    serve_lines(requests.as_bytes(), &mut answers, export, load).unwrap();
    let answers = String::from_utf8(answers).unwrap();
    let line = |line| {
        let value: Value = serde_json::from_str(line).unwrap();
        value.get("error").map_or(Ok(value.clone()), |error| Err(error.as_str().unwrap().into()))
    };
    answers.lines().map(line).collect()
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    file
}

#[test]
fn every_request_gets_its_line() {
    let problem = file("6");
    let load = format!("load {}", problem.path().display());
    let answers = ask(&format!("export a b\n{load}\nanswer\nmeasure 5\n"), sum);
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0], Ok(json!({ "of": "a b" })));
    assert_eq!(answers[1], Ok(json!({ "ready": "by hand" })));
    assert_eq!(answers[2], Ok(json!({ "choices": [[6]], "numbers": {} })));
    let measured = answers[3].as_ref().unwrap();
    assert_eq!(measured["operations"], 15);
    assert!(measured["ns"].as_f64().unwrap() > 0.0 && measured.get("elapsed_ns").is_none());
}

#[test]
fn a_checksum_that_is_not_the_expected_one_is_no_time() {
    let problem = file("7");
    let load = format!("load {}", problem.path().display());
    let answers = ask(&format!("{load}\nmeasure 1\n"), sum);
    assert_eq!(answers[1], Err("answered 0x6 instead of 0x7".to_owned()));
}

#[test]
fn what_cannot_be_done_is_refused_and_the_next_request_answered() {
    let problem = file("no number");
    let load = format!("load {}", problem.path().display());
    let answers = ask(&format!("answer\n{load}\nload /nowhere\nsing\nexport x\n"), sum);
    assert_eq!(answers[0], Err("nothing was loaded".to_owned()));
    assert!(answers[1].as_ref().is_err_and(|error| error.contains("digit")), "{:?}", answers[1]);
    assert!(answers[2].is_err());
    assert_eq!(answers[3], Err("'sing' is no request".to_owned()));
    assert!(answers[4].is_ok());
}

#[test]
fn a_paced_job_answers_the_percentile_of_all_its_runs_and_the_time_they_took() {
    let load = |_: &str| -> Result<Loaded, Refused> {
        let mut runs = 0;
        let run = move || {
            runs += 1;
            let mut latency = LatencyRecorder::new();
            let micros = Duration::from_micros;
            // Of the second and the third run together, half take 9 us and half 1.
            (0..10).for_each(|_| {
                latency.record(micros(0), micros(2), micros(2 + [1, 9, 1][runs - 1]));
            });
            std::thread::sleep(Duration::from_millis(1));
            Ok(latency)
        };
        Ok((String::new(), Box::new(PacedJob::new(run))))
    };
    let problem = file("");
    let path = problem.path().display();
    let answers = ask(&format!("load {path}\nanswer\nmeasure 2\n"), load);
    assert_eq!(answers[1].as_ref().unwrap()["choices"], json!([[10]]));
    let measured = answers[2].as_ref().unwrap();
    assert!((measured["ns"].as_f64().unwrap() / 9e3 - 1.0).abs() < 1e-3, "{measured}");
    assert_eq!(measured["operations"], 1);
    assert!(measured["elapsed_ns"].as_f64().unwrap() > 2e6, "{measured}");
}

#[test]
fn of_several_ways_the_one_with_the_shortest_time_is_kept() {
    let sleeps = |milliseconds: &'static [u64]| -> Run {
        let mut turns = milliseconds.iter().cycle();
        Box::new(move || {
            let time = turns.next().copied().unwrap_or_default();
            std::thread::sleep(Duration::from_millis(time));
            Ok(time)
        })
    };
    let ways = [("steady", sleeps(&[200, 200, 200])), ("unsteady", sleeps(&[300, 0, 300]))];
    let (name, mut run) = fastest(ways).unwrap();
    assert_eq!((name, run().unwrap()), ("unsteady", 300));
    assert_eq!(fastest([]).err().unwrap().to_string(), "there is no way to choose");
    let broken: Run = Box::new(|| Err("out of order".into()));
    let error = fastest([("sound", sleeps(&[0])), ("broken", broken)]).err().unwrap();
    assert_eq!(error.to_string(), "out of order");
}
