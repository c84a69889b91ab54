//! What the tests of the product stand on: a display, a keychain, a registry, a window.
//!
//! * [`Desk`]: one person's computer: a data folder, a session bus, an unlocked keychain.
//! * [`Registry`]: `galley-registry` in a process of its own, on a free port.
//! * [`Line`]: what lies between a laptop and a registry, and loses what it is told to.
//! * [`Model`]: a small language model that answers on this machine.
//! * [`Demo`]: an application that reads prompts, in a process of its own.
//! * [`Window`]: the real app on a [`Desk`], driven through its web view.
//! * [`wait::until`]: waiting for something to become true. Nothing here waits for time to pass.

pub mod axe;
pub mod demo;
pub mod desk;
pub mod display;
pub mod line;
pub mod model;
pub mod person;
pub mod program;
pub mod registry;
pub mod steps;
pub mod wait;
pub mod window;

pub use demo::Demo;
pub use desk::Desk;
pub use line::Line;
pub use model::Model;
pub use person::Person;
pub use registry::Registry;
pub use steps::Steps;
pub use wait::until;
pub use window::Window;
