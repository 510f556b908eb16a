//! Opus in Ogg: RFC 3533, RFC 6716 and RFC 7845.
//!
//! Each packet says how long it plays, whatever the positions of its pages
//! claim; the larger of both counts. Pages whose checksum is wrong are left out
//! by decoders, which then look for others inside of them, so that such a file
//! has no length here.

use std::collections::BTreeMap;

/// Samples in a second: positions in Opus count those of 48 kHz (RFC 7845,
/// section 4).
const SAMPLES_PER_MS: u64 = 48;
/// The most streams in one file, one after the other or side by side.
const STREAMS_MAX: usize = 16;
/// How many bytes of a page stand before its table of segments (RFC 3533,
/// section 6).
const HEADER_BYTES: usize = 27;
/// Where its checksum stands.
const CHECKSUM: std::ops::Range<usize> = 22..26;
/// How much of a packet is looked at.
const LOOKED_AT_BYTES: usize = 8;
/// What the first and the second packet of a stream begin with (RFC 7845,
/// section 5).
const HEAD: &[u8] = b"OpusHead";
const TAGS: &[u8] = b"OpusTags";
/// The remainders of the checksum's polynomial, by the first byte.
const REMAINDERS: [u32; 256] = remainders();

/// One stream of the file.
#[derive(Default)]
struct Stream {
    packets: u64,
    /// The beginning of a packet that goes on.
    begun: Option<Vec<u8>>,
    samples: u64,
    /// The last position that a page claims.
    position: u64,
}

/// A page as it stands in the file.
struct Page<'a> {
    position: i64,
    serial: u32,
    segments: &'a [u8],
    payload: &'a [u8],
}

/// How long a file plays at the most; none where it is not all Opus in Ogg.
pub fn milliseconds(bytes: &[u8]) -> Option<u64> {
    let mut streams: BTreeMap<u32, Stream> = BTreeMap::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (page, after) = Page::read(rest)?;
        let stream = streams.entry(page.serial).or_default();
        stream.take(&page)?;
        if streams.len() > STREAMS_MAX {
            return None;
        }
        rest = after;
    }
    let mut samples = 0_u64;
    for stream in streams.into_values() {
        let (played, claimed) = (stream.samples, stream.position);
        samples = samples.checked_add(played.max(claimed))?;
    }
    Some(samples.div_ceil(SAMPLES_PER_MS))
}

impl<'a> Page<'a> {
    /// Reads the page that bytes begin with, and what stands behind it.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = bytes.split_at_checked(HEADER_BYTES)?;
        if !header.starts_with(b"OggS\0") {
            return None;
        }
        let count = usize::from(*header.last()?);
        let (segments, rest) = rest.split_at_checked(count)?;
        let length = segments.iter().map(|it| usize::from(*it)).sum();
        let (payload, after) = rest.split_at_checked(length)?;
        let number = |range: std::ops::Range<usize>| header.get(range);
        let page = Self {
            position: i64::from_le_bytes(number(6..14)?.try_into().ok()?),
            serial: u32::from_le_bytes(number(14..18)?.try_into().ok()?),
            segments,
            payload,
        };
        let told = u32::from_le_bytes(number(CHECKSUM)?.try_into().ok()?);
        let blank = [0_u8; 4];
        let (before, behind) = (header.get(..CHECKSUM.start)?, header.get(CHECKSUM.end..)?);
        let parts = [before, &blank, behind, segments, payload];
        (checksum(&parts) == told).then_some((page, after))
    }
}

impl Stream {
    /// Takes in what a page has of the stream's packets.
    fn take(&mut self, page: &Page<'_>) -> Option<()> {
        match u64::try_from(page.position) {
            Ok(position) => self.position = self.position.max(position),
            // No packet ends on this page.
            Err(_) if page.position == -1 => {}
            Err(_) => return None,
        }
        let mut payload = page.payload;
        for segment in page.segments {
            let (piece, rest) = payload.split_at_checked(usize::from(*segment))?;
            payload = rest;
            let packet = self.begun.get_or_insert_default();
            let room = LOOKED_AT_BYTES.saturating_sub(packet.len());
            packet.extend(piece.iter().take(room));
            // A shorter segment is the last of its packet.
            if *segment < u8::MAX {
                let packet = self.begun.take()?;
                self.end_packet(&packet)?;
            }
        }
        Some(())
    }

    fn end_packet(&mut self, packet: &[u8]) -> Option<()> {
        self.packets += 1;
        match self.packets {
            1 if packet.starts_with(HEAD) => {}
            1 => return None,
            2 if packet.starts_with(TAGS) => {}
            _ => self.samples = self.samples.checked_add(samples_of(packet))?,
        }
        Some(())
    }
}

/// How many samples a packet of Opus plays (RFC 6716, section 3.1): the length
/// of a frame by its configuration, as often as there are frames in it.
fn samples_of(packet: &[u8]) -> u64 {
    let Some(first) = packet.first() else {
        return 0;
    };
    let configuration = first >> 3;
    let tenths_of_ms = match (configuration, configuration % 4) {
        (0..=11, 0) => 100,
        (0..=11, 1) => 200,
        (0..=11, 2) => 400,
        (0..=11, _) => 600,
        (12..=15, 0 | 2) => 100,
        (12..=15, _) => 200,
        (_, 0) => 25,
        (_, 1) => 50,
        (_, 2) => 100,
        (_, _) => 200,
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => packet.get(1).map_or(0, |counted| u64::from(counted & 63)),
    };
    frames * tenths_of_ms * SAMPLES_PER_MS / 10
}

/// The checksum of a page (RFC 3533, section 6), of which these are the parts.
fn checksum(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    bytes.fold(0, |sum: u32, byte| {
        let [first, ..] = sum.to_be_bytes();
        let remainder = REMAINDERS.get(usize::from(first ^ byte));
        (sum << 8) ^ remainder.copied().unwrap_or_default()
    })
}

const fn remainders() -> [u32; 256] {
    let mut all = [0; 256];
    let mut byte: u32 = 0;
    while byte < 256 {
        let (mut remainder, mut bit) = (byte << 24, 0);
        while bit < 8 {
            let carries = remainder & 0x8000_0000 != 0;
            remainder <<= 1;
            if carries {
                remainder ^= 0x04c1_1db7;
            }
            bit += 1;
        }
        all[byte as usize] = remainder;
        byte += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with packets of its own, each shorter than a segment.
    fn page(serial: u32, position: i64, packets: &[&[u8]]) -> Vec<u8> {
        let mut page = b"OggS\0\0".to_vec();
        page.extend(position.to_le_bytes());
        page.extend(serial.to_le_bytes());
        page.extend([0; 8]);
        page.push(u8::try_from(packets.len()).unwrap());
        page.extend(packets.iter().map(|it| u8::try_from(it.len()).unwrap()));
        for packet in packets {
            page.extend(*packet);
        }
        sealed(page)
    }

    fn sealed(mut page: Vec<u8>) -> Vec<u8> {
        let sum = checksum(&[&page]);
        page[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        page
    }

    fn file(serial: u32, position: i64, packets: &[&[u8]]) -> Vec<u8> {
        let head = page(serial, 0, &[b"OpusHead\x01\x01"]);
        let tags = page(serial, 0, &[b"OpusTags"]);
        [head, tags, page(serial, position, packets)].concat()
    }

    /// The check value of this checksum in the catalogue of parametrised CRCs,
    /// without its last step, which Ogg leaves out ("CRC-32/CKSUM" and its kin).
    #[test]
    fn the_checksum_is_that_of_the_polynomial() {
        assert_eq!(checksum(&[b"123456789"]), 0x89a1_897f);
    }

    #[test]
    fn packets_play_as_long_as_they_say() {
        for (packet, milliseconds) in [
            (&[0x78_u8, 0][..], 20), // hybrid, 20 ms, one frame
            (&[0xf8, 0], 20),        // CELT, 20 ms
            (&[0xe0, 0], 3),         // CELT, 2.5 ms
            (&[0x18, 0], 60),        // SILK, 60 ms
            (&[0x19, 0], 120),       // two of them
            (&[0xfb, 6], 120),       // six of 20 ms
            (&[], 0),
        ] {
            let file = file(7, 0, &[packet]);
            assert_eq!(super::milliseconds(&file), Some(milliseconds), "{packet:?}");
        }
    }

    #[test]
    fn a_file_cannot_lie_about_its_length() {
        let long: Vec<&[u8]> = vec![&[0xfb, 6]; 100];
        // It claims a second, and plays twelve.
        assert_eq!(milliseconds(&file(7, 48_000, &long)), Some(12_000));
        // It claims a minute, and plays twelve seconds.
        assert_eq!(milliseconds(&file(7, 2_880_000, &long)), Some(60_000));
        // One stream behind another, and one beside another.
        let both = [file(7, 0, &long), file(8, 0, &long)].concat();
        assert_eq!(milliseconds(&both), Some(24_000));
        // A page in which another is hidden.
        let hidden = page(7, 0, &[&[0xf8, 0]]);
        let mut outer = page(7, 0, &[&hidden]);
        outer[22] ^= 1;
        let whole = file(7, 0, &long);
        assert_eq!(milliseconds(&[whole.clone(), outer].concat()), None);
        for wrong in [
            [whole.clone(), b"fLaC".to_vec()].concat(),
            whole[..whole.len() - 1].to_vec(),
            page(7, 0, &[b"\x01vorbis"]),
            page(7, -2, &[b"OpusHead\x01"]),
        ] {
            assert_eq!(milliseconds(&wrong), None);
        }
    }
}
