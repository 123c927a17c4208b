//! What is done to numbers one by one.

use super::{LEGACY_EPSILON, MODERN_FLOOR};
use crate::lanes::Lanes;
use crate::real::Real;

/// A type and not a closure: closures are compiled without the machine's wide instructions, and
/// each of these would become a call.
pub(crate) trait Function: Copy {
    fn of<R: Real, L: Lanes<R>>(self, lanes: L, x: R::Vector) -> R::Vector;
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
    fn of<R: Real, L: Lanes<R>>(self, _lanes: L, x: R::Vector) -> R::Vector {
        x
    }
}

impl Function for Plus {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>>(self, lanes: L, x: R::Vector) -> R::Vector {
        lanes.add(x, lanes.splat(R::of(self.0)))
    }
}

impl Function for OnlyAbove {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>>(self, lanes: L, x: R::Vector) -> R::Vector {
        lanes.where_above(x, lanes.splat(R::of(self.0)), x, lanes.splat(R::ZERO))
    }
}

impl Function for AtLeast {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>>(self, lanes: L, x: R::Vector) -> R::Vector {
        lanes.max(x, lanes.splat(R::of(self.0)))
    }
}

impl Function for LnModern {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>>(self, lanes: L, x: R::Vector) -> R::Vector {
        lanes.ln(AtLeast(MODERN_FLOOR).of(lanes, x))
    }
}

impl Function for LnLegacy {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>>(self, lanes: L, x: R::Vector) -> R::Vector {
        lanes.ln(Plus(LEGACY_EPSILON).of(lanes, x))
    }
}

impl<F: Function> Function for Weighted<F> {
    #[inline(always)]
    fn of<R: Real, L: Lanes<R>>(self, lanes: L, x: R::Vector) -> R::Vector {
        lanes.mul(x, self.0.of(lanes, x))
    }
}
