//! callgrind's own files: which function executed how many instructions itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

/// Functions with less than this part of all are left out: a benchmark has hundreds of them.
const LEAST: f64 = 0.002;

/// Instructions that each function executed itself, without those it called. What is inlined counts for
/// the function that it is inlined into.
///
/// The format is valgrind's (<https://valgrind.org/docs/manual/cl-format.html>); positions must be lines,
/// as they are unless more is asked for.
pub fn functions(path: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let mut all = parse(&text).with_context(|| format!("{}", path.display()))?;
    let least = LEAST * all.values().sum::<u64>() as f64;
    all.retain(|_, instructions| *instructions as f64 >= least);
    Ok(all)
}

fn parse(text: &str) -> anyhow::Result<BTreeMap<String, u64>> {
    let (mut names, mut all) = (BTreeMap::new(), BTreeMap::new());
    let (mut function, mut place, mut is_call) = (None, None, false);
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(events) = line.strip_prefix("events: ") {
            place = events.split(' ').position(|event| event == "Ir");
        } else if let Some(named) = line.strip_prefix("fn=") {
            function = Some(name(named, &mut names));
        } else if let Some(named) = line.strip_prefix("cfn=") {
            // A compressed name may stand here for the first time.
            name(named, &mut names);
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            // Behind a call: what was executed within it.
            if std::mem::take(&mut is_call) {
                continue;
            }
            let (Some(function), Some(place)) = (&function, place) else {
                bail!("line {number}: costs of no function, or without instructions among them");
            };
            // Zeros at the end are left out.
            let cost = line.split(' ').nth(1 + place).unwrap_or("0").parse::<u64>();
            let cost = cost.with_context(|| format!("line {number}: '{line}' is no cost"))?;
            *all.entry(String::clone(function)).or_default() += cost;
        }
    }
    if place.is_none() {
        bail!("no instructions were counted");
    }
    Ok(all)
}

/// A name as it is or, as `(7) name` and from then on `(7)`, by number. One without a symbol is an
/// address, which another build would have elsewhere.
fn name(written: &str, names: &mut BTreeMap<String, String>) -> String {
    let numbered = written.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let name = match numbered {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            match rest.strip_prefix(' ') {
                Some(name) => names.entry(number.to_owned()).or_insert(name.to_owned()).clone(),
                None => names.get(number).cloned().unwrap_or_else(|| written.to_owned()),
            }
        }
        _ => written.to_owned(),
    };
    if name.starts_with("0x") { "without a name".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "version: 1
positions: line
events: Dr Ir
summary: 30 130

ob=/some/program
fl=a.rs
fn=outer
10 1 20
+1 0 5
cfn=inner
calls=2 30
* 8 100
12 1

fn=inner
fi=b.rs
30 8 70
fe=a.rs
-2 0 30
fn=0x000000000001ab70
0 1 4
fn=outer
10 0 1
";

    #[test]
    fn each_function_has_its_own_instructions_and_not_those_of_what_it_calls() {
        let found = parse(FILE).unwrap();
        let expected = [("inner", 100), ("outer", 26), ("without a name", 4)];
        assert_eq!(found, expected.map(|(name, count)| (name.to_owned(), count)).into());
        let all = "summary: 30 130";
        assert!(FILE.contains(all) && found.values().sum::<u64>() == 130);
    }

    #[test]
    fn names_may_be_compressed() {
        let compressed = FILE
            .replacen("fn=outer", "fn=(1) outer", 1)
            .replace("\nfn=outer", "\nfn=(1)")
            .replace("cfn=inner", "cfn=(2) inner")
            .replace("\nfn=inner", "\nfn=(2)");
        assert_eq!(parse(&compressed).unwrap(), parse(FILE).unwrap());
    }

    #[test]
    fn what_is_no_profile_is_refused_with_the_line() {
        for (from, to, says) in [
            ("Dr Ir", "Dr Dw", "line 9"),
            ("20\n", "2O\n", "line 9"),
            ("fn=outer\n10 1", "10 1", "line 8"),
        ] {
            let error = parse(&FILE.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
        assert!(parse("").is_err());
    }
}
