//! News of reviews: that somebody asks, has decided, or has released. Told when it arrives, once.
//!
//! What is known when a project is opened is no news: the inbox shows it.

use crate::reading::Reading;
use crate::views::News;
use crate::{Event, Workbench};
use domain::ledger::VerdictKind;
use domain::project::Request;
use domain::{Digest, PersonId, ProjectId, RequestId};
use std::collections::BTreeMap;

/// More than this at once is told in one sentence.
const ONE_BY_ONE: usize = 3;

/// What was known of the requests when one last looked.
#[derive(Default)]
pub(crate) struct Known(Option<BTreeMap<RequestId, Seen>>);

struct Seen {
    waits: bool,
    digest: Digest,
    verdicts: usize,
    released: usize,
}

impl Workbench {
    /// Tells what has come since `known`, and brings that up to date.
    pub(crate) fn tell_news(&self, project: ProjectId, known: &mut Known) {
        let Ok(reading) = self.reading(project) else {
            return;
        };
        let now = reading.seen_now();
        if let (Some(before), Some(me)) = (&known.0, reading.person_here) {
            let news: Vec<_> = now
                .iter()
                .filter_map(|(id, seen)| {
                    let request = reading.accepted.request(*id)?;
                    Some((*id, reading.news_of(request, me, before.get(id), seen)?))
                })
                .collect();
            self.tell(project, news);
        }
        known.0 = Some(now);
    }

    fn tell(&self, project: ProjectId, news: Vec<(RequestId, String)>) {
        if news.len() > ONE_BY_ONE {
            let words = format!("{} reviews have news", news.len());
            return self.say(Event::News(News {
                project,
                request: None,
                words,
            }));
        }
        for (request, words) in news {
            self.say(Event::News(News {
                project,
                request: Some(request),
                words,
            }));
        }
    }
}

impl Reading {
    // The accepted state alone: what one did oneself a moment ago is no news.
    fn seen_now(&self) -> BTreeMap<RequestId, Seen> {
        let waiting: Vec<_> = self
            .person_here
            .map(|me| self.accepted.waiting_for(me).iter().map(|r| r.id).collect())
            .unwrap_or_default();
        let requests = self.accepted.requests().into_iter();
        requests
            .map(|request| {
                let seen = Seen {
                    waits: waiting.contains(&request.id),
                    digest: request.digest(),
                    verdicts: request.verdicts().count(),
                    released: request.all_released().count(),
                };
                (request.id, seen)
            })
            .collect()
    }

    fn news_of(
        &self,
        request: &Request,
        me: PersonId,
        before: Option<&Seen>,
        now: &Seen,
    ) -> Option<String> {
        let title = self.request_title(request);
        let asked = before.is_none_or(|before| !before.waits || before.digest != now.digest);
        if now.waits && asked && request.by != me {
            return Some(format!(
                "{} asks for your review: {title}",
                self.person(request.by)
            ));
        }
        let verdicts = before.map_or(0, |before| before.verdicts);
        let released = before.map_or(0, |before| before.released);
        let concerned = request.by == me || request.verdicts().any(|given| given.person == me);
        let step = request.all_released().skip(released).last();
        let by = step.and_then(|step| Some(self.accepted.release(step.release)?.by));
        if concerned && by.is_some_and(|by| by != me) {
            let by = by.map(|by| self.person(by)).unwrap_or_default();
            return Some(format!("{by} released {title}"));
        }
        let verdict = request.verdicts().skip(verdicts).last();
        let verdict = verdict.filter(|given| request.by == me && given.person != me)?;
        Some(match verdict.kind {
            VerdictKind::Approve => format!("{} approved {title}", self.person(verdict.person)),
            VerdictKind::AskForChanges => {
                format!(
                    "{} asks for changes to {title}",
                    self.person(verdict.person)
                )
            }
        })
    }
}
