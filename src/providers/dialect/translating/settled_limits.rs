//! The limit on an answer, as its payer and its model allow it;
//! `docs/providers.md` §12.

use super::neutral::NeutralRequest;
use super::translation::{ChatToTranslate, OutputLimit};
use crate::providers::dialect::Dialect;

impl NeutralRequest {
    /// Lowers the limit to what the payer allows, and to the longest answer of the
    /// model: vendors refuse a higher one, and clients send that of the model they
    /// know. A caller who asked for more is told so.
    pub fn settle_limit(&mut self, chat: &ChatToTranslate<'_>, dialect: Dialect) {
        let longest = chat
            .longest_answer
            .or_else(|| dialect.longest_answer(chat.model))
            .or(chat.room);
        if let (Some(asked), Some(longest)) = (self.max_tokens, longest)
            && asked > longest
        {
            self.max_tokens = Some(longest);
            self.ignored.add(&format!("max_tokens (above {longest})"));
        }
        if let OutputLimit::AtMost(limit) = chat.output_limit {
            let most = longest.map_or(limit, |longest| limit.min(longest));
            self.max_tokens = Some(self.max_tokens.unwrap_or(most).min(most));
        }
    }
}
