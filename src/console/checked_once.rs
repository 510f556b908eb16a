//! Files of keys that are being checked: a form that is sent twice at once asks
//! the providers once, and both answers show the same.

use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use crate::app::{Error, KeyImport, Tasks};
use crate::model::{BoundedMap, BrowserSessionId, lock};

/// How many checks are known at once.
const FORMS_MAX: usize = 1_000;

/// A form that came, with all that was typed and chosen.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SentForm {
    pub session: BrowserSessionId,
    pub digest: [u8; 32],
}

type Import = Arc<OnceCell<Arc<KeyImport>>>;

/// The forms whose keys this process checks now.
pub struct CheckedOnce(Arc<Mutex<BoundedMap<SentForm, Import>>>);

impl Default for CheckedOnce {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(BoundedMap::new(FORMS_MAX))))
    }
}

impl CheckedOnce {
    /// What comes of a form: what the check finds that runs for it already, or
    /// else this one. It goes on though its browser leaves, as it does when its
    /// person presses once more.
    pub async fn check<C>(
        &self,
        tasks: &Tasks,
        form: SentForm,
        check: C,
    ) -> Result<Arc<KeyImport>, Error>
    where
        C: Future<Output = Result<KeyImport, Error>> + Send + 'static,
    {
        let (running, import) = (Arc::clone(&self.0), self.import(&form));
        let checking = tasks.spawn(async move {
            let begun = import.get_or_try_init(|| async { check.await.map(Arc::new) });
            let begun = begun.await.cloned();
            lock(&running).remove(&form);
            begun
        });
        checking.await.map_err(anyhow::Error::from)?
    }

    fn import(&self, form: &SentForm) -> Import {
        let mut running = lock(&self.0);
        if let Some(import) = running.get(form) {
            return Arc::clone(import);
        }
        let import = Import::default();
        running.put(form.clone(), Arc::clone(&import));
        import
    }
}
