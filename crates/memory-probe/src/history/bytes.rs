//! Numbers as few bytes.
//!
//! Reading returns nothing where the bytes end or make no sense.

/// Writes seven bits a byte, the least first; the eighth says that more follow (LEB128).
pub fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What [`put`] wrote.
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(bytes)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

pub fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

pub fn take_slice<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// Powers of ten by which a figure may become a whole number.
const SCALES: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// In place of a scale: eight bytes follow.
const VERBATIM: u8 = SCALES.len() as u8;

/// Whole numbers up to here are exact in a double.
const EXACT: f64 = 9.0e15;

/// Writes a figure, bit by bit the same when read: as a whole number and a power of ten if it was
/// rounded to few decimals, as measured figures are, and as it is otherwise.
///
/// The idea of taking doubles for the decimals they came from is ALP's (Afroozeh, Kuffo and Boncz,
/// "ALP: Adaptive Lossless floating-Point Compression", 2023).
pub fn put_figure(bytes: &mut Vec<u8>, figure: f64) {
    for (scale, power) in (0..).zip(SCALES) {
        let whole = (figure * power).round();
        let number = whole as i64;
        // The number read back: it has no sign of its own for zero.
        if whole.abs() < EXACT && (number as f64 / power).to_bits() == figure.to_bits() {
            bytes.push(scale);
            return put(bytes, zigzag(number));
        }
    }
    bytes.push(VERBATIM);
    bytes.extend(figure.to_le_bytes());
}

/// What [`put_figure`] wrote.
pub fn take_figure(bytes: &mut &[u8]) -> Option<f64> {
    match take_byte(bytes)? {
        VERBATIM => {
            let figure: [u8; 8] = take_slice(bytes, 8)?.try_into().ok()?;
            Some(f64::from_le_bytes(figure))
        }
        scale => {
            let power = SCALES.get(usize::from(scale))?;
            Some(unzigzag(take(bytes)?) as f64 / power)
        }
    }
}

/// Small numbers of either sign become small numbers.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}
