//! The forms in which pictures are shown: each where Discord does not take the
//! one before it, so that no promise is left standing.

use crate::app::PicturePlace;
use crate::bot::connection::calls::rest::{
    FileRefusal, code_of, refusal_of_files, refuses_content, status_of,
};
use crate::bot::connection::wire::card::Card;
use crate::bot::pictures::cards::{ShownPictures, picture_card, split_files};
use crate::bot::pictures::late::{LatePicture, show_late};
use crate::bot::pictures::progress::PictureMessage;
use crate::bot::pictures::shrink;
use crate::bot::words::Voice;
use crate::bot::{Bot, words};
use crate::model::{MissingPicture, Picture, PictureAnswer};

/// The largest file that Discord takes where nothing was paid for:
/// `docs/discord.md` §3.1.
const FILE_BYTES_MAX: usize = 10 * 1_024 * 1_024;

/// How pictures are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Whole, but for those that Discord takes nowhere.
    Whole,
    SmallerCopies,
    /// Links to where the operator has them kept.
    Links,
    Words(FileRefusal),
}

impl Form {
    /// The form that may be taken where this one was not; none where it is not
    /// what is shown that Discord refuses.
    fn after(self, error: &anyhow::Error, has_storage: bool) -> Option<Self> {
        match (self, refusal_of_files(error)) {
            (Self::Words(_), _) => None,
            (Self::Links, _) if refuses_content(error) => Some(Self::Words(FileRefusal::TooLarge)),
            (_, None) => refused_with(error).map(|code| Self::Words(FileRefusal::Other(code))),
            (Self::Whole, Some(FileRefusal::TooLarge)) => Some(Self::SmallerCopies),
            (Self::SmallerCopies, Some(FileRefusal::TooLarge)) if has_storage => Some(Self::Links),
            (_, Some(refusal)) => Some(Self::Words(refusal)),
        }
    }
}

/// Discord's code where it takes no such message, wherever it is put.
fn refused_with(error: &anyhow::Error) -> Option<u64> {
    code_of(error).filter(|_| status_of(error) == Some(400))
}

/// Where pictures are shown.
pub enum Outlet<'o, 'a> {
    /// Where they were promised; late, where that is over.
    AsPromised(&'o mut PictureMessage<'a>, &'o PicturePlace),
    /// In a message of their own.
    Late(LatePicture<'o>),
}

impl Outlet<'_, '_> {
    async fn show(&mut self, bot: &Bot, voice: Voice<'_>, cards: &[Card]) -> anyhow::Result<()> {
        match self {
            Self::AsPromised(message, place) => message.show_cards(place, cards).await,
            Self::Late(late) => show_late(bot, voice, *late, cards).await,
        }
    }
}

/// Shows pictures in the best form that Discord takes: as they are, in smaller
/// copies, by links to where the operator has them kept, or in words.
pub async fn show_pictures(
    bot: &Bot,
    voice: Voice<'_>,
    mut outlet: Outlet<'_, '_>,
    shown: ShownPictures<'_>,
) -> anyhow::Result<()> {
    let has_storage = bot.app.pictures.has_storage();
    let mut form = Form::Whole;
    loop {
        let cards = cards_in(form, bot, voice, shown).await;
        match outlet.show(bot, voice, &cards).await {
            Ok(()) => return Ok(()),
            Err(error) => form = form.after(&error, has_storage).ok_or(error)?,
        }
    }
}

/// Pictures in one of their forms, a card for each message.
async fn cards_in(form: Form, bot: &Bot, voice: Voice<'_>, shown: ShownPictures<'_>) -> Vec<Card> {
    let made = shown.made;
    match form {
        Form::Whole if made.pictures.iter().any(is_large) => {
            large_ones_smaller(bot, voice, shown).await
        }
        Form::Whole => split_files(picture_card(voice, shown)),
        Form::SmallerCopies => {
            let copies = PictureAnswer {
                pictures: shrink::smaller_copies(made.pictures.clone()).await,
                ..made.clone()
            };
            let made = &copies;
            let mut card = picture_card(voice, ShownPictures { made, ..shown });
            card.text = format!("{}\n{}", card.text, words::pictures::smaller_copies(voice));
            split_files(card)
        }
        Form::Links => match bot.app.pictures.store_pictures(&made.pictures).await {
            Some(links) => words::pictures::kept_elsewhere(voice, made, &links),
            None => vec![words::pictures::not_shown(
                voice,
                made,
                FileRefusal::TooLarge,
            )],
        },
        Form::Words(refusal) => vec![words::pictures::not_shown(voice, made, refusal)],
    }
}

fn is_large(picture: &Picture) -> bool {
    picture.bytes.len() > FILE_BYTES_MAX
}

/// Pictures of which some are too large for Discord: those in smaller copies,
/// with links to the whole ones where the operator has a place for them.
async fn large_ones_smaller(bot: &Bot, voice: Voice<'_>, shown: ShownPictures<'_>) -> Vec<Card> {
    let mut copies = PictureAnswer {
        pictures: Vec::new(),
        ..shown.made.clone()
    };
    let (mut numbers, mut large) = (Vec::new(), Vec::new());
    for (number, picture) in (1..).zip(&shown.made.pictures) {
        if !is_large(picture) {
            copies.pictures.push(picture.clone());
            continue;
        }
        numbers.push(number);
        large.push(picture.clone());
        for copy in shrink::smaller_copies(vec![picture.clone()]).await {
            // One that can't be made smaller costs the others nothing.
            if is_large(&copy) {
                copies.missing.push(MissingPicture::TooLarge);
            } else {
                copies.pictures.push(copy);
            }
        }
    }
    let made = &copies;
    let mut card = picture_card(voice, ShownPictures { made, ..shown });
    let links = bot.app.pictures.store_pictures(&large).await;
    card.text = format!("{}\n{}", card.text, words::pictures::smaller_copies(voice));
    let mut cards = split_files(card);
    if let Some(links) = links {
        let links: Vec<_> = numbers.into_iter().zip(links).collect();
        cards.extend(words::pictures::whole_pictures(voice, &links));
    }
    cards
}
