//! The tour: Galley's main job in the real window, told step by step, with a picture of each step.
//!
//! `make run` plays it where there is no display. It is the journey that the tests play.

// The tour needs less of what tests stand on than the tests do.
#[allow(dead_code, unused_imports, reason = "the tour uses a part of it")]
mod support;
#[allow(dead_code, reason = "the tour plays one of the journeys")]
mod window {
    pub mod main_job;
    pub mod team;
    pub mod trying;
}

#[tokio::main]
async fn main() {
    let mut steps = support::Steps::new("tour");
    window::main_job::play(&mut steps).await;
}
