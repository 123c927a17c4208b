//! Many agents over one model, stepped abreast.
//!
//! Beliefs are stored in groups of as many agents as the machine's vectors have lanes, one agent
//! in each lane, so that one pass through the engine steps a whole group. What an agent believes
//! and does depends on its own observations, actions and random stream alone: not on its group,
//! nor on the number of threads.

mod step;

use std::sync::Arc;

use crate::Model;
use crate::error::StepError;
use crate::evidence::Observation;
use crate::joint_action::JointAction;
use crate::random::RandomStream;
use crate::real::Real;
use crate::workspace::Room;
use step::{GroupState, LANES_MOST};

/// Which agent of a population is meant. It stays valid until that agent is removed, and never
/// comes to mean another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    slot: u32,
    generation: u32,
}

/// Agents that share one model and are stepped together.
///
/// ```
/// use agent_core::{Model, Options, Population, Profile, models};
///
/// let options = Options { policy_len: 2, ..Options::of(Profile::Modern) };
/// let mut maze = Population::new(&Model::new(&models::tmaze(0.98), options)?);
/// for seed in 0..100 {
///     maze.spawn(seed);
/// }
/// // Each of them is at the centre, sees no reward and no cue, and goes to look at the cue.
/// let observations = [0, 0, 1].repeat(100);
/// let actions = maze.step_all(&observations, 1)?;
/// assert_eq!(actions, [3, 0].repeat(100));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Population<R: Real = f64> {
    model: Arc<Model<R>>,
    /// `[group][state]`, one lane for each agent.
    beliefs: Vec<R::Group>,
    /// What each agent did last; none before its first action.
    last: Vec<Option<JointAction>>,
    randoms: Vec<RandomStream>,
    /// How often each slot was given away or taken back: odd while an agent is in it.
    generations: Vec<u32>,
    /// Slots without an agent, the one to be used next at the end.
    free: Vec<u32>,
    /// One for each thread that ever stepped.
    rooms: Vec<Room<R::Group>>,
    /// `[agent][factor]`: what was chosen in the last step.
    chosen: Vec<usize>,
}

impl<R: Real> Population<R> {
    /// A population of nobody.
    #[must_use]
    pub fn new(model: &Arc<Model<R>>) -> Self {
        Self {
            model: Arc::clone(model),
            beliefs: Vec::new(),
            last: Vec::new(),
            randoms: Vec::new(),
            generations: Vec::new(),
            free: Vec::new(),
            rooms: Vec::new(),
            chosen: Vec::new(),
        }
    }

    /// The model they share.
    #[must_use]
    pub fn model(&self) -> &Arc<Model<R>> {
        &self.model
    }

    /// How many agents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.generations.len() - self.free.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes room for this many more agents at once.
    pub fn reserve(&mut self, agents: usize) {
        let slots = self.generations.len() + agents.saturating_sub(self.free.len());
        let groups = slots.div_ceil(R::LANES);
        let states = self.model.num_states();
        self.beliefs.reserve_exact((groups * states).saturating_sub(self.beliefs.len()));
        let more = slots - self.generations.len();
        self.last.reserve_exact(more);
        self.randoms.reserve_exact(more);
        self.generations.reserve_exact(more);
    }

    /// A new agent, which believes what D says. Its random stream depends on the seed alone.
    ///
    /// Time is linear in the states of the model, amortised.
    pub fn spawn(&mut self, seed: u64) -> Member {
        let slot = self.free.pop().unwrap_or(self.generations.len() as u32);
        let place = slot as usize;
        if place == self.generations.len() {
            self.generations.push(0);
            self.last.push(None);
            self.randoms.push(RandomStream::new(seed));
            if place.is_multiple_of(R::LANES) {
                // Lanes without an agent hold beliefs too: they are calculated with.
                let group = |p: &R| {
                    let mut group = R::Group::default();
                    group.as_mut().fill(*p);
                    group
                };
                self.beliefs.extend(self.model.prior.iter().map(group));
            }
        }
        self.generations[place] += 1;
        self.last[place] = None;
        self.randoms[place] = RandomStream::new(seed);
        let (group, lane) = self.group(place);
        for (belief, prior) in self.beliefs[group].iter_mut().zip(&self.model.prior) {
            belief.as_mut()[lane] = *prior;
        }
        Member { slot, generation: self.generations[place] }
    }

    /// Takes an agent away. Whoever is spawned next gets its place, but not its name.
    ///
    /// # Errors
    /// [`StepError::NoMember`] if it is not there any more.
    pub fn remove(&mut self, member: Member) -> Result<(), StepError> {
        let place = self.place(member)?;
        self.generations[place] += 1;
        // A slot whose names are used up stays empty.
        if self.generations[place] < u32::MAX - 1 {
            self.free.push(member.slot);
        }
        Ok(())
    }

    /// Whether an agent is still there.
    #[must_use]
    pub fn contains(&self, member: Member) -> bool {
        self.place(member).is_ok()
    }

    /// All agents, in the order in which [`Population::step_all`] takes them: by their places,
    /// which is the order of spawning until one is removed.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        let slots = (0_u32..).zip(&self.generations);
        slots
            .filter(|(_, generation)| *generation % 2 == 1)
            .map(|(slot, generation)| Member { slot, generation: *generation })
    }

    /// What an agent believes about all factors, one after the other.
    ///
    /// # Errors
    /// [`StepError::NoMember`].
    pub fn beliefs(&self, member: Member) -> Result<Vec<R>, StepError> {
        let (group, lane) = self.group(self.place(member)?);
        Ok(self.beliefs[group].iter().map(|belief| belief.as_ref()[lane]).collect())
    }

    /// Says what an agent did instead of what it chose.
    ///
    /// # Errors
    /// [`StepError::NoMember`]; [`StepError`] for an action that does not exist.
    pub fn set_action(&mut self, member: Member, action: &[usize]) -> Result<(), StepError> {
        let place = self.place(member)?;
        self.model.check_action(action)?;
        self.last[place] = Some(JointAction::encode(action, &self.model.num_controls));
        Ok(())
    }

    /// Everybody begins anew: D's beliefs and no action. The random streams go on.
    pub fn reset(&mut self) {
        self.last.fill(None);
        for beliefs in self.beliefs.chunks_exact_mut(self.model.num_states()) {
            for (belief, prior) in beliefs.iter_mut().zip(&self.model.prior) {
                belief.as_mut().fill(*prior);
            }
        }
    }

    /// Every agent perceives, plans and acts, on this many threads. `observations` holds the
    /// outcome of each modality for each agent, `[agent][modality]` in the order of
    /// [`Population::members`]; what they do is returned as `[agent][factor]`, in the same order.
    ///
    /// What each does is the same for any number of threads. Once as many threads have stepped as
    /// many agents before, a step on one thread allocates nothing.
    ///
    /// # Errors
    /// [`StepError`] if an observation does not fit; nobody has then stepped.
    pub fn step_all(
        &mut self,
        observations: &[usize],
        threads: usize,
    ) -> Result<&[usize], StepError> {
        let (modalities, factors) = (self.model.num_obs.len(), self.model.factors());
        let expected = self.len() * modalities;
        if observations.len() != expected {
            return Err(StepError::ObservationTotal {
                found: observations.len(),
                agents: self.len(),
                modalities,
            });
        }
        for (agent, observation) in observations.chunks_exact(modalities).enumerate() {
            let checked = self.model.check_observation(Observation::Outcomes(observation));
            checked.map_err(|source| StepError::OfAgent { agent, source: Box::new(source) })?;
        }
        let groups = self.generations.len().div_ceil(R::LANES);
        let threads = threads.clamp(1, groups.max(1));
        while self.rooms.len() < threads {
            self.rooms.push(Room::new(&self.model));
        }
        self.chosen.resize(self.len() * factors, 0);
        let mut state = GroupState {
            beliefs: &mut self.beliefs,
            last: &mut self.last,
            randoms: &mut self.randoms,
            generations: &self.generations,
            observations,
            chosen: &mut self.chosen,
        };
        let model = &*self.model;
        if threads == 1 {
            state.step(model, &mut self.rooms[0]);
            return Ok(&self.chosen);
        }
        std::thread::scope(|scope| {
            for (number, room) in self.rooms[..threads].iter_mut().enumerate() {
                let left = threads - number;
                let part = state.split(state.groups(R::LANES).div_ceil(left), model);
                scope.spawn(move || part.step(model, room));
            }
        });
        Ok(&self.chosen)
    }

    /// One agent perceives, plans and acts, exactly as it would among all.
    ///
    /// # Errors
    /// [`StepError::NoMember`]; [`StepError`] if the observation does not fit, and the agent is
    /// then as it was.
    pub fn step(&mut self, member: Member, observation: &[usize]) -> Result<&[usize], StepError> {
        let place = self.place(member)?;
        self.model.check_observation(Observation::Outcomes(observation))?;
        if self.rooms.is_empty() {
            self.rooms.push(Room::new(&self.model));
        }
        let (group, lane) = self.group(place);
        // The others of its group are calculated with, but stay as they are.
        let mut beliefs = self.beliefs[group.clone()].to_vec();
        let mut last = [None; LANES_MOST];
        let mut generations = [0; LANES_MOST];
        (last[lane], generations[lane]) = (self.last[place], 1);
        let mut randoms = [const { RandomStream::new(0) }; LANES_MOST];
        randoms[lane] = self.randoms[place].clone();
        self.chosen.resize(self.model.factors(), 0);
        let state = GroupState::<R> {
            beliefs: &mut beliefs,
            last: &mut last[..R::LANES],
            randoms: &mut randoms[..R::LANES],
            generations: &generations[..R::LANES],
            observations: observation,
            chosen: &mut self.chosen,
        };
        state.step(&self.model, &mut self.rooms[0]);
        for (own, stepped) in self.beliefs[group].iter_mut().zip(&beliefs) {
            own.as_mut()[lane] = stepped.as_ref()[lane];
        }
        self.last[place] = last[lane];
        self.randoms[place] = randoms[lane].clone();
        Ok(&self.chosen)
    }

    /// Every byte of heap that the population holds for its agents, and what they last chose.
    ///
    /// Left out is what does not grow with them: the model, and for each thread that ever stepped
    /// the room in which it steps one group of agents.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of_agents = self.beliefs.capacity() * size_of::<R::Group>()
            + self.last.capacity() * size_of::<Option<JointAction>>()
            + self.randoms.capacity() * size_of::<RandomStream>()
            + self.generations.capacity() * size_of::<u32>()
            + self.free.capacity() * size_of::<u32>();
        of_agents + self.chosen.capacity() * size_of::<usize>()
    }

    /// Where an agent's beliefs are: those of its group, and its lane.
    fn group(&self, place: usize) -> (std::ops::Range<usize>, usize) {
        let states = self.model.num_states();
        let start = place / R::LANES * states;
        (start..start + states, place % R::LANES)
    }

    fn place(&self, member: Member) -> Result<usize, StepError> {
        let place = member.slot as usize;
        match self.generations.get(place) {
            Some(generation) if *generation == member.generation => Ok(place),
            _ => Err(StepError::NoMember),
        }
    }
}
