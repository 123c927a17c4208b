//! How much a plan can come to hold.

use crate::Model;
use crate::beliefs::Layout;
use crate::error::ModelError;
use crate::model::Transition;
use crate::policies::Policies;

/// Most bytes of beliefs that a plan may keep.
const MAX_BYTES: f64 = (1_u64 << 32) as f64;

/// The most distinct beliefs that there can be in a plan.
#[derive(Clone, Debug)]
pub(crate) struct Capacity {
    /// About each factor: no more than nodes of the policy tree, and no more than ways to get
    /// there, with the present.
    pub(crate) beliefs: Vec<usize>,
    /// About several factors together: one for each node, and the present.
    joint: usize,
}

impl Capacity {
    pub(crate) fn new(
        transitions: &[Transition],
        num_controls: &[usize],
        policies: &Policies,
    ) -> Self {
        let mut nodes = vec![0_usize; policies.steps()];
        for node in policies.nodes() {
            nodes[node.depth as usize] += 1;
        }
        let mut of_step = vec![1_usize; num_controls.len()];
        let mut beliefs = of_step.clone();
        for nodes in nodes {
            let ways = transitions.iter().zip(num_controls).map(|(transition, controls)| {
                let from = transition.from.factors().iter();
                from.fold(*controls, |ways, f| ways.saturating_mul(of_step[*f])).min(nodes)
            });
            of_step = ways.collect();
            beliefs.iter_mut().zip(&of_step).for_each(|(total, ways)| *total += ways);
        }
        Self { beliefs, joint: policies.nodes().len() + 1 }
    }

    /// The most combinations of beliefs about these factors.
    pub(crate) fn combinations(&self, factors: &[usize]) -> usize {
        match factors {
            [factor] => self.beliefs[*factor],
            _ => {
                let all = factors.iter();
                all.fold(1_usize, |all, f| all.saturating_mul(self.beliefs[*f])).min(self.joint)
            }
        }
    }

    fn bytes(&self, layout: &Layout) -> f64 {
        let of_factor = |(f, count): (usize, &usize)| *count as f64 * layout.range(f).len() as f64;
        self.beliefs.iter().enumerate().map(of_factor).sum::<f64>() * size_of::<f64>() as f64
    }
}

/// Refuses models whose plans would not fit in memory.
pub(crate) fn check_room(model: &Model) -> Result<(), ModelError> {
    let bytes = model.capacity.bytes(&model.layout);
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
