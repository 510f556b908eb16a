//! GIF: a head, then pictures and extensions, each in sub-blocks of at most
//! 255 bytes (<https://www.w3.org/Graphics/GIF/spec-gif89a.txt>).

use super::Reader;

const PICTURE: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
const END: u8 = 0x3b;
/// Extensions: how the next picture is drawn, and those of applications.
const CONTROL: u8 = 0xf9;
const PLAIN_TEXT: u8 = 0x01;
const APPLICATION: u8 = 0xff;
/// That a table of colours follows; its size is in the three lowest bits.
const HAS_COLOURS: u8 = 0x80;
/// The application's extension that holds a colour profile.
const PROFILE: &[u8] = b"ICCRGBG1012";

/// The picture without anything else.
pub fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(bytes);
    let mut kept = Vec::with_capacity(bytes.len());
    let head = reader.take(13)?;
    kept.extend(head);
    kept.extend(read_colours(&mut reader, *head.get(10)?)?);
    let (mut control, mut has_pixels) = (None, false);
    while let Some(kind) = reader.byte() {
        match kind {
            PICTURE => {
                let Some(picture) = read_picture(&mut reader) else {
                    break;
                };
                kept.extend(control.take().unwrap_or_default());
                kept.push(PICTURE);
                kept.extend(picture.iter().copied().flatten());
                has_pixels = true;
            }
            EXTENSION => {
                let Some((label, data)) = read_extension(&mut reader) else {
                    break;
                };
                match label {
                    CONTROL if data.first() == Some(&4) => {
                        control = Some([&[EXTENSION, CONTROL], data.get(..5)?, &[0]].concat());
                    }
                    APPLICATION => keep_application(&mut kept, data),
                    // It is drawn, and the control before it is for that.
                    PLAIN_TEXT => control = None,
                    // A comment is not drawn: the control is for what comes next.
                    _ => {}
                }
            }
            _ => break,
        }
    }
    kept.push(END);
    has_pixels.then_some(kept)
}

/// The table of colours that a byte of flags tells of.
fn read_colours<'a>(reader: &mut Reader<'a>, flags: u8) -> Option<&'a [u8]> {
    if flags & HAS_COLOURS == 0 {
        return Some(&[]);
    }
    reader.take(3 << ((flags & 7) + 1))
}

/// A picture: its head, its colours, and its coded pixels. The pixels of a
/// file that breaks off end with the last part that is whole.
fn read_picture<'a>(reader: &mut Reader<'a>) -> Option<[&'a [u8]; 5]> {
    let head = reader.take(9)?;
    let colours = read_colours(reader, *head.get(8)?)?;
    let code_size = reader.take(1)?;
    let (blocks, end) = read_blocks(reader);
    Some([head, colours, code_size, blocks, end])
}

/// An extension's label, and its sub-blocks.
fn read_extension<'a>(reader: &mut Reader<'a>) -> Option<(u8, &'a [u8])> {
    let label = reader.byte()?;
    Some((label, read_blocks(reader).0))
}

/// Sub-blocks that are whole, and the empty one at their end.
fn read_blocks<'a>(reader: &mut Reader<'a>) -> (&'a [u8], &'a [u8]) {
    let mut length = 0;
    while let Some(size) = reader.rest.get(length) {
        let next = length + 1 + usize::from(*size);
        if *size == 0 || next > reader.rest.len() {
            break;
        }
        length = next;
    }
    let blocks = reader.take(length).unwrap_or_default();
    // A file that breaks off has less than a block left.
    let is_whole = reader.byte() == Some(0);
    if !is_whole {
        reader.rest = &[];
    }
    (blocks, &[0])
}

/// Keeps an application's extension that says how often the picture moves,
/// or holds its colour profile.
fn keep_application(kept: &mut Vec<u8>, data: &[u8]) {
    let Some((name, rest)) = data
        .strip_prefix(&[11])
        .and_then(|it| it.split_at_checked(11))
    else {
        return;
    };
    let is_loop = name == b"NETSCAPE2.0" || name == b"ANIMEXTS1.0";
    match rest {
        [3, 1, low, high, ..] if is_loop => {
            kept.extend([EXTENSION, APPLICATION, 11]);
            kept.extend(name);
            kept.extend([3, 1, *low, *high, 0]);
        }
        _ if name == PROFILE => {
            kept.extend([EXTENSION, APPLICATION]);
            kept.extend(data);
            kept.push(0);
        }
        _ => {}
    }
}
