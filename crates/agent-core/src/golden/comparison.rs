//! How far a replay is from what a file records, quantity by quantity.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{ByFactor, FreeEnergy, Run, Step, Terms};

/// The margin above which two implementations must choose the same action.
const DECISIVE_MARGIN: f64 = 1e-9;

/// Policies from which on sums are long enough for a wider tolerance of `neg_efe`.
const MANY_POLICIES: usize = 125;

/// Something that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// The empirical prior.
    Prior,
    /// The posterior over states.
    Qs,
    /// The prior of a window's first moment.
    LatestBelief,
    /// Posteriors over a window and a policy's future, for each policy.
    QsByPolicy,
    /// Posteriors over a window.
    QsSequence,
    /// The variational free energy.
    FreeEnergy,
    /// Sweeps of legacy iteration.
    Sweeps,
    /// Counts of A.
    CountsA,
    /// Counts of B.
    CountsB,
    /// Counts of D after the last step.
    FinalCountsD,
    /// The negative expected free energy.
    NegEfe,
    /// Its utility term.
    Utility,
    /// Its state information gain.
    StatesInfoGain,
    /// Its parameter information gain.
    ParamInfoGain,
    /// Its inductive value.
    InductiveValue,
    /// The posterior over policies.
    QPi,
    /// Decided actions that differ: a count.
    Actions,
}

/// The largest absolute difference of one quantity over a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// What was compared.
    pub quantity: Quantity,
    /// How far apart at worst.
    pub largest: f64,
    /// How far apart they may be.
    pub tolerance: f64,
}

impl Difference {
    /// Whether it is small enough; what is not a number is not.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.largest <= self.tolerance
    }
}

/// A quantity that has another shape in the file than in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) t: usize,
    pub(super) quantity: Quantity,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Comparison {
    pub(super) differences: Vec<Difference>,
    /// Recorded, but not computed.
    pub(super) uncomputed: Vec<Quantity>,
    /// Recorded, but not known.
    pub(super) unknown: Vec<String>,
}

/// The largest differences over all steps, of what both the file and the replay have.
pub(super) fn compare(
    run: &Run,
    computed: &[Step],
    final_counts_d: Option<&ByFactor>,
    policies: usize,
) -> Result<Comparison, Misfit> {
    let mut worst = Worst::default();
    worst.unknown.extend(run.other.keys().cloned());
    for (expected, got) in run.steps.iter().zip(computed) {
        compare_step(expected, got, &mut worst)?;
    }
    let last = computed.len().saturating_sub(1);
    worst.see_both(
        last,
        Quantity::FinalCountsD,
        run.final_pD.as_ref(),
        final_counts_d,
        by_factor,
    )?;
    let differences = worst.largest.into_iter().map(|(quantity, largest)| Difference {
        quantity,
        largest,
        tolerance: quantity.tolerance(policies),
    });
    Ok(Comparison {
        differences: differences.collect(),
        uncomputed: worst.uncomputed.into_iter().collect(),
        unknown: worst.unknown.into_iter().collect(),
    })
}

fn compare_step(expected: &Step, got: &Step, worst: &mut Worst) -> Result<(), Misfit> {
    let t = got.t;
    let (e, g) = (expected, got);
    worst.unknown.extend(e.other.keys().cloned());
    worst.see_both(t, Quantity::Prior, e.prior.as_ref(), g.prior.as_ref(), by_factor)?;
    worst.see_both(t, Quantity::Qs, e.qs.as_ref(), g.qs.as_ref(), by_factor)?;
    let (expected_latest, latest) = (e.latest_belief.as_ref(), g.latest_belief.as_ref());
    worst.see_both(t, Quantity::LatestBelief, expected_latest, latest, by_factor)?;
    let windows = |a: &Vec<ByFactor>, b: &Vec<ByFactor>| each(a, b, by_factor);
    worst.see_both(t, Quantity::QsByPolicy, e.qs_pi.as_ref(), g.qs_pi.as_ref(), |a, b| {
        each(a, b, windows)
    })?;
    worst.see_both(t, Quantity::QsSequence, e.qs_seq.as_ref(), g.qs_seq.as_ref(), windows)?;
    worst.see_both(t, Quantity::FreeEnergy, e.F.as_ref(), g.F.as_ref(), |a, b| match (a, b) {
        (FreeEnergy::One(a), FreeEnergy::One(b)) => Some((a - b).abs()),
        (FreeEnergy::PerPolicy(a), FreeEnergy::PerPolicy(b)) => flat(a, b),
        _ => None,
    })?;
    worst.see_both(t, Quantity::Sweeps, e.fpi_iters, g.fpi_iters, |a, b| {
        Some(a.abs_diff(b) as f64)
    })?;
    worst.see_both(t, Quantity::CountsA, e.pA.as_ref(), g.pA.as_ref(), by_factor)?;
    worst.see_both(t, Quantity::CountsB, e.pB.as_ref(), g.pB.as_ref(), by_factor)?;
    worst.see(t, Quantity::NegEfe, flat(&e.neg_efe, &g.neg_efe))?;
    worst.see(t, Quantity::QPi, flat(&e.q_pi, &g.q_pi))?;
    if let Some(e) = &e.terms {
        worst.unknown.extend(e.other.keys().map(|key| format!("terms.{key}")));
        let none = Terms::default();
        let g = g.terms.as_ref().unwrap_or(&none);
        let terms = [
            (Quantity::Utility, &e.utility, &g.utility),
            (Quantity::StatesInfoGain, &e.states_info_gain, &g.states_info_gain),
            (Quantity::ParamInfoGain, &e.param_info_gain, &g.param_info_gain),
            (Quantity::InductiveValue, &e.inductive_value, &g.inductive_value),
        ];
        for (quantity, e, g) in terms {
            worst.see_both(t, quantity, e.as_ref(), g.as_ref(), |a, b| flat(a, b))?;
        }
    }
    let is_decided = e.action_margin.is_none_or(|margin| margin > DECISIVE_MARGIN);
    let differs = is_decided && e.action != g.action;
    *worst.largest.entry(Quantity::Actions).or_insert(0.0) += f64::from(u8::from(differs));
    Ok(())
}

/// The largest difference of each quantity so far, and what cannot be compared.
#[derive(Debug, Default)]
struct Worst {
    largest: BTreeMap<Quantity, f64>,
    uncomputed: BTreeSet<Quantity>,
    unknown: BTreeSet<String>,
}

impl Worst {
    fn see(&mut self, t: usize, quantity: Quantity, difference: Option<f64>) -> Result<(), Misfit> {
        let difference = difference.ok_or(Misfit { t, quantity })?;
        let largest = self.largest.entry(quantity).or_insert(0.0);
        *largest = larger(*largest, difference);
        Ok(())
    }

    /// Compares what both have; a file need not record everything, but what it records is to be
    /// computed.
    fn see_both<T>(
        &mut self,
        t: usize,
        quantity: Quantity,
        expected: Option<T>,
        got: Option<T>,
        difference: impl Fn(T, T) -> Option<f64>,
    ) -> Result<(), Misfit> {
        match (expected, got) {
            (Some(expected), Some(got)) => self.see(t, quantity, difference(expected, got)),
            (Some(_), None) => {
                self.uncomputed.insert(quantity);
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }
}

impl Quantity {
    /// How far apart two implementations in f64 may be.
    fn tolerance(self, policies: usize) -> f64 {
        match self {
            Self::Sweeps | Self::Actions => 0.0,
            Self::NegEfe
            | Self::Utility
            | Self::StatesInfoGain
            | Self::ParamInfoGain
            | Self::InductiveValue
                if policies >= MANY_POLICIES =>
            {
                1e-8
            }
            _ => 1e-9,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prior => "prior",
            Self::Qs => "qs",
            Self::LatestBelief => "latest_belief",
            Self::QsByPolicy => "qs_pi",
            Self::QsSequence => "qs_seq",
            Self::FreeEnergy => "F",
            Self::Sweeps => "fpi_iters",
            Self::CountsA => "pA",
            Self::CountsB => "pB",
            Self::FinalCountsD => "final_pD",
            Self::NegEfe => "neg_efe",
            Self::Utility => "utility",
            Self::StatesInfoGain => "states_info_gain",
            Self::ParamInfoGain => "param_info_gain",
            Self::InductiveValue => "inductive_value",
            Self::QPi => "q_pi",
            Self::Actions => "actions",
        })
    }
}

/// The larger of two; `f64::max` would pass over what is not a number.
fn larger(worst: f64, difference: f64) -> f64 {
    if difference <= worst || worst.is_nan() { worst } else { difference }
}

/// The largest absolute difference; none if the lengths differ.
fn flat(a: &[f64], b: &[f64]) -> Option<f64> {
    each(a, b, |x, y| Some((x - y).abs()))
}

fn by_factor(a: &ByFactor, b: &ByFactor) -> Option<f64> {
    each(a, b, |x, y| flat(x, y))
}

/// The largest of the elements' differences; none if there are not as many.
fn each<T>(a: &[T], b: &[T], difference: impl Fn(&T, &T) -> Option<f64>) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    a.iter().zip(b).try_fold(0.0, |worst, (a, b)| Some(larger(worst, difference(a, b)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_never_within() {
        for values in [[f64::NAN, 0.0], [0.0, f64::NAN]] {
            let largest = flat(&values, &[0.0, 0.0]).unwrap();
            let difference = Difference { quantity: Quantity::Qs, largest, tolerance: 1.0 };
            assert!(!difference.is_within(), "{largest}");
        }
    }

    #[test]
    fn other_shapes_are_no_small_difference() {
        assert_eq!(flat(&[1.0], &[1.0, 0.0]), None);
        assert_eq!(by_factor(&vec![vec![1.0]], &vec![vec![0.5, 0.5]]), None);
        assert_eq!(by_factor(&vec![vec![1.0, 0.0]], &vec![vec![0.75, 0.0]]), Some(0.25));
    }
}
