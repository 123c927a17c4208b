//! Arrays that begin where a cache line does, so that no vector of theirs lies across two.

use aligned_vec::{AVec, ConstAlign};

/// Bytes of a cache line.
const LINE: usize = 64;

pub(crate) type Aligned<T> = AVec<T, ConstAlign<LINE>>;

/// These values, where a cache line begins.
pub(crate) fn aligned<T: Clone>(values: &[T]) -> Aligned<T> {
    AVec::from_slice(LINE, values)
}

/// As many zeros.
pub(crate) fn zeros<N: Copy + Default>(length: usize) -> Aligned<N> {
    AVec::from_iter(LINE, std::iter::repeat_n(N::default(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_begin_at_a_line_when_cloned_too() {
        for length in 1..40 {
            let values = aligned(&vec![1_u8; length]);
            let copies = [values.clone(), values, zeros(length)];
            for copy in &copies {
                assert_eq!((copy.as_ptr().addr() % LINE, copy.len()), (0, length));
            }
        }
    }
}
