//! How an agent infers, plans and acts.

use crate::Array;

/// Which line of pymdp the arithmetic follows. They differ beyond rounding, and choose
/// different actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// pymdp 0.0.7.1, numpy: `ln(x + 1e-16)`, the likelihood joined over modalities, iteration
    /// until the free energy settles, information gain over the joint outcome.
    Legacy,
    /// pymdp 1.0.x, JAX: `ln(max(x, 2^-52))`, a fixed number of sweeps over single modalities,
    /// information gain summed over modalities.
    Modern,
}

/// Whether an action is the best one or is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActionSelection {
    /// The most probable; of equals the one with the lowest index.
    #[default]
    Deterministic,
    /// Drawn from the agent's own stream, with precision `alpha`.
    Stochastic,
}

/// What an action is selected from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// Each factor's first action, with the policies' probabilities added up.
    #[default]
    Marginal,
    /// The first actions of one whole policy.
    Full,
}

/// Goals for inductive inference: states from which they are out of reach are avoided
/// (modern pymdp's `H`, `inductive_depth`, `inductive_threshold`, `inductive_epsilon`).
#[derive(Clone, Debug, PartialEq)]
pub struct Inductive {
    /// For each factor, 1 for the states that are its goal, else 0.
    pub goals: Vec<Array>,
    /// Rows of the reach: the goal itself and steps before it, at least 1.
    pub depth: usize,
    /// A transition is possible if it is more probable than this.
    pub threshold: f64,
    /// The probability given to states from which a goal is out of reach; its logarithm is
    /// their value.
    pub epsilon: f64,
}

/// Options of an agent, with pymdp's names and defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The arithmetic.
    pub profile: Profile,
    /// Steps that a policy looks ahead.
    pub policy_len: usize,
    /// Policies of one's own, `[policy][step][factor]`; every sequence of actions if none.
    pub policies: Option<Vec<Vec<Vec<usize>>>>,
    /// Whether expected utility counts.
    pub use_utility: bool,
    /// Whether the expected information about states counts.
    pub use_states_info_gain: bool,
    /// Whether the expected information about A and B counts; it needs [`crate::Counts`].
    pub use_param_info_gain: bool,
    /// Goals whose reach counts, if any.
    pub inductive: Option<Inductive>,
    /// Precision of the policy posterior.
    pub gamma: f64,
    /// Precision of stochastic action selection.
    pub alpha: f64,
    /// How an action is chosen.
    pub action_selection: ActionSelection,
    /// From what it is chosen.
    pub sampling: Sampling,
    /// Most sweeps of fixed-point iteration (legacy), or exactly how many (modern).
    pub num_iter: usize,
    /// The change of free energy below which legacy iteration ends. Modern has no such rule.
    pub df_tolerance: f64,
}

impl Options {
    /// The defaults of a profile.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            policy_len: 1,
            policies: None,
            use_utility: true,
            use_states_info_gain: true,
            use_param_info_gain: false,
            inductive: None,
            gamma: 16.0,
            alpha: 16.0,
            action_selection: ActionSelection::Deterministic,
            sampling: Sampling::Marginal,
            num_iter: match profile {
                Profile::Legacy => 10,
                Profile::Modern => 16,
            },
            df_tolerance: 1e-3,
        }
    }
}
