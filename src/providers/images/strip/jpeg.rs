//! JPEG: segments of a marker, a length and data, and after the head of each
//! scan its entropy-coded data (<https://www.w3.org/Graphics/JPEG/itu-t81.pdf>,
//! annex B).

use super::{Reader, exif};

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
/// Application segments: `JFIF`, `Exif`, `ICC_PROFILE`, `Adobe`.
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const PROFILE: &[u8] = b"ICC_PROFILE\0";

/// The picture without anything else.
pub fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(bytes.strip_prefix(&[0xff, START])?);
    let mut kept = vec![0xff, START];
    kept.reserve(bytes.len());
    let (mut has_scan, mut is_turned) = (false, false);
    while let Some(marker) = next_marker(&mut reader) {
        match marker {
            END => break,
            // Markers that stand alone.
            0x01 | 0xd0..=START => continue,
            _ => {}
        }
        let Some(data) = read_segment(&mut reader) else {
            break;
        };
        match marker {
            APP0 if data.starts_with(b"JFIF\0") => {
                // Without the thumbnail that may follow.
                let head = data.get(..12)?;
                write_segment(&mut kept, marker, &[head, &[0, 0]]);
            }
            APP1 if !is_turned => {
                let turned = data.strip_prefix(exif::PREFIX);
                if let Some(turned) = turned.and_then(exif::keep_orientation) {
                    write_segment(&mut kept, marker, &[exif::PREFIX, &turned]);
                    is_turned = true;
                }
            }
            APP2 if data.starts_with(PROFILE) => write_segment(&mut kept, marker, &[data]),
            // How its colours are coded.
            APP14 if data.starts_with(b"Adobe") => {
                write_segment(&mut kept, marker, &[data.get(..12)?]);
            }
            SCAN => {
                write_segment(&mut kept, marker, &[data]);
                kept.extend(read_scan(&mut reader));
                has_scan = true;
            }
            // Frames, tables, and what belongs to them.
            0xc0..=0xcf | 0xdb..=0xdf => write_segment(&mut kept, marker, &[data]),
            _ => {}
        }
    }
    kept.extend([0xff, END]);
    has_scan.then_some(kept)
}

/// The next marker, past whatever stands before it.
fn next_marker(reader: &mut Reader<'_>) -> Option<u8> {
    loop {
        while reader.byte()? != 0xff {}
        loop {
            match reader.byte()? {
                0xff => {}
                0x00 => break,
                marker => return Some(marker),
            }
        }
    }
}

fn read_segment<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = u16::from_be_bytes(reader.bytes()?);
    reader.take(usize::from(length).checked_sub(2)?)
}

/// The coded data of a scan, up to the next marker that ends it.
fn read_scan<'a>(reader: &mut Reader<'a>) -> &'a [u8] {
    let is_end = |pair: &[u8]| {
        let [first, second] = pair else { return false };
        *first == 0xff && !matches!(second, 0x00 | 0xd0..=0xd7 | 0xff)
    };
    let length = reader.rest.windows(2).position(is_end);
    let length = length.unwrap_or(reader.rest.len());
    reader.take(length).unwrap_or_default()
}

fn write_segment(kept: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    kept.extend([0xff, marker]);
    // No part is longer than that of a segment which was read.
    kept.extend(u16::try_from(length + 2).unwrap_or(u16::MAX).to_be_bytes());
    kept.extend(parts.iter().copied().flatten());
}
