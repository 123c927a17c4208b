//! The T-maze of Friston et al. (2015), as pymdp's demo sets it up.

use super::{certain, still, uniform};
use crate::{Array, GenerativeModel};

const CENTRE: usize = 0;
const RIGHT: usize = 1;
const LEFT: usize = 2;
const CUE: usize = 3;

/// A reward in one of two arms, a shock in the other, and a cue that tells which.
///
/// Factors: location (centre, right arm, left arm, cue) with an action per location, and
/// context (reward on the right or on the left), uncontrolled. Modalities: location, reward
/// (none, reward, shock), cue (right, left). In the promised arm the reward comes with
/// probability `reward`. Everywhere but at the cue's place the cue is a coin toss.
#[must_use]
pub fn tmaze(reward: f64) -> GenerativeModel {
    let chance = |yes: bool| if yes { reward } else { 1.0 - reward };
    let location = Array::from_fn(&[4, 4, 2], |i| f64::from(u8::from(i[0] == i[1])));
    let outcome = Array::from_fn(&[3, 4, 2], |i| match (i[1], i[0]) {
        (RIGHT, 1) => chance(i[2] == 0),
        (RIGHT, 2) => chance(i[2] == 1),
        (LEFT, 1) => chance(i[2] == 1),
        (LEFT, 2) => chance(i[2] == 0),
        (CENTRE | CUE, 0) => 1.0,
        _ => 0.0,
    });
    let cue = Array::from_fn(&[2, 4, 2], |i| match i[1] {
        CUE => f64::from(u8::from(i[0] == i[2])),
        _ => 0.5,
    });
    GenerativeModel {
        a: vec![location, outcome, cue],
        b: vec![Array::from_fn(&[4, 4, 4], |i| f64::from(u8::from(i[0] == i[2]))), still(2)],
        c: vec![
            Array::vector(vec![0.0; 4]),
            Array::vector(vec![0.0, 3.0, -3.0]),
            Array::vector(vec![0.0; 2]),
        ],
        d: vec![certain(4, CENTRE), uniform(2)],
        e: None,
        a_dependencies: None,
        b_dependencies: None,
    }
}
