//! What somebody asks, as the form says it.

use axum::http::StatusCode;
use secrecy::SecretString;

use crate::app::{
    FileContent, FileCount, FileLabel, FileLimits, MessageFile, RequestKey, tell_files,
};
use crate::console::Console;
use crate::console::form::{Form, FormFile};
use crate::console::trouble::Trouble;
use crate::console::words::describe_unread;
use crate::model::{
    Ask, Choices, ImageSpec, LeftOut, PICTURE_MB_MAX, PictureAsk, PictureRefusal, Refusal,
    ServerId, Turn, TypedKinds, Words, without_keys,
};

use super::limits::Asker;
use super::talk::{TALK_FIELD, Talk};
use super::tools::Tool;
use super::work::Order;

/// The field of a question's own files.
const FILE_FIELD: &str = "file";
/// The fields of files of earlier questions begin so; their number follows,
/// from 0.
const EARLIER_FIELD: &str = "file-";
/// How many models answer a question.
const COLUMNS_MAX: usize = 2;

/// What is chosen for a question: what it goes to, and as what.
#[derive(Clone, Debug)]
pub struct Setting {
    pub tool: Tool,
    /// The model in each column, as `provider/model`; empty where whichever
    /// somebody pays for may answer.
    pub models: Vec<String>,
    pub place: Option<ServerId>,
}

/// A question, and the conversation before it.
pub struct Question {
    pub setting: Setting,
    pub text: String,
    pub talk: Talk,
    /// Which column the answer is for; none where all of them are.
    pub column: Option<usize>,
    /// A key that pays for this question alone.
    pub key: Option<SecretString>,
    /// Whether a key was to come with it.
    pub wants_own_key: bool,
}

/// The files of a question, and of those before it.
pub struct QuestionFiles {
    now: Vec<MessageFile>,
    /// By the number of the round.
    earlier: Vec<(usize, MessageFile)>,
}

impl Setting {
    /// Reads what is chosen, by the name of each field.
    pub fn read(field: impl Fn(&str) -> String) -> Self {
        let other = field("other");
        let first = if other.is_empty() {
            field("model")
        } else {
            other
        };
        let mut models = vec![first];
        models.extend(Some(field("beside")).filter(|beside| !beside.is_empty()));
        let tool = Tool::parse(&field("as"));
        if tool == Tool::Picture {
            models.truncate(1);
        }
        Self {
            tool,
            models,
            place: field("in").parse().ok().map(ServerId),
        }
    }

    /// What the ask in a column goes to.
    pub fn choices(&self, column: usize) -> Choices {
        let model = self.models.get(column).filter(|model| !model.is_empty());
        Choices {
            provider: None,
            model: model.cloned(),
            persona: self.tool.persona(),
        }
    }
}

impl Question {
    /// Reads the form.
    pub fn read(form: &Form) -> Result<Self, Trouble> {
        let key = form.secret("key");
        let setting = Setting::read(|name| form.text(name).to_owned());
        let column = form.text("column").parse().ok();
        Ok(Self {
            // Browsers break lines as HTTP does.
            text: form.text("ask").replace("\r\n", "\n"),
            talk: Talk::parse(form.text(TALK_FIELD))?,
            column: column.filter(|column| *column < COLUMNS_MAX),
            wants_own_key: form.has("once") || key.is_some(),
            key,
            setting,
        })
    }

    /// The columns that are asked.
    pub fn columns(&self) -> Vec<usize> {
        match self.column {
            // The script asks each model by itself, as the only one.
            Some(column) => vec![column],
            None => (0..self.setting.models.len()).collect(),
        }
    }

    /// What is to be done for a column.
    pub fn order(
        &self,
        console: &Console,
        asker: &Asker,
        files: &QuestionFiles,
        column: usize,
    ) -> Result<Order, Trouble> {
        if self.wants_own_key && self.key.is_none() {
            return Err(key_missing());
        }
        if let Some(typed) = without_keys(&self.text) {
            return Err(key_in_question(typed.kinds));
        }
        // A column that is asked by itself has its model in the first place.
        let choices = self.setting.choices(self.column.map_or(column, |_| 0));
        let key = self.key.clone().map(|secret| RequestKey {
            provider: None,
            secret,
        });
        if self.setting.tool == Tool::Picture {
            return self.picture_order(console, asker, files, key);
        }
        let request_key = key.map(|key| console.app.asks.key_for_ask(&choices, key));
        let show = |number, turn: &mut Turn| files.show_earlier(number, turn);
        let mut turns = self.talk.turns(column, show);
        let told = files.tell(&self.text)?;
        turns.push(told);
        // Files may hold keys, and so may what was said before.
        for turn in &mut turns {
            if let Some(rest) = without_keys(&turn.text.0) {
                turn.text.0 = rest.text;
            }
        }
        Ok(Order::Ask(Box::new(Ask {
            caller: asker.caller.clone(),
            choices,
            turns,
            left_out: files.unread(),
            max_output_tokens: None,
            request_key: request_key.transpose()?,
        })))
    }

    fn picture_order(
        &self,
        console: &Console,
        asker: &Asker,
        files: &QuestionFiles,
        key: Option<RequestKey>,
    ) -> Result<Order, Trouble> {
        let model = self.setting.choices(0).model;
        let (choices, request_key) = console.app.pictures.choose_for_program(model, key)?;
        let picture = match &files.now[..] {
            [] => None,
            [file] => match &file.content {
                FileContent::Picture(picture) if picture.bytes.len() <= PICTURE_MB_MAX << 20 => {
                    Some(picture.clone())
                }
                _ => return Err(bad_picture()),
            },
            _ => return Err(bad_picture()),
        };
        Ok(Order::Picture(Box::new(PictureAsk {
            caller: asker.caller.clone(),
            choices,
            spec: ImageSpec {
                prompt: Words(self.text.clone()),
                is_edit: picture.is_some(),
                picture,
                ..ImageSpec::default()
            },
            // Nobody else sees the page.
            age_restricted: true,
            request_key,
        })))
    }
}

impl QuestionFiles {
    /// Reads the files of a form, the newest first, up to their limits.
    pub fn read(form: &Form, limits: &FileLimits) -> Self {
        let mut count = FileCount::new(limits);
        let files = form.files().iter();
        let now = files.clone().filter(|file| file.field == FILE_FIELD);
        let now = now.map(|file| read_file(&mut count, file)).collect();
        let numbered = files.filter_map(|file| {
            let number = file.field.strip_prefix(EARLIER_FIELD)?.parse().ok()?;
            Some((number, file))
        });
        let mut numbered: Vec<(usize, &FormFile)> = numbered.collect();
        numbered.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        let earlier = numbered.into_iter();
        let earlier = earlier.map(|(number, file)| (number, read_file(&mut count, file)));
        Self {
            now,
            earlier: earlier.collect(),
        }
    }

    /// The question as the model is told it, with what its files say.
    pub fn tell(&self, text: &str) -> Result<Turn, Trouble> {
        let mut turn = Turn::person(text);
        let all_unread = !self.now.is_empty() && !self.now.iter().any(MessageFile::is_read);
        if text.is_empty() && all_unread {
            let unread = self.now.iter().filter_map(MessageFile::unread);
            let words: Vec<String> = unread.map(|file| describe_unread(&file)).collect();
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let title = "Nothing of it could be read";
            return Err(Trouble::new(status, title, words.join(" ")));
        }
        tell_files(&mut turn, self.now.clone());
        Ok(turn)
    }

    /// Shows the pictures of an earlier question again.
    fn show_earlier(&self, number: usize, turn: &mut Turn) {
        let of_round = self.earlier.iter().filter(|(round, _)| *round == number);
        let pictures = of_round.filter_map(|(_, file)| match &file.content {
            FileContent::Picture(picture) => Some(picture.clone()),
            _ => None,
        });
        turn.pictures.extend(pictures);
    }

    fn unread(&self) -> Vec<LeftOut> {
        let unread = self.now.iter().filter_map(MessageFile::unread);
        unread.map(LeftOut::File).collect()
    }
}

fn read_file(count: &mut FileCount<'_>, file: &FormFile) -> MessageFile {
    let label = FileLabel {
        name: &file.name,
        media_type: file.media_type.as_deref(),
    };
    MessageFile {
        name: file.name.clone(),
        description: None,
        content: count.read(label, &file.bytes),
    }
}

fn key_missing() -> Trouble {
    Trouble::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "The key is missing",
        "You chose a key of your own for this question, and typed none. Nobody was asked, and \
         nobody else pays in its place. Type the key, or switch that off.",
    )
}

/// A key stands in what was typed. Nobody else has seen it yet.
fn key_in_question(kinds: TypedKinds) -> Trouble {
    let words = if kinds.tokens {
        "A token of this service stands in what you typed, with which programs ask as you. Nobody \
         was asked and no model was told it. Take it out of the question, and ask again; if \
         somebody may have seen it, end it on the page of your tokens."
    } else {
        "A key or another secret stands in what you typed. Nobody was asked and no model was told \
         it. Take it out of the question, and ask again; a key that is to pay belongs into the \
         field for a key. If somebody may have seen it, replace it where you got it."
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let trouble = Trouble::new(status, "A key stands in the question", words);
    if kinds.tokens {
        return trouble.way("/tokens", "Tokens");
    }
    trouble
}

fn bad_picture() -> Trouble {
    Refusal::from(PictureRefusal::BadPicture).into()
}
