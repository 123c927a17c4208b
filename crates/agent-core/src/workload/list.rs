//! The list itself.

use super::kernels::Kernel;
use super::{Precision, Setup, Task, Workload, World};
use crate::Profile;

const TMAZE_H2: Setup = Setup { world: World::TMaze, profile: Profile::Modern, policy_len: 2 };
const TMAZE_H2_LEGACY: Setup = Setup { profile: Profile::Legacy, ..TMAZE_H2 };
const GRID_H1: Setup = Setup { world: World::Grid, profile: Profile::Modern, policy_len: 1 };
const GRID_H3: Setup = Setup { policy_len: 3, ..GRID_H1 };
const GRID_H3_LEGACY: Setup = Setup { profile: Profile::Legacy, ..GRID_H3 };
const CUE_CHAINING_H3: Setup =
    Setup { world: World::CueChaining, profile: Profile::Modern, policy_len: 3 };
const STRESS_H3: Setup = Setup { world: World::Stress, ..CUE_CHAINING_H3 };

/// Every job, in the order they are reported.
pub const WORKLOADS: [Workload; 29] = [
    Workload {
        group: "step",
        name: "tmaze_h2",
        analysis: "A T-maze agent, 16 policies of two steps: small arrays, so call overhead and \
                   logarithms dominate.",
        operations: 32,
        expected: 0x0bda_43db_545c_d1d2,
        setup: TMAZE_H2,
        task: Task::Step,
        precision: Precision::Double,
    },
    Workload {
        group: "step",
        name: "tmaze_h2_legacy",
        analysis: "The same under the legacy profile: information gain over joint outcomes.",
        operations: 32,
        expected: 0x48a7_6a3d_9bee_cd90,
        setup: TMAZE_H2_LEGACY,
        task: Task::Step,
        precision: Precision::Double,
    },
    Workload {
        group: "step",
        name: "grid10_h1",
        analysis: "A grid agent of 100 states, 5 policies of one step: inference and planning cost \
                   about the same.",
        operations: 32,
        expected: 0x3241_27d2_8d14_e829,
        setup: GRID_H1,
        task: Task::Step,
        precision: Precision::Double,
    },
    Workload {
        group: "step",
        name: "grid10_h3",
        analysis: "The same looking three steps ahead, 125 policies: planning dominates, and \
                   shared prefixes with sparse transitions decide.",
        operations: 8,
        expected: 0x185b_a3ee_9fb4_bd91,
        setup: GRID_H3,
        task: Task::Step,
        precision: Precision::Double,
    },
    Workload {
        group: "step",
        name: "grid10_h3_legacy",
        analysis: "The same under the legacy profile.",
        operations: 8,
        expected: 0x9dfd_a615_c172_ff3c,
        setup: GRID_H3_LEGACY,
        task: Task::Step,
        precision: Precision::Double,
    },
    Workload {
        group: "step",
        name: "cue_chaining_h3",
        analysis: "A cue-chaining agent, three factors with 280 joint states, 125 policies: joint \
                   beliefs and predicted outcomes dominate.",
        operations: 8,
        expected: 0x343d_6590_99c2_7b5b,
        setup: CUE_CHAINING_H3,
        task: Task::Step,
        precision: Precision::Double,
    },
    Workload {
        group: "step",
        name: "stress_h3",
        analysis: "Three dense factors with 480 joint states, 216 policies of which no two share a \
                   belief beyond their prefix: raw multiplication.",
        operations: 8,
        expected: 0xe508_661d_f3bd_d871,
        setup: STRESS_H3,
        task: Task::Step,
        precision: Precision::Double,
    },
    Workload {
        group: "step",
        name: "grid10_h3_f32",
        analysis: "grid10_h3 in single precision: eight numbers to a register instead of four, \
                   half the bytes. Look at the ratio to the f64 job.",
        operations: 8,
        expected: 0xf274_53a8_ed4a_b790,
        setup: GRID_H3,
        task: Task::Step,
        precision: Precision::Single,
    },
    Workload {
        group: "step",
        name: "cue_chaining_h3_f32",
        analysis: "cue_chaining_h3 in single precision: short arrays, of which eight lanes leave \
                   more unfilled.",
        operations: 8,
        expected: 0x7f80_2b76_4fd7_86f5,
        setup: CUE_CHAINING_H3,
        task: Task::Step,
        precision: Precision::Single,
    },
    Workload {
        group: "step",
        name: "stress_h3_f32",
        analysis: "stress_h3 in single precision: where multiplication is all, half the time is \
                   the bound.",
        operations: 8,
        expected: 0xb176_56b6_d465_cbed,
        setup: STRESS_H3,
        task: Task::Step,
        precision: Precision::Single,
    },
    Workload {
        group: "spawn",
        name: "tmaze",
        analysis: "New T-maze agents over one shared model, ready for their first step: one small \
                   allocation each.",
        operations: 1_000,
        expected: 0x7514_6e98_660e_7e80,
        setup: TMAZE_H2,
        task: Task::Spawn,
        precision: Precision::Double,
    },
    Workload {
        group: "spawn",
        name: "grid10",
        analysis: "New grid agents: 100 beliefs to copy each.",
        operations: 1_000,
        expected: 0x24d0_212c_ebfd_2189,
        setup: GRID_H1,
        task: Task::Spawn,
        precision: Precision::Double,
    },
    Workload {
        group: "spawn",
        name: "cue_chaining",
        analysis: "New cue-chaining agents: 41 beliefs in three factors.",
        operations: 1_000,
        expected: 0x0463_bf2d_013a_6f88,
        setup: CUE_CHAINING_H3,
        task: Task::Spawn,
        precision: Precision::Double,
    },
    Workload {
        group: "population",
        name: "tmaze_h2",
        analysis: "A thousand T-maze agents, each in a world of its own, stepped together by one \
                   thread for eight steps, four agents to a register. Per step it should cost far \
                   less than step/tmaze_h2: every lane has work.",
        operations: 8_000,
        expected: 0xd1a8_092e_0550_d186,
        setup: TMAZE_H2,
        task: Task::Population,
        precision: Precision::Double,
    },
    Workload {
        group: "population",
        name: "grid10_h3",
        analysis: "A thousand grid agents looking three steps ahead, for two steps. Beside \
                   step/grid10_h3 it shows what lanes across agents gain over lanes along arrays \
                   of 100.",
        operations: 2_000,
        expected: 0x1afc_f3d8_49b8_2497,
        setup: GRID_H3,
        task: Task::Population,
        precision: Precision::Double,
    },
    Workload {
        group: "population",
        name: "tmaze_h2_f32",
        analysis: "The T-maze agents in single precision, eight to a register.",
        operations: 8_000,
        expected: 0xbe21_8ab3_9c62_8766,
        setup: TMAZE_H2,
        task: Task::Population,
        precision: Precision::Single,
    },
    Workload {
        group: "population",
        name: "grid10_h3_f32",
        analysis: "The grid agents in single precision, eight to a register.",
        operations: 2_000,
        expected: 0xf69f_66e8_96f2_5359,
        setup: GRID_H3,
        task: Task::Population,
        precision: Precision::Single,
    },
    Workload {
        group: "kernel",
        name: "ln",
        analysis: "Logarithms of a thousand numbers at a time, as inference takes them of priors: \
                   the polynomial, four lanes wide.",
        operations: 64_000,
        expected: 0xdc9c_dff8_01c7_2bce,
        setup: GRID_H1,
        task: Task::Kernel(Kernel::Ln),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "softmax_100",
        analysis: "A hundred log weights made a distribution: exponentials, a maximum, one \
                   division.",
        operations: 1_000,
        expected: 0x05bc_0bd0_38f9_7a7c,
        setup: GRID_H1,
        task: Task::Kernel(Kernel::Softmax),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "entropy_100",
        analysis: "The sum of x ln x over a hundred beliefs: what every value of information ends \
                   in.",
        operations: 1_000,
        expected: 0xcf55_6339_712a_5ba3,
        setup: GRID_H1,
        task: Task::Kernel(Kernel::Entropy),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "multiply_dense_100",
        analysis: "A dense 100 by 100 matrix times beliefs: two loads of four numbers per \
                   multiplication are the floor.",
        operations: 100,
        expected: 0xff65_5749_0b60_6cfa,
        setup: STRESS_H3,
        task: Task::Kernel(Kernel::MultiplyDense),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "multiply_diagonals_100",
        analysis: "A move on the 10 by 10 grid times beliefs: two diagonals of the 100 by 100 \
                   matrix.",
        operations: 2_000,
        expected: 0xc42f_1643_9a08_715b,
        setup: GRID_H3,
        task: Task::Kernel(Kernel::MultiplyDiagonals),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "multiply_sparse_100",
        analysis: "A 100 by 100 matrix with three elements in each column, anywhere, times \
                   beliefs: one store for each element.",
        operations: 500,
        expected: 0x93e7_487b_258d_6cd1,
        setup: GRID_H3,
        task: Task::Kernel(Kernel::MultiplySparse),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "contract_480x100",
        analysis: "An array of 10 by 8 by 6 joint states with rows of 100 numbers, one factor \
                   summed out after the other, the last for four beliefs at once: most of what \
                   the stress model does. The first factor costs ten times the second.",
        operations: 20,
        expected: 0x2f9c_0f27_4124_a32d,
        setup: STRESS_H3,
        task: Task::Kernel(Kernel::Contract),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "expectations_3_factors",
        analysis: "What 280 log likelihoods over cue chaining's three factors say about each \
                   factor, given the others: the inside of a sweep.",
        operations: 500,
        expected: 0x1104_8c31_2151_e583,
        setup: CUE_CHAINING_H3,
        task: Task::Kernel(Kernel::Expectations),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "infer_fixed_point",
        analysis: "Inference of a cue-chaining agent alone, along an episode: up to 16 sweeps over \
                   three factors.",
        operations: 32,
        expected: 0x6692_8d74_6790_bdc9,
        setup: CUE_CHAINING_H3,
        task: Task::Kernel(Kernel::InferFixedPoint),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "plan_grid_h3",
        analysis: "The plan of a grid agent alone: 125 policies of three steps from one belief.",
        operations: 8,
        expected: 0xbd60_0f6e_8501_49f1,
        setup: GRID_H3,
        task: Task::Kernel(Kernel::Plan),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "select_action",
        analysis: "An action chosen from the posterior over the stress model's 216 policies: \
                   marginals of three factors.",
        operations: 200,
        expected: 0x2306_0f92_0a87_ac4f,
        setup: STRESS_H3,
        task: Task::Kernel(Kernel::SelectAction),
        precision: Precision::Double,
    },
    Workload {
        group: "kernel",
        name: "compile_grid_h3",
        analysis: "The grid's model compiled for plans of three steps: checks, matrices in the \
                   form that multiplies fastest, the graph of distinct beliefs. It allocates.",
        operations: 1,
        expected: 0xf383_e1ff_dd48_39d3,
        setup: GRID_H3,
        task: Task::Kernel(Kernel::Compile),
        precision: Precision::Double,
    },
];
