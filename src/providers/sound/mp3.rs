//! MPEG audio, layer III: ISO/IEC 11172-3 and 13818-3. All of a file must be
//! frames, so that nothing else can be taken for the sound; each says how long
//! it is and plays.

/// Kilobits in a second, by the index in the header.
const OF_MPEG_1: [u64; 14] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
const OF_MPEG_2: [u64; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// Samples in a second of MPEG 1.
const RATES: [u64; 3] = [44_100, 48_000, 32_000];
/// How long a tag at the end is, in bytes.
const LAST_TAG_BYTES: usize = 128;
/// Where encoders write how many frames there are, and behind which bytes.
const COUNTERS: [(&[u8], usize); 3] = [(b"Xing", 8), (b"Info", 8), (b"VBRI", 14)];

/// A frame's header.
struct Frame {
    bytes: usize,
    samples: u64,
    rate: u64,
}

/// How long a file plays at the most; none where it is not all frames.
pub fn milliseconds(bytes: &[u8]) -> Option<u64> {
    let sound = without_tags(bytes)?;
    let first = Frame::read(sound)?;
    let claimed = claimed_frames(sound.get(..first.bytes).unwrap_or(sound));
    let claimed = claimed.checked_mul(first.samples * 1_000)?;
    let (mut rest, mut microseconds) = (sound, 0_u64);
    while !rest.is_empty() {
        let frame = Frame::read(rest)?;
        microseconds += (frame.samples * 1_000_000).div_ceil(frame.rate);
        // The last frame may be cut off.
        rest = rest.get(frame.bytes..).unwrap_or_default();
    }
    let played = microseconds.div_ceil(1_000);
    Some(played.max(claimed.div_ceil(first.rate)))
}

/// The frames of a file: what stands between a tag at its beginning and one at
/// its end.
fn without_tags(bytes: &[u8]) -> Option<&[u8]> {
    let mut sound = bytes;
    if let [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = bytes {
        let sizes = [a, b, c, d].into_iter();
        let size = sizes.fold(0, |size, part| size << 7 | usize::from(part & 0x7f));
        let footer = if flags & 0x10 == 0 { 0 } else { 10 };
        sound = bytes.get(10 + size + footer..)?;
    }
    let end = sound.len().saturating_sub(LAST_TAG_BYTES);
    let (before, last) = sound.split_at_checked(end)?;
    Some(if last.starts_with(b"TAG") {
        before
    } else {
        sound
    })
}

/// How many frames the first one says that there are.
fn claimed_frames(first: &[u8]) -> u64 {
    let claims = COUNTERS.iter().filter_map(|(name, behind)| {
        let at = first.windows(name.len()).position(|it| it == *name)?;
        let count = first.get(at + behind..at + behind + 4)?;
        Some(u64::from(u32::from_be_bytes(count.try_into().ok()?)))
    });
    claims.max().unwrap_or(0)
}

impl Frame {
    /// Reads the header that bytes begin with.
    fn read(bytes: &[u8]) -> Option<Self> {
        let [0xff, version, rates, ..] = *bytes else {
            return None;
        };
        // Layer III, and a version that there is.
        if version & 0xe0 != 0xe0 || version & 0x06 != 0x02 || version & 0x18 == 0x08 {
            return None;
        }
        let is_first = version & 0x18 == 0x18;
        let quarters = if version & 0x18 == 0 { 4 } else { 2 };
        let kilobits = if is_first { OF_MPEG_1 } else { OF_MPEG_2 };
        // An index of 0 is a length that the header does not tell.
        let kilobits = kilobits.get(usize::from(rates >> 4).checked_sub(1)?)?;
        let rate = RATES.get(usize::from(rates >> 2 & 3))?;
        let rate = if is_first { *rate } else { rate / quarters };
        let samples = if is_first { 1_152 } else { 576 };
        let padding = u64::from(rates >> 1 & 1);
        let bytes = samples / 8 * kilobits * 1_000 / rate + padding;
        Some(Self {
            bytes: usize::try_from(bytes).ok()?,
            samples,
            rate,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 128 kbit/s at 44.1 kHz, 417 bytes and 26.1 ms each.
    fn frames(count: usize) -> Vec<u8> {
        let mut frame = vec![0xff, 0xfb, 0x90, 0x00];
        frame.resize(417, 0);
        frame.repeat(count)
    }

    #[test]
    fn frames_are_counted() {
        assert_eq!(milliseconds(&frames(100)), Some(2_613));
        let tagged = [b"ID3\x04\0\0\0\0\0\x02..", &frames(100)[..]].concat();
        assert_eq!(milliseconds(&tagged), Some(2_613));
        let mut last = b"TAG".to_vec();
        last.resize(LAST_TAG_BYTES, b' ');
        assert_eq!(milliseconds(&[frames(100), last].concat()), Some(2_613));
        // 8 kbit/s at 8 kHz, MPEG 2.5: 72 bytes and 72 ms.
        let mut slow = vec![0xff, 0xe3, 0x18, 0x00];
        slow.resize(72, 0);
        assert_eq!(milliseconds(&slow.repeat(10)), Some(720));
    }

    #[test]
    fn nothing_else_hides_among_them() {
        let mut claims = frames(2);
        claims[36..44].copy_from_slice(b"Xing\0\0\0\x01");
        claims[44..48].copy_from_slice(&100_000_u32.to_be_bytes());
        assert_eq!(milliseconds(&claims), Some(2_612_245));
        for wrong in [
            [frames(3), b"fLaC".to_vec()].concat(),
            [b"ID3\x04\0\0\0\0\0\0fLaC".to_vec(), frames(3)].concat(),
            vec![0xff, 0xfb, 0x00, 0x00],
            vec![0xff, 0xfd, 0x90, 0x00],
            b"\x1aE\xdf\xa3".to_vec(),
            Vec::new(),
        ] {
            assert_eq!(milliseconds(&wrong), None);
        }
    }
}
