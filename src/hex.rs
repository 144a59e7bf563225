//! Bytes as hexadecimal digits: digests, randoms, serial numbers, and whatever has no name.

/// The two digits of a byte.
pub(crate) fn digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|nibble| nibble + if nibble < 10 { b'0' } else { b'a' - 10 })
}

/// Appends two digits for each byte.
pub(crate) fn push_hex(out: &mut String, bytes: &[u8]) {
    // In blocks: pushing character by character takes two to three times as long, and an event has 500.
    const BLOCK: usize = 32;
    for block in bytes.chunks(BLOCK) {
        let mut pairs = [[0; 2]; BLOCK];
        for (pair, byte) in pairs.iter_mut().zip(block) {
            *pair = digits(*byte);
        }
        let digits = str::from_utf8(pairs[..block.len()].as_flattened());
        out.push_str(digits.unwrap_or_default());
    }
}

/// Two digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().saturating_mul(2));
    push_hex(&mut out, bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_two_digits() {
        assert_eq!(hex(&[0x00, 0x0a, 0xff, 0x9c]), "000aff9c");
        assert_eq!(hex(&[]), "");
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(hex(&all), all.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
}
