//! Samples as they are, in RIFF: the length is that of the bytes that are
//! there, whatever the header says of them.

/// Samples as whole numbers, as floats, and as one of these by a longer name.
const PLAIN: [u16; 3] = [1, 3, 0xfffe];
/// Where the longer name stands in its chunk, and what stands there.
const LONGER_NAME: std::ops::Range<usize> = 24..26;

/// How long a file plays at the most; none where its samples are packed, or its
/// chunks are not where they belong.
pub fn milliseconds(bytes: &[u8]) -> Option<u64> {
    let (riff, mut rest) = bytes.split_at_checked(12)?;
    if !riff.ends_with(b"WAVE") {
        return None;
    }
    let mut per_s = None;
    loop {
        let (head, after) = rest.split_at_checked(8)?;
        let (name, length) = head.split_at_checked(4)?;
        if name == b"data" {
            let left = u64::try_from(after.len()).ok()?;
            return Some(left.checked_mul(1_000)?.div_ceil(per_s?));
        }
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let length = usize::try_from(length).ok()?;
        let (chunk, after) = after.split_at_checked(length.checked_add(length % 2)?)?;
        if name == b"fmt " && per_s.replace(bytes_per_s(chunk)?).is_some() {
            return None;
        }
        rest = after;
    }
}

/// How many bytes play in a second, at the least that the chunk lets a decoder
/// take.
fn bytes_per_s(chunk: &[u8]) -> Option<u64> {
    let short = |at: usize| {
        let two = chunk.get(at..at + 2)?;
        Some(u16::from_le_bytes(two.try_into().ok()?))
    };
    let format = short(0)?;
    let named = if format == 0xfffe {
        short(LONGER_NAME.start)?
    } else {
        format
    };
    if !PLAIN.contains(&format) || !matches!(named, 1 | 3) {
        return None;
    }
    let (channels, block, bits) = (short(2)?, short(12)?, short(14)?);
    let rate = u32::from_le_bytes(chunk.get(4..8)?.try_into().ok()?);
    let sample = u64::from(channels) * u64::from(bits.div_ceil(8));
    let per_s = sample.min(u64::from(block)) * u64::from(rate);
    (per_s > 0).then_some(per_s)
}

#[cfg(test)]
mod tests {
    /// A file with 16 bits, one channel and 8,000 samples in a second.
    fn file(format: u16, claimed: u32, data: usize) -> Vec<u8> {
        let mut file = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0".to_vec();
        file.extend(format.to_le_bytes());
        file.extend([1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0]);
        file.extend(b"data");
        file.extend(claimed.to_le_bytes());
        file.extend(vec![0; data]);
        file
    }

    #[test]
    fn the_bytes_that_are_there_count() {
        for claimed in [0, 16_000, u32::MAX] {
            let found = super::milliseconds(&file(1, claimed, 16_000));
            assert_eq!(found, Some(1_000), "{claimed}");
        }
        for wrong in [
            file(0x11, 16_000, 16_000),
            b"RIFF....AVI ".to_vec(),
            b"RIFF....WAVEdata\0\0\0\0".to_vec(),
            b"RIFF....WAVEfmt ".to_vec(),
            // Two of them: nobody knows which one counts.
            [&file(1, 0, 0)[..36], &file(1, 0, 9)[12..]].concat(),
        ] {
            assert_eq!(super::milliseconds(&wrong), None);
        }
    }
}
