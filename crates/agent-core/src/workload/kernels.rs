//! The kernels that the engine spends its time in, each driven alone over inputs from a seed.

use std::fmt;
use std::hint::black_box;

use super::checksum::Checksum;
use super::stages::{Compilation, Stage, Staged};
use super::{Work, Workload, WorkloadError};
use crate::arithmetic::{Along, Arithmetic as _, LnModern, SEVERAL, Weighted};
use crate::beliefs::{ContractionRoom, Factors, JointSet, Layout};
use crate::lanes::{Calculation, Lanes, Machine};
use crate::matrix::Matrix;
use crate::models;
use crate::random::RandomStream;
use crate::real::Real as _;

/// Numbers that logarithms are taken of at a time.
const LOGARITHMS: usize = 1_000;

/// Rows and columns of the matrices, and numbers of the arrays.
const SIZE: usize = 100;

/// Elements in each column of the sparse matrix, the same place drawn twice counting once.
const PER_COLUMN: usize = 3;

/// What is contracted: states of each factor, and numbers that stand at each joint state.
const CONTRACTED: [usize; 3] = [10, 8, 6];

/// States of the factors that expectations are taken over, in the order in which cue chaining's
/// are.
const EXPECTED_OVER: [usize; 3] = [2, 4, 35];

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kernel {
    Ln,
    Softmax,
    Entropy,
    MultiplyDense,
    MultiplyDiagonals,
    MultiplySparse,
    Contract,
    Expectations,
    InferFixedPoint,
    Plan,
    SelectAction,
    Compile,
}

impl Kernel {
    pub(super) fn start(self, workload: &Workload) -> Result<Box<dyn Work>, WorkloadError> {
        let times = workload.operations as usize;
        Ok(match self {
            Self::Ln => repeated(Logarithms::new(), times / LOGARITHMS),
            Self::Softmax => repeated(Softmax::new(), times),
            Self::Entropy => repeated(Entropy::new(), times),
            Self::MultiplyDense => repeated(Multiply::new(dense()), times),
            Self::MultiplyDiagonals => repeated(Multiply::new(diagonals()), times),
            Self::MultiplySparse => repeated(Multiply::new(sparse()), times),
            Self::Contract => repeated(Contract::new(), times),
            Self::Expectations => repeated(Expectations::new(), times),
            Self::InferFixedPoint => Box::new(Staged::new(workload, Stage::Infer)?),
            Self::Plan => Box::new(Staged::new(workload, Stage::Plan)?),
            Self::SelectAction => Box::new(Staged::new(workload, Stage::Select)?),
            Self::Compile => Box::new(Compilation::new(workload)?),
        })
    }
}

/// A calculation over arrays of its own.
trait ArrayKernel: fmt::Debug + 'static {
    fn pass<L: Lanes<f64>>(&mut self, arithmetic: Along<f64, L>);
    /// What the last pass left.
    fn result(&self) -> &[f64];
}

/// Passes one after the other, with the widest lanes of this machine.
#[derive(Debug)]
struct Repeated<K> {
    kernel: K,
    times: usize,
    machine: Machine,
}

fn repeated<K: ArrayKernel>(kernel: K, times: usize) -> Box<dyn Work> {
    Box::new(Repeated { kernel, times, machine: Machine::detect() })
}

impl<K: ArrayKernel> Work for Repeated<K> {
    fn prepare(&mut self) {}

    fn run(&mut self) -> Result<(), WorkloadError> {
        f64::run(self.machine, Passes { kernel: &mut self.kernel, times: self.times });
        Ok(())
    }

    fn answer(&mut self) -> Result<u64, WorkloadError> {
        let mut checksum = Checksum::default();
        checksum.numbers(self.kernel.result());
        Ok(checksum.finish())
    }
}

struct Passes<'a, K> {
    kernel: &'a mut K,
    times: usize,
}

impl<K: ArrayKernel> Calculation<f64> for Passes<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<f64>>(self, lanes: L) {
        for _ in 0..self.times {
            // Each pass must be made although it gives what the one before gave.
            black_box(&mut *self.kernel).pass(Along::new(lanes));
        }
    }
}

/// Numbers above 0.05 and below 1.
fn drawn(count: usize, seed: u64) -> Vec<f64> {
    let mut random = RandomStream::new(seed);
    (0..count).map(|_| 0.05 + 0.95 * random.uniform()).collect()
}

/// Numbers that sum to one.
fn distribution(count: usize, seed: u64) -> Vec<f64> {
    let mut weights = drawn(count, seed);
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);
    weights
}

fn dense() -> Matrix<f64> {
    Matrix::from_rows(SIZE, SIZE, &drawn(SIZE * SIZE, 1))
}

/// Up, on the grid.
fn diagonals() -> Matrix<f64> {
    let moves = &models::grid().b[0];
    let up: Vec<f64> = moves.data.iter().step_by(5).copied().collect();
    Matrix::from_rows(SIZE, SIZE, &up)
}

fn sparse() -> Matrix<f64> {
    let mut random = RandomStream::new(2);
    let mut data = vec![0.0; SIZE * SIZE];
    for column in 0..SIZE {
        for _ in 0..PER_COLUMN {
            let row = (random.uniform() * SIZE as f64) as usize;
            data[row * SIZE + column] = 0.05 + random.uniform();
        }
    }
    Matrix::from_rows(SIZE, SIZE, &data)
}

#[derive(Debug)]
struct Logarithms {
    numbers: Vec<f64>,
    out: Vec<f64>,
}

impl Logarithms {
    fn new() -> Self {
        Self { numbers: drawn(LOGARITHMS, 3), out: vec![0.0; LOGARITHMS] }
    }
}

impl ArrayKernel for Logarithms {
    #[inline(always)]
    fn pass<L: Lanes<f64>>(&mut self, arithmetic: Along<f64, L>) {
        self.out.copy_from_slice(&self.numbers);
        arithmetic.map(&mut self.out, LnModern);
    }

    fn result(&self) -> &[f64] {
        &self.out
    }
}

#[derive(Debug)]
struct Softmax {
    weights: Vec<f64>,
    out: Vec<f64>,
}

impl Softmax {
    fn new() -> Self {
        let weights = drawn(SIZE, 4).into_iter().map(|x| 20.0 * x).collect();
        Self { weights, out: vec![0.0; SIZE] }
    }
}

impl ArrayKernel for Softmax {
    #[inline(always)]
    fn pass<L: Lanes<f64>>(&mut self, arithmetic: Along<f64, L>) {
        self.out.copy_from_slice(&self.weights);
        arithmetic.softmax(&mut self.out);
    }

    fn result(&self) -> &[f64] {
        &self.out
    }
}

#[derive(Debug)]
struct Entropy {
    beliefs: Vec<f64>,
    out: [f64; 1],
}

impl Entropy {
    fn new() -> Self {
        Self { beliefs: distribution(SIZE, 5), out: [0.0] }
    }
}

impl ArrayKernel for Entropy {
    #[inline(always)]
    fn pass<L: Lanes<f64>>(&mut self, arithmetic: Along<f64, L>) {
        self.out = [arithmetic.sum_of(&self.beliefs, Weighted(LnModern))];
    }

    fn result(&self) -> &[f64] {
        &self.out
    }
}

#[derive(Debug)]
struct Multiply {
    matrix: Matrix<f64>,
    beliefs: Vec<f64>,
    out: Vec<f64>,
}

impl Multiply {
    fn new(matrix: Matrix<f64>) -> Self {
        Self { matrix, beliefs: distribution(SIZE, 6), out: vec![0.0; SIZE] }
    }
}

impl ArrayKernel for Multiply {
    #[inline(always)]
    fn pass<L: Lanes<f64>>(&mut self, arithmetic: Along<f64, L>) {
        arithmetic.multiply(&self.matrix, &self.beliefs, &mut self.out);
    }

    fn result(&self) -> &[f64] {
        &self.out
    }
}

/// Factors summed out one after the other, the last for several beliefs at once, as planning does.
#[derive(Debug)]
struct Contract {
    tensor: Vec<f64>,
    /// About each factor; about the last several, one after the other.
    beliefs: [Vec<f64>; 3],
    /// What is left of the tensor after each factor.
    left: [Vec<f64>; 3],
}

impl Contract {
    fn new() -> Self {
        let [first, second, third] = CONTRACTED;
        Self {
            tensor: drawn(first * second * third * SIZE, 7),
            beliefs: [
                distribution(first, 8),
                distribution(second, 8),
                (8..).take(SEVERAL).flat_map(|seed| distribution(third, seed)).collect(),
            ],
            left: [second * third * SIZE, third * SIZE, SEVERAL * SIZE].map(|n| vec![0.0; n]),
        }
    }
}

impl ArrayKernel for Contract {
    #[inline(always)]
    fn pass<L: Lanes<f64>>(&mut self, arithmetic: Along<f64, L>) {
        let Self { tensor, beliefs, left: [first, second, third] } = self;
        arithmetic.weighted_sum(tensor, first.len(), &beliefs[0], first);
        arithmetic.weighted_sum_of(first, &beliefs[1], second);
        let last = |k: usize| beliefs[2].chunks_exact(CONTRACTED[2]).nth(k).unwrap_or_default();
        arithmetic.weighted_sums_of(second, SIZE, last, third);
    }

    fn result(&self) -> &[f64] {
        &self.left[2]
    }
}

#[derive(Debug)]
struct Expectations {
    set: JointSet,
    layout: Layout,
    beliefs: Vec<f64>,
    log_likelihoods: Vec<f64>,
    room: ContractionRoom<f64>,
    out: Vec<f64>,
}

impl Expectations {
    fn new() -> Self {
        let layout = Layout::new(&EXPECTED_OVER);
        let set = JointSet::all(&layout);
        Self {
            beliefs: EXPECTED_OVER.iter().flat_map(|states| distribution(*states, 9)).collect(),
            log_likelihoods: drawn(set.size(), 10).iter().map(|p| p.ln()).collect(),
            room: ContractionRoom::new(set.size(), layout.factors()),
            out: vec![0.0; layout.total()],
            layout,
            set,
        }
    }
}

impl ArrayKernel for Expectations {
    #[inline(always)]
    fn pass<L: Lanes<f64>>(&mut self, arithmetic: Along<f64, L>) {
        let of = Factors { beliefs: &self.beliefs, layout: &self.layout };
        let Self { set, log_likelihoods, room, out, .. } = self;
        out.fill(0.0);
        set.add_expectations(arithmetic, log_likelihoods, of, room, out);
    }

    fn result(&self) -> &[f64] {
        &self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_kept_in_the_form_that_is_measured() {
        assert!(matches!(dense(), Matrix::Dense(_)));
        assert!(matches!(diagonals(), Matrix::Diagonals(_)));
        assert!(matches!(sparse(), Matrix::Sparse(_)));
    }

    #[test]
    fn a_contraction_is_the_weighted_sum_over_all_joint_states() {
        let mut kernel = Contract::new();
        kernel.pass(Along::new(crate::lanes::Portable));
        let [first, second, third] = CONTRACTED;
        let mut expected = vec![0.0; SEVERAL * SIZE];
        for (joint, row) in kernel.tensor.chunks_exact(SIZE).enumerate() {
            let (i, j, k) =
                (joint / (second * third) % first, joint / third % second, joint % third);
            let [x, y, z] = &kernel.beliefs;
            for (expected, z) in expected.chunks_exact_mut(SIZE).zip(z.chunks_exact(third)) {
                for (expected, value) in expected.iter_mut().zip(row) {
                    *expected += x[i] * y[j] * z[k] * value;
                }
            }
        }
        for (got, expected) in kernel.result().iter().zip(expected) {
            assert!((got - expected).abs() < 1e-12, "{got} instead of {expected}");
        }
    }
}
