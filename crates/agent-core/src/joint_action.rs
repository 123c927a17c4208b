//! One action per factor, as a single number: the mixed radix of the controls.

use std::num::NonZeroU64;

use crate::error::ModelError;

/// One action per factor in eight bytes, and as small when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JointAction(NonZeroU64);

impl JointAction {
    /// From one action per factor, each below its controls.
    pub(crate) fn encode(action: &[usize], num_controls: &[usize]) -> Self {
        let digits = action.iter().zip(num_controls);
        let number =
            digits.fold(0_u64, |number, (u, controls)| number * *controls as u64 + *u as u64);
        // One more than the number, so that zero is free to mean none.
        Self(NonZeroU64::MIN.saturating_add(number))
    }

    /// The action of one factor.
    #[inline(always)]
    pub(crate) fn of(self, factor: usize, num_controls: &[usize]) -> usize {
        let mut number = self.0.get() - 1;
        for controls in num_controls[factor + 1..].iter().rev().filter(|n| **n > 1) {
            number /= *controls as u64;
        }
        match factor {
            0 => number as usize,
            _ => (number % num_controls[factor] as u64) as usize,
        }
    }
}

/// Writes a number in the mixed radix of the controls, last factor fastest.
pub(crate) fn decode(mut number: u64, num_controls: &[usize], out: &mut [usize]) {
    for (slot, controls) in out.iter_mut().zip(num_controls).rev() {
        *slot = (number % *controls as u64) as usize;
        number /= *controls as u64;
    }
}

/// Refuses controls whose combinations cannot be numbered.
pub(crate) fn check(num_controls: &[usize]) -> Result<(), ModelError> {
    let combinations =
        num_controls.iter().try_fold(1_u64, |all, controls| all.checked_mul(*controls as u64));
    if combinations.is_some_and(|all| all < u64::MAX) {
        return Ok(());
    }
    Err(ModelError::TooLarge {
        what: "the number of joint actions",
        size: num_controls.iter().map(|n| *n as f64).product(),
        limit: usize::MAX,
        remedy: "split the model into several agents",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn none_costs_nothing() {
        assert_eq!(size_of::<Option<JointAction>>(), 8);
    }

    proptest! {
        #[test]
        fn every_action_comes_back(
            digits in proptest::collection::vec((1_usize..9, 0_usize..9), 1..8)
        ) {
            let controls: Vec<usize> = digits.iter().map(|(n, _)| *n).collect();
            let action: Vec<usize> = digits.iter().map(|(n, u)| u % n).collect();
            let joint = JointAction::encode(&action, &controls);
            let one_by_one: Vec<usize> = (0..action.len()).map(|f| joint.of(f, &controls)).collect();
            prop_assert_eq!(one_by_one, action);
        }
    }
}
