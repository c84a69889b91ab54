//! Worlds in which the true loss is known, and what the gate says in them.
//!
//! Each draws answers, hands them to the same functions that decide in the product, and counts.

use domain::statistics::looks;
use domain::statistics::pairs::{CaseAnswers, Pairs};
use domain::statistics::verdict::GateOutcome;

/// What the answers are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Pass or fail, each case asked once.
    Plain,
    /// Pass or fail, asked up to three times, some cases flaky.
    Repeats,
    /// Scores: losses of any size from 0.2 to 1, gains of 0.6, a little noise everywhere.
    Scores,
    /// Most cases gain a little, a few lose everything: what misleads a bootstrap.
    Skewed,
    /// Near-duplicates in groups of one to five, which nearly always go the same way.
    Groups,
    /// Five looks: after each the author would take a verdict that pleases.
    Looks,
    /// Five looks, of which four are of runs that the author abandons at the best moment,
    /// foreseeing what would have come.
    Abandoned,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Plain,
        Self::Repeats,
        Self::Scores,
        Self::Skewed,
        Self::Groups,
        Self::Looks,
        Self::Abandoned,
    ];
}

/// One cell of the grid.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// What the answers are like.
    pub kind: Kind,
    /// How many units.
    pub units: usize,
    /// On which share of them the versions differ.
    pub share: f64,
    /// The true loss.
    pub loss: f64,
    /// What may be lost, in hundredths of a percent.
    pub allowed: i32,
    /// The error that is promised, in hundredths of a percent.
    pub alpha: u32,
}

/// How often the gate said what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// At any look.
    pub passed: u32,
    /// At any look.
    pub failed: u32,
    /// How often it was tried.
    pub trials: u32,
}

/// How the pairs are judged with some error and some loss that is allowed: the gate's way, but where
/// a test breaks it on purpose.
pub type Method = fn(&Pairs<'_>, f64, i32) -> GateOutcome;

impl Cell {
    /// The shares of units that lose and that gain; none where no version can lose so much.
    fn parts(&self) -> Option<[f64; 2]> {
        let effect = match self.kind {
            Kind::Plain => 1.0,
            Kind::Scores => 0.6,
            _ => 0.8,
        };
        let lost = 0.5 * (self.share + self.loss / effect);
        let gained = self.share - lost;
        (gained > -1e-12).then_some([lost, gained.max(0.0)])
    }

    // What most cases gain, where a share loses everything.
    fn skewed_gain(&self) -> Option<f64> {
        let gain = (self.share - self.loss) / (1.0 - self.share);
        (0.0..=1.0).contains(&gain).then_some(gain)
    }

    /// Whether a world can be so.
    pub fn possible(&self) -> bool {
        match self.kind {
            Kind::Skewed => self.skewed_gain().is_some(),
            _ => self.parts().is_some(),
        }
    }

    /// Draws `trials` worlds.
    pub fn run(&self, trials: u32, seed: u64, method: Method) -> Counts {
        let mut dice = Dice(seed);
        let mut counts = Counts {
            trials,
            ..Counts::default()
        };
        // The names are made once; only the answers change.
        let mut cases: Vec<CaseAnswers> = Vec::new();
        for _ in 0..trials {
            let (passed, failed) = self.once(&mut dice, &mut cases, method);
            counts.passed += u32::from(passed);
            counts.failed += u32::from(failed);
        }
        counts
    }

    fn once(&self, dice: &mut Dice, cases: &mut Vec<CaseAnswers>, method: Method) -> (bool, bool) {
        let looks = match self.kind {
            Kind::Looks | Kind::Abandoned => 5,
            _ => 1,
        };
        let natures: Vec<Nature> = (0..self.units).map(|_| self.nature(dice)).collect();
        self.prepare(cases);
        let (mut passed, mut failed) = (false, false);
        for look in 1..=looks {
            self.ask(dice, cases, &natures, look);
            // One look spends all: harder than the gate, whose first look spends three quarters.
            let error = if looks == 1 {
                f64::from(self.alpha) / 10_000.0
            } else {
                looks::error_at(self.alpha, look)
            };
            let pairs = Pairs::of(cases, false).expect("answers that are scores");
            assert_eq!(pairs.units().len(), self.units);
            match method(&pairs, error, self.allowed) {
                GateOutcome::Pass => passed = true,
                GateOutcome::Fail => failed = true,
                GateOutcome::CantTell => {}
            }
        }
        (passed, failed)
    }

    /// Empties the cases of the last world and makes those that are missing.
    fn prepare(&self, cases: &mut Vec<CaseAnswers>) {
        if self.kind == Kind::Groups {
            // As many as the largest groups need; the first of each are taken.
            for unit in cases.len() / 5..self.units {
                cases.extend((0..5).map(|like| CaseAnswers {
                    case: format!("{unit:05}-{like}"),
                    group: Some(format!("{unit:05}")),
                    ..CaseAnswers::default()
                }));
            }
        }
        for unit in cases.len()..self.units {
            cases.push(CaseAnswers {
                case: format!("{unit:05}"),
                ..CaseAnswers::default()
            });
        }
        for case in cases {
            case.live.clear();
            case.proposed.clear();
        }
    }

    fn nature(&self, dice: &mut Dice) -> Nature {
        if let (Kind::Skewed, Some(gain)) = (self.kind, self.skewed_gain()) {
            return if dice.even() < self.share {
                Nature::Scored([1.0, 0.0])
            } else {
                let live = dice.even() * (1.0 - gain);
                Nature::Scored([live, live + gain])
            };
        }
        let [lost, gained] = self.parts().unwrap_or_default();
        let drawn = dice.even();
        if self.kind == Kind::Scores {
            if drawn < lost {
                let size = 0.2 + 0.8 * dice.even();
                let live = size + (1.0 - size) * dice.even();
                return Nature::Scored([live, live - size]);
            }
            let (live, gain) = if drawn < lost + gained {
                (0.4 * dice.even(), 0.6)
            } else {
                (0.02 + 0.96 * dice.even(), 0.04 * dice.even() - 0.02)
            };
            return Nature::Scored([live, live + gain]);
        }
        let sure = self.kind == Kind::Plain;
        let (often, seldom) = if sure { (1.0, 0.0) } else { (0.9, 0.1) };
        if drawn < lost {
            Nature::Passing([often, seldom])
        } else if drawn < lost + gained {
            Nature::Passing([seldom, often])
        } else if !sure && dice.even() < 0.3 {
            let flaky = dice.even();
            Nature::Passing([flaky, flaky])
        } else {
            let both = f64::from(u8::from(dice.even() < 0.7));
            Nature::Passing([both, both])
        }
    }

    fn ask(&self, dice: &mut Dice, cases: &mut [CaseAnswers], natures: &[Nature], look: u32) {
        if self.kind == Kind::Groups {
            for (group, nature) in cases.chunks_mut(5).zip(natures) {
                let size = 1 + dice.below(5) as usize;
                for case in &mut group[..size] {
                    nature.answer(dice, case);
                }
            }
            return;
        }
        if self.kind == Kind::Abandoned && look > 1 {
            return abandon(dice, cases, natures);
        }
        for (case, nature) in cases.iter_mut().zip(natures) {
            let repeats = match self.kind {
                Kind::Repeats => 1 + dice.below(3),
                _ => 1,
            };
            for _ in 0..repeats {
                nature.answer(dice, case);
            }
        }
    }
}

/// A run that is broken off after the case at which the proposed version stands best.
fn abandon(dice: &mut Dice, cases: &mut [CaseAnswers], natures: &[Nature]) {
    let mut run: Vec<CaseAnswers> = Vec::with_capacity(natures.len());
    let (mut ahead, mut best, mut keep) = (0_i64, 0, 0);
    for nature in natures {
        let mut case = CaseAnswers::default();
        nature.answer(dice, &mut case);
        ahead += i64::from(case.proposed[0]) - i64::from(case.live[0]);
        run.push(case);
        if ahead > best {
            (best, keep) = (ahead, run.len());
        }
    }
    for (case, more) in cases.iter_mut().zip(&run[..keep]) {
        case.live.extend(&more.live);
        case.proposed.extend(&more.proposed);
    }
}

/// What a case is like: how likely live and proposed pass it, or what they score.
enum Nature {
    Passing([f64; 2]),
    Scored([f64; 2]),
}

impl Nature {
    fn answer(&self, dice: &mut Dice, case: &mut CaseAnswers) {
        let mut mark = |chance: f64| if dice.even() < chance { 10_000 } else { 0 };
        let [live, proposed] = match self {
            Self::Passing(sides) => sides.map(&mut mark),
            Self::Scored(sides) => sides.map(|side| {
                domain::statistics::hundredths("", side.clamp(0.0, 1.0)).expect("a score")
            }),
        };
        case.live.push(live);
        case.proposed.push(proposed);
    }
}

/// `SplitMix64` (G. L. Steele, D. Lea and C. H. Flood 2014): the same worlds on every machine.
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to 1.
    #[allow(clippy::cast_precision_loss)]
    pub fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap_or(0)
    }
}
