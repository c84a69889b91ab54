//! Agreement of two who marked the same answers. The standard errors were worked out by the delta
//! method on the cells of the table, with derivatives taken numerically, in another program.

use domain::statistics::kappa::Marked;

fn close(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 1e-6
}

#[test]
fn reference_values() {
    for ((both, first, second, neither), agreed, kappa, error) in [
        ((20, 5, 10, 15), 0.7, 0.4, 0.126_996_063),
        ((40, 3, 2, 15), 55.0 / 60.0, 0.798_387_097, 0.085_935_946),
        ((1, 0, 1, 8), 0.9, 0.615_384_615, 0.336_810_638),
    ] {
        let marked = Marked {
            both,
            first,
            second,
            neither,
        };
        let found = marked.agreement().expect("something was marked");
        assert!(close(found.agreed, agreed), "{found:?}");
        let found = found.kappa.expect("it is defined");
        let wide = 1.959_963_985 * error;
        assert!(close(found.value, kappa), "{found:?}");
        assert!(close(found.lower, kappa - wide), "{found:?}");
        assert!(close(found.upper, f64::min(kappa + wide, 1.0)), "{found:?}");
    }
}

#[test]
fn where_chance_explains_everything_there_is_no_kappa() {
    assert_eq!(Marked::default().agreement(), None);
    let mut marked = Marked::default();
    for _ in 0..10 {
        marked.add(true, true);
    }
    let found = marked.agreement().expect("marked");
    assert!(close(found.agreed, 1.0) && found.kappa.is_none());
    marked.add(false, false);
    let found = marked.agreement().expect("marked");
    assert_eq!(found.answers, 11);
    assert!(close(found.kappa.expect("defined").value, 1.0));
    // Who always says the opposite.
    let mut marked = Marked::default();
    for round in 0..10 {
        marked.add(round % 2 == 0, round % 2 != 0);
    }
    let found = marked.agreement().expect("marked").kappa.expect("defined");
    assert!(close(found.value, -1.0), "{found:?}");
}

#[test]
fn an_agreement_is_told_with_its_number_and_what_is_missing() {
    use domain::statistics::kappa::words;
    assert_eq!(words("small", &Marked::default()), "");
    // By hand: 46 of 52 the same; 30/52 and 32/52 good, chance 0.355 + 0.163 = 0.518, so that kappa
    // is (0.8846 − 0.518) / 0.482 = 0.761.
    let marked = Marked {
        both: 28,
        first: 2,
        second: 4,
        neither: 18,
    };
    let said = words("small", &marked);
    assert!(
        said.starts_with(
            "The judge small agrees with people on 46 of 52 answers (88 %); beyond chance: kappa 0.76, 0."
        ),
        "{said}"
    );
    assert!(!said.contains("more"), "{said}");
    let few = Marked {
        both: 1,
        first: 0,
        second: 0,
        neither: 0,
    };
    let said = words("small", &few);
    assert!(said.contains("on 1 of 1 answer (100 %)"), "{said}");
    assert!(said.contains("nothing can be said beyond chance"), "{said}");
    assert!(said.contains("mark 29 more"), "{said}");
}
