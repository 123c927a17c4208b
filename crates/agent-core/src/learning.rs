//! Learning: Dirichlet counts of what was seen, from which the model is made anew.
//!
//! pymdp's `update_A`, `update_B` and `update_D` (`learning.py` in both lines), in pymdp's order
//! within a step: states, then B by what the last action led to, then A by what is seen, then
//! policies. C, D and E are counted as well, where pymdp's flags do nothing or little.

use crate::arithmetic::MODERN_FLOOR;
use crate::beliefs::{Factors, JointSet};
use crate::error::StepError;
use crate::evidence::Evidence;
use crate::probability::PLAIN;
use crate::{
    Agent, Array, ArrayName, Counts, GenerativeModel, Model, ModelError, Options, Workspace,
};

/// What becomes of counts where the model holds something to be impossible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StructuralZeros {
    /// Nothing is counted there: the impossible stays impossible. Legacy pymdp's rule.
    #[default]
    Keep,
    /// They are counted like all else: a single mistaken belief makes the impossible possible.
    /// Modern pymdp's rule; like it, what was never counted is then taken to have the
    /// probability 2^-52 instead of 0.
    Count,
}

/// How fast each part of a model is learned: how much one observation adds to its counts.
/// Nothing is learned where there is no rate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Of A, by what is observed in which state.
    pub a: Option<f64>,
    /// Of B, by which state follows which.
    pub b: Option<f64>,
    /// Of C, by what is observed: what is met often becomes preferred.
    pub c: Option<f64>,
    /// Of D, by the states an episode began in.
    pub d: Option<f64>,
    /// Of E, by which policies were followed.
    pub e: Option<f64>,
    /// The part of every count that is forgotten at each update, from 0 to below 1.
    pub forgetting: f64,
    /// Whether the impossible can be learned.
    pub zeros: StructuralZeros,
}

/// An agent that changes its model as it learns, and therefore shares it with nobody.
///
/// Structural zeros stay unless [`Rates::zeros`] says otherwise: what the model holds to be
/// impossible is not counted, in both profiles. Modern pymdp differs: it is
/// [`StructuralZeros::Count`].
///
/// ```
/// use agent_core::{Counts, Learner, Options, Profile, Rates, models};
///
/// let model = models::tmaze(0.9);
/// let counts = Counts { a: Some(model.a.clone()), ..Counts::default() };
/// let rates = Rates { a: Some(1.0), ..Rates::default() };
/// let mut learner = Learner::new(model, counts, rates, Options::of(Profile::Modern))?;
/// for _ in 0..10 {
///     learner.step(&[0, 0, 1])?;
/// }
/// assert!(learner.counts().a.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Learner {
    generative_model: GenerativeModel,
    counts: Counts,
    rates: Rates,
    agent: Agent,
    workspace: Workspace,
    /// Beliefs before the last inference.
    before: Vec<f64>,
    /// Beliefs at the episode's first step.
    first: Option<Vec<f64>>,
    /// The last action; none in an episode's first step.
    action: Option<Vec<usize>>,
}

impl Learner {
    /// A learner with this prior knowledge. Counts that are to be learned and are not given are
    /// those of a single observation: the model's own arrays, for C its preferences'
    /// probabilities.
    ///
    /// # Errors
    /// [`ModelError`] for a model, counts or rates that do not fit; C and its counts are learned
    /// only where C does not differ by step.
    pub fn new(
        generative_model: GenerativeModel,
        mut counts: Counts,
        rates: Rates,
        options: Options,
    ) -> Result<Self, ModelError> {
        check_rates(&rates)?;
        let model = Model::with_counts(&generative_model, &counts, options)?;
        let copied = |given: &mut Option<Vec<Array>>, rate: Option<f64>, arrays: &[Array]| {
            if rate.is_some() && given.is_none() {
                *given = Some(arrays.to_vec());
            }
        };
        copied(&mut counts.a, rates.a, &generative_model.a);
        copied(&mut counts.b, rates.b, &generative_model.b);
        copied(&mut counts.d, rates.d, &generative_model.d);
        if rates.c.is_some() {
            if let Some(m) = generative_model.c.iter().position(|c| c.shape.len() != 1) {
                return Err(ModelError::Shape {
                    array: ArrayName::C(m),
                    found: generative_model.c[m].shape.clone(),
                    expected: "preferences that differ by step cannot be learned".to_owned(),
                });
            }
            let probabilities: Vec<Array> = generative_model.c.iter().map(preferred).collect();
            copied(&mut counts.c, rates.c, &probabilities);
        }
        if rates.zeros == StructuralZeros::Keep {
            check_columns(&counts, &rates)?;
        }
        if rates.e.is_some() && counts.e.is_none() {
            let policies = model.policies().len();
            let uniform = || Array::vector(vec![1.0 / policies as f64; policies]);
            counts.e = Some(generative_model.e.clone().unwrap_or_else(uniform));
        }
        let agent = Agent::new(&model);
        let workspace = Workspace::new(&model);
        Ok(Self {
            before: agent.beliefs().to_vec(),
            first: None,
            action: None,
            generative_model,
            counts,
            rates,
            agent,
            workspace,
        })
    }

    /// The agent as it is now.
    #[must_use]
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// What the last step computed.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The model as learned so far.
    #[must_use]
    pub fn generative_model(&self) -> &GenerativeModel {
        &self.generative_model
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Perceives, learns from it, plans and acts.
    ///
    /// # Errors
    /// As [`Agent::infer_states`], and [`StepError::Model`] if what was learned is too large to
    /// be a number.
    pub fn step(&mut self, observation: &[usize]) -> Result<&[usize], StepError> {
        let evidence: Vec<Evidence> = observation.iter().map(|o| Evidence::Outcome(*o)).collect();
        self.perceive(&evidence)?;
        self.act()
    }

    /// Perceives and learns: B from the transition just made, then A and C from what is seen.
    ///
    /// # Errors
    /// As [`Learner::step`].
    pub fn perceive(&mut self, evidence: &[Evidence]) -> Result<(), StepError> {
        let before = self.agent.beliefs().to_vec();
        self.agent.infer_states_from(evidence, &mut self.workspace)?;
        self.before = before;
        if self.first.is_none() {
            self.first = Some(self.agent.beliefs().to_vec());
        }
        if let (Some(rate), Some(action)) = (self.rates.b, self.action.take()) {
            self.count_transition(rate, &action);
        }
        if let Some(rate) = self.rates.a {
            self.count_outcomes(rate, evidence);
        }
        if let Some(rate) = self.rates.c {
            self.count_preferences(rate, evidence);
        }
        self.renew()
    }

    /// Plans and acts by what was learned.
    ///
    /// # Errors
    /// As [`Learner::step`].
    pub fn act(&mut self) -> Result<&[usize], StepError> {
        self.agent.infer_policies(&mut self.workspace)?;
        let action = self.agent.sample_action(&mut self.workspace)?.to_vec();
        if let Some(rate) = self.rates.e {
            self.count_policies(rate);
            self.renew()?;
        }
        Ok(self.action.insert(action))
    }

    /// Says what was done instead of what the agent chose.
    ///
    /// # Errors
    /// [`StepError`] for an action that does not exist.
    pub fn set_action(&mut self, action: &[usize]) -> Result<(), StepError> {
        self.agent.set_action(action)?;
        self.action = Some(action.to_vec());
        Ok(())
    }

    /// Ends an episode: learns D from the states it began in, and begins anew.
    ///
    /// # Errors
    /// As [`Learner::step`].
    pub fn end_episode(&mut self) -> Result<(), StepError> {
        if let (Some(rate), Some(first)) = (self.rates.d, self.first.take()) {
            if let Some(counts) = &mut self.counts.d {
                count_first_states(counts, &first, rate, &self.rates);
                for (d, counts) in self.generative_model.d.iter_mut().zip(counts) {
                    self.rates.expect(counts, d);
                }
            }
            self.renew()?;
        }
        self.first = None;
        self.action = None;
        self.agent.reset();
        Ok(())
    }

    fn count_transition(&mut self, rate: f64, action: &[usize]) {
        let Some(counts) = &mut self.counts.b else { return };
        let rates = &self.rates;
        let layout = &self.agent.model().layout;
        let before = Factors { beliefs: &self.before, layout };
        let after = Factors { beliefs: self.agent.beliefs(), layout };
        let kept = 1.0 - self.rates.forgetting;
        for (f, (counts, b)) in counts.iter_mut().zip(&mut self.generative_model.b).enumerate() {
            let from = &self.agent.model().transitions[f].from;
            let mut scratch = vec![0.0; from.size()];
            let weights = from.joint(PLAIN, |g| before.of(g), &mut scratch);
            let actions = counts.shape.last().copied().unwrap_or(1);
            let cells = after.of(f).iter().flat_map(|to| weights.iter().map(move |w| to * w));
            let places = counts.data.iter_mut().zip(&b.data).skip(action[f]).step_by(actions);
            for ((count, _), seen) in places.zip(cells).filter(|((_, p), _)| rates.counts(**p)) {
                *count = *count * kept + rate * seen;
            }
            rates.expect(counts, b);
        }
    }

    fn count_outcomes(&mut self, rate: f64, evidence: &[Evidence]) {
        let Some(counts) = &mut self.counts.a else { return };
        let rates = &self.rates;
        let layout = &self.agent.model().layout;
        let of = Factors { beliefs: self.agent.beliefs(), layout };
        let kept = 1.0 - self.rates.forgetting;
        for (m, counts) in counts.iter_mut().enumerate() {
            if evidence[m] == Evidence::Missing {
                continue;
            }
            let set = JointSet::new(self.generative_model.factors_of_modality(m), layout);
            let mut scratch = vec![0.0; set.size()];
            let weights = set.joint(PLAIN, |f| of.of(f), &mut scratch);
            let a = &mut self.generative_model.a[m];
            let columns = a.columns();
            let rows = counts.data.chunks_exact_mut(columns).zip(a.data.chunks_exact(columns));
            for (outcome, (counts, p)) in rows.enumerate() {
                let seen = probability(evidence[m], outcome);
                for ((count, _), weight) in
                    counts.iter_mut().zip(p).zip(weights).filter(|((_, p), _)| rates.counts(**p))
                {
                    *count = *count * kept + rate * seen * weight;
                }
            }
            rates.expect(counts, a);
        }
    }

    fn count_preferences(&mut self, rate: f64, evidence: &[Evidence]) {
        let Some(counts) = &mut self.counts.c else { return };
        let kept = 1.0 - self.rates.forgetting;
        for ((counts, c), evidence) in
            counts.iter_mut().zip(&mut self.generative_model.c).zip(evidence)
        {
            if *evidence == Evidence::Missing {
                continue;
            }
            for (outcome, count) in counts.data.iter_mut().enumerate() {
                *count = *count * kept + rate * probability(*evidence, outcome);
            }
            let total: f64 = counts.data.iter().sum();
            for (preference, count) in c.data.iter_mut().zip(&counts.data) {
                *preference = (count / total).max(f64::MIN_POSITIVE).ln();
            }
        }
    }

    fn count_policies(&mut self, rate: f64) {
        let Some(counts) = &mut self.counts.e else { return };
        let kept = 1.0 - self.rates.forgetting;
        for (count, q) in counts.data.iter_mut().zip(self.workspace.q_pi()) {
            *count = *count * kept + rate * q;
        }
        let mut habits = counts.clone();
        habits.normalise();
        self.generative_model.e = Some(habits);
    }

    /// Compiles what was learned and goes on with it.
    fn renew(&mut self) -> Result<(), StepError> {
        let (arrays, is_b_changed) = (&self.generative_model, self.rates.b.is_some());
        let model = self.agent.model().with_arrays(arrays, &self.counts, is_b_changed)?;
        self.workspace.adopt(&model);
        self.agent.adopt(model);
        Ok(())
    }
}

impl Rates {
    /// Whether what has this probability is counted.
    fn counts(&self, probability: f64) -> bool {
        self.zeros == StructuralZeros::Count || probability > 0.0
    }

    /// The probabilities that are expected by these counts.
    fn expect(&self, counts: &Array, probabilities: &mut Array) {
        probabilities.data.clone_from(&counts.data);
        if self.zeros == StructuralZeros::Count {
            for count in &mut probabilities.data {
                *count = count.max(MODERN_FLOOR);
            }
        }
        probabilities.normalise();
    }
}

/// Counts the states that an episode began in: a factor's beliefs stand one after the other in
/// `first`. What has no count yet is a structural zero.
pub(crate) fn count_first_states(counts: &mut [Array], first: &[f64], rate: f64, rates: &Rates) {
    let kept = 1.0 - rates.forgetting;
    let counts = counts.iter_mut().flat_map(|counts| &mut counts.data);
    for (count, seen) in counts.zip(first).filter(|(count, _)| rates.counts(**count)) {
        *count = *count * kept + rate * seen;
    }
}

/// Every distribution to be learned has a count to begin with; without any it would be none.
fn check_columns(counts: &Counts, rates: &Rates) -> Result<(), ModelError> {
    type Named = fn(usize) -> ArrayName;
    let learned: [(_, _, Named); 4] = [
        (&counts.a, rates.a, ArrayName::PA),
        (&counts.b, rates.b, ArrayName::PB),
        (&counts.c, rates.c, ArrayName::PC),
        (&counts.d, rates.d, ArrayName::PD),
    ];
    for (arrays, _, name) in learned.into_iter().filter(|(_, rate, _)| rate.is_some()) {
        for (number, array) in arrays.iter().flatten().enumerate() {
            if let Some(column) = array.empty_column() {
                let index = array.index_of_column(column);
                return Err(ModelError::NoCounts { array: name(number), index });
            }
        }
    }
    Ok(())
}

/// How probable an outcome is by what was perceived.
fn probability(evidence: Evidence, outcome: usize) -> f64 {
    match evidence {
        Evidence::Outcome(seen) => f64::from(u8::from(seen == outcome)),
        Evidence::Distribution(distribution) => distribution[outcome],
        Evidence::Missing => 0.0,
    }
}

/// The probabilities that log preferences stand for.
fn preferred(c: &Array) -> Array {
    let mut array = c.clone();
    crate::probability::softmax(&mut array.data);
    array
}

fn check_rates(rates: &Rates) -> Result<(), ModelError> {
    let all = [
        ("rate of A", rates.a),
        ("rate of B", rates.b),
        ("rate of C", rates.c),
        ("rate of D", rates.d),
        ("rate of E", rates.e),
    ];
    for (name, rate) in all {
        if let Some(value) = rate.filter(|rate| !(rate.is_finite() && *rate >= 0.0)) {
            let expected = "a learning rate is finite and not negative";
            return Err(ModelError::Option { name, value, expected });
        }
    }
    if (0.0..1.0).contains(&rates.forgetting) {
        return Ok(());
    }
    let expected = "what is forgotten is a part from 0 to below 1";
    Err(ModelError::Option { name: "forgetting", value: rates.forgetting, expected })
}
