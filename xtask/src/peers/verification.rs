//! Whether two sides solved a problem alike.

use measure::peer::Answer;

/// Says where a peer's answer is not ours, if it is not.
pub fn disagreement(ours: &Answer, peer: &Answer, tolerance: f64) -> Option<String> {
    if ours.choices.iter().all(Vec::is_empty) && ours.numbers.values().flatten().all(Vec::is_empty)
    {
        return Some("there is no answer of ours to compare with".to_owned());
    }
    let shape = |lists: &[Vec<i64>]| lists.iter().map(Vec::len).collect::<Vec<_>>();
    if shape(&ours.choices) != shape(&peer.choices) {
        return Some("not as many choices as ours".to_owned());
    }
    for (life, (mine, theirs)) in ours.choices.iter().zip(&peer.choices).enumerate() {
        for (place, (mine, theirs)) in mine.iter().zip(theirs).enumerate() {
            let margin = ours.margins.get(life).and_then(|all| all.get(place)).copied();
            if mine != theirs && margin.is_none_or(|margin| margin > tolerance) {
                let margin = margin.map_or(String::new(), |m| format!(", ahead by {m:.1e}"));
                return Some(format!(
                    "choice {place} of life {life} is {theirs} instead of {mine}{margin}"
                ));
            }
        }
    }
    if ours.numbers.keys().ne(peer.numbers.keys()) {
        return Some("not the same kinds of numbers as ours".to_owned());
    }
    ours.numbers.iter().zip(peer.numbers.values()).find_map(|((name, mine), theirs)| {
        apart(mine, theirs, tolerance).map(|how| format!("{name}: {how}"))
    })
}

fn apart(mine: &[Vec<f64>], theirs: &[Vec<f64>], tolerance: f64) -> Option<String> {
    let shape = |lists: &[Vec<f64>]| lists.iter().map(Vec::len).collect::<Vec<_>>();
    if shape(mine) != shape(theirs) {
        return Some("not as many as ours".to_owned());
    }
    let flat = |lists: &[Vec<f64>]| lists.concat();
    let (mut worst, mut place) = (0.0_f64, None);
    for (index, (mine, theirs)) in flat(mine).iter().zip(flat(theirs)).enumerate() {
        // What cannot be compared is as wrong as can be.
        let difference = (mine - theirs).abs();
        let difference = if difference.is_nan() { f64::INFINITY } else { difference };
        if difference > tolerance && difference > worst {
            (worst, place) = (difference, Some((index, *mine, theirs)));
        }
    }
    place.map(|(index, mine, theirs)| {
        format!("number {index} is {theirs} instead of {mine}, beyond {tolerance:.0e}")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn answer(choices: &[i64], margins: &[f64], numbers: &[f64]) -> Answer {
        Answer {
            choices: vec![choices.to_vec()],
            margins: vec![margins.to_vec()],
            numbers: BTreeMap::from([("beliefs".to_owned(), vec![numbers.to_vec()])]),
        }
    }

    #[track_caller]
    fn assert_says(peer: &Answer, says: &str) {
        let ours = answer(&[1, 2], &[0.5, 1e-12], &[0.25, 0.75]);
        let found = disagreement(&ours, peer, 1e-9).unwrap();
        assert!(found.contains(says), "{found}");
    }

    #[test]
    fn rounding_and_ties_are_no_disagreement() {
        let ours = answer(&[1, 2], &[0.5, 1e-12], &[0.25, 0.75]);
        let peer = answer(&[1, 0], &[], &[0.25 + 1e-10, 0.75]);
        assert_eq!(disagreement(&ours, &peer, 1e-9), None);
    }

    #[test]
    fn everything_else_is() {
        assert_says(&answer(&[0, 2], &[], &[0.25, 0.75]), "choice 0 of life 0 is 0 instead of 1");
        assert_says(&answer(&[1, 2], &[], &[0.25, 0.76]), "number 1 is 0.76 instead of 0.75");
        assert_says(&answer(&[1, 2], &[], &[f64::NAN, 0.75]), "number 0 is NaN");
        assert_says(&answer(&[1], &[], &[0.25, 0.75]), "not as many choices");
        assert_says(&answer(&[1, 2], &[], &[0.25]), "beliefs: not as many");
        assert_says(&Answer { choices: vec![vec![1, 2]], ..Answer::default() }, "kinds");
        let nothing = disagreement(&Answer::default(), &Answer::default(), 1.0).unwrap();
        assert!(nothing.contains("no answer"), "{nothing}");
    }
}
