//! Answers that come whole: as they are, translated, or as the stream that was
//! asked for.

use bytes::Bytes;
use serde_json::Value;

use crate::model::{FailureClass, MemoryUse, ProviderFailure};
use crate::providers::dialect::{AnswerFormat, JsonSize};
use crate::providers::lone_surrogates::mend_surrogates;
use crate::providers::relay::answer_change::AnswerChange;
use crate::providers::relay::as_events::write_as_events;
use crate::providers::relay::body::FREE_TREE_BYTES_MAX;
use crate::providers::transport::http::PartlyRead;
use crate::providers::transport::sse::without_mark;

use super::{PASSED_FROM_BYTES, Relayed, WHOLE_BYTES_MAX, WholeOrBegun};

impl Relayed {
    /// The whole answer, or the beginning of one that is large and need not be
    /// read whole.
    pub async fn whole_or_begun(&mut self) -> Result<WholeOrBegun, ProviderFailure> {
        let is_translated = self.rewriting.rewrites_whole();
        let (limit, deadline) = (self.whole_bytes_max(), self.deadline);
        let announced = self.incoming.announced_length();
        if is_translated && announced.is_some_and(|length| length > limit) {
            return Err(self.failed(FailureClass::TooLarge));
        }
        let body = self.incoming.read_held_body(limit, deadline).await;
        let (body, permit) = match body {
            Ok(read) => read,
            Err(PartlyRead { begun, class })
                if class == FailureClass::TooLarge && !is_translated =>
            {
                return Ok(WholeOrBegun::Begun(self.begin_passing(&begun)?));
            }
            Err(unread) => return Err(self.failed(unread.class)),
        };
        self.ended = true;
        // A parser need not read the mark (RFC 8259, section 8.1), and some do not.
        let body = body.slice_ref(without_mark(&body));
        let body = if is_translated {
            self.translate_whole(&body).await?
        } else {
            self.read_whole(&body)?;
            self.rewriting.rename_whole(body)
        };
        Ok(WholeOrBegun::Whole(match permit {
            Some(permit) => permit.attach(body),
            None => body,
        }))
    }

    /// How much of an answer is read before some of it is passed on.
    fn whole_bytes_max(&self) -> usize {
        if self.rewriting.rewrites_whole() {
            WHOLE_BYTES_MAX
        } else {
            PASSED_FROM_BYTES
        }
    }

    /// Reads what was used from a whole answer.
    fn read_whole(&mut self, body: &Bytes) -> Result<(), ProviderFailure> {
        if self.results.is_some() {
            self.read_results(Some(body));
            self.read_results(None);
            return Ok(());
        }
        let is_read =
            self.format == AnswerFormat::Unread || self.format.skim_whole(body, &mut self.answer);
        if is_read {
            return Ok(());
        }
        if self.format.passes_anything() {
            // What can't be read is passed on as it is.
            if let Ok(value) = self.parse_whole(&mend_surrogates(body)) {
                return self.read_value(&value);
            }
            self.hear_text(body);
            return Ok(());
        }
        let value = self.parse_whole(&mend_surrogates(body))?;
        self.read_value(&value)
    }

    /// Counts an answer that is the text alone of what was written down.
    fn hear_text(&mut self, body: &Bytes) {
        if self.format == AnswerFormat::Transcript {
            self.heard.written += body.len() as u64;
        }
    }

    /// Reads and translates a whole answer.
    async fn translate_whole(&mut self, body: &Bytes) -> Result<Bytes, ProviderFailure> {
        let tree_bytes = JsonSize::measure(body).tree_bytes(body);
        let _permit = if tree_bytes > FREE_TREE_BYTES_MAX {
            let memory = self.incoming.memory();
            let reserving = memory.reserve(MemoryUse::Tree, tree_bytes);
            let reserved = Box::pin(reserving).await;
            Some(reserved.map_err(|no_memory| self.failed(no_memory.into()))?)
        } else {
            None
        };
        let body = &mend_surrogates(body);
        let value = self.parse_whole(body)?;
        self.read_value(&value)?;
        let translated = match &mut self.rewriting {
            AnswerChange::Translated(translator) => translator.translate_whole(&value, body),
            change => change.unpack(&value, body).ok_or(FailureClass::Upstream),
        };
        translated.map_err(|class| self.failed(class))
    }

    fn parse_whole(&self, body: &Bytes) -> Result<Value, ProviderFailure> {
        let value = self.format.parse_whole(body);
        let value = value.map_err(|class| self.failed(class))?;
        value.ok_or_else(|| self.failed(FailureClass::Upstream))
    }

    /// Reads an answer that came whole, and returns it as the stream that was
    /// asked for.
    pub(super) async fn whole_as_stream(&mut self) -> Result<Bytes, ProviderFailure> {
        let read = self.incoming.read_held_body(WHOLE_BYTES_MAX, self.deadline);
        let (body, _permit) = read.await.map_err(|unread| self.failed(unread.class))?;
        self.ended = true;
        let body = mend_surrogates(&body.slice_ref(without_mark(&body)));
        let value = self.parse_whole(&body)?;
        self.read_value(&value)?;
        let mut events = Vec::new();
        match &mut self.rewriting {
            AnswerChange::Translated(translator) => {
                let written = translator.write_whole_as_stream(&value, &body, &mut events);
                written.map_err(|class| self.failed(class))?;
            }
            rewriting => {
                let value = rewriting.rename_value(value);
                events = write_as_events(self.format, &value, self.wants_usage);
            }
        }
        Ok(events.into())
    }
}
