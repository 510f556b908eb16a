//! PNG: a signature, then chunks of a length, a name, data and a check sum
//! (<https://www.w3.org/TR/png-3/#5DataRep>).

use super::{Reader, exif};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The chunks that say how a picture looks or moves. All others are texts
/// (`tEXt`, `zTXt`, `iTXt`), times, credentials (`caBX`), or unknown.
const KEPT: [&[u8; 4]; 16] = [
    b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"cICP", b"mDCV",
    b"cLLI", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];
/// What a colour profile is called in place of the name that it came with.
const PROFILE: &[u8] = b"ICC";

/// The picture without anything else.
pub fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(bytes.strip_prefix(SIGNATURE)?);
    let mut kept = SIGNATURE.to_vec();
    kept.reserve(bytes.len());
    let mut has_pixels = false;
    while let Some((name, data)) = read_chunk(&mut reader) {
        match &name {
            b"IEND" => break,
            b"eXIf" => {
                if let Some(turned) = exif::keep_orientation(data) {
                    write_chunk(&mut kept, name, &[&turned]);
                }
            }
            b"iCCP" => {
                let end = data.iter().position(|byte| *byte == 0)?;
                write_chunk(&mut kept, name, &[PROFILE, data.get(end..)?]);
            }
            known if KEPT.contains(&known) => {
                has_pixels |= known == b"IDAT";
                write_chunk(&mut kept, name, &[data]);
            }
            _ => {}
        }
    }
    write_chunk(&mut kept, *b"IEND", &[]);
    has_pixels.then_some(kept)
}

/// The next chunk. The last one of a file that breaks off ends there.
fn read_chunk<'a>(reader: &mut Reader<'a>) -> Option<([u8; 4], &'a [u8])> {
    let length = usize::try_from(u32::from_be_bytes(reader.bytes()?)).ok()?;
    let name = reader.bytes()?;
    let data = reader.take(length.min(reader.rest.len()))?;
    // The check sum is written anew.
    let _: Option<&[u8]> = reader.take(4);
    Some((name, data))
}

fn write_chunk(kept: &mut Vec<u8>, name: [u8; 4], parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    kept.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    let mut sum = crc32fast::Hasher::new();
    for part in std::iter::once(name.as_slice()).chain(parts.iter().copied()) {
        sum.update(part);
        kept.extend(part);
    }
    kept.extend(sum.finalize().to_be_bytes());
}
