//! A condition is awaited until it holds, and no longer than its deadline.

mod server;

use hub_testkit::wait;
use server::{LONG, SHORT};

#[test]
fn it_looks_again_until_there_is_a_value() {
    let mut looks = 0;
    let value = wait::until(LONG, "the third look", || {
        looks += 1;
        (looks == 3).then_some("value")
    });
    assert_eq!(value.unwrap(), "value");
}

#[test]
fn a_missed_deadline_names_the_condition() {
    let error = wait::until(SHORT, "what never comes", || None::<()>).unwrap_err().to_string();
    assert!(error.starts_with("awaited what never comes for 40ms; got nothing in "), "{error}");
}

#[test]
fn a_deadline_that_has_passed_still_gets_one_look() {
    assert!(wait::until(std::time::Duration::ZERO, "what is there", || Some(())).is_ok());
}
