//! The one number of EXIF that says how a picture looks: which way up it is.

use super::Reader;

/// The tag of the orientation, and the type of its number.
const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;
/// What stands before EXIF in a JPEG, and sometimes elsewhere.
pub const PREFIX: &[u8] = b"Exif\0\0";

/// Byte orders of TIFF, in which EXIF is written.
#[derive(Clone, Copy)]
enum Order {
    Big,
    Little,
}

impl Order {
    fn short(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Big => u16::from_be_bytes(bytes),
            Self::Little => u16::from_le_bytes(bytes),
        }
    }

    fn long(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Big => u32::from_be_bytes(bytes),
            Self::Little => u32::from_le_bytes(bytes),
        }
    }
}

/// EXIF that says which way up a picture is and nothing else; none where it
/// is up the usual way.
pub fn keep_orientation(exif: &[u8]) -> Option<Vec<u8>> {
    let tiff = exif.strip_prefix(PREFIX).unwrap_or(exif);
    let turned = orientation(tiff).filter(|turned| (2..=8).contains(turned))?;
    let mut kept = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    kept.extend(turned.to_be_bytes());
    // The rest of its field, and that no other table follows.
    kept.extend([0; 6]);
    Some(kept)
}

fn orientation(tiff: &[u8]) -> Option<u16> {
    let order = match tiff.get(..4)? {
        b"MM\0*" => Order::Big,
        b"II*\0" => Order::Little,
        _ => return None,
    };
    let table = order.long(tiff.get(4..8)?.try_into().ok()?);
    let mut reader = Reader::new(tiff.get(usize::try_from(table).ok()?..)?);
    for _ in 0..order.short(reader.bytes()?) {
        let mut field = Reader::new(reader.take(12)?);
        let (tag, kind) = (order.short(field.bytes()?), order.short(field.bytes()?));
        let count = order.long(field.bytes()?);
        if (tag, kind, count) == (ORIENTATION, SHORT, 1) {
            return Some(order.short(field.bytes()?));
        }
    }
    None
}
