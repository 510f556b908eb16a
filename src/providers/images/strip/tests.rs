//! Tests of stripping: what is hidden is gone, and the picture is the same.

use proptest::prelude::*;

use crate::model::{Picture, PictureKind};

use super::strip_picture;

/// What must turn up nowhere.
const CANARY: &[u8] = b"sk-made-up-canary-in-a-picture";
/// EXIF that turns a picture, in both orders of bytes, among other fields.
const TURNED: &[u8] =
    b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0abcd\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
const KEPT_TURN: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn stripped(kind: PictureKind, bytes: &[u8]) -> Option<Vec<u8>> {
    let picture = Picture {
        kind,
        bytes: bytes.into(),
    };
    strip_picture(&picture).ok().map(|it| it.bytes.to_vec())
}

/// EXIF with a canary behind what it says.
fn exif() -> Vec<u8> {
    [TURNED, CANARY].concat()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let sum = crc32fast::hash(&[name, data].concat()).to_be_bytes();
    [&length, name, data, &sum].concat()
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], length.as_slice(), data].concat()
}

fn riff(name: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    let padding: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
    [name, &length, data, padding].concat()
}

fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    riff(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat())
}

fn decode_png(bytes: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

#[test]
fn a_png_keeps_its_pixels_and_colours_and_nothing_else() {
    let drawn = latchkey_emulator::providers::picture("a lighthouse", 0);
    let (head, rest) = drawn.split_at(33);
    let profile = [CANARY, b"\0\0", b"made-up profile"].concat();
    let hidden = [
        head.to_vec(),
        chunk(b"iCCP", &profile),
        chunk(b"pHYs", b"\0\0\0\x01\0\0\0\x01\0"),
        chunk(b"tEXt", &[b"prompt\0", CANARY].concat()),
        chunk(b"iTXt", CANARY),
        chunk(b"zTXt", CANARY),
        chunk(b"tIME", CANARY),
        chunk(b"caBX", CANARY),
        chunk(b"eXIf", &exif()),
        rest.to_vec(),
        CANARY.to_vec(),
    ]
    .concat();
    let bytes = stripped(PictureKind::Png, &hidden).unwrap();
    assert!(!holds(&bytes, CANARY));
    assert_eq!(decode_png(&bytes), decode_png(&drawn));
    for kept in [
        chunk(b"iCCP", b"ICC\0\0made-up profile"),
        chunk(b"pHYs", b"\0\0\0\x01\0\0\0\x01\0"),
        chunk(b"eXIf", KEPT_TURN),
    ] {
        assert!(holds(&bytes, &kept));
    }
    // What nothing is hidden in comes out as it went in.
    assert_eq!(stripped(PictureKind::Png, &bytes), Some(bytes));
}

#[test]
fn a_jpeg_keeps_its_scans_and_colours_and_nothing_else() {
    let jfif = segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
    let thumb = [b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01".as_slice(), CANARY].concat();
    let profile = segment(0xe2, b"ICC_PROFILE\0\x01\x01made-up profile");
    let adobe = segment(0xee, b"Adobe\0\x64\0\0\0\0\x01");
    let table = segment(0xdb, &[7; 65]);
    let frame = segment(0xc2, b"\x08\0\x10\0\x10\x01\x01\x11\0");
    let scan = |data: &[u8]| [segment(0xda, b"\x01\x01\0\0\x3f\0").as_slice(), data].concat();
    let (first, second) = (
        scan(b"\x12\xff\0\x34\xff\xd0\x56"),
        scan(b"\x78\xff\xff\0\x9a"),
    );
    let start = vec![0xff, 0xd8];
    let end = vec![0xff, 0xd9];
    let hidden = [
        start.clone(),
        segment(0xe0, &thumb),
        segment(0xe1, &[b"Exif\0\0".to_vec(), exif()].concat()),
        segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", CANARY].concat()),
        profile.clone(),
        segment(0xe2, &[b"MPF\0", CANARY].concat()),
        segment(0xeb, CANARY),
        [adobe.clone(), segment(0xfe, CANARY)].concat(),
        table.clone(),
        frame.clone(),
        first.clone(),
        segment(0xfe, CANARY),
        table.clone(),
        second.clone(),
        end.clone(),
        [start.clone(), CANARY.to_vec(), end.clone()].concat(),
    ]
    .concat();
    let bytes = stripped(PictureKind::Jpeg, &hidden).unwrap();
    let turned = segment(0xe1, &[b"Exif\0\0", KEPT_TURN].concat());
    let kept = [
        start,
        jfif,
        turned,
        profile,
        adobe,
        table.clone(),
        frame,
        first,
        table,
        second,
        end,
    ];
    assert_eq!(bytes, kept.concat());
    assert_eq!(stripped(PictureKind::Jpeg, &bytes), Some(bytes));
}

#[test]
fn a_webp_keeps_its_frames_and_colours_and_nothing_else() {
    let head = |flags: u8| riff(b"VP8X", &[flags, 0, 0, 0, 9, 0, 0, 9, 0, 0]);
    let pixels = riff(b"VP8L", b"made-up pixels!");
    let frame = |hidden: &[u8]| riff(b"ANMF", &[&[1; 16], pixels.as_slice(), hidden].concat());
    let profile = riff(b"ICCP", b"made-up profile");
    let hidden = webp(&[
        head(0x2e),
        profile.clone(),
        riff(b"ANIM", &[0; 6]),
        frame(&riff(b"note", CANARY)),
        riff(b"EXIF", &[b"Exif\0\0".to_vec(), exif()].concat()),
        riff(b"XMP ", CANARY),
        riff(b"C2PA", CANARY),
    ]);
    let hidden = [hidden.as_slice(), CANARY].concat();
    let bytes = stripped(PictureKind::Webp, &hidden).unwrap();
    let kept = webp(&[
        head(0x2a),
        profile,
        riff(b"ANIM", &[0; 6]),
        frame(&[]),
        riff(b"EXIF", KEPT_TURN),
    ]);
    assert_eq!(bytes, kept);
    let plain = webp(&[pixels]);
    assert_eq!(stripped(PictureKind::Webp, &plain), Some(plain));
    assert_eq!(stripped(PictureKind::Webp, &webp(&[profile_alone()])), None);
}

fn profile_alone() -> Vec<u8> {
    riff(b"ICCP", b"made-up profile")
}

#[test]
fn a_gif_keeps_its_frames_and_loops_and_nothing_else() {
    let head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    let block = |data: &[u8]| [&[u8::try_from(data.len()).unwrap()], data, &[0]].concat();
    let extension = |label: u8, blocks: &[u8]| [&[0x21, label], blocks].concat();
    let control = extension(0xf9, &block(b"\x04\x0a\0\0"));
    let picture = [
        b"\x2c\0\0\0\0\x01\0\x01\0\0\x02".to_vec(),
        block(b"\x44\x01"),
    ]
    .concat();
    let application =
        |name: &[u8], data: &[u8]| extension(0xff, &[&[11], name, &block(data)].concat());
    let looped = application(b"NETSCAPE2.0", b"\x01\0\0");
    let profile = application(b"ICCRGBG1012", b"made-up profile");
    let hidden = [
        head.clone(),
        application(b"XMP DataXMP", CANARY),
        looped.clone(),
        profile.clone(),
        extension(0xfe, &block(CANARY)),
        control.clone(),
        extension(
            0x01,
            &[block(&[0; 12]).strip_suffix(&[0]).unwrap(), &block(CANARY)].concat(),
        ),
        control.clone(),
        // It is not drawn: the control before it is for the picture.
        extension(0xfe, &block(CANARY)),
        picture.clone(),
        vec![0x3b],
        CANARY.to_vec(),
    ]
    .concat();
    let bytes = stripped(PictureKind::Gif, &hidden).unwrap();
    let kept = [head, looped, profile, control, picture, vec![0x3b]];
    assert_eq!(bytes, kept.concat());
    assert_eq!(stripped(PictureKind::Gif, &bytes), Some(bytes));
}

#[test]
fn what_breaks_off_keeps_what_is_there() {
    let drawn = latchkey_emulator::providers::picture("a lighthouse", 0);
    let half = stripped(PictureKind::Png, &drawn[..drawn.len() / 2]).unwrap();
    assert!(holds(&half, b"IDAT") && half.ends_with(b"IEND\xae\x42\x60\x82"));
    for kind in [
        PictureKind::Png,
        PictureKind::Jpeg,
        PictureKind::Webp,
        PictureKind::Gif,
    ] {
        assert_eq!(stripped(kind, b""), None);
        assert_eq!(stripped(kind, &drawn[..8]), None);
    }
}

proptest! {
    #[test]
    fn anything_is_read_without_a_fall(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (kind, head) in [
            (PictureKind::Png, b"\x89PNG\r\n\x1a\n".as_slice()),
            (PictureKind::Jpeg, b"\xff\xd8\xff"),
            (PictureKind::Webp, b"RIFF\xff\0\0\0WEBP"),
            (PictureKind::Gif, b"GIF89a"),
        ] {
            let once = stripped(kind, &[head, &bytes].concat());
            if let Some(once) = once {
                prop_assert_eq!(stripped(kind, &once), Some(once));
            }
        }
    }
}
