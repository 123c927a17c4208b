//! What can be wrong with a model, an observation or an action.

use std::fmt;

/// Which array of a generative model is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayName {
    /// The likelihood of a modality.
    A(usize),
    /// The transitions of a factor.
    B(usize),
    /// The preferences of a modality.
    C(usize),
    /// The prior of a factor.
    D(usize),
    /// The habits.
    E,
    /// The counts of a modality's likelihood.
    PA(usize),
    /// The counts of a factor's transitions.
    PB(usize),
    /// The counts of a modality's outcomes.
    PC(usize),
    /// The counts of a factor's first states.
    PD(usize),
    /// The counts of policies.
    PE,
    /// The goal of a factor.
    H(usize),
}

impl fmt::Display for ArrayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(m) => write!(f, "A[{m}]"),
            Self::B(factor) => write!(f, "B[{factor}]"),
            Self::C(m) => write!(f, "C[{m}]"),
            Self::D(factor) => write!(f, "D[{factor}]"),
            Self::E => f.write_str("E"),
            Self::PA(m) => write!(f, "pA[{m}]"),
            Self::PB(factor) => write!(f, "pB[{factor}]"),
            Self::PC(m) => write!(f, "pC[{m}]"),
            Self::PD(factor) => write!(f, "pD[{factor}]"),
            Self::PE => f.write_str("pE"),
            Self::H(factor) => write!(f, "H[{factor}]"),
        }
    }
}

/// Why a generative model or its options were refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// There is no factor or no modality.
    #[error("the model has no {what}; it needs at least one")]
    Empty {
        /// What there is none of.
        what: &'static str,
    },
    /// There are not as many arrays of a kind as there should be.
    #[error("there are {found} arrays {name}, but {expected} are needed, one per {per}")]
    ArrayCount {
        /// The kind of array.
        name: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
        /// What each belongs to.
        per: &'static str,
    },
    /// An array's shape does not fit the others.
    #[error("{array} has shape {found:?}; {expected}")]
    Shape {
        /// The array.
        array: ArrayName,
        /// Its shape.
        found: Vec<usize>,
        /// What would fit.
        expected: String,
    },
    /// An array's elements are not as many as its shape says.
    #[error(
        "{array} has shape {shape:?} and so should hold {expected} elements, but holds {found}"
    )]
    Length {
        /// The array.
        array: ArrayName,
        /// Its shape.
        shape: Vec<usize>,
        /// Elements by the shape.
        expected: usize,
        /// Elements that are there.
        found: usize,
    },
    /// A probability or preference is negative where it must not be, infinite, or not a number.
    #[error("{array}{index:?} is {value}; {expected}")]
    Value {
        /// The array.
        array: ArrayName,
        /// Where.
        index: Vec<usize>,
        /// What stands there.
        value: f64,
        /// What may stand there.
        expected: &'static str,
    },
    /// A distribution does not sum to one.
    #[error(
        "{array}: the distribution at {index:?} sums to {sum}; it must sum to 1 within {tolerance}"
    )]
    Sum {
        /// The array.
        array: ArrayName,
        /// The column: the index without the first axis.
        index: Vec<usize>,
        /// Its sum.
        sum: f64,
        /// How far from 1 it may be.
        tolerance: f64,
    },
    /// A distribution that is to be learned has no counts to begin with.
    #[error(
        "{array}: the counts at {index:?} are all 0; give at least one that is not, or learn with \
         StructuralZeros::Count"
    )]
    NoCounts {
        /// The array.
        array: ArrayName,
        /// The column: the index without the first axis.
        index: Vec<usize>,
    },
    /// A dependency names a factor that does not exist, or one twice.
    #[error(
        "the dependencies of {array} are {found:?}; they must name factors from 0 to {last}, each \
         once, and at least one"
    )]
    Dependencies {
        /// The array.
        array: ArrayName,
        /// The dependencies.
        found: Vec<usize>,
        /// The last factor.
        last: usize,
    },
    /// Inference over time needs factors that move by themselves.
    #[error(
        "the transitions of factor {factor} depend on the factors {found:?}; inference over a \
         window needs B_dependencies of the factor alone"
    )]
    Coupled {
        /// The factor.
        factor: usize,
        /// What its transitions depend on.
        found: Vec<usize>,
    },
    /// An option is out of its range.
    #[error("the option {name} is {value}; {expected}")]
    Option {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// There is no policy.
    #[error("there is no policy; an agent needs at least one, of at least one step")]
    NoPolicies,
    /// A policy of one's own does not fit the model.
    #[error(
        "policy {policy} takes action {action} for factor {factor} in step {step}, but that factor \
         has {controls} actions"
    )]
    PolicyAction {
        /// The policy's number.
        policy: usize,
        /// Its step.
        step: usize,
        /// The factor.
        factor: usize,
        /// The action.
        action: usize,
        /// How many there are.
        controls: usize,
    },
    /// A policy of one's own has the wrong form.
    #[error("policy {policy} {problem}")]
    PolicyShape {
        /// The policy's number.
        policy: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Something grows beyond what a machine can be asked for.
    #[error("{what} would be {size:e}, the limit is {limit}; {remedy}")]
    TooLarge {
        /// What grows.
        what: &'static str,
        /// How large it would be.
        size: f64,
        /// How large it may be.
        limit: usize,
        /// What makes it smaller.
        remedy: &'static str,
    },
}

/// Why a step was refused. The agent is as it was before.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// Not one observation per modality.
    #[error("there are {found} observations, but the model has {expected} modalities")]
    ObservationCount {
        /// Observations given.
        found: usize,
        /// Modalities.
        expected: usize,
    },
    /// An outcome that does not exist.
    #[error("the observation of modality {modality} is {found}; its outcomes are 0 to {last}")]
    Observation {
        /// The modality.
        modality: usize,
        /// The observation.
        found: usize,
        /// The last outcome.
        last: usize,
    },
    /// Not one observation per modality and agent.
    #[error(
        "there are {found} observations for {agents} agents; each needs {modalities}, one per \
         modality"
    )]
    ObservationTotal {
        /// Observations given.
        found: usize,
        /// Agents there are.
        agents: usize,
        /// Modalities.
        modalities: usize,
    },
    /// What was wrong with one agent of a population.
    #[error("agent {agent}: {source}")]
    OfAgent {
        /// Its place among the population's members.
        agent: usize,
        /// What was wrong.
        source: Box<StepError>,
    },
    /// The agent was removed from its population, or is another population's.
    #[error("there is no such agent in the population; it was removed, or is another's")]
    NoMember,
    /// Soft evidence that is not a distribution over the modality's outcomes.
    #[error("the evidence of modality {modality} {problem}")]
    Evidence {
        /// The modality.
        modality: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Actions do not lie between moments.
    #[error("there are {actions} actions for {moments} moments; one lies between each two")]
    Moments {
        /// Actions given.
        actions: usize,
        /// Moments given.
        moments: usize,
    },
    /// Beliefs of another model.
    #[error("there are {found} beliefs, but the model has {expected} states in all factors")]
    BeliefCount {
        /// Beliefs given.
        found: usize,
        /// States of all factors.
        expected: usize,
    },
    /// Not one action per dimension of [`crate::Controls`].
    #[error("there are {found} actions, but {expected} dimensions of control")]
    DimensionCount {
        /// Actions given.
        found: usize,
        /// Dimensions.
        expected: usize,
    },
    /// An action that a dimension of [`crate::Controls`] does not have.
    #[error("the action in dimension {dimension} is {found}; its actions are 0 to {last}")]
    Dimension {
        /// The dimension.
        dimension: usize,
        /// The action.
        found: usize,
        /// The last action.
        last: usize,
    },
    /// A tree search over policies of several steps.
    #[error("the policies have {found} steps; a tree search builds its own from policies of one")]
    PolicySteps {
        /// Steps of the model's policies.
        found: usize,
    },
    /// A window of no observations.
    #[error("the inference horizon is 0; a window holds at least one observation")]
    Horizon,
    /// A method that the profile does not have.
    #[error("the legacy profile has no variational message passing; use MessagePassing::Marginal")]
    Method,
    /// An observation came before the last one was acted upon.
    #[error("no action since the last observation; call sample_action or set_action first")]
    NoAction,
    /// Learning made an array that is not valid any more.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Not one action per factor.
    #[error("there are {found} actions, but the model has {expected} factors")]
    ActionCount {
        /// Actions given.
        found: usize,
        /// Factors.
        expected: usize,
    },
    /// An action that does not exist.
    #[error("the action for factor {factor} is {found}; its actions are 0 to {last}")]
    Action {
        /// The factor.
        factor: usize,
        /// The action.
        found: usize,
        /// The last action.
        last: usize,
    },
    /// The workspace was made for another model.
    #[error("the workspace belongs to another model; make one with Workspace::new of the agent's")]
    ForeignWorkspace,
}
