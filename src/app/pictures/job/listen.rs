//! Hears how far a job is from a host that tells it on its own, beside the looks
//! at it: they go on, so that nothing depends on what is heard.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::model::{PictureJob, Stage};
use crate::providers::{JobNews, JobSocket, WatchedJob};

use crate::app::pictures::job::follow::{JobFollower, SLOWEST};
use crate::app::pictures::job::run::PictureProgress;

/// How often a connection to the host is opened for one job.
const CONNECTIONS_MAX: u32 = 5;

/// A job as its host knows it.
#[derive(Clone)]
struct NamedJob {
    name: Option<String>,
    mark: u32,
}

impl NamedJob {
    fn from_job(job: &PictureJob) -> Self {
        Self {
            name: job.host_job.clone(),
            mark: job.mark,
        }
    }
}

/// The side of the looks: they hear what the host tells, and tell what the job is
/// called.
pub struct NewsReceiver {
    news: watch::Receiver<JobNews>,
    names: watch::Sender<NamedJob>,
}

/// The side of whoever listens to the host.
pub struct HostListener {
    news: watch::Sender<JobNews>,
    named: watch::Receiver<NamedJob>,
}

/// Both sides.
pub fn begin(job: &PictureJob) -> (NewsReceiver, HostListener) {
    let (told, news) = watch::channel(JobNews::default());
    let (names, newest) = watch::channel(NamedJob::from_job(job));
    let listening = HostListener {
        news: told,
        named: newest,
    };
    (NewsReceiver { news, names }, listening)
}

impl JobFollower<'_> {
    /// Passes on what the host tells of a job, by the newest of its names. Does
    /// not end.
    pub async fn listen(&self, mut listening: HostListener) -> Infallible {
        loop {
            let job = listening.named.borrow_and_update().clone();
            tokio::select! {
                never = self.listen_to(&job, &listening.news) => match never {},
                Ok(()) = listening.named.changed() => {}
            }
        }
    }

    /// Passes on what the host tells of a job by one name, over one connection
    /// after another.
    async fn listen_to(&self, job: &NamedJob, news: &watch::Sender<JobNews>) -> Infallible {
        for _ in 0..CONNECTIONS_MAX {
            if let Some(socket) = self.connect(job).await {
                socket.listen(news).await;
            }
            sleep(self.pictures.settings.poll * SLOWEST).await;
        }
        std::future::pending().await
    }

    async fn connect(&self, job: &NamedJob) -> Option<JobSocket> {
        let watched = WatchedJob {
            name: job.name.as_deref()?,
            mark: job.mark,
            previews: self.request.map_or(0, |it| it.spec.shown_previews()),
        };
        let key = self.key.open(&self.pictures.payers).ok()?;
        let providers = &self.pictures.providers;
        providers
            .watch_job(self.provider, &watched, key.credential())
            .await
    }
}

impl NewsReceiver {
    /// Says what the job is called from now on.
    pub fn rename(&self, job: &PictureJob) {
        self.names.send_replace(NamedJob::from_job(job));
    }

    /// Waits for the next look, and passes on what is heard until then. Says
    /// whether it was heard that the job has ended, so that the look comes now.
    pub async fn wait(
        &mut self,
        wait: Duration,
        seen: &mut (dyn FnMut(PictureProgress) + Send),
    ) -> bool {
        let due = Instant::now() + wait;
        loop {
            tokio::select! {
                () = sleep_until(due) => return false,
                Ok(()) = self.news.changed() => {
                    let heard = self.news.borrow_and_update().clone();
                    pass_on(&heard, seen);
                    if heard.has_ended {
                        return true;
                    }
                }
            }
        }
    }
}

fn pass_on(heard: &JobNews, seen: &mut (dyn FnMut(PictureProgress) + Send)) {
    if let Some(steps) = heard.steps {
        seen(PictureProgress::Stage(Stage::Running));
        seen(PictureProgress::Steps(steps));
    }
    if let Some(preview) = &heard.preview {
        seen(PictureProgress::Preview(preview.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Steps;

    fn steps(done: u32) -> JobNews {
        JobNews {
            steps: Some(Steps { done, all: 20 }),
            ..JobNews::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_is_heard_is_looked_at_at_once() {
        let (sender, news) = watch::channel(JobNews::default());
        let (names, _) = watch::channel(NamedJob {
            name: None,
            mark: 7,
        });
        let mut hearing = NewsReceiver { news, names };
        let began = Instant::now();
        let wait = Duration::from_secs(10);
        let mut told = Vec::new();
        let mut seen = |seen: PictureProgress| told.push(format!("{seen:?}"));
        assert!(!hearing.wait(wait, &mut seen).await);
        assert_eq!(began.elapsed(), wait);
        sender.send_replace(steps(5));
        assert!(!hearing.wait(wait, &mut seen).await);
        sender.send_replace(JobNews {
            has_ended: true,
            ..steps(20)
        });
        assert!(hearing.wait(wait, &mut seen).await);
        assert_eq!(began.elapsed(), 2 * wait);
        // Nobody tells any more.
        drop(sender);
        assert!(!hearing.wait(wait, &mut seen).await);
        assert_eq!(began.elapsed(), 3 * wait);
        insta::assert_snapshot!(told.join("\n"), @"
        Stage(Running)
        Steps(Steps { done: 5, all: 20 })
        Stage(Running)
        Steps(Steps { done: 20, all: 20 })
        ");
    }
}
