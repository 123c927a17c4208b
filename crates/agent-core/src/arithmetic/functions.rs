//! What is done to numbers one by one.

use super::{LEGACY_EPSILON, MODERN_FLOOR};
use crate::lanes::Lanes;
use crate::real::Real;

/// A type and not a closure: closures are compiled without the machine's wide instructions, and
/// each of these would become a call.
pub(crate) trait Function: Copy {
    /// The function of every number of some vectors.
    fn of<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        x: [R::Vector; N],
    ) -> [R::Vector; N];

    /// `total + f(x)`, for each of some vectors and totals.
    #[inline(always)]
    fn added<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        mut totals: [R::Vector; N],
        x: [R::Vector; N],
    ) -> [R::Vector; N] {
        let y = self.of(lanes, x);
        for i in 0..N {
            totals[i] = lanes.add(totals[i], y[i]);
        }
        totals
    }
}

/// `x`.
#[derive(Clone, Copy)]
pub(crate) struct Same;

/// `x + c`.
#[derive(Clone, Copy)]
pub(crate) struct Plus(pub(crate) f64);

/// `x` where it is above `c`, else 0.
#[derive(Clone, Copy)]
pub(crate) struct OnlyAbove(pub(crate) f64);

/// `max(x, c)`.
#[derive(Clone, Copy)]
pub(crate) struct AtLeast(pub(crate) f64);

/// `ln max(x, 2^-52)`: modern pymdp's `log_stable`.
#[derive(Clone, Copy)]
pub(crate) struct LnModern;

/// `ln(x + 1e-16)`: legacy pymdp's `spm_log_single`.
#[derive(Clone, Copy)]
pub(crate) struct LnLegacy;

/// `x f(x)`.
#[derive(Clone, Copy)]
pub(crate) struct Weighted<F>(pub(crate) F);

impl Function for Same {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>, const N: usize>(
        self,
        _lanes: L,
        x: [R::Vector; N],
    ) -> [R::Vector; N] {
        x
    }
}

impl Function for Plus {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        mut x: [R::Vector; N],
    ) -> [R::Vector; N] {
        let c = lanes.splat(R::of(self.0));
        for x in &mut x {
            *x = lanes.add(*x, c);
        }
        x
    }
}

impl Function for OnlyAbove {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        mut x: [R::Vector; N],
    ) -> [R::Vector; N] {
        let (c, zero) = (lanes.splat(R::of(self.0)), lanes.splat(R::ZERO));
        for x in &mut x {
            *x = lanes.where_above(*x, c, *x, zero);
        }
        x
    }
}

impl Function for AtLeast {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        mut x: [R::Vector; N],
    ) -> [R::Vector; N] {
        let c = lanes.splat(R::of(self.0));
        for x in &mut x {
            *x = lanes.max(*x, c);
        }
        x
    }
}

impl Function for LnModern {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        x: [R::Vector; N],
    ) -> [R::Vector; N] {
        lanes.ln(AtLeast(MODERN_FLOOR).of(lanes, x))
    }
}

impl Function for LnLegacy {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        x: [R::Vector; N],
    ) -> [R::Vector; N] {
        lanes.ln(Plus(LEGACY_EPSILON).of(lanes, x))
    }
}

impl<F: Function> Function for Weighted<F> {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        mut x: [R::Vector; N],
    ) -> [R::Vector; N] {
        let y = self.0.of(lanes, x);
        for i in 0..N {
            x[i] = lanes.mul(x[i], y[i]);
        }
        x
    }

    #[inline(always)]
    fn added<R: Real, L: Lanes<R>, const N: usize>(
        self,
        lanes: L,
        mut totals: [R::Vector; N],
        x: [R::Vector; N],
    ) -> [R::Vector; N] {
        let y = self.0.of(lanes, x);
        for i in 0..N {
            totals[i] = lanes.mul_add(x[i], y[i], totals[i]);
        }
        totals
    }
}
