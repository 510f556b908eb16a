//! A voice message as Discord's clients record it: Opus in Ogg, one channel,
//! frames of 20 ms (D: "Voice Messages" of Discord's documents; RFC 3533, RFC
//! 7845).

/// Frames in a second, and on a page.
const FRAMES_PER_S: u32 = 50;
/// Samples of 48 kHz in a frame.
const SAMPLES: u64 = 960;
/// A frame of silence.
const FRAME: [u8; 3] = [0xf8, 0xff, 0xfe];

/// A message of so many seconds, of silence.
pub fn record(seconds: f64) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(312_u16.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    let mut tags = b"OpusTags".to_vec();
    tags.extend([0; 8]);
    let mut file = page(2, 0, 0, &[&head]);
    file.extend(page(0, 0, 1, &[&tags]));
    let (mut left, mut number, mut position) = (frames(seconds), 2, 0);
    while left > 0 {
        let here = left.min(FRAMES_PER_S);
        left -= here;
        position += u64::from(here) * SAMPLES;
        let last = if left == 0 { 4 } else { 0 };
        let frames = vec![&FRAME[..]; here as usize];
        file.extend(page(last, position, number, &frames));
        number += 1;
    }
    file
}

fn frames(seconds: f64) -> u32 {
    let frames = std::time::Duration::from_secs_f64(seconds).as_millis() / 20;
    u32::try_from(frames).unwrap_or(u32::MAX).max(1)
}

fn page(kind: u8, position: u64, number: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(kind);
    page.extend(position.to_le_bytes());
    page.extend(1_u32.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.extend(u8::try_from(packets.len()));
    let lengths = packets.iter().map(|it| u8::try_from(it.len()));
    page.extend(lengths.flatten());
    for packet in packets {
        page.extend(*packet);
    }
    let sum = checksum(&page).to_le_bytes();
    for (at, byte) in page.iter_mut().skip(22).zip(sum) {
        *at = byte;
    }
    page
}

/// The checksum of a page (RFC 3533, section 6).
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum: u32, byte| {
        let mixed = sum ^ (u32::from(*byte) << 24);
        (0..8).fold(mixed, |sum, _| {
            let shifted = sum << 1;
            if sum & 0x8000_0000 == 0 {
                shifted
            } else {
                shifted ^ 0x04c1_1db7
            }
        })
    })
}
