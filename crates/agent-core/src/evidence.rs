//! What an agent perceives.

/// What one modality says: an outcome, a distribution over outcomes, or nothing.
///
/// ```
/// use agent_core::{Agent, Evidence, Model, Options, Profile, Workspace, models};
///
/// let model = Model::new(&models::tmaze(0.98), Options::of(Profile::Modern))?;
/// let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
/// // Surely at the centre; the cue seen dimly; the reward not looked at.
/// let dimly = [0.7, 0.3];
/// let seen = [Evidence::Outcome(0), Evidence::Missing, Evidence::Distribution(&dimly)];
/// agent.infer_states_from(&seen, &mut workspace)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence<'a> {
    /// The index of the outcome that was observed.
    Outcome(usize),
    /// The probability of each outcome: soft evidence. It sums to one.
    Distribution(&'a [f64]),
    /// The modality was not observed; it says nothing about the states.
    Missing,
}

/// The evidence of all modalities, as callers have it at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Observation<'a> {
    Outcomes(&'a [usize]),
    Evidence(&'a [Evidence<'a>]),
}

impl<'a> Observation<'a> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Outcomes(outcomes) => outcomes.len(),
            Self::Evidence(evidence) => evidence.len(),
        }
    }

    /// What modality `m` says.
    pub(crate) fn of(self, m: usize) -> Evidence<'a> {
        match self {
            Self::Outcomes(outcomes) => Evidence::Outcome(outcomes[m]),
            Self::Evidence(evidence) => evidence[m],
        }
    }
}
