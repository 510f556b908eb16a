//! WebP: chunks of a name, a length and data inside RIFF
//! (<https://developers.google.com/speed/webp/docs/riff_container>).

use super::{Reader, exif};

/// The chunks that say how a picture looks or moves.
const KEPT: [&[u8; 4]; 5] = [b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ICCP"];
/// The length of a frame's head, before the chunks inside it.
const FRAME_HEAD: usize = 16;
/// Flags of `VP8X`: that there is EXIF, and XMP.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

/// The picture without anything else.
pub fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(bytes.strip_prefix(b"RIFF")?);
    let length = usize::try_from(u32::from_le_bytes(reader.bytes()?)).ok()?;
    let body = reader.take(length.min(reader.rest.len()))?;
    let mut kept = b"RIFF\0\0\0\0WEBP".to_vec();
    kept.reserve(bytes.len());
    let (mut flags, mut turned, mut has_pixels) = (None, None, false);
    let mut reader = Reader::new(body.strip_prefix(b"WEBP")?);
    while let Some((name, data)) = read_chunk(&mut reader) {
        match &name {
            b"VP8X" => {
                let mut head: [u8; 10] = data.get(..10)?.try_into().ok()?;
                head[0] &= !(HAS_EXIF | HAS_XMP);
                flags = Some(kept.len() + 8);
                write_chunk(&mut kept, name, &head);
            }
            b"EXIF" => turned = exif::keep_orientation(data),
            b"ANMF" => {
                has_pixels = true;
                write_chunk(&mut kept, name, &strip_frame(data)?);
            }
            known if KEPT.contains(&known) => {
                has_pixels |= known.starts_with(b"VP8");
                write_chunk(&mut kept, name, data);
            }
            _ => {}
        }
    }
    // Without `VP8X`, nothing but the pixels counts.
    if let (Some(turned), Some(flags)) = (turned, flags) {
        *kept.get_mut(flags)? |= HAS_EXIF;
        write_chunk(&mut kept, *b"EXIF", &turned);
    }
    let length = u32::try_from(kept.len() - 8).ok()?;
    kept.get_mut(4..8)?.copy_from_slice(&length.to_le_bytes());
    has_pixels.then_some(kept)
}

/// A frame of an animation, with nothing but pixels in it.
fn strip_frame(data: &[u8]) -> Option<Vec<u8>> {
    let (head, chunks) = data.split_at_checked(FRAME_HEAD)?;
    let mut kept = head.to_vec();
    let mut reader = Reader::new(chunks);
    while let Some((name, data)) = read_chunk(&mut reader) {
        if matches!(&name, b"VP8 " | b"VP8L" | b"ALPH") {
            write_chunk(&mut kept, name, data);
        }
    }
    Some(kept)
}

/// The next chunk. The last one of a file that breaks off ends there.
fn read_chunk<'a>(reader: &mut Reader<'a>) -> Option<([u8; 4], &'a [u8])> {
    let name = reader.bytes()?;
    let length = usize::try_from(u32::from_le_bytes(reader.bytes()?)).ok()?;
    let data = reader.take(length.min(reader.rest.len()))?;
    if length % 2 == 1 {
        reader.byte();
    }
    Some((name, data))
}

fn write_chunk(kept: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    kept.extend(name);
    kept.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
    kept.extend(data);
    if data.len() % 2 == 1 {
        kept.push(0);
    }
}
