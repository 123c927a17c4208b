//! The two precisions the engine calculates in.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use pulp::{f32x8, f64x4};

use crate::lanes::{Calculation, Machine};

/// A floating-point number that models, agents and populations can be made of: `f64`, which
/// agrees with pymdp to rounding, or `f32`, in half the memory and with twice the numbers in a
/// register, which agrees to about 1e-5. Nothing else can implement it.
pub trait Real:
    sealed::Sealed
    + Copy
    + Default
    + Debug
    + Display
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + Into<f64>
    + Send
    + Sync
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The nearest number of this precision.
    fn of(x: f64) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;

    /// As many numbers as stand side by side in a register.
    #[doc(hidden)]
    type Group: Copy + Default + Debug + PartialEq + AsRef<[Self]> + AsMut<[Self]> + Send + Sync;
    /// The register.
    #[doc(hidden)]
    type Vector: Copy;
    /// What the elementary functions are made of.
    #[doc(hidden)]
    const ELEMENTARY: Elementary<Self>;
    #[doc(hidden)]
    const LANES: usize;
    /// Whole groups, and what is left.
    #[doc(hidden)]
    fn groups(x: &[Self]) -> (&[Self::Group], &[Self]);
    #[doc(hidden)]
    fn groups_mut(x: &mut [Self]) -> (&mut [Self::Group], &mut [Self]);
    #[doc(hidden)]
    fn load(x: &Self::Group) -> Self::Vector;
    #[doc(hidden)]
    fn store(x: Self::Vector, out: &mut Self::Group);
    /// What is left of a slice after whole groups, followed by `rest`.
    #[doc(hidden)]
    fn load_part(x: &[Self], rest: Self) -> Self::Vector;
    /// As many of a vector's numbers as there is room for.
    #[doc(hidden)]
    fn store_part(x: Self::Vector, out: &mut [Self]);
    /// Calculates with the widest lanes of this machine.
    #[doc(hidden)]
    fn run<C: Calculation<Self>>(machine: Machine, calculation: C) -> C::Output;
    /// The sum of all lanes, in an order that never changes.
    #[doc(hidden)]
    fn sum(x: Self::Vector) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for f32 {}
}

/// The constants of `ln` (those of Sun's fdlibm by powers of two, for an argument twice as large)
/// and `exp` (inverse factorials) for one precision.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Elementary<R: 'static> {
    pub(crate) ln2: R,
    /// The first bits of ln 2, whose product with a whole number is exact, and the others.
    pub(crate) ln2_high: R,
    pub(crate) ln2_low: R,
    pub(crate) log2_e: R,
    /// What is added to a number to round it to a whole one.
    pub(crate) rounding: R,
    /// Where the exponential is still a normal number.
    pub(crate) least: R,
    pub(crate) ln_even: &'static [R],
    pub(crate) ln_odd: &'static [R],
    pub(crate) exp_even: &'static [R],
    pub(crate) exp_odd: &'static [R],
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    type Group = [Self; 4];
    type Vector = f64x4;
    const LANES: usize = 4;
    const ELEMENTARY: Elementary<Self> = Elementary {
        ln2: std::f64::consts::LN_2,
        ln2_high: 6.931_471_803_691_238e-1,
        ln2_low: 1.908_214_929_270_587_7e-10,
        log2_e: std::f64::consts::LOG2_E,
        rounding: 6_755_399_441_055_744.0,
        least: -708.0,
        ln_even: &[
            3.999_999_999_940_942e-1 / 32.0,
            2.222_219_843_214_978_4e-1 / 512.0,
            1.531_383_769_920_937_3e-1 / 8192.0,
        ],
        ln_odd: &[
            6.666_666_666_666_735e-1 / 8.0,
            2.857_142_874_366_239e-1 / 128.0,
            1.818_357_216_161_805e-1 / 2048.0,
            1.479_819_860_511_658_6e-1 / 32768.0,
        ],
        exp_even: &[
            5.000_000_000_0e-1,
            4.166_666_666_666_666_4e-2,
            1.388_888_888_888_889e-3,
            2.480_158_730_158_73e-5,
            2.755_731_922_398_589e-7,
            2.087_675_698_786_81e-9,
        ],
        exp_odd: &[
            1.666_666_666_666_666_6e-1,
            8.333_333_333_333_333e-3,
            1.984_126_984_126_984e-4,
            2.755_731_922_398_589_3e-6,
            2.505_210_838_544_172e-8,
            1.605_904_383_682_161_3e-10,
        ],
    };

    fn of(x: f64) -> Self {
        x
    }

    fn ln(self) -> Self {
        self.ln()
    }

    #[inline(always)]
    fn groups(x: &[Self]) -> (&[Self::Group], &[Self]) {
        x.as_chunks()
    }

    #[inline(always)]
    fn groups_mut(x: &mut [Self]) -> (&mut [Self::Group], &mut [Self]) {
        x.as_chunks_mut()
    }

    #[inline(always)]
    fn load(x: &Self::Group) -> Self::Vector {
        f64x4(x[0], x[1], x[2], x[3])
    }

    #[inline(always)]
    fn store(x: Self::Vector, out: &mut Self::Group) {
        *out = [x.0, x.1, x.2, x.3];
    }

    #[inline(always)]
    fn load_part(x: &[Self], rest: Self) -> Self::Vector {
        // By length, so that it is made in registers.
        match *x {
            [a] => f64x4(a, rest, rest, rest),
            [a, b] => f64x4(a, b, rest, rest),
            [a, b, c] => f64x4(a, b, c, rest),
            _ => f64x4(rest, rest, rest, rest),
        }
    }

    #[inline(always)]
    fn store_part(x: Self::Vector, out: &mut [Self]) {
        match out {
            [a] => *a = x.0,
            [a, b] => [*a, *b] = [x.0, x.1],
            [a, b, c] => [*a, *b, *c] = [x.0, x.1, x.2],
            _ => {}
        }
    }

    #[inline(always)]
    fn run<C: Calculation<Self>>(machine: Machine, calculation: C) -> C::Output {
        machine.run(calculation)
    }

    #[inline(always)]
    fn sum(x: Self::Vector) -> Self {
        (x.0 + x.1) + (x.2 + x.3)
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    type Group = [Self; 8];
    type Vector = f32x8;
    const LANES: usize = 8;
    const ELEMENTARY: Elementary<Self> = Elementary {
        ln2: std::f32::consts::LN_2,
        ln2_high: 6.931_381e-1,
        ln2_low: 9.058_001e-6,
        log2_e: std::f32::consts::LOG2_E,
        rounding: 12_582_912.0,
        least: -87.0,
        ln_even: &[4.000_097e-1 / 32.0, 2.427_907_9e-1 / 512.0],
        ln_odd: &[6.666_666e-1 / 8.0, 2.849_879e-1 / 128.0],
        exp_even: &[5.000e-1, 4.166_666_8e-2, 1.388_888_9e-3],
        exp_odd: &[1.666_666_7e-1, 8.333_334e-3, 1.984_127e-4],
    };

    fn of(x: f64) -> Self {
        x as Self
    }

    fn ln(self) -> Self {
        self.ln()
    }

    #[inline(always)]
    fn groups(x: &[Self]) -> (&[Self::Group], &[Self]) {
        x.as_chunks()
    }

    #[inline(always)]
    fn groups_mut(x: &mut [Self]) -> (&mut [Self::Group], &mut [Self]) {
        x.as_chunks_mut()
    }

    #[inline(always)]
    fn load(x: &Self::Group) -> Self::Vector {
        f32x8(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7])
    }

    #[inline(always)]
    fn store(x: Self::Vector, out: &mut Self::Group) {
        *out = [x.0, x.1, x.2, x.3, x.4, x.5, x.6, x.7];
    }

    #[inline(always)]
    fn load_part(x: &[Self], rest: Self) -> Self::Vector {
        match *x {
            [a] => f32x8(a, rest, rest, rest, rest, rest, rest, rest),
            [a, b] => f32x8(a, b, rest, rest, rest, rest, rest, rest),
            [a, b, c] => f32x8(a, b, c, rest, rest, rest, rest, rest),
            [a, b, c, d] => f32x8(a, b, c, d, rest, rest, rest, rest),
            [a, b, c, d, e] => f32x8(a, b, c, d, e, rest, rest, rest),
            [a, b, c, d, e, f] => f32x8(a, b, c, d, e, f, rest, rest),
            [a, b, c, d, e, f, g] => f32x8(a, b, c, d, e, f, g, rest),
            _ => f32x8(rest, rest, rest, rest, rest, rest, rest, rest),
        }
    }

    #[inline(always)]
    fn store_part(x: Self::Vector, out: &mut [Self]) {
        let all = [x.0, x.1, x.2, x.3, x.4, x.5, x.6, x.7];
        for (out, x) in out.iter_mut().zip(all) {
            *out = x;
        }
    }

    #[inline(always)]
    fn run<C: Calculation<Self>>(machine: Machine, calculation: C) -> C::Output {
        machine.run(calculation)
    }

    #[inline(always)]
    fn sum(x: Self::Vector) -> Self {
        ((x.0 + x.1) + (x.2 + x.3)) + ((x.4 + x.5) + (x.6 + x.7))
    }
}
