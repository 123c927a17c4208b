//! The beliefs that plans come across, and how each follows from others: worked out once, when a
//! model is compiled.

use super::merging::Merging;
use super::tuples::{Prefix, Tuples};
use crate::beliefs::Layout;
use crate::error::ModelError;
use crate::expected_free_energy::Part;
use crate::matrix::Matrix;
use crate::model::Moves;
use crate::policies::Policies;

/// Most bytes of beliefs that a plan may keep.
const MAX_BYTES: f64 = (1_u64 << 32) as f64;

/// Everything about plans that does not depend on the present belief.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    /// Distinct beliefs about each factor, the present's among them as number 0.
    beliefs: Vec<usize>,
    /// In an order in which what a move starts from is there before.
    moves: Vec<Move>,
    /// `[move][factor it depends on]`: the beliefs that moves start from.
    origins: Vec<u32>,
    /// Distinct steps: what is believed after one, and what else its value depends on.
    situations: Vec<Situation>,
    /// `[situation][factor]`: the belief about each factor.
    after: Vec<u32>,
    /// `[situation][factor]`: the move of each factor; empty where moves have no value.
    by: Vec<u32>,
    /// The situation at each node of the policy tree.
    nodes: Vec<u32>,
}

/// One factor's step from beliefs to a belief.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    pub(crate) factor: u32,
    pub(crate) action: u32,
    /// Where its origins begin.
    origins: u32,
    /// The belief it leads to.
    pub(crate) to: u32,
    /// Whether that belief is there already, so that only the move's own value is wanted.
    pub(crate) is_known: bool,
}

/// What the value of a step depends on, beside beliefs.
#[derive(Clone, Copy, Debug)]
struct Situation {
    step: u32,
}

/// The combinations of beliefs that one part of a valuation is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Questions {
    /// For each of the part's factors, the combinations up to it, those with the same combination
    /// before side by side.
    pub(crate) prefixes: Vec<Vec<Prefix>>,
    /// `[situation]`: which of the part's values it takes, `[combination][step]`.
    pub(crate) value_of_situation: Vec<u32>,
}

impl Questions {
    /// The belief about the factor at a place in a combination of all of them.
    #[inline(always)]
    pub(crate) fn belief(&self, combination: usize, place: usize) -> u32 {
        let mut number = combination;
        for prefixes in self.prefixes[place + 1..].iter().rev() {
            number = prefixes[number].before as usize;
        }
        self.prefixes[place][number].last
    }
}

/// What makes steps differ in value, beside beliefs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distinctions {
    /// Which step of a policy it is.
    pub(crate) by_step: bool,
    /// Which moves led there.
    pub(crate) by_move: bool,
}

impl Graph {
    pub(crate) fn new(moves: &[Moves], policies: &Policies, distinct: Distinctions) -> Self {
        let factors = moves.len();
        let mut graph = Self {
            beliefs: vec![1; factors],
            moves: Vec::new(),
            origins: Vec::new(),
            situations: Vec::new(),
            after: Vec::new(),
            by: Vec::new(),
            nodes: Vec::with_capacity(policies.nodes().len()),
        };
        let mut walk = Walk::new(moves, distinct.by_move);
        let mut path = vec![0_u32; factors * (policies.steps() + 1)];
        let mut steps = Tuples::new(2 * factors + 1);
        let mut by = vec![0_u32; factors];
        for node in policies.nodes() {
            let depth = node.depth as usize;
            let (before, after) = path.split_at_mut((depth + 1) * factors);
            let (before, after) = (&before[depth * factors..], &mut after[..factors]);
            let action = policies.action(node.action);
            for f in 0..factors {
                let number = walk.step(&mut graph, f, action[f], before);
                (by[f], after[f]) = (number, walk.led_to[f][number as usize]);
            }
            let step = if distinct.by_step { node.depth } else { 0 };
            let moves = by.iter().map(|number| if distinct.by_move { *number } else { 0 });
            let tuple = after.iter().copied().chain([step]).chain(moves);
            let (number, is_new) = steps.number(tuple);
            if is_new {
                graph.situations.push(Situation { step });
                graph.after.extend_from_slice(after);
                if distinct.by_move {
                    let place = |f: usize| walk.places[f][by[f] as usize];
                    graph.by.extend((0..factors).map(place));
                }
            }
            graph.nodes.push(number);
        }
        graph
    }

    /// Refuses plans whose beliefs would not fit in memory.
    pub(crate) fn check_room(&self, layout: &Layout) -> Result<(), ModelError> {
        let of_factor = |(f, count): (usize, &usize)| *count as f64 * layout.range(f).len() as f64;
        let numbers: f64 = self.beliefs.iter().enumerate().map(of_factor).sum();
        let bytes = numbers * size_of::<f64>() as f64;
        if bytes <= MAX_BYTES {
            return Ok(());
        }
        Err(ModelError::TooLarge {
            what: "the memory of a plan, in bytes,",
            size: bytes,
            limit: MAX_BYTES as usize,
            remedy: "shorten policy_len or give policies of your own",
        })
    }

    /// Distinct beliefs about each factor.
    pub(crate) fn beliefs(&self) -> &[usize] {
        &self.beliefs
    }

    pub(crate) fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// The beliefs that a move starts from, by the factors it depends on.
    pub(crate) fn origins(&self, of: &Move, count: usize) -> &[u32] {
        &self.origins[of.origins as usize..][..count]
    }

    /// How many distinct steps there are.
    pub(crate) fn situations(&self) -> usize {
        self.situations.len()
    }

    /// The belief about each factor in a situation.
    pub(crate) fn after(&self, situation: usize) -> &[u32] {
        let factors = self.beliefs.len();
        &self.after[situation * factors..][..factors]
    }

    /// The move of each factor that led to a situation; nothing where moves have no value.
    pub(crate) fn by(&self, situation: usize) -> &[u32] {
        if self.by.is_empty() {
            return &[];
        }
        let factors = self.beliefs.len();
        &self.by[situation * factors..][..factors]
    }

    /// The situation at each node of the policy tree.
    pub(crate) fn nodes(&self) -> &[u32] {
        &self.nodes
    }

    /// Distinct combinations of beliefs about these factors.
    pub(crate) fn combinations(&self, factors: &[usize]) -> usize {
        self.questions_about(factors, 1).prefixes.last().map_or(0, Vec::len)
    }

    /// What a part of a valuation is asked about.
    pub(crate) fn questions<R>(&self, part: &Part<R>) -> Questions
    where
        R: crate::Real,
    {
        self.questions_about(part.factors(), part.steps() as u32)
    }

    fn questions_about(&self, factors: &[usize], steps: u32) -> Questions {
        let mut tuples = Tuples::new(factors.len());
        let combination = |number| {
            let beliefs = self.after(number);
            tuples.number(factors.iter().map(|f| beliefs[*f])).0
        };
        let combinations: Vec<u32> = (0..self.situations.len()).map(combination).collect();
        let (prefixes, places) = tuples.into_prefixes();
        let value = |(situation, combination): (&Situation, &u32)| {
            places[*combination as usize] * steps + situation.step.min(steps - 1)
        };
        let value_of_situation = self.situations.iter().zip(&combinations).map(value).collect();
        Questions { prefixes, value_of_situation }
    }
}

/// What is remembered while the policy tree is walked.
struct Walk<'a> {
    moves: &'a [Moves],
    /// Whether moves to beliefs that are there already are wanted too.
    by_move: bool,
    /// For each factor, moves by origins and action.
    numbers: Vec<Tuples>,
    /// `[factor][move]`: the belief it leads to.
    led_to: Vec<Vec<u32>>,
    /// `[factor][move]`: its place among all moves.
    places: Vec<Vec<u32>>,
    /// For each factor that moves by itself, its sequences of actions.
    merging: Vec<Option<Merging>>,
}

impl<'a> Walk<'a> {
    fn new(moves: &'a [Moves], by_move: bool) -> Self {
        let merging = |(f, moves): (usize, &Moves)| {
            (moves.from.factors() == [f]).then(|| {
                let matrices = moves.by_action.iter();
                let matrix =
                    |data: &Vec<f64>| Matrix::from_rows(moves.states, moves.from.size(), data);
                Merging::new(moves.states, matrices.map(matrix).collect())
            })
        };
        Self {
            moves,
            by_move,
            numbers: moves.iter().map(|m| Tuples::new(m.from.factors().len() + 1)).collect(),
            led_to: vec![Vec::new(); moves.len()],
            places: vec![Vec::new(); moves.len()],
            merging: moves.iter().enumerate().map(merging).collect(),
        }
    }

    /// The number, among the factor's own, of its move by this action from these beliefs.
    fn step(&mut self, graph: &mut Graph, f: usize, action: usize, before: &[u32]) -> u32 {
        let from = self.moves[f].from.factors();
        let origins = from.iter().map(|g| before[*g]);
        let (number, is_new) = self.numbers[f].number(origins.clone().chain([action as u32]));
        if is_new {
            let next = graph.beliefs[f] as u32;
            let to = match &mut self.merging[f] {
                Some(merging) => merging.follow(before[f], action),
                None => next,
            };
            graph.beliefs[f] = graph.beliefs[f].max(to as usize + 1);
            self.led_to[f].push(to);
            self.places[f].push(graph.moves.len() as u32);
            let is_known = to < next;
            if !is_known || self.by_move {
                graph.moves.push(Move {
                    factor: f as u32,
                    action: action as u32,
                    origins: graph.origins.len() as u32,
                    to,
                    is_known,
                });
                graph.origins.extend(origins);
            }
        }
        number
    }
}
