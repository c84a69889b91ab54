//! Recording suites, announcements, and what came of runs.

use super::{Context, Project};
use crate::ledger::Event;
use crate::project::{Announced, CameTo, Run, SuiteDone, SuiteSet};
use std::sync::Arc;

impl Project {
    pub(super) fn record_evidence(&mut self, event: &Event, on: &Context) -> Option<()> {
        match event {
            Event::SuiteChanged {
                prompt,
                suite,
                digest,
                request,
                approvals,
                ..
            } => {
                if let Some(request) = request {
                    self.request_mut(*request)?.suite_set = Some(SuiteDone {
                        at: on.at,
                        by: on.by,
                        approvals: approvals.clone(),
                    });
                }
                let set = Arc::new(SuiteSet {
                    suite: suite.as_ref().clone(),
                    digest: *digest,
                    seq: on.seq,
                    at: on.at,
                    by: on.by,
                });
                self.past_suites.insert((*prompt, *digest), set.clone());
                self.suites.insert(*prompt, set);
            }
            Event::RunAnnounced {
                run,
                prompt,
                suite,
                environment,
                proposed,
                live,
                repeats,
                upstream,
            } => {
                let live = match live {
                    Some(version) => Some((*version, self.version(*version)?.1.content)),
                    None => None,
                };
                let made = Announced {
                    id: *run,
                    prompt: *prompt,
                    suite: *suite,
                    environment: *environment,
                    proposed: *proposed,
                    content: self.version(*proposed)?.1.content,
                    live,
                    repeats: *repeats,
                    upstream: upstream.clone(),
                    by: on.by,
                    at: on.at,
                    came_to: None,
                };
                let place = u32::try_from(self.announced.len()).ok()?;
                self.announced_places.insert(*run, place);
                self.announced.push_back(Arc::new(made));
            }
            Event::RunRecorded {
                run,
                version,
                dataset,
                results,
                summary,
                counts,
            } => {
                if let Some(counts) = counts {
                    let place = *self.announced_places.get(&counts.announced)?;
                    let of = self.announced.get_mut(usize::try_from(place).ok()?)?;
                    Arc::make_mut(of).came_to = Some(CameTo {
                        run: *run,
                        live: counts.live.clone(),
                        proposed: counts.proposed.clone(),
                    });
                }
                self.runs.push_back(Arc::new(Run {
                    id: *run,
                    version: *version,
                    dataset: *dataset,
                    results: *results,
                    summary: summary.clone(),
                    announced: counts.as_ref().map(|counts| counts.announced),
                    by: on.by,
                    at: on.at,
                }));
            }
            _ => return None,
        }
        Some(())
    }
}
